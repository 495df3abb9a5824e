#include "host/tuner.h"

#include "base/alloc.h"
#include "base/cpu_list.h"
#include "base/cpu_mask.h"

#include <errno.h>
#include <string.h>

char *tuner_boot(const struct host_io *io)
{
    char *boot = host_io_text(io, "/proc/sys/kernel/random/boot_id");
    return boot && *boot ? boot : (free(boot), xstrdup("unknown"));
}

static int choose(struct tuner *tuner, bool survey, struct error *err)
{
    const char *given = tuner->ctx.request->cpus;
    struct tune_report *report = tuner->report;
    CPU_ZERO(&tuner->ctx.cpus);
    if (given)
        return topology_parse(&tuner->topology, given, &tuner->ctx.cpus, &report->warnings, err);
    struct error why = ERROR_INIT;
    int failed = topology_choose(&tuner->topology, &tuner->ctx.cpus, &why);
    if (failed && !survey)
        return error_set(err, failed, "%s", why.message);
    if (failed)
        strlist_push(&report->warnings, why.message);
    return 0;
}

void tuner_targets(const struct tuner *tuner, const struct knob *knob, struct knob_targets *out)
{
    knob->targets(&tuner->ctx, out);
    if (tuner->ctx.request->profile != TUNE_SHARED || knob->harmless)
        return;
    for (size_t i = 0; i < out->count; i++) {
        free(out->items[i].wanted);
        out->items[i].wanted = NULL;
    }
}

static void find_values(struct tuner *tuner)
{
    tuner->planned = xcalloc(knob_count, sizeof(*tuner->planned));
    for (size_t i = 0; i < knob_count; i++) {
        struct knob_targets *targets = &tuner->planned[i];
        tuner_targets(tuner, knobs[i], targets);
        for (size_t j = 0; j < targets->count; j++) {
            const char *path = targets->items[j].path;
            AUTO_STRBUF struct strbuf text = STRBUF_INIT;
            if (tuner->place->io.ops->read(&tuner->place->io, path, &text))
                continue;
            ARRAY_RESERVE(tuner->found, tuner->found_cap, tuner->found_count + 1);
            tuner->found[tuner->found_count++] =
                (struct found_value){xstrdup(path), strbuf_detach(&text), journal_hash(path)};
        }
    }
}

int tuner_init(struct tuner *tuner, const struct host_place *place,
               const struct tune_request *request, bool survey, struct tune_report *report,
               struct error *err)
{
    *tuner = (struct tuner){.place = place, .report = report, .journal.fd = -1};
    tuner->ctx.io = &place->io;
    tuner->ctx.request = request;
    int failed = topology_read(&place->io, &tuner->topology, err);
    if (failed)
        return failed;
    tuner->ctx.topology = &tuner->topology;
    failed = choose(tuner, survey, err);
    if (failed)
        return failed;
    struct knob_context *ctx = &tuner->ctx;
    cpu_set_t quiet;
    topology_siblings(&tuner->topology, &ctx->cpus, &ctx->siblings);
    CPU_OR(&quiet, &ctx->cpus, &ctx->siblings);
    cpu_mask_without(&tuner->topology.online, &quiet, &ctx->system);
    if (!CPU_COUNT(&ctx->system)) {
        /* The only other CPUs are threads of the benchmark cores: they stay with the system. */
        ctx->system = ctx->siblings;
        CPU_ZERO(&ctx->siblings);
    }
    free(report->cpus);
    report->cpus = cpu_list_text(&ctx->cpus);
    tuner->boot = tuner_boot(&place->io);
    find_values(tuner);
    return 0;
}

void tuner_release(struct tuner *tuner)
{
    for (size_t i = 0; i < tuner->found_count; i++) {
        free(tuner->found[i].path);
        free(tuner->found[i].before);
    }
    free(tuner->found);
    for (size_t i = 0; tuner->planned && i < knob_count; i++)
        knob_targets_release(&tuner->planned[i]);
    free(tuner->planned);
    free(tuner->boot);
    topology_release(&tuner->topology);
    journal_release(&tuner->journal);
}

const char *tuner_found(struct tuner *tuner, const char *path)
{
    uint32_t hash = journal_hash(path);
    for (size_t i = 0, at = tuner->found_cursor; i < tuner->found_count; i++, at++) {
        at = at < tuner->found_count ? at : 0;
        const struct found_value *value = &tuner->found[at];
        if (value->path_hash == hash && !strcmp(value->path, path)) {
            tuner->found_cursor = at;
            return value->before;
        }
    }
    return NULL;
}

/* What is to be done with one target. */
struct step {
    const struct knob_target *target;
    char *now; /* the file's text */
    bool write;
};

static void note_target(struct tuner *tuner, const struct knob *knob,
                        const struct knob_target *target, const char *before, struct strbuf *lines)
{
    struct journal_entry entry = {.boot = tuner->boot,
                                  .knob = (char *)knob->name,
                                  .path = target->path,
                                  .before = (char *)before,
                                  .wanted = target->wanted,
                                  .form = target->form};
    journal_note(lines, &entry);
}

void tuner_note(struct tuner *tuner, const struct knob *knob, const struct knob_targets *targets,
                struct strbuf *lines)
{
    for (size_t i = 0; i < targets->count; i++) {
        const struct knob_target *target = &targets->items[i];
        const char *before = tuner_found(tuner, target->path);
        if (target->wanted && before &&
            (knob->guarded || !value_equal(target->form, before, target->wanted)))
            note_target(tuner, knob, target, before, lines);
    }
}

/* Whether the journal says already that this value is about to be written. */
static bool is_noted(struct tuner *tuner, const struct knob_target *target)
{
    const struct journal_entry *entry = journal_find(&tuner->journal, target->path);
    return entry && !entry->foreign && !entry->answer && !strcmp(entry->wanted, target->wanted);
}

/* False: it is as wanted, and was so before. What another knob's write has set is to be given back
 * all the same. */
static bool note_step(struct tuner *tuner, const struct knob *knob, struct step *step,
                      struct strbuf *lines)
{
    const struct knob_target *target = step->target;
    const char *before = tuner_found(tuner, target->path);
    before = before ? before : step->now;
    step->write = !value_equal(target->form, step->now, target->wanted);
    if (!step->write && value_equal(target->form, before, target->wanted))
        return false;
    if (!is_noted(tuner, target))
        note_target(tuner, knob, target, before, lines);
    return true;
}

static enum tune_outcome judge(const struct knob_target *target, int refused, const char *answer)
{
    if (refused)
        return TUNE_REFUSED;
    if (!answer)
        return TUNE_IGNORED;
    if (strstr(answer, "invalid"))
        return TUNE_INVALID;
    return value_equal(target->form, answer, target->wanted) ? TUNE_SET : TUNE_IGNORED;
}

static void take_step(struct tuner *tuner, const struct knob *knob, const struct step *step,
                      struct strbuf *answers)
{
    const struct host_io *io = &tuner->place->io;
    const struct knob_target *target = step->target;
    int refused = 0;
    if (step->write) {
        AUTO_FREE char *text =
            value_to_write(target->form, step->now, target->wanted, host_io_is_plain(io));
        refused = io->ops->write(io, target->path, text);
    }
    AUTO_STRBUF struct strbuf answer = STRBUF_INIT;
    bool readable = !io->ops->read(io, target->path, &answer);
    if (readable)
        journal_note_answer(answers, target->path, answer.buf);
    const char *before = tuner_found(tuner, target->path);
    struct tune_row *row = tune_report_add(tuner->report, knob->name, target->path,
                                           judge(target, refused, readable ? answer.buf : NULL));
    row->before = value_of(target->form, before ? before : step->now);
    row->after = readable ? value_of(target->form, answer.buf) : NULL;
    if (refused)
        row->reason = xasprintf("writing '%s': %s", target->wanted, strerror(-refused));
    else if (row->outcome == TUNE_IGNORED || row->outcome == TUNE_INVALID)
        row->reason = xasprintf("'%s' was written", target->wanted);
}

static void add_unchanged(struct tuner *tuner, const struct knob *knob, const struct step *step,
                          struct strbuf *answers)
{
    const struct knob_target *target = step->target;
    const struct journal_entry *noted = journal_find(&tuner->journal, target->path);
    if (noted && !noted->answer)
        journal_note_answer(answers, target->path, step->now);
    struct tune_row *row = tune_report_add(tuner->report, knob->name, target->path,
                                           target->wanted ? TUNE_ALREADY : TUNE_OBSERVED);
    row->before = value_of(target->form, step->now);
    row->after = xstrdup(row->before);
}

int tuner_write(struct tuner *tuner, const struct knob *knob, const struct knob_targets *targets,
                struct error *err)
{
    AUTO_STRBUF struct strbuf lines = STRBUF_INIT;
    AUTO_STRBUF struct strbuf answers = STRBUF_INIT;
    AUTO_FREE struct step *steps = xcalloc(targets->count, sizeof(*steps));
    AUTO_FREE bool *noted = xcalloc(targets->count, sizeof(*noted));
    const struct host_io *io = &tuner->place->io;
    for (size_t i = 0; i < targets->count; i++) {
        struct strbuf now = STRBUF_INIT;
        steps[i].target = &targets->items[i];
        int failed = io->ops->read(io, steps[i].target->path, &now);
        if (failed)
            tune_report_add(tuner->report, knob->name, steps[i].target->path, TUNE_REFUSED)
                ->reason = xasprintf("reading: %s", strerror(-failed));
        else
            steps[i].now = strbuf_detach(&now);
        bool wanted = !failed && steps[i].target->wanted;
        noted[i] = wanted && note_step(tuner, knob, &steps[i], &lines);
    }
    int failed = lines.len ? journal_append(&tuner->journal, &lines, true, err) : 0;
    for (size_t i = 0; !failed && i < targets->count; i++) {
        if (noted[i])
            take_step(tuner, knob, &steps[i], &answers);
        else if (steps[i].now)
            add_unchanged(tuner, knob, &steps[i], &answers);
    }
    for (size_t i = 0; i < targets->count; i++)
        free(steps[i].now);
    /* Without the answer a restore takes the value for ours whatever it is: not worth an fsync. */
    if (!failed && answers.len)
        failed = journal_append(&tuner->journal, &answers, false, err);
    return failed;
}

int tuner_make_folder(struct tuner *tuner, const struct knob *knob, const char *path, int *refused,
                      struct error *err)
{
    const struct host_io *io = &tuner->place->io;
    AUTO_STRBUF struct strbuf lines = STRBUF_INIT;
    struct journal_entry entry = {
        .boot = tuner->boot, .knob = (char *)knob->name, .path = (char *)path};
    if (host_io_exists(io, path)) {
        /* Ours of an earlier tune, or somebody else's. */
        *refused = journal_find(&tuner->journal, path) ? 0 : -EEXIST;
        return 0;
    }
    journal_note(&lines, &entry);
    int failed = journal_append(&tuner->journal, &lines, true, err);
    if (failed)
        return failed;
    *refused = io->ops->make_dir(io, path);
    if (!*refused)
        return 0;
    strbuf_clear(&lines);
    journal_note_mark(&lines, 'U', path);
    return journal_append(&tuner->journal, &lines, false, err);
}

int tuner_undo(struct tuner *tuner, const char *const *paths, size_t count, struct error *err)
{
    AUTO_STRBUF struct strbuf lines = STRBUF_INIT;
    for (size_t i = count; i-- > 0;) {
        const struct journal_entry *entry = journal_find(&tuner->journal, paths[i]);
        if (entry && !entry_undo(&tuner->place->io, entry))
            journal_note_mark(&lines, 'U', paths[i]);
    }
    return lines.len ? journal_append(&tuner->journal, &lines, false, err) : 0;
}
