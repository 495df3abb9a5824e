#include "store/jobs.h"

#include "base/alloc.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(jobs, .init = scratch_open, .fini = scratch_close);

static struct poll_job a_job(const char *id)
{
    return (struct poll_job){
        .id = xstrdup(id),
        .kind = POLL_JOB_PULL_REQUEST,
        .state = POLL_JOB_PUBLISHING,
        .repository = xstrdup("https://example.org/x"),
        .commit = xstrdup("0123456789abcdef0123456789abcdef01234567"),
        .test_bed = xstrdup("bed"),
        .owner = xstrdup("a/b/c/1/2/3"),
        .pull_request = 12,
        .priority = -3,
        .attempts = 1,
        .round = 2,
        .token = 3,
        .check_run = 5000000000,
        .added_at = 10,
        .not_before = 20,
        .leased_at = 30,
        .lease_until = 40,
        .ended_at = 50,
    };
}

static int push(void *context, struct poll_jobs *jobs, struct error *err)
{
    (void)err;
    ARRAY_RESERVE(jobs->items, jobs->cap, jobs->count + 1);
    jobs->items[jobs->count++] = a_job(context);
    return 1;
}

static int drop_all(void *context, struct poll_jobs *jobs, struct error *err)
{
    (void)context;
    (void)err;
    poll_jobs_release(jobs);
    return 1;
}

static int look_only(void *context, struct poll_jobs *jobs, struct error *err)
{
    (void)err;
    *(size_t *)context = jobs->count;
    return 0;
}

static struct database *open_database(void)
{
    struct database *db = NULL;
    cr_assert_eq(database_open(database_uri(scratch_db), &db, NULL), 0);
    return db;
}

Test(jobs, a_database_without_the_table_has_none_and_looking_makes_none)
{
    AUTO_DATABASE struct database *db = open_database();
    size_t count = 9;
    cr_assert_eq(jobs_update(db, look_only, &count, NULL), 0);
    cr_assert_eq(count, 0);
    struct lance_table_info info;
    cr_assert_eq(database_table_info(db, JOBS_TABLE, &info, NULL), ERROR_NOT_FOUND);
}

Test(jobs, what_is_written_is_read_back)
{
    AUTO_DATABASE struct database *db = open_database();
    AUTO_POLL_JOBS struct poll_jobs jobs = {0};
    uint64_t version = 0;
    cr_assert_eq(jobs_update(db, push, (char *)"aaaa", NULL), 1);
    cr_assert_eq(jobs_read(db, &jobs, &version, NULL), 0);
    cr_assert_eq(jobs.count, 1);
    const struct poll_job *job = &jobs.items[0];
    struct poll_job want = a_job("aaaa");
    cr_assert_str_eq(job->id, want.id);
    cr_assert_eq(job->kind, want.kind);
    cr_assert_eq(job->state, want.state);
    cr_assert_str_eq(job->repository, want.repository);
    cr_assert_str_eq(job->commit, want.commit);
    cr_assert_str_eq(job->owner, want.owner);
    cr_assert_null(job->reason);
    cr_assert_null(job->arguments);
    const int64_t got[] = {job->pull_request, job->priority,    job->attempts, job->round,
                           job->token,        job->check_run,   job->added_at, job->not_before,
                           job->leased_at,    job->lease_until, job->ended_at};
    const int64_t wanted[] = {12, -3, 1, 2, 3, 5000000000, 10, 20, 30, 40, 50};
    cr_assert_arr_eq(got, wanted, sizeof(wanted));
    poll_job_release(&want);
}

Test(jobs, a_list_that_somebody_else_has_changed_is_refused)
{
    AUTO_DATABASE struct database *one = open_database(), *two = open_database();
    AUTO_POLL_JOBS struct poll_jobs jobs = {0};
    uint64_t version = 0;
    cr_assert_eq(jobs_read(one, &jobs, &version, NULL), 0);
    cr_assert_eq(version, 0);
    cr_assert_eq(jobs_update(two, push, (char *)"bbbb", NULL), 1);
    cr_assert_eq(push((char *)"aaaa", &jobs, NULL), 1);
    cr_assert_eq(jobs_write(one, &jobs, version, NULL), ERROR_CONFLICT, "two made the table");
    poll_jobs_release(&jobs);
    cr_assert_eq(jobs_read(one, &jobs, &version, NULL), 0);
    cr_assert_eq(jobs.count, 1);
    cr_assert_eq(jobs_update(two, drop_all, NULL, NULL), 1);
    cr_assert_eq(jobs_write(one, &jobs, version, NULL), ERROR_CONFLICT);
    poll_jobs_release(&jobs);
    cr_assert_eq(jobs_read(one, &jobs, &version, NULL), 0);
    cr_assert_eq(jobs.count, 0);
}

struct rival {
    struct database *db;
    int times;
};

/* Somebody else writes between the reading and the writing, some times. */
static int push_against_a_rival(void *context, struct poll_jobs *jobs, struct error *err)
{
    struct rival *rival = context;
    char id[16];
    snprintf(id, sizeof(id), "rival%d", rival->times);
    if (rival->times-- > 0)
        cr_assert_eq(jobs_update(rival->db, push, id, NULL), 1);
    return push((char *)"mine", jobs, err);
}

Test(jobs, an_update_looks_again_until_nobody_came_in_between)
{
    AUTO_DATABASE struct database *one = open_database(), *two = open_database();
    AUTO_POLL_JOBS struct poll_jobs jobs = {0};
    struct rival rival = {two, 3};
    uint64_t version = 0;
    bool several = false;
    cr_assert_eq(jobs_update(one, push_against_a_rival, &rival, NULL), 1);
    cr_assert_eq(jobs_read(one, &jobs, &version, NULL), 0);
    cr_assert_eq(jobs.count, 4);
    cr_assert_not_null(poll_jobs_find(&jobs, "mine", &several));
    cr_assert_eq(version, 1 + 4, "one version for each change and one for the table");
}

Test(jobs, the_table_stays_one_file_and_tidying_makes_no_version)
{
    AUTO_DATABASE struct database *db = open_database();
    struct lance_table_info info;
    for (int i = 0; i < 70; i++)
        cr_assert_eq(jobs_update(db, i % 10 ? push : drop_all, (char *)"aaaa", NULL), 1);
    cr_assert_eq(database_table_info(db, JOBS_TABLE, &info, NULL), 0);
    cr_assert_eq(info.fragments, 1);
    cr_assert_eq(info.version, 71, "tidying makes no version");
    cr_assert_eq(info.rows, 1);
}
