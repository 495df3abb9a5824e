/* jobs list|add|cancel|retry: the queue that machines with `poll` share. */
#include "base/alloc.h"
#include "base/clock.h"
#include "command/common.h"
#include "command/rows.h"
#include "host/machine.h"
#include "jobs/queue.h"
#include "model/commit.h"
#include "pipeline/poll/poll.h"
#include "store/jobs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct list_options {
    const char *state, *test_bed;
};

static const struct option_row list_rows[] = {
    OPTION(struct list_options, state, OPTION_STRING, "state", "STATE",
           "queued, leased, publishing, done, failed or cancelled alone"),
    OPTION(struct list_options, test_bed, OPTION_STRING, "test-bed", "NAME",
           "of this machine alone"),
};

static void add_time(struct table *table, int64_t unix_s)
{
    char text[TIME_ISO_SIZE];
    time_format_iso(unix_s, text);
    table_text(table, unix_s ? text : NULL);
}

/* The host's name, for people: the rest tells processes apart. */
static void add_owner(struct table *table, const char *owner)
{
    const char *end = owner ? strchr(owner, '/') : NULL;
    if (end)
        table_text_len(table, owner, (size_t)(end - owner));
    else
        table_text(table, owner);
}

static void add_job(struct table *table, const struct poll_job *job)
{
    table_text(table, job->id);
    table_text(table, job->repository);
    table_text(table, job->commit);
    table_text(table, poll_job_kind_name(job->kind));
    table_text(table, job->test_bed);
    table_integer(table, job->priority);
    table_text(table, poll_job_state_name(job->state));
    table_integer(table, job->attempts);
    table_integer(table, job->token);
    add_owner(table, job->owner);
    add_time(table, job->lease_until);
    add_time(table, job->added_at);
    add_time(table, job->ended_at);
    table_text(table, job->reason);
    table_end_row(table);
}

static void begin_table(struct table *table)
{
    static const struct {
        const char *name;
        bool numeric;
    } columns[] = {
        {"job", false},      {"repository", false}, {"commit", false},      {"kind", false},
        {"test_bed", false}, {"priority", true},    {"state", false},       {"attempts", true},
        {"token", true},     {"owner", false},      {"lease_until", false}, {"added", false},
        {"ended", false},    {"reason", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
        table_column(table, columns[i].name, columns[i].numeric);
}

/* What comes next stands first. */
static int by_turn(const void *left, const void *right)
{
    const struct poll_job *a = left, *b = right;
    bool a_ended = a->ended_at != 0, b_ended = b->ended_at != 0;
    if (a_ended != b_ended)
        return a_ended ? 1 : -1;
    if (a_ended && a->ended_at != b->ended_at)
        return a->ended_at < b->ended_at ? 1 : -1;
    if (a->priority != b->priority)
        return a->priority < b->priority ? 1 : -1;
    return a->added_at < b->added_at ? -1 : a->added_at > b->added_at;
}

static int run_list(const struct globals *globals, const void *raw, const struct strlist *args,
                    struct error *err)
{
    (void)args;
    const struct list_options *o = raw;
    AUTO_DATABASE struct database *db = NULL;
    AUTO_POLL_JOBS struct poll_jobs jobs = {0};
    uint64_t version = 0;
    enum poll_job_state state = POLL_JOB_QUEUED;
    if (o->state && !poll_job_state_parse(o->state, &state))
        return error_set(err, ERROR_USAGE,
                         "--state is one of queued, leased, publishing, done, failed, cancelled, "
                         "not '%s'",
                         o->state);
    int failed = command_database(globals, &db, err);
    if (!failed)
        failed = jobs_read(db, &jobs, &version, err);
    if (failed)
        return failed;
    if (jobs.count)
        qsort(jobs.items, jobs.count, sizeof(*jobs.items), by_turn);
    AUTO_TABLE struct table *table = command_table(globals);
    begin_table(table);
    for (size_t i = 0; i < jobs.count; i++)
        if ((!o->state || jobs.items[i].state == state) &&
            (!o->test_bed || !strcmp(jobs.items[i].test_bed, o->test_bed)))
            add_job(table, &jobs.items[i]);
    table_finish(table);
    return 0;
}

struct add_options {
    const char *repo, *test_bed, *kind;
    int64_t priority;
};

static const struct option_row add_rows[] = {
    OPTION(struct add_options, repo, OPTION_STRING, "repo", "REPO",
           "the repository, as the machines' poll has it"),
    OPTION(struct add_options, test_bed, OPTION_STRING, "test-bed", "NAME",
           "for this machine (default: this one)"),
    OPTION(struct add_options, kind, OPTION_STRING, "kind", "KIND", "commit (default) or backfill"),
    OPTION(struct add_options, priority, OPTION_INTEGER, "priority", "N",
           "greater ones come first (default: 200, backfill 100)"),
};
static const struct add_options add_defaults = {.kind = "commit"};

struct adding {
    struct poll_job *jobs;
    size_t count, added;
};

static int add_all(void *context, struct poll_jobs *jobs, struct error *err)
{
    (void)err;
    struct adding *adding = context;
    int64_t now = clock_unix_s();
    adding->added = 0;
    for (size_t i = 0; i < adding->count; i++)
        adding->added += queue_add(jobs, &adding->jobs[i], now) != QUEUE_UNCHANGED;
    return adding->added > 0;
}

/* As git writes them: a job's id is made of its commit's. */
static int read_commits(const struct strlist *commits, struct strlist *out, struct error *err)
{
    for (size_t i = 0; i < commits->count; i++) {
        int failed = command_check_commit(commits->items[i], err);
        if (!failed && strlen(commits->items[i]) != 40)
            failed = error_set(err, ERROR_USAGE, "a job is for a full commit id, not '%s'",
                               commits->items[i]);
        if (failed)
            return failed;
        strlist_push_owned(out, commit_id_lower(commits->items[i]));
    }
    return 0;
}

static int run_add(const struct globals *globals, const void *raw, const struct strlist *args,
                   struct error *err)
{
    const struct add_options *o = raw;
    enum poll_job_kind kind = POLL_JOB_COMMIT;
    AUTO_FREE char *repository = NULL;
    AUTO_DATABASE struct database *db = NULL;
    AUTO_STRLIST struct strlist commits = STRLIST_INIT;
    struct test_bed bed = {0};
    if (!o->repo)
        return error_set(err, ERROR_USAGE, "jobs add needs --repo REPO");
    if (!poll_job_kind_parse(o->kind, &kind) || kind == POLL_JOB_PULL_REQUEST)
        return error_set(err, ERROR_USAGE, "--kind is commit or backfill, not '%s'", o->kind);
    int failed = read_commits(args, &commits, err);
    if (!failed)
        failed = poll_repository(o->repo, &repository, err);
    if (!failed)
        failed = command_database(globals, &db, err);
    if (!failed)
        failed = machine_test_bed(o->test_bed, &bed, err);
    if (failed)
        return failed;
    struct adding adding = {.jobs = xcalloc(args->count, sizeof(struct poll_job)),
                            .count = args->count};
    for (size_t i = 0; i < args->count; i++)
        adding.jobs[i] = (struct poll_job){
            .kind = kind,
            .repository = repository,
            .commit = commits.items[i],
            .test_bed = bed.name,
            .priority = o->priority,
        };
    failed = jobs_update(db, add_all, &adding, err);
    if (failed >= 0 && globals->format == FORMAT_JSON)
        printf("{\"queued\": %zu, \"known\": %zu}\n", adding.added, adding.count - adding.added);
    else if (failed >= 0 && !globals->quiet)
        printf("%zu queued, %zu known already\n", adding.added, adding.count - adding.added);
    free(adding.jobs);
    test_bed_release(&bed);
    return failed < 0 ? failed : 0;
}

struct changing {
    const struct strlist *ids;
    const char *reason;
    bool retry;
};

static int change_all(void *context, struct poll_jobs *jobs, struct error *err)
{
    const struct changing *changing = context;
    int64_t now = clock_unix_s();
    for (size_t i = 0; i < changing->ids->count; i++) {
        const char *id = changing->ids->items[i];
        bool several = false;
        struct poll_job *job = poll_jobs_find(jobs, id, &several);
        if (several)
            return error_set(err, ERROR_USAGE, "several jobs begin with '%s': give more of it", id);
        if (!job)
            return error_set(err, ERROR_NOT_FOUND,
                             "there is no job '%s': 'lance-bench jobs list' has them", id);
        if (changing->retry && job->kind == POLL_JOB_PULL_REQUEST)
            return error_set(err, ERROR_USAGE,
                             "job %.8s is of a pull request: approve its commit again", job->id);
        int failed = changing->retry ? lease_retry(job, now, err)
                                     : lease_cancel(job, changing->reason, now, err);
        if (failed)
            return failed;
    }
    return 1;
}

static int change(const struct globals *globals, const struct changing *changing, struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    int failed = command_database(globals, &db, err);
    if (failed)
        return failed;
    failed = jobs_update(db, change_all, (void *)(uintptr_t)changing, err);
    return failed < 0 ? failed : 0;
}

struct cancel_options {
    const char *reason;
};

static const struct option_row cancel_rows[] = {
    OPTION(struct cancel_options, reason, OPTION_STRING, "reason", "TEXT", "why, for the list"),
};
static const struct cancel_options cancel_defaults = {.reason = "cancelled by hand"};

static int run_cancel(const struct globals *globals, const void *raw, const struct strlist *args,
                      struct error *err)
{
    const struct cancel_options *o = raw;
    const struct changing changing = {.ids = args, .reason = o->reason};
    int failed = command_check_text("reason", o->reason, err);
    return failed ? failed : change(globals, &changing, err);
}

static int run_retry(const struct globals *globals, const void *raw, const struct strlist *args,
                     struct error *err)
{
    (void)raw;
    const struct changing changing = {.ids = args, .retry = true};
    return change(globals, &changing, err);
}

const struct command command_jobs_list = {
    .name = "jobs list",
    .group = "measure",
    .summary = "Show the jobs of the machines that poll",
    .arguments = "",
    .options = list_rows,
    .option_count = ARRAY_SIZE(list_rows),
    .options_size = sizeof(struct list_options),
    .run = run_list,
};

const struct command command_jobs_add = {
    .name = "jobs add",
    .group = "measure",
    .summary = "Queue commits for the machines that poll",
    .arguments = "--repo REPO COMMIT…",
    .options = add_rows,
    .option_count = ARRAY_SIZE(add_rows),
    .defaults = &add_defaults,
    .options_size = sizeof(struct add_options),
    .min_args = 1,
    .max_args = SIZE_MAX,
    .run = run_add,
};

const struct command command_jobs_cancel = {
    .name = "jobs cancel",
    .group = "measure",
    .summary = "Cancel jobs; one under way is stopped, and stores nothing",
    .arguments = "JOB…",
    .options = cancel_rows,
    .option_count = ARRAY_SIZE(cancel_rows),
    .defaults = &cancel_defaults,
    .options_size = sizeof(struct cancel_options),
    .min_args = 1,
    .max_args = SIZE_MAX,
    .run = run_cancel,
};

const struct command command_jobs_retry = {
    .name = "jobs retry",
    .group = "measure",
    .summary = "Queue jobs again that have ended, for a run of their own",
    .arguments = "JOB…",
    .min_args = 1,
    .max_args = SIZE_MAX,
    .run = run_retry,
};
