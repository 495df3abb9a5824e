#include "pipeline/schedule/schedule.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/program.h"
#include "pipeline/schedule/backfill_range.h"
#include "pipeline/schedule/backfill_values.h"
#include "pipeline/schedule/schedule_state.h"
#include "store/records.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static char *repo, *db;
enum { COMMITS = 6 };

static void git(const char *what, const char *more)
{
    AUTO_FREE char *out = NULL;
    const char *const argv[] = {"git", "-C", repo, what, more, "--quiet", NULL};
    struct error err = ERROR_INIT;
    cr_assert_eq(program_output(argv, &out, &err), 0, "%s", err.message);
}

static void commit(int number)
{
    AUTO_FREE char *out = NULL, *subject = xasprintf("commit %d", number);
    AUTO_FREE char *when = xasprintf("2026-02-%02dT12:00:00Z", number);
    setenv("GIT_COMMITTER_DATE", when, 1);
    setenv("GIT_AUTHOR_DATE", when, 1);
    const char *const argv[] = {
        "git",           "-C", repo, "-c",    "user.name=a", "-c", "user.email=a@b", "commit",
        "--allow-empty", "-q", "-m", subject, NULL};
    cr_assert_eq(program_output(argv, &out, NULL), 0);
}

static void setup(void)
{
    test_folder_make();
    repo = path_join(test_folder, "repo");
    db = path_join(test_folder, "db");
    AUTO_FREE char *cache = path_join(test_folder, "cache");
    setenv("XDG_CACHE_HOME", cache, 1);
    setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    cr_assert_eq(dir_make(repo, NULL), 0);
    git("init", "--initial-branch=main");
    for (int i = 1; i <= COMMITS; i++)
        commit(i);
}

static void teardown(void)
{
    test_folder_remove();
    free(repo);
    free(db);
}

TestSuite(schedule, .init = setup, .fini = teardown);

/* A run of the commit so far back that stored nothing and says why, or was stopped. */
static void record(size_t back, const char *outcome, const char *reason)
{
    AUTO_COMMIT_LIST struct commit_list list = {0};
    AUTO_DATABASE struct database *database = NULL;
    const struct source_request source = {.repo = repo};
    cr_assert_eq(source_list(&source, COMMITS, &list, NULL), 0);
    struct run_record run = {.run = "r",
                             .harness = "run",
                             .project = "repo",
                             .commit = list.items[back].id,
                             .test_bed = "bed",
                             .outcome = outcome,
                             .reason = reason,
                             .started_at = 1,
                             .ended_at = 2};
    char id[UUID_TEXT_SIZE];
    run_record_id(&run, NULL, id);
    run.id = id;
    cr_assert_eq(database_open(db, &database, NULL), 0);
    cr_assert_eq(run_put(database, &run, NULL), 0);
}

static struct schedule make(void)
{
    struct schedule made = {0};
    struct error err = ERROR_INIT;
    const struct schedule_request request = {.source = {.repo = repo}, .db = db, .first = 1};
    cr_assert_eq(schedule_make(&request, &made, &err), 0, "%s", err.message);
    return made;
}

Test(schedule, counts_from_the_newest_settled_commit)
{
    record(2, RUN_FAILED, "does not compile");
    AUTO_SCHEDULE struct schedule made = make();
    cr_assert_eq(made.count, 3);
    cr_assert_str_eq(made.items[0].commit.subject, "commit 6");
    cr_assert_eq(made.items[0].action, SCHEDULE_DUE);
    cr_assert_eq(made.items[0].why, DUE_NEW);
    cr_assert_eq(made.items[2].coverage.state, COMMIT_FAILED);
    cr_assert_eq(made.items[2].action, SCHEDULE_NONE);
    schedule_limit(&made, 1);
    cr_assert_eq(made.items[0].action, SCHEDULE_LATER);
    cr_assert_eq(made.items[1].action, SCHEDULE_DUE);
}

Test(schedule, notes_what_is_due_once)
{
    record(3, RUN_FAILED, "does not compile");
    AUTO_SCHEDULE struct schedule made = make();
    for (int i = 0; i < 2; i++) {
        AUTO_DATABASE struct database *database = NULL;
        AUTO_STORED_COMMITS struct stored_commits known = {0};
        cr_assert_eq(schedule_note(db, &made, NULL), 0);
        cr_assert_eq(database_open(db, &database, NULL), 0);
        cr_assert_eq(commits_read(database, &known, NULL), 0);
        cr_assert_eq(known.count, 3);
    }
    AUTO_SCHEDULE struct schedule again = make();
    cr_assert_eq(again.items[0].why, DUE_LOST);
}

Test(schedule, an_interrupted_commit_is_due_with_what_came_behind_it)
{
    record(1, RUN_INTERRUPTED, "stopped");
    AUTO_SCHEDULE struct schedule made = make();
    cr_assert_eq(made.count, 2);
    cr_assert_eq(made.items[0].why, DUE_NEW);
    cr_assert_eq(made.items[1].why, DUE_INTERRUPTED);
    cr_assert_str_eq(made.items[1].coverage.reason, "stopped");
}

Test(schedule, a_range_is_taken_between_its_ends)
{
    AUTO_COMMIT_LIST struct commit_list list = {0};
    struct backfill_request request = {.source = {.repo = repo},
                                       .since = "2026-02-02",
                                       .until = "2026-02-04",
                                       .max_commits = 10,
                                       .interval = 1};
    cr_assert_eq(backfill_range(&request, &list, NULL), 0);
    cr_assert_eq(list.count, 3);
    cr_assert_str_eq(list.items[0].subject, "commit 4");
    cr_assert_str_eq(list.items[2].subject, "commit 2");
    AUTO_FREE char *id = xstrndup(list.items[1].id, 8);
    request.since = id;
    request.until = NULL;
    cr_assert_eq(backfill_range(&request, &list, NULL), 0);
    cr_assert_eq(list.count, 4);
    request.until = "2026-02-01";
    cr_assert_eq(backfill_range(&request, &list, NULL), ERROR_NO_DATA);
    cr_assert_eq(list.count, 4, "what was there is left alone");
}

Test(schedule, a_database_without_results_has_no_values)
{
    AUTO_COMMIT_LIST struct commit_list list = {0};
    AUTO_RANGE_VALUES struct range_values values = {0};
    const struct source_request source = {.repo = repo};
    cr_assert_eq(source_list(&source, COMMITS, &list, NULL), 0);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(range_values_read(db, NULL, &list, &values, NULL), 0);
    cr_assert_eq(values.commits, COMMITS);
    cr_assert_eq(values.counts[0], 0);
}

Test(schedule, a_repository_is_called_after_its_address)
{
    static const char *const addresses[][2] = {
        {"https://example.com/a/lance.git", "lance"},
        {"git@example.com:lance", "lance"},
        {"github:owner/lance", "lance"},
        {"https://example.com/a/lance/", "lance"},
        {"/nowhere/lance", "lance"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
        AUTO_FREE char *name = source_project(addresses[i][0]);
        cr_assert_str_eq(name, addresses[i][1], "%s: %s", addresses[i][0], name);
    }
    AUTO_FREE char *remote = source_remote("github:owner/lance"), *local = source_remote("x/y");
    cr_assert_str_eq(remote, "https://github.com/owner/lance");
    cr_assert_str_eq(local, "x/y");
}
