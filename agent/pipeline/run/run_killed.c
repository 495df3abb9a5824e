#include "pipeline/run/run_killed.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "store/records.h"
#include "store/results.h"

#include <string.h>
#include <unistd.h>

#define NOTE "logs/storing"

enum { NOTE_MAX = 64 * 1024 };

/* What the database holds of the commit on this test bed. */
struct found {
    struct database *db;
    struct stored_results results;
    struct stored_runs runs;
};

static void found_release(struct found *found)
{
    stored_results_release(&found->results);
    stored_runs_release(&found->runs);
    database_free(found->db);
}
#define AUTO_FOUND __attribute__((cleanup(found_release)))

static bool is_by_hand(const struct run *run)
{
    const struct run_request *request = run->request;
    return !request->pull_request && !request->fence &&
           strncmp(run->out->run, RUN_OF_BISECT, sizeof(RUN_OF_BISECT) - 1) != 0;
}

/* The lines that a note begins with; the name of the run follows. */
static char *place_of(const struct run *run, const char *test_bed)
{
    const char *db = run->request->db;
    AUTO_FREE char *here = NULL;
    if (db[0] != '/' && !strstr(db, "://"))
        here = getcwd(NULL, 0);
    return xasprintf("%s%s%s\n%s\n%s\n", here ? here : "", here ? "/" : "", db, run->out->commit,
                     test_bed);
}

void run_note_storing(const struct run *run, const char *test_bed)
{
    AUTO_FREE char *path = path_join(run->job.path, NOTE), *place = place_of(run, test_bed);
    AUTO_FREE char *text = xasprintf("%s%s", place, run->out->run);
    struct error reason = ERROR_INIT;
    if (!is_by_hand(run))
        return;
    if (file_write_atomic(path, text, strlen(text), &reason))
        log_debug("a run that is killed now is not known as that: %s", reason.message);
}

void run_forget_storing(const struct run *run)
{
    AUTO_FREE char *path = path_join(run->job.path, NOTE);
    (void)unlink(path);
}

static int look(const struct run *run, const char *test_bed, struct found *found, struct error *err)
{
    const struct result_query query = {
        .commit = run->out->commit, .test_bed = test_bed, .without_any_values = true};
    if (found->db)
        return 0;
    int failed = database_open(run->request->db, &found->db, err);
    if (!failed)
        failed = results_read(found->db, &query, &found->results, err);
    if (!failed)
        failed = runs_read(found->db, run->out->commit, &found->runs, err);
    return failed;
}

static bool is_of(const struct stored_result *result, const char *run)
{
    return result->run && !strcmp(result->run, run);
}

static bool has(const struct found *found, const char *run, const char *benchmark)
{
    for (size_t i = 0; i < found->results.count; i++)
        if (is_of(&found->results.items[i], run) &&
            !strcmp(found->results.items[i].benchmark_name, benchmark))
            return true;
    return false;
}

static bool has_any(const struct found *found, const char *run)
{
    for (size_t i = 0; i < found->results.count; i++)
        if (is_of(&found->results.items[i], run))
            return true;
    return false;
}

/* Whether `run` has a result of each benchmark that `killed` has one of. */
static bool has_all(const struct found *found, const char *run, const char *killed)
{
    for (size_t i = 0; i < found->results.count; i++) {
        const struct stored_result *result = &found->results.items[i];
        if (is_of(result, killed) && !has(found, run, result->benchmark_name))
            return false;
    }
    return true;
}

static bool came_to_its_end(const struct found *found, const char *run, const char *test_bed)
{
    for (size_t i = 0; i < found->runs.count; i++) {
        const struct stored_run *item = &found->runs.items[i];
        if (item->run && item->harness && item->test_bed && !strcmp(item->run, run) &&
            !strcmp(item->harness, "run") && !strcmp(item->test_bed, test_bed))
            return true;
    }
    return false;
}

/* *settled: nothing is left to do for this run. */
static int settle(const struct run *run, const struct found *found, const char *killed,
                  const char *test_bed, bool *settled, struct error *err)
{
    int64_t count = 0;
    bool again = !strcmp(killed, run->out->run);
    *settled = again || !has_any(found, killed) || came_to_its_end(found, killed, test_bed);
    if (*settled)
        return 0;
    if (!has_all(found, run->out->run, killed)) {
        log_info("run %s was killed while its results were being stored; they stay, since this "
                 "run has not measured all of them",
                 killed);
        return 0;
    }
    int failed = runs_invalidate(found->db, killed, test_bed,
                                 "it ended while its results were being stored", &count, err);
    if (!failed && count)
        log_info("run %s was killed while its results were being stored: it is taken back", killed);
    *settled = !failed;
    return failed;
}

/* The name of the run whose note this is, where it is of the same place; else NULL. */
static char *read_note(const char *path, const char *place)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    size_t len = strlen(place);
    if (file_read(path, NOTE_MAX, &text, NULL) || text.len <= len ||
        strncmp(text.buf, place, len) != 0)
        return NULL;
    return xstrdup(text.buf + len);
}

static int take_back(const struct run *run, const char *job, const char *place,
                     const char *test_bed, struct found *found, struct error *err)
{
    AUTO_FREE char *note = path_join(job, NOTE), *lock = path_join(job, "lock");
    AUTO_CLOSE int held = -1;
    bool settled = false;
    AUTO_FREE char *killed = path_exists(note) ? read_note(note, place) : NULL;
    /* Whoever holds the lock is alive, and storing this moment. */
    if (!killed || lock_acquire(lock, 0, &held, NULL))
        return 0;
    int failed = look(run, test_bed, found, err);
    if (!failed)
        failed = settle(run, found, killed, test_bed, &settled, err);
    if (settled)
        (void)unlink(note);
    return failed;
}

int run_take_back_killed(const struct run *run, const char *test_bed, struct error *err)
{
    AUTO_FREE char *cache = NULL, *place = place_of(run, test_bed);
    AUTO_STRLIST struct strlist jobs = STRLIST_INIT;
    AUTO_FOUND struct found found = {0};
    if (!is_by_hand(run))
        return 0;
    int failed = cache_dir(&cache, err);
    if (failed)
        return failed;
    AUTO_FREE char *folder = path_join(cache, "jobs");
    failed = dir_list(folder, &jobs, err);
    for (size_t i = 0; !failed && i < jobs.count; i++) {
        AUTO_FREE char *job = path_join(folder, jobs.items[i]);
        if (strcmp(jobs.items[i], path_basename(run->job.path)) != 0)
            failed = take_back(run, job, place, test_bed, &found, err);
    }
    return failed;
}
