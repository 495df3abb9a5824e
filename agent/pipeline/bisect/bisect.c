#include "pipeline/bisect/bisect.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/sort.h"
#include "host/machine.h"
#include "model/summary.h"
#include "pipeline/bisect/bisect_line.h"
#include "pipeline/bisect/bisect_scope.h"
#include "pipeline/schedule/schedule_run.h"
#include "pipeline/schedule/schedule_state.h"
#include "store/records.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FAILURES_IN_A_ROW = 2, SPOILED_IN_A_ROW = 4, KEY_LENGTH = 8 };

struct work {
    const struct bisect_request *request;
    struct bisection *out;
    struct bisect_line line;
    struct bisect_stored stored;
    char *good, *bad;     /* of a found change; NULL: as the request has them */
    char *test_bed, *cpu; /* of this machine, or as the request has it */
    char *project;        /* that a local_commit has */
    char *prefix;         /* of the names of runs for this benchmark */
    bool *closed;
    size_t *before; /* of each commit: runs that were stored before this call */
    double started_s;
    double *seconds; /* of each run of this call */
    int in_a_row;    /* failures that are not the commit's */
    int spoiled_in_a_row;
};

static void work_release(struct work *w)
{
    bisect_line_release(&w->line);
    bisect_stored_release(&w->stored);
    free(w->good);
    free(w->bad);
    free(w->test_bed);
    free(w->cpu);
    free(w->project);
    free(w->prefix);
    free(w->closed);
    free(w->before);
    free(w->seconds);
}
#define AUTO_WORK __attribute__((cleanup(work_release)))

void bisection_release(struct bisection *bisection)
{
    for (size_t i = 0; i < bisection->count; i++) {
        commit_release(&bisection->items[i].commit);
        free(bisection->items[i].problem);
    }
    free(bisection->items);
    free(bisection->benchmark);
    free(bisection->test_bed);
    free(bisection->project);
    free(bisection->units);
    strlist_release(&bisection->notes);
    *bisection = (struct bisection){0};
}

/* --- what is known ---------------------------------------------------------------------------- */

/* Whether a run was made for this bisection and came to an end: it tells what became of it. */
static bool is_own_record(const struct work *w, const struct stored_run *run)
{
    enum recorded_outcome outcome = recorded_outcome_of(run->outcome);
    bool ended =
        outcome == RECORDED_COMPLETE || outcome == RECORDED_PARTIAL || outcome == RECORDED_FAILED;
    return ended && run->commit && run->run && !strncmp(run->run, w->prefix, strlen(w->prefix)) &&
           run->harness && !strcmp(run->harness, "run") && run->test_bed &&
           !strcmp(run->test_bed, w->test_bed);
}

/* Whether that run came to an end without this benchmark. */
static bool is_without(const struct work *w, const struct stored_run *run)
{
    if (recorded_outcome_of(run->outcome) == RECORDED_FAILED)
        return true;
    for (size_t i = 0; i < run->expected.count; i++) {
        const char *name = run->expected.items[i];
        AUTO_FREE char *now = policy_current_name(w->request->policy, name);
        if (!strcmp(now ? now : name, w->out->benchmark))
            return false;
    }
    /* A metric is no benchmark of its own there. */
    return run->expected.count && !strchr(w->out->benchmark, '#');
}

static void note_record(struct work *w, const struct stored_run *run)
{
    for (size_t i = 0; i < w->out->count; i++) {
        struct bisected *item = &w->out->items[i];
        if (item->runs || item->problem || strcmp(item->commit.id, run->commit))
            continue;
        item->problem = run->reason ? xstrdup(run->reason)
                                    : xasprintf("it has no result of %s", w->out->benchmark);
        w->closed[i] = true;
    }
}

/* Commits that cannot be measured, as earlier calls found out. */
static int read_failures(struct work *w, struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    AUTO_STORED_RUNS struct stored_runs runs = {0};
    AUTO_STRLIST struct strlist ids = STRLIST_INIT;
    for (size_t i = 0; i < w->out->count; i++)
        strlist_push(&ids, w->out->items[i].commit.id);
    int failed = database_open(w->request->db, &db, err);
    if (!failed)
        failed = runs_read_of(db, &ids, &runs, err);
    for (size_t i = 0; !failed && i < runs.count; i++)
        if (is_own_record(w, &runs.items[i]) && is_without(w, &runs.items[i]))
            note_record(w, &runs.items[i]);
    return failed;
}

static void set_levels(struct bisection *out, const struct bisect_stored *stored)
{
    AUTO_FREE double *values = xcalloc(stored->count + 1, sizeof(*values));
    size_t inside = stored->count - stored->outside;
    for (size_t i = 0; i < out->count; i++) {
        size_t count = 0;
        /* Those of other commits, which stand for the ends, come behind. */
        for (size_t j = 0; j < inside; j++)
            if (stored->runs[j].commit == i)
                values[count++] = stored->runs[j].value;
        out->items[i].runs = count;
        out->items[i].level = count ? summary_of(values, count).median : NAN;
    }
}

static struct bisect_series series_of(const struct work *w)
{
    const struct bisect_request *request = w->request;
    return (struct bisect_series){
        .db = request->db,
        .project = request->project,
        .test_bed = w->test_bed,
        .benchmark = request->benchmark,
        .cpu = w->cpu,
        .disturbed = request->disturbed,
        .change_since = request->change_since,
        .policy = request->policy,
    };
}

/* Asks the database once more, and decides. */
static int look(struct work *w, struct error *err)
{
    const struct bisect_request *request = w->request;
    const struct bisect_series series = series_of(w);
    int failed = bisect_stored_read(&series, &w->line, &w->stored, err);
    if (failed)
        return failed;
    set_levels(w->out, &w->stored);
    if (!request->retry_failed)
        failed = read_failures(w, err);
    if (failed)
        return failed;
    const struct bisect_question question = {.runs = w->stored.runs,
                                             .run_count = w->stored.count,
                                             .closed = w->closed,
                                             .commits = w->out->count,
                                             .confidence = request->confidence,
                                             .matters = request->matters};
    bisect_decide(&question, &w->out->state);
    return 0;
}

/* --- measuring -------------------------------------------------------------------------------- */

/* No two have the same: a run with the name of another replaces its results. */
static char *run_name(const struct work *w, const struct bisected *item)
{
    char random[UUID_TEXT_SIZE];
    AUTO_FREE char *text = xasprintf("%s %d %" PRId64 " %zu", item->commit.id, (int)getpid(),
                                     clock_unix_ms(), w->out->measured);
    uuid5_text(text, strlen(text), random);
    return xasprintf("%s%.8s", w->prefix, random);
}

/* All that the benchmark has or had; none where a glob says it. */
static void names_of(const struct bisect_request *request, struct strlist *out)
{
    strlist_push(out, request->benchmark);
    if (policy_former_names(request->policy, request->benchmark, out))
        strlist_clear(out);
}

static int measure(struct work *w, size_t index, struct error *err)
{
    struct bisected *item = &w->out->items[index];
    AUTO_FREE char *filter = NULL, *name = run_name(w, item);
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    struct run_request run = *w->request->run;
    const struct coverage nobody_else = {.runs = SIZE_MAX};
    const struct local_commit local = {w->request->source.repo, w->project, w->test_bed,
                                       &item->commit, &nobody_else};
    bool others = false;
    names_of(w->request, &names);
    bisect_scope(w->stored.harness, &names, &run, &filter);
    run.run = name;
    run.testbed_name = w->test_bed;
    run.keep_going = true;
    return run_local_commit(&local, &run, &others, err);
}

static void say_next(const struct work *w)
{
    const struct bisect_state *s = &w->out->state;
    const struct bisected *item = &w->out->items[s->next];
    log_info("[%zu/%zu] %.12s %s", w->out->measured + 1, w->request->max_runs, item->commit.id,
             item->commit.subject ? item->commit.subject : "");
    if (s->noise > 0)
        log_info("with %.4g %% there is a change; it lies among %zu commits", 100 * (1 - s->none),
                 s->late - s->early + 1);
}

static bool is_general(int failed)
{
    return failed != ERROR_BUILD && failed != ERROR_NO_DATA && failed != ERROR_INPUT &&
           failed != ERROR_USAGE;
}

/* What a run came to that left no result that counts. */
static int take_nothing(struct work *w, size_t index, bool spoiled, const struct error *reason,
                        struct error *err)
{
    struct bisected *item = &w->out->items[index];
    int failed = reason->code;
    bool general = failed && is_general(failed);
    w->spoiled_in_a_row = spoiled ? w->spoiled_in_a_row + 1 : 0;
    w->in_a_row = general ? w->in_a_row + 1 : 0;
    if (w->spoiled_in_a_row == SPOILED_IN_A_ROW)
        return error_set(err, ERROR_FAILURE,
                         "%d runs in a row were measured under conditions that spoil them: make "
                         "the machine quiet, or count such runs with --disturbed",
                         SPOILED_IN_A_ROW);
    if (w->in_a_row == FAILURES_IN_A_ROW)
        return error_set(err, failed, "%s", reason->message);
    log_warning("%.12s: %s", item->commit.id,
                failed    ? reason->message
                : spoiled ? "measured under conditions that spoil it"
                          : "there is no such benchmark");
    if (general || spoiled || item->problem)
        return 0;
    w->closed[index] = true;
    item->problem = failed ? xstrdup(reason->message)
                           : xasprintf("it has no result of %s", w->request->benchmark);
    return look(w, err);
}

/* One run of the next commit; what it came to is read back from the database. */
static int take_next(struct work *w, struct error *err)
{
    struct error reason = ERROR_INIT;
    size_t index = w->out->state.next;
    const struct bisected *item = &w->out->items[index];
    size_t runs = item->runs, spoiled = w->stored.spoiled;
    double began_s = clock_monotonic_s();
    say_next(w);
    int failed = measure(w, index, &reason);
    w->seconds[w->out->measured++] = clock_monotonic_s() - began_s;
    reason.code = failed;
    if (failed == ERROR_INTERRUPTED || failed == ERROR_SPOOLED)
        return error_set(err, failed, "%s", reason.message);
    int unread = look(w, err);
    if (unread)
        return unread;
    if (item->runs <= runs)
        return take_nothing(w, index, w->stored.spoiled > spoiled, &reason, err);
    w->in_a_row = w->spoiled_in_a_row = 0;
    return 0;
}

/* Why no further run is begun, or NULL. */
static const char *stop_reason(struct work *w)
{
    const struct bisect_request *request = w->request;
    size_t count = w->out->measured;
    double each_s = 0, elapsed_s = clock_monotonic_s() - w->started_s;
    if (request->dry_run)
        return "nothing is measured with --dry-run";
    if (count >= request->max_runs)
        return "the most runs that were allowed are made";
    if (count) {
        AUTO_FREE double *sorted = xcalloc(count, sizeof(*sorted));
        memcpy(sorted, w->seconds, count * sizeof(*sorted));
        sort_doubles(sorted, count);
        each_s = sorted[count / 2];
    }
    if (request->budget_s > 0 && elapsed_s + each_s > request->budget_s)
        return "the next run would not end within the budget";
    return NULL;
}

static int loop(struct work *w, struct error *err)
{
    while (w->out->state.answer == BISECT_MEASURE) {
        int failed = interrupt_check(err);
        if (failed)
            return failed;
        w->out->stopped = stop_reason(w);
        if (w->out->stopped)
            return 0;
        failed = take_next(w, err);
        if (failed)
            return failed;
    }
    return 0;
}

/* --- beginning and end ------------------------------------------------------------------------ */

static int choose_machine(struct work *w, struct error *err)
{
    const struct bisect_request *request = w->request;
    const char *name = request->test_bed ? request->test_bed : request->run->testbed_name;
    struct test_bed bed = {0};
    int failed = machine_test_bed(name, &bed, err);
    if (failed)
        return failed;
    w->test_bed = xstrdup(bed.name);
    /* What another machine of that name has measured is worth reading where nothing is run. */
    w->cpu = request->dry_run || !bed.cpu ? NULL : xstrdup(bed.cpu);
    test_bed_release(&bed);
    return 0;
}

static int choose_ends(struct work *w, struct error *err)
{
    const struct bisect_request *request = w->request;
    const struct bisect_series series = series_of(w);
    int failed = 0;
    if (!request->good)
        failed = bisect_find_change(&series, request->change, &w->good, &w->bad, err);
    if (failed)
        return failed;
    return bisect_line_read(&request->source, w->good ? w->good : request->good,
                            w->bad ? w->bad : request->bad, &w->line, err);
}

static void set_names(struct work *w)
{
    char key[SHA256_HEX_SIZE];
    const struct bisect_request *request = w->request;
    sha256_hex_of(request->benchmark, strlen(request->benchmark), key);
    w->prefix = xasprintf("%s%.*s-", RUN_OF_BISECT, KEY_LENGTH, key);
    w->project =
        request->project ? xstrdup(request->project) : source_project(request->source.repo);
}

static void set_items(struct work *w)
{
    struct bisection *out = w->out;
    out->count = w->line.bad - w->line.good + 1;
    out->items = xcalloc(out->count, sizeof(*out->items));
    for (size_t i = 0; i < out->count; i++) {
        const struct commit *c = &w->line.list.items[w->line.good + i];
        out->items[i] = (struct bisected){
            .commit = {.id = xstrdup(c->id),
                       .parent = c->parent ? xstrdup(c->parent) : NULL,
                       .subject = c->subject ? xstrdup(c->subject) : NULL,
                       .branch = c->branch ? xstrdup(c->branch) : NULL,
                       .time = c->time,
                       .expected = c->expected ? xstrdup(c->expected) : NULL},
            .level = NAN,
        };
    }
    out->benchmark = xstrdup(w->request->benchmark);
    out->test_bed = xstrdup(w->test_bed);
    w->closed = xcalloc(out->count, sizeof(*w->closed));
    w->before = xcalloc(out->count, sizeof(*w->before));
    w->seconds = xcalloc(w->request->max_runs, sizeof(*w->seconds));
}

static void finish(struct work *w)
{
    struct bisection *out = w->out;
    for (size_t i = 0; i < out->count; i++)
        out->items[i].new = out->items[i].runs - w->before[i];
    out->outside = w->stored.outside;
    out->project = w->stored.project ? xstrdup(w->stored.project) : xstrdup(w->project);
    out->units = w->stored.units ? xstrdup(w->stored.units) : NULL;
    if (w->stored.other)
        strlist_pushf(&out->notes, "%zu results of %s on %s are left out: another processor",
                      w->stored.other, out->benchmark, out->test_bed);
}

int bisection_run(const struct bisect_request *request, struct bisection *out, struct error *err)
{
    AUTO_WORK struct work w = {.request = request, .out = out, .started_s = clock_monotonic_s()};
    set_names(&w);
    int failed = choose_machine(&w, err);
    if (!failed)
        failed = choose_ends(&w, err);
    if (failed)
        return failed;
    set_items(&w);
    failed = look(&w, err);
    for (size_t i = 0; i < out->count; i++)
        w.before[i] = out->items[i].runs;
    out->stored = w.stored.count;
    if (!failed)
        failed = loop(&w, err);
    finish(&w);
    return failed;
}
