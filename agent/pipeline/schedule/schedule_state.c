#include "pipeline/schedule/schedule_state.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "plan/due.h"
#include "store/commit_index.h"
#include "store/measured.h"
#include "store/records.h"

#include <stdlib.h>
#include <string.h>

enum { ATTEMPTS = 3, WAIT_S = 2 };

/* Everything that was read, by commit. */
struct reading {
    const struct state_request *request;
    struct database *db;
    struct stored_runs runs;
    size_t *run_commit; /* of each run: index of its commit */
    bool *wanted;       /* of each commit: its results are looked at */
    struct measured_list results;
};

static void reading_release(struct reading *reading)
{
    database_free(reading->db);
    stored_runs_release(&reading->runs);
    free(reading->run_commit);
    free(reading->wanted);
    measured_list_release(&reading->results);
}
#define AUTO_READING __attribute__((cleanup(reading_release)))

void commit_states_release(struct commit_states *states)
{
    for (size_t i = 0; i < states->count; i++)
        coverage_release(&states->items[i]);
    free(states->items);
    free(states->lost);
    stored_commits_release(&states->known);
    *states = (struct commit_states){0};
}

enum recorded_outcome recorded_outcome_of(const char *word)
{
    static const struct {
        const char *word;
        enum recorded_outcome outcome;
    } words[] = {
        {RUN_COMPLETE, RECORDED_COMPLETE},       {RUN_PARTIAL, RECORDED_PARTIAL},
        {RUN_INTERRUPTED, RECORDED_INTERRUPTED}, {RUN_FAILED, RECORDED_FAILED},
        {RUN_INVALIDATED, RECORDED_INVALIDATED},
    };
    for (size_t i = 0; word && i < ARRAY_SIZE(words); i++)
        if (!strcmp(words[i].word, word))
            return words[i].outcome;
    return RECORDED_UNKNOWN;
}

static int by_id(const void *left, const void *right)
{
    const struct stored_commit *a = left, *b = right;
    return strcmp(a->commit.id, b->commit.id);
}

static const struct stored_commit *find_known(const struct commit_states *states, const char *id)
{
    const struct stored_commit key = {.commit = {.id = (char *)id}};
    if (!id || !states->known.count)
        return NULL;
    return bsearch(&key, states->known.items, states->known.count, sizeof(key), by_id);
}

bool states_know(const struct commit_states *states, const char *id)
{
    return find_known(states, id) != NULL;
}

/* --- which commit a run speaks of ------------------------------------------------------------- */

static void assign_runs(struct reading *reading, const struct strlist *ids)
{
    AUTO_COMMIT_INDEX struct commit_index index = {0};
    commit_index_init(&index, ids);
    reading->run_commit = xcalloc(reading->runs.count + 1, sizeof(*reading->run_commit));
    for (size_t i = 0; i < reading->runs.count; i++) {
        const struct stored_run *run = &reading->runs.items[i];
        reading->run_commit[i] = run->commit ? commit_index_find(&index, run->commit)
                                             : commit_index_find_version(&index, run->version);
    }
}

static bool on_bed(const struct reading *reading, const char *test_bed)
{
    const char *asked = reading->request->test_bed;
    return !asked || (test_bed && !strcmp(test_bed, asked));
}

static bool is_for_bisect(const char *run)
{
    return run && !strncmp(run, RUN_OF_BISECT, sizeof(RUN_OF_BISECT) - 1);
}

/* --- whose results are read ------------------------------------------------------------------- */

static void choose_wanted(struct reading *reading, enum state_depth depth,
                          const struct commit_states *states)
{
    size_t count = reading->request->commits->count, newest = count;
    AUTO_FREE bool *has_run = xcalloc(count + 1, sizeof(*has_run));
    AUTO_FREE bool *begun = xcalloc(count + 1, sizeof(*begun));
    for (size_t i = 0; i < reading->runs.count; i++) {
        const struct stored_run *run = &reading->runs.items[i];
        enum recorded_outcome outcome = recorded_outcome_of(run->outcome);
        size_t commit = reading->run_commit[i];
        bool whole = run->harness && !strcmp(run->harness, "run");
        if (is_for_bisect(run->run))
            continue;
        has_run[commit] = true;
        begun[commit] |= outcome != RECORDED_COMPLETE || (run->host_session && !whole);
        if (outcome != RECORDED_INVALIDATED && on_bed(reading, run->test_bed) && commit < newest)
            newest = commit;
    }
    for (size_t i = 0; i < count; i++)
        reading->wanted[i] =
            depth == STATE_ALL || i <= newest || begun[i] ||
            (!has_run[i] && states_know(states, reading->request->commits->items[i].id));
}

static void list_wanted(const struct reading *reading, struct strlist *ids, size_t **places)
{
    const struct commit_list *commits = reading->request->commits;
    *places = xcalloc(commits->count + 1, sizeof(**places));
    for (size_t i = 0; i < commits->count; i++)
        if (reading->wanted[i]) {
            (*places)[ids->count] = i;
            strlist_push(ids, commits->items[i].id);
        }
}

static int read_results(struct reading *reading, enum measured_by by, struct error *err)
{
    AUTO_STRLIST struct strlist ids = STRLIST_INIT;
    AUTO_FREE size_t *places = NULL;
    size_t before = reading->results.count;
    list_wanted(reading, &ids, &places);
    int failed = measured_read(reading->db, &ids, by, &reading->results, err);
    for (size_t i = before; i < reading->results.count; i++)
        reading->results.items[i].commit = places[reading->results.items[i].commit];
    return failed;
}

static bool has_results(const struct reading *reading, const char *run)
{
    for (size_t i = 0; i < reading->results.count; i++)
        if (reading->results.items[i].run && !strcmp(reading->results.items[i].run, run))
            return true;
    return false;
}

/* A version need not name its commit. Leaves as wanted only commits with a run whose results have
 * not been found; false when there are none. */
static bool keep_unfound(struct reading *reading)
{
    bool any = false;
    size_t count = reading->request->commits->count;
    AUTO_FREE bool *unfound = xcalloc(count + 1, sizeof(*unfound));
    for (size_t i = 0; i < reading->runs.count; i++) {
        const struct stored_run *run = &reading->runs.items[i];
        size_t commit = reading->run_commit[i];
        if (run->run && run->result_count && commit < count && reading->wanted[commit] &&
            !has_results(reading, run->run))
            any = unfound[commit] = true;
    }
    if (any)
        memcpy(reading->wanted, unfound, count * sizeof(*unfound));
    return any;
}

/* --- coverage --------------------------------------------------------------------------------- */

static struct recorded_run record_of(const struct stored_run *run)
{
    bool whole = run->harness && !strcmp(run->harness, "run");
    return (struct recorded_run){
        .run = run->run,
        .test_bed = run->test_bed,
        .outcome = recorded_outcome_of(run->outcome),
        .reason = run->reason,
        .whole = whole,
        /* What `run` stores refers to its host session; what `publish` stores stands alone. */
        .part = !whole && run->host_session,
        .result_count = run->result_count,
        .expected = &run->expected,
    };
}

static void cover(const struct reading *reading, size_t commit, bool looked_at,
                  struct coverage *out)
{
    AUTO_FREE struct recorded_run *runs = xcalloc(reading->runs.count + 1, sizeof(*runs));
    AUTO_FREE struct recorded_result *results =
        xcalloc(reading->results.count + 1, sizeof(*results));
    struct recorded recorded = {
        .runs = runs, .results = results, .test_bed = reading->request->test_bed};
    for (size_t i = 0; i < reading->runs.count; i++)
        if (reading->run_commit[i] == commit && !is_for_bisect(reading->runs.items[i].run))
            runs[recorded.run_count++] = record_of(&reading->runs.items[i]);
    if (!looked_at && recorded.run_count) {
        *out = (struct coverage){.state = COMMIT_COMPLETE, .settled = true};
        return;
    }
    for (size_t i = 0; i < reading->results.count; i++) {
        const struct measured *result = &reading->results.items[i];
        if (result->commit == commit && !is_for_bisect(result->run))
            results[recorded.result_count++] =
                (struct recorded_result){result->run, result->test_bed, result->benchmark};
    }
    coverage_of(&recorded, out);
}

static bool has_trace(const struct reading *reading, size_t commit)
{
    for (size_t i = 0; i < reading->runs.count; i++)
        if (reading->run_commit[i] == commit)
            return true;
    for (size_t i = 0; i < reading->results.count; i++)
        if (reading->results.items[i].commit == commit)
            return true;
    return false;
}

static void cover_all(const struct reading *reading, const bool *looked_at,
                      struct commit_states *states)
{
    const struct commit_list *commits = reading->request->commits;
    states->items = xcalloc(commits->count + 1, sizeof(*states->items));
    states->lost = xcalloc(commits->count + 1, sizeof(*states->lost));
    states->count = commits->count;
    for (size_t i = 0; i < commits->count; i++) {
        cover(reading, i, looked_at[i], &states->items[i]);
        states->lost[i] = states_know(states, commits->items[i].id) && !has_trace(reading, i);
    }
}

static bool any_settled(const struct commit_states *states)
{
    for (size_t i = 0; i < states->count; i++)
        if (states->items[i].settled)
            return true;
    return false;
}

static int read_states(struct reading *reading, enum state_depth depth,
                       struct commit_states *states, struct error *err)
{
    size_t count = reading->request->commits->count;
    AUTO_FREE bool *looked_at = xcalloc(count + 1, sizeof(*looked_at));
    measured_list_release(&reading->results);
    choose_wanted(reading, depth, states);
    memcpy(looked_at, reading->wanted, count * sizeof(*looked_at));
    int failed = read_results(reading, MEASURED_BY_VERSION, err);
    if (!failed && keep_unfound(reading))
        failed = read_results(reading, MEASURED_BY_METADATA, err);
    if (!failed)
        cover_all(reading, looked_at, states);
    return failed;
}

static int read_once(const struct state_request *request, struct commit_states *out,
                     struct error *err)
{
    AUTO_READING struct reading reading = {.request = request};
    AUTO_COMMIT_STATES struct commit_states states = {0};
    AUTO_STRLIST struct strlist ids = STRLIST_INIT;
    for (size_t i = 0; i < request->commits->count; i++)
        strlist_push(&ids, request->commits->items[i].id);
    reading.wanted = xcalloc(request->commits->count + 1, sizeof(*reading.wanted));
    int failed = database_open(request->db, &reading.db, err);
    if (!failed)
        failed = commits_read(reading.db, &states.known, err);
    if (!failed)
        failed = runs_read_of(reading.db, &ids, &reading.runs, err);
    if (failed)
        return failed;
    if (states.known.count)
        qsort(states.known.items, states.known.count, sizeof(*states.known.items), by_id);
    assign_runs(&reading, &ids);
    failed = read_states(&reading, request->depth, &states, err);
    if (!failed && request->depth == STATE_RECENT && !any_settled(&states)) {
        /* The newest run was no measurement after all: everything has to be looked at. */
        struct stored_commits known = states.known;
        states.known = (struct stored_commits){0};
        commit_states_release(&states);
        states.known = known;
        failed = read_states(&reading, STATE_ALL, &states, err);
    }
    if (failed)
        return failed;
    commit_states_release(out);
    *out = states;
    states = (struct commit_states){0};
    return 0;
}

int states_read(const struct state_request *request, struct commit_states *out, struct error *err)
{
    struct error reason = ERROR_INIT;
    int failed = 0;
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
        failed = read_once(request, out, &reason);
        if (failed != ERROR_UNREACHABLE || attempt == ATTEMPTS)
            break;
        log_warning("%s; trying again in %d s", reason.message, attempt * WAIT_S);
        clock_sleep_s(attempt * WAIT_S);
        failed = interrupt_check(err);
        if (failed)
            return failed;
    }
    if (failed && err)
        *err = reason;
    return failed;
}

/* --- a history that was rewritten ------------------------------------------------------------- */

/* Where lines that are no part of the branch have left it. Many runs lie on one line: what was
 * found for a commit is kept. */
struct ancestors {
    const struct commit_states *states;
    struct strlist ids; /* of the branch */
    struct commit_index branch;
    size_t count; /* commits of the branch */
    size_t *base; /* of each known commit: index of its nearest ancestor on the branch */
    bool *found;
    size_t *line; /* known commits on the way */
};

static void ancestors_init(struct ancestors *a, const struct commit_states *states,
                           const struct commit_list *commits)
{
    *a = (struct ancestors){
        .states = states,
        .count = commits->count,
        .base = xcalloc(states->known.count + 1, sizeof(*a->base)),
        .found = xcalloc(states->known.count + 1, sizeof(*a->found)),
        .line = xcalloc(states->known.count + 1, sizeof(*a->line)),
    };
    for (size_t i = 0; i < commits->count; i++)
        strlist_push(&a->ids, commits->items[i].id);
    commit_index_init(&a->branch, &a->ids);
}

static void ancestors_release(struct ancestors *a)
{
    commit_index_release(&a->branch);
    strlist_release(&a->ids);
    free(a->base);
    free(a->found);
    free(a->line);
}
#define AUTO_ANCESTORS __attribute__((cleanup(ancestors_release)))

/* Index of the nearest ancestor that is on the branch, by the first parents that are known. */
static size_t find_base(struct ancestors *a, const char *id)
{
    size_t steps = 0, base = DUE_NOWHERE;
    while (id) {
        size_t at = commit_index_find(&a->branch, id);
        if (at < a->count) {
            base = at;
            break;
        }
        const struct stored_commit *known = find_known(a->states, id);
        size_t place = known ? (size_t)(known - a->states->known.items) : 0;
        if (!known || a->found[place]) {
            base = known ? a->base[place] : DUE_NOWHERE;
            break;
        }
        /* Found already, should the parents be a circle. */
        a->found[place] = true;
        a->base[place] = DUE_NOWHERE;
        a->line[steps++] = place;
        id = known->commit.parent;
    }
    while (steps)
        a->base[a->line[--steps]] = base;
    return base;
}

static bool is_of_branch(const struct stored_commit *known, const char *branch)
{
    return !known || !known->commit.branch || !branch || !strcmp(known->commit.branch, branch);
}

int states_find_departed(const struct state_request *request, const char *project,
                         const struct commit_states *states, struct departed_commit *out,
                         struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    AUTO_STORED_RUNS struct stored_runs runs = {0};
    AUTO_ANCESTORS struct ancestors ancestors = {0};
    const char *branch = request->commits->items[0].branch, *id = NULL;
    size_t base = DUE_NOWHERE;
    bool others = false;
    int failed = database_open(request->db, &db, err);
    if (!failed)
        failed = runs_read(db, NULL, &runs, err);
    if (failed)
        return failed;
    ancestors_init(&ancestors, states, request->commits);
    for (size_t i = 0; i < runs.count; i++) {
        const struct stored_run *run = &runs.items[i];
        const struct stored_commit *known = find_known(states, run->commit);
        bool elsewhere =
            request->test_bed && (!run->test_bed || strcmp(run->test_bed, request->test_bed));
        if (!run->commit || elsewhere || !is_of_branch(known, branch) ||
            recorded_outcome_of(run->outcome) == RECORDED_INVALIDATED)
            continue;
        size_t at = find_base(&ancestors, run->commit);
        bool same_project = run->project && project && !strcmp(run->project, project);
        others |= at == DUE_NOWHERE;
        if (at == DUE_NOWHERE && !same_project)
            continue;
        if (!id || at < base) {
            id = run->commit;
            base = at;
        }
    }
    *out = (struct departed_commit){xstrdup(id), others, base};
    return 0;
}
