#include "pipeline/schedule/schedule.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "pipeline/schedule/schedule_state.h"

#include <stdlib.h>
#include <string.h>

/* How far back is looked, in turns. */
static const size_t looks[] = {50, 1000, SOURCE_MAX};

const char *schedule_action_name(enum schedule_action action)
{
    static const char *const names[] = {
        [SCHEDULE_NONE] = "none",         [SCHEDULE_DUE] = "due",
        [SCHEDULE_LATER] = "later",       [SCHEDULE_QUEUED] = "queued",
        [SCHEDULE_LOST] = "lost",         [SCHEDULE_DISPATCHED] = "dispatched",
        [SCHEDULE_MEASURED] = "measured", [SCHEDULE_BROKEN] = "broken",
    };
    return names[action];
}

void schedule_release(struct schedule *schedule)
{
    for (size_t i = 0; i < schedule->count; i++) {
        commit_release(&schedule->items[i].commit);
        coverage_release(&schedule->items[i].coverage);
        free(schedule->items[i].url);
        free(schedule->items[i].problem);
    }
    free(schedule->items);
    free(schedule->project);
    free(schedule->test_bed);
    free(schedule->newest);
    strlist_release(&schedule->notes);
    *schedule = (struct schedule){0};
}

size_t schedule_count(const struct schedule *schedule, enum schedule_action action)
{
    size_t count = 0;
    for (size_t i = 0; i < schedule->count; i++)
        count += schedule->items[i].action == action;
    return count;
}

void schedule_limit(struct schedule *schedule, size_t max)
{
    size_t left = max;
    for (size_t i = schedule->count; max && i-- > 0;) {
        if (schedule->items[i].action != SCHEDULE_DUE)
            continue;
        if (left)
            left--;
        else
            schedule->items[i].action = SCHEDULE_LATER;
    }
}

/* --- making it -------------------------------------------------------------------------------- */

/* What is looked at: so much of the branch, and what is known of it. */
struct look {
    const struct schedule_request *request;
    struct commit_list commits;
    struct commit_states states;
    struct departed_commit departed;
    size_t since; /* index of since_commit; DUE_NOWHERE */
};

static void look_release(struct look *look)
{
    commit_list_release(&look->commits);
    commit_states_release(&look->states);
    free(look->departed.id);
}
#define AUTO_LOOK __attribute__((cleanup(look_release)))

static const char *branch_of(const struct look *look)
{
    const char *named = look->commits.items[0].branch;
    return named ? named : "the default branch";
}

static size_t find_since(const struct look *look)
{
    AUTO_FREE char *wanted = commit_id_lower(look->request->since_commit);
    for (size_t i = 0; i < look->commits.count; i++)
        if (!strncmp(look->commits.items[i].id, wanted, strlen(wanted)))
            return i;
    return DUE_NOWHERE;
}

static bool any_settled(const struct commit_states *states)
{
    for (size_t i = 0; i < states->count; i++)
        if (states->items[i].settled)
            return true;
    return false;
}

/* What was noted and never measured goes on behind the commits that were looked at. */
static bool goes_on(const struct look *look)
{
    return look->commits.count && look->states.lost[look->commits.count - 1];
}

static bool on_line(const struct commit_list *commits, const char *id)
{
    for (size_t i = 0; i < commits->count; i++)
        if (!strcmp(commits->items[i].id, id))
            return true;
    return false;
}

/* Reads the newest `count` commits and their states. *enough: there is no need to look further
 * back. */
static int look_back(struct look *look, const char *project, size_t count, bool *enough,
                     struct error *err)
{
    const struct schedule_request *request = look->request;
    const struct state_request state = {request->db, request->test_bed, &look->commits,
                                        request->since_commit ? STATE_ALL : STATE_RECENT};
    int failed = source_list(&request->source, count, &look->commits, err);
    if (failed)
        return failed;
    bool all = look->commits.count < count;
    if (request->since_commit) {
        look->since = find_since(look);
        *enough = all || look->since != DUE_NOWHERE;
        return *enough ? states_read(&state, &look->states, err) : 0;
    }
    free(look->departed.id);
    look->departed = (struct departed_commit){.base = DUE_NOWHERE};
    failed = states_read(&state, &look->states, err);
    *enough = all || (!failed && any_settled(&look->states) && !goes_on(look));
    if (failed || any_settled(&look->states))
        return failed;
    failed = states_find_departed(&state, project, &look->states, &look->departed, err);
    *enough |= !failed && (!look->departed.others || look->departed.base != DUE_NOWHERE);
    return failed;
}

static int look_far_enough(struct look *look, const char *project, struct error *err)
{
    bool enough = false;
    for (size_t i = 0; i < ARRAY_SIZE(looks) && !enough; i++) {
        /* So far only for what is known to have been measured, or to be due. */
        if (looks[i] == SOURCE_MAX && !look->request->since_commit && !look->departed.id &&
            !goes_on(look))
            break;
        int failed = look_back(look, project, looks[i], &enough, err);
        if (failed)
            return failed;
    }
    if (look->request->since_commit && look->since == DUE_NOWHERE)
        return error_set(err, ERROR_USAGE,
                         "--since-commit %s is not among the %zu commits of %s that can be seen",
                         look->request->since_commit, look->commits.count, branch_of(look));
    return 0;
}

static void add_notes(const struct look *look, struct strlist *notes)
{
    const struct departed_commit *departed = &look->departed;
    if (look->commits.cut)
        strlist_pushf(notes, "the repository is a shallow clone: %zu commits of %s can be seen",
                      look->commits.count, branch_of(look));
    if (!departed->id || on_line(&look->commits, departed->id))
        return;
    if (departed->base != DUE_NOWHERE)
        strlist_pushf(notes,
                      "the last measured commit %.12s is not on %s any more: counting from their "
                      "common ancestor %.12s",
                      departed->id, branch_of(look), look->commits.items[departed->base].id);
    else
        strlist_pushf(notes,
                      "the last measured commit %.12s is not among the newest %zu of %s, and no "
                      "common ancestor is known: starting anew with the newest",
                      departed->id, look->commits.count, branch_of(look));
}

/* Moves the commits that have something to say over to `out`. */
static void fill(struct look *look, const enum due *why, size_t from, struct schedule *out)
{
    out->items = xcalloc(look->commits.count + 1, sizeof(*out->items));
    for (size_t i = 0; i < look->commits.count; i++) {
        if (why[i] == DUE_NOT && (from == DUE_NOWHERE || i > from))
            continue;
        struct scheduled *item = &out->items[out->count++];
        *item = (struct scheduled){
            .commit = look->commits.items[i],
            .coverage = look->states.items[i],
            .why = why[i],
            .action = why[i] == DUE_NOT ? SCHEDULE_NONE : SCHEDULE_DUE,
        };
        look->commits.items[i] = (struct commit){0};
        look->states.items[i] = (struct coverage){0};
    }
}

int schedule_make(const struct schedule_request *request, struct schedule *out, struct error *err)
{
    AUTO_LOOK struct look look = {
        .request = request, .since = DUE_NOWHERE, .departed = {.base = DUE_NOWHERE}};
    AUTO_FREE char *project =
        request->project ? xstrdup(request->project) : source_project(request->source.repo);
    int failed = look_far_enough(&look, project, err);
    if (failed)
        return failed;
    size_t count = look.commits.count;
    AUTO_FREE struct due_commit *commits = xcalloc(count + 1, sizeof(*commits));
    AUTO_FREE enum due *why = xcalloc(count + 1, sizeof(*why));
    for (size_t i = 0; i < count; i++) {
        const struct coverage *coverage = &look.states.items[i];
        commits[i] = (struct due_commit){coverage->state, coverage->settled, coverage->failures,
                                         look.states.lost[i]};
    }
    const struct due_rules rules = {look.since, look.departed.base, request->first,
                                    request->retry_failed};
    struct schedule made = {
        .project = take_ptr(project),
        .test_bed = xstrdup(request->test_bed),
        .newest = xstrdup(look.commits.items[0].id),
        .newest_settled = look.states.items[0].settled,
    };
    add_notes(&look, &made.notes);
    fill(&look, why, due_decide(commits, count, &rules, why), &made);
    *out = made;
    return 0;
}

/* --- noting it -------------------------------------------------------------------------------- */

int schedule_note(const char *db_uri, const struct schedule *schedule, struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    AUTO_STORED_COMMITS struct stored_commits known = {0};
    AUTO_FREE struct commit *fresh = xcalloc(schedule->count + 1, sizeof(*fresh));
    size_t count = 0;
    int failed = database_open(db_uri, &db, err);
    if (!failed)
        failed = commits_read(db, &known, err);
    if (failed)
        return failed;
    for (size_t i = 0; i < schedule->count; i++) {
        const struct scheduled *item = &schedule->items[i];
        bool noted = item->why == DUE_NOT;
        for (size_t j = 0; !noted && j < known.count; j++)
            noted = !strcmp(known.items[j].commit.id, item->commit.id);
        if (!noted)
            fresh[count++] = item->commit; /* borrows its strings */
    }
    return count ? commits_put(db, schedule->project, fresh, count, err) : 0;
}
