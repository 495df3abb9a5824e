#include "host/tune.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "host/tuner.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { LOCK_WAIT_S = 60 };

static void add_advice(struct tuner *tuner, const struct knob *knob)
{
    char *advice = knob->advice ? knob->advice(&tuner->ctx) : NULL;
    if (advice)
        strlist_push_owned(&tuner->report->warnings, advice);
}

static void add_absent(struct tuner *tuner, const struct knob *knob)
{
    tune_report_add(tuner->report, knob->name, NULL, TUNE_ABSENT)->reason =
        xstrdup("this machine has no file for it");
}

/* --- looking --- */

static void survey_target(struct tuner *tuner, const struct knob *knob,
                          const struct knob_target *target)
{
    const struct host_io *io = &tuner->place->io;
    const char *now = tuner_found(tuner, target->path);
    struct tune_row *row = tune_report_add(tuner->report, knob->name, target->path, TUNE_OBSERVED);
    if (!now) {
        AUTO_STRBUF struct strbuf text = STRBUF_INIT;
        int failed = io->ops->read(io, target->path, &text);
        row->reason = xasprintf("reading: %s", failed ? strerror(-failed) : "it comes and goes");
        return;
    }
    row->before = value_of(target->form, now);
    row->after = xstrdup(target->wanted ? target->wanted : row->before);
    if (target->wanted)
        row->outcome = value_equal(target->form, now, target->wanted) ? TUNE_ALREADY : TUNE_PENDING;
}

static void survey(struct tuner *tuner)
{
    for (size_t i = 0; i < knob_count; i++) {
        const struct knob_targets *targets = &tuner->planned[i];
        for (size_t j = 0; j < targets->count; j++)
            survey_target(tuner, knobs[i], &targets->items[j]);
        if (!targets->count)
            add_absent(tuner, knobs[i]);
        add_advice(tuner, knobs[i]);
    }
}

int host_survey(const struct host_place *place, const struct tune_request *request,
                struct tune_report *report, struct error *err)
{
    AUTO_TUNER struct tuner tuner = {.journal.fd = -1};
    int failed = tuner_init(&tuner, place, request, true, report, err);
    if (!failed)
        survey(&tuner);
    return failed;
}

/* --- before anything is written --- */

/* The names of the knobs that this process may not write, and why. */
static int check_rights(const struct host_place *place, const struct tune_report *looked,
                        struct error *err)
{
    AUTO_STRLIST struct strlist refused = STRLIST_INIT;
    bool read_only = false;
    for (size_t i = 0; i < looked->count; i++) {
        const struct tune_row *row = &looked->rows[i];
        int failed =
            row->outcome == TUNE_PENDING ? place->io.ops->writable(&place->io, row->path) : 0;
        read_only |= failed == -EROFS;
        if ((failed == -EACCES || failed == -EPERM || failed == -EROFS) &&
            !strlist_contains(&refused, row->knob))
            strlist_push(&refused, row->knob);
    }
    if (!refused.count)
        return 0;
    AUTO_FREE char *names = strlist_join(&refused, ", ");
    if (read_only)
        return error_set(err, ERROR_FAILURE,
                         "nothing was changed: /sys or /proc/sys is mounted read-only, so that %s "
                         "cannot be set; tune on the host, or use --profile container to look only",
                         names);
    return error_set(err, ERROR_FAILURE,
                     "nothing was changed: setting %s needs root; use sudo, or --profile container "
                     "to look only",
                     names);
}

static int open_state(const struct host_place *place, int *lock, struct error *err)
{
    mode_t mask = umask(022);
    int failed = dir_make(place->state, err);
    AUTO_FREE char *path = path_join(place->state, "lock");
    if (!failed)
        failed = lock_acquire(path, LOCK_WAIT_S, lock, err);
    /* Whoever may open it may hold it for ever. */
    if (!failed)
        (void)fchmod(*lock, 0600);
    umask(mask);
    return failed;
}

/* --- writing --- */

static int tune_knobs(struct tuner *tuner, struct error *err)
{
    for (size_t i = 0; i < knob_count; i++) {
        const struct knob *knob = knobs[i];
        int failed = interrupt_check(err);
        if (failed)
            return failed;
        AUTO_KNOB_TARGETS struct knob_targets targets = {0};
        tuner_targets(tuner, knob, &targets);
        if (knob->apply && tuner->ctx.request->profile != TUNE_SHARED)
            failed = knob->apply(tuner, knob, err);
        else if (targets.count)
            failed = tuner_write(tuner, knob, &targets, err);
        else
            add_absent(tuner, knob);
        if (failed)
            return failed;
        add_advice(tuner, knob);
    }
    return 0;
}

static int note_knobs(struct tuner *tuner, struct error *err)
{
    AUTO_STRBUF struct strbuf lines = STRBUF_INIT;
    for (size_t i = 0; i < knob_count; i++)
        tuner_note(tuner, knobs[i], &tuner->planned[i], &lines);
    return lines.len ? journal_append(&tuner->journal, &lines, true, err) : 0;
}

static bool has_other_boot(const struct journal *journal, const char *boot)
{
    for (size_t i = 0; i < journal->count; i++)
        if (strcmp(journal->entries[i].boot, boot))
            return true;
    return false;
}

/* Opens the journal; what is left of before a reboot is settled first, which writes. */
static int open_journal(struct tuner *tuner, bool *settled, struct error *err)
{
    int failed = journal_load(tuner->place, &tuner->journal, err);
    if (failed || !has_other_boot(&tuner->journal, tuner->boot))
        return failed;
    AUTO_TUNE_REPORT struct tune_report dropped = {0};
    *settled = true;
    failed = restore_locked(tuner->place, false, &dropped, err);
    journal_release(&tuner->journal);
    return failed ? error_wrap(err, "settling the journal of before the reboot")
                  : journal_load(tuner->place, &tuner->journal, err);
}

/* A tune that cannot go on gives back what it has done. */
static void undo_all(const struct host_place *place)
{
    AUTO_TUNE_REPORT struct tune_report report = {0};
    struct error why = ERROR_INIT;
    if (restore_locked(place, false, &report, &why))
        log_warning("%s", why.message);
}

/* Reads the machine anew, as it is by now. */
static int look_again(struct tuner *tuner, struct error *err)
{
    const struct host_place *place = tuner->place;
    const struct tune_request *request = tuner->ctx.request;
    struct tune_report *report = tuner->report;
    tuner_release(tuner);
    tune_report_release(report);
    return tuner_init(tuner, place, request, false, report, err);
}

/* `since_lock`: what the tuner has found was read with the lock held. Before it, another tune may
 * have been under way. */
static int tune_locked(struct tuner *tuner, bool since_lock, struct error *err)
{
    bool settled = false;
    int failed = open_journal(tuner, &settled, err);
    if (!failed && (settled || !since_lock)) {
        failed = look_again(tuner, err);
        if (!failed)
            failed = open_journal(tuner, &settled, err);
    }
    if (failed)
        return failed;
    bool first = !tuner->journal.count;
    if (tuner->journal.good_len > JOURNAL_COMPACT_FROM && !tuner->journal.damaged)
        failed = journal_compact(&tuner->journal, err);
    if (!failed)
        failed = note_knobs(tuner, err);
    if (!failed)
        failed = tune_knobs(tuner, err);
    if (failed && first)
        undo_all(tuner->place);
    return failed;
}

/* Whether this process may write what tuning would change, before anything is written. */
static int check_machine(struct tuner *tuner, struct error *err)
{
    AUTO_TUNE_REPORT struct tune_report looked = {0};
    struct tune_report *report = tuner->report;
    tuner->report = &looked;
    survey(tuner);
    tuner->report = report;
    return check_rights(tuner->place, &looked, err);
}

int host_tune(const struct host_place *place, const struct tune_request *request,
              struct tune_report *report, struct error *err)
{
    if (request->profile == TUNE_CONTAINER)
        return host_survey(place, request, report, err);
    AUTO_TUNER struct tuner tuner = {.journal.fd = -1};
    AUTO_FREE char *lock_path = path_join(place->state, "lock");
    AUTO_CLOSE int lock = -1;
    struct error unlocked = ERROR_INIT;
    /* Where nobody has tuned before, nothing is made until it is known that tuning is possible;
     * that first time the machine is read twice. */
    bool early = path_exists(lock_path) && !open_state(place, &lock, &unlocked);
    if (unlocked.code == ERROR_CONFLICT)
        return error_set(err, ERROR_CONFLICT, "%s", unlocked.message);
    int failed = tuner_init(&tuner, place, request, false, report, err);
    if (!failed)
        failed = check_machine(&tuner, err);
    if (!failed && !early)
        failed = open_state(place, &lock, err);
    return failed ? failed : tune_locked(&tuner, early, err);
}
