#include "pipeline/schedule/backfill.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/sort.h"
#include "pipeline/schedule/backfill_range.h"
#include "pipeline/schedule/backfill_values.h"
#include "pipeline/schedule/schedule_run.h"
#include "pipeline/schedule/schedule_state.h"
#include "store/records.h"

#include <stdlib.h>
#include <string.h>

enum { FAILURES_IN_A_ROW = 2, DURATIONS = 10 };

struct work {
    const struct backfill_request *request;
    struct backfill *out;
    char *project;
    struct commit_list range;
    bool *tried; /* by this call */
    struct commit_states states;
    struct range_values values;
    struct plan_point *points;
    struct github *github; /* NULL where it is measured here */
    double started_s;
    double durations[DURATIONS]; /* of earlier runs, then of this call's */
    size_t duration_count;
    int in_a_row; /* failures that are not the commit's */
};

static void work_release(struct work *work)
{
    free(work->project);
    commit_list_release(&work->range);
    free(work->tried);
    commit_states_release(&work->states);
    range_values_release(&work->values);
    free(work->points);
    github_free(work->github);
}
#define AUTO_WORK __attribute__((cleanup(work_release)))

const char *backfill_action_name(enum backfill_action action)
{
    static const char *const names[] = {
        [BACKFILL_LEFT] = "left", [BACKFILL_MEASURED] = "measured", [BACKFILL_BROKEN] = "broken"};
    return names[action];
}

void backfill_release(struct backfill *backfill)
{
    for (size_t i = 0; i < backfill->count; i++) {
        commit_release(&backfill->items[i].commit);
        free(backfill->items[i].url);
        free(backfill->items[i].problem);
        free(backfill->items[i].why);
    }
    free(backfill->items);
    strlist_release(&backfill->notes);
    *backfill = (struct backfill){0};
}

size_t backfill_count(const struct backfill *backfill, enum backfill_action action)
{
    size_t count = 0;
    for (size_t i = 0; i < backfill->count; i++)
        count += backfill->items[i].action == action;
    return count;
}

/* --- how long it takes ------------------------------------------------------------------------ */

static void add_duration(struct work *work, double seconds)
{
    if (work->duration_count == DURATIONS)
        memmove(work->durations, work->durations + 1,
                --work->duration_count * sizeof(*work->durations));
    work->durations[work->duration_count++] = seconds;
}

/* The median; negative when nothing is known. */
static double estimate(const struct work *work)
{
    double sorted[DURATIONS];
    if (!work->duration_count)
        return -1;
    memcpy(sorted, work->durations, work->duration_count * sizeof(*sorted));
    sort_doubles(sorted, work->duration_count);
    return sorted[work->duration_count / 2];
}

/* Runs of this project before. */
static int read_durations(struct work *work, struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    AUTO_STORED_RUNS struct stored_runs runs = {0};
    int failed = database_open(work->request->db, &db, err);
    if (!failed)
        failed = runs_read(db, NULL, &runs, err);
    /* They come newest first, and the newest is to be last. */
    for (size_t i = runs.count; !failed && i-- > 0;) {
        const struct stored_run *run = &runs.items[i];
        const char *bed = work->request->test_bed;
        bool counts = run->harness && !strcmp(run->harness, "run") &&
                      recorded_outcome_of(run->outcome) == RECORDED_COMPLETE &&
                      run->ended_at > run->started_at && run->started_at > 0 &&
                      (!bed || (run->test_bed && !strcmp(bed, run->test_bed)));
        for (size_t j = 0; counts && j < work->range.count; j++)
            if (run->commit && !strcmp(run->commit, work->range.items[j].id)) {
                add_duration(work, (double)(run->ended_at - run->started_at));
                break;
            }
    }
    return failed;
}

/* --- what is next ----------------------------------------------------------------------------- */

static void set_points(struct work *work)
{
    work->out->done = work->out->range = 0;
    for (size_t i = 0; i < work->range.count; i++) {
        bool settled = work->states.items[i].settled;
        bool on_grid = i % work->request->interval == 0;
        bool open = on_grid && !work->tried[i] && (!settled || work->request->again);
        bool has_values = work->values.commits && work->values.counts[i];
        work->out->range += on_grid;
        work->out->done += on_grid && settled;
        work->points[i] = (struct plan_point){
            .status = open         ? PLAN_OPEN
                      : has_values ? PLAN_MEASURED
                                   : PLAN_CLOSED,
            .tried = work->tried[i] || settled,
            .values = has_values ? work->values.items[i] : NULL,
            .value_count = has_values ? work->values.counts[i] : 0,
        };
    }
}

/* Asks the database once more: somebody else may be at it too. */
static int look(struct work *work, struct error *err)
{
    const struct backfill_request *request = work->request;
    const struct state_request state = {request->db, request->test_bed, &work->range, STATE_ALL};
    int failed = states_read(&state, &work->states, err);
    if (!failed && request->order == PLAN_INFORMATION)
        failed =
            range_values_read(request->db, request->test_bed, &work->range, &work->values, err);
    if (!failed)
        set_points(work);
    return failed;
}

/* Why that one, for people; NULL when there is nothing to say. */
static char *reason_of(const struct work *work, const struct plan_choice *choice)
{
    if (choice->newer == PLAN_NONE || choice->older == PLAN_NONE)
        return NULL;
    AUTO_FREE char *gap =
        xasprintf("halves the %zu commits between %.12s and %.12s", choice->open,
                  work->range.items[choice->older].id, work->range.items[choice->newer].id);
    if (!choice->benchmark)
        return take_ptr(gap);
    return xasprintf("%s, across which %s changed by %+.1f %%", gap, choice->benchmark,
                     (choice->ratio - 1) * 100);
}

static struct backfilled *add_item(struct work *work, size_t index,
                                   const struct plan_choice *choice)
{
    struct backfill *out = work->out;
    const struct commit *commit = &work->range.items[index];
    ARRAY_RESERVE(out->items, out->cap, out->count + 1);
    struct backfilled *item = &out->items[out->count++];
    *item = (struct backfilled){
        .commit = {xstrdup(commit->id), xstrdup(commit->parent), xstrdup(commit->subject),
                   xstrdup(commit->branch), commit->time},
        .why = reason_of(work, choice),
    };
    return item;
}

/* Names what would come next, as if nothing came of it. */
static void add_left(struct work *work, size_t max)
{
    for (size_t i = 0; i < max; i++) {
        struct plan_choice choice;
        plan_next(work->points, work->range.count, work->request->order, &choice);
        if (choice.index == PLAN_NONE)
            return;
        (void)add_item(work, choice.index, &choice);
        work->points[choice.index].status = PLAN_CLOSED;
        work->points[choice.index].tried = true;
    }
}

/* --- doing it --------------------------------------------------------------------------------- */

static void show_progress(const struct work *work, const struct backfilled *item)
{
    char each[TIME_ISO_SIZE], left[TIME_ISO_SIZE];
    size_t open = 0, max = work->request->max_commits - (work->out->count - 1);
    for (size_t i = 0; i < work->range.count; i++)
        open += work->points[i].status == PLAN_OPEN;
    double seconds = estimate(work);
    size_t rest = open < max ? open : max;
    log_info("[%zu/%zu] %.12s %s%s%s", work->out->count, work->out->count - 1 + rest,
             item->commit.id, item->commit.subject, item->why ? ": " : "",
             item->why ? item->why : "");
    if (seconds < 0)
        return;
    duration_format(seconds, each);
    duration_format(seconds * (double)rest, left);
    log_info("about %s each, %s left", each, left);
}

static int note(const struct work *work, const struct commit *commit, struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    int failed =
        states_know(&work->states, commit->id) ? 0 : database_open(work->request->db, &db, err);
    return failed || !db ? failed : commits_put(db, work->project, commit, 1, err);
}

static int measure_there(struct work *work, struct backfilled *item, struct error *err)
{
    struct dispatched_run run = {0};
    struct dispatch_seen seen = {0};
    struct error reason = ERROR_INIT;
    const struct dispatch_options *dispatch = work->request->dispatch;
    if (note(work, &item->commit, &reason))
        log_warning("%.12s is not noted: %s", item->commit.id, reason.message);
    int failed = dispatch_find_active(work->github, dispatch, item->commit.id, &seen, err);
    if (!failed)
        failed = dispatch_and_wait(work->github, dispatch, item->commit.id, &seen, &run, err);
    item->url = take_ptr(run.url);
    dispatched_run_release(&run);
    return failed;
}

static int measure(struct work *work, size_t index, struct backfilled *item, bool *others,
                   struct error *err)
{
    if (work->github)
        return measure_there(work, item, err);
    const struct local_commit local = {work->request->source.repo, work->project,
                                       work->request->test_bed, &work->range.items[index],
                                       &work->states.items[index]};
    return run_local_commit(&local, work->request->run, others, err);
}

/* Whether what stopped this commit may well stop the next one too. */
static bool is_general(int failed)
{
    return failed != ERROR_BUILD && failed != ERROR_NO_DATA && failed != ERROR_INPUT &&
           failed != ERROR_SPOOLED;
}

static int take_next(struct work *work, const struct plan_choice *choice, struct error *err)
{
    struct error reason = ERROR_INIT;
    struct backfilled *item = add_item(work, choice->index, choice);
    show_progress(work, item);
    double began_s = clock_monotonic_s();
    bool others = false;
    int failed = measure(work, choice->index, item, &others, &reason);
    item->seconds = clock_monotonic_s() - began_s;
    work->tried[choice->index] = true;
    item->action = failed ? BACKFILL_BROKEN : BACKFILL_MEASURED;
    item->code = failed;
    item->problem = failed ? xstrdup(reason.message) : NULL;
    work->in_a_row = failed && is_general(failed) ? work->in_a_row + 1 : 0;
    if (failed == ERROR_INTERRUPTED) {
        if (err)
            *err = reason;
        return failed;
    }
    if (failed)
        log_error("%.12s: %s", item->commit.id, reason.message);
    else if (!others)
        add_duration(work, item->seconds);
    return 0;
}

/* Why no further commit is begun, or NULL. */
static const char *stop_reason(const struct work *work)
{
    double budget_s = work->request->budget_s, each_s = estimate(work);
    double elapsed_s = clock_monotonic_s() - work->started_s;
    if (work->request->dry_run)
        return "nothing is done with --dry-run";
    if (work->in_a_row == FAILURES_IN_A_ROW)
        return "two in a row could not be measured";
    if (budget_s > 0 && elapsed_s + (each_s > 0 ? each_s : 0) > budget_s)
        return "the next one would not end within the budget";
    return NULL;
}

static int loop(struct work *work, struct error *err)
{
    size_t max = work->request->max_commits;
    for (;;) {
        struct plan_choice choice;
        int failed = interrupt_check(err);
        if (!failed)
            failed = look(work, err);
        if (failed)
            return failed;
        plan_next(work->points, work->range.count, work->request->order, &choice);
        if (choice.index == PLAN_NONE || work->out->count >= max)
            return 0;
        work->out->stopped = stop_reason(work);
        if (work->out->stopped) {
            add_left(work, max - work->out->count);
            return 0;
        }
        failed = take_next(work, &choice, err);
        if (failed)
            return failed;
    }
}

int backfill_run(const struct backfill_request *request, struct backfill *out, struct error *err)
{
    AUTO_WORK struct work work = {.request = request, .out = out, .started_s = clock_monotonic_s()};
    work.project =
        request->project ? xstrdup(request->project) : source_project(request->source.repo);
    int failed = backfill_range(request, &work.range, err);
    if (!failed && request->dispatch && !request->dry_run)
        failed = dispatch_open(request->dispatch, &work.github, err);
    if (failed)
        return failed;
    if (work.range.cut)
        strlist_pushf(&out->notes, "the repository is a shallow clone: %zu commits can be seen",
                      work.range.count);
    work.tried = xcalloc(work.range.count + 1, sizeof(*work.tried));
    work.points = xcalloc(work.range.count + 1, sizeof(*work.points));
    failed = read_durations(&work, err);
    return failed ? failed : loop(&work, err);
}
