/* poll: a machine that finds its work by itself. */
#include "base/alloc.h"
#include "base/escape.h"
#include "command/common.h"
#include "command/rows.h"
#include "command/run_options.h"
#include "command/schedule_common.h"
#include "github/github.h"
#include "host/machine.h"
#include "net/ca.h"
#include "pipeline/poll/poll.h"
#include "pipeline/schedule/schedule_source.h"
#include "store/database_uri.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { INTERVAL_MIN_S = 1 };

struct poll_options {
    const char *repo, *project, *test_bed, *github, *token_file, *since, *order;
    struct strlist branches;
    double interval, lease, retry_after;
    int64_t max_attempts, first, backfill, every;
    bool once, pull_requests;
};

#define ROW(field, kind, name, value, help) \
    OPTION(struct poll_options, field, kind, name, value, help)

static const struct option_row rows[] = {
    ROW(repo, OPTION_STRING, "repo", "REPO",
        "the repository to watch: a folder, a URL or github:OWNER/NAME"),
    ROW(branches, OPTION_LIST, "branch", "NAME", "a branch to watch (default: the remote's own)"),
    ROW(interval, OPTION_DURATION, "interval", "TIME",
        "between two looks at the repository (default: 60s)"),
    ROW(first, OPTION_INTEGER, "first", "N",
        "so many of the newest where nothing was ever measured (default: 1)"),
    ROW(backfill, OPTION_INTEGER, "backfill", "N",
        "queue older commits that are missing too, until so many wait (default: 0)"),
    ROW(since, OPTION_STRING, "backfill-since", "DATE|SHA",
        "no older ones than this (default: the newest 1,000)"),
    ROW(every, OPTION_INTEGER, "backfill-interval", "N",
        "every N-th of them alone, from the newest (default: 1)"),
    ROW(order, OPTION_STRING, "backfill-order", "ORDER",
        "newest-first, oldest-first or information (default: newest-first)"),
    ROW(pull_requests, OPTION_FLAG, "pull-requests", NULL,
        "measure approved commits of pull requests; needs --github"),
    ROW(github, OPTION_STRING, "github", "OWNER/NAME",
        "write a check run for each job, with the token of --token-file or $GITHUB_TOKEN"),
    ROW(token_file, OPTION_STRING, "token-file", "FILE", "holds the GitHub token"),
    ROW(project, OPTION_STRING, "dut-name", "NAME",
        "the project's name in the database (default: the repository's)"),
    ROW(test_bed, OPTION_STRING, "testbed-name", "NAME",
        "the machine's name: machines of one name share the jobs "
        "(default: /etc/lance-bench/testbed, else the host name)"),
    ROW(max_attempts, OPTION_INTEGER, "max-attempts", "N",
        "tries of a job that fails or is lost (default: 3)"),
    ROW(retry_after, OPTION_DURATION, "retry-after", "TIME",
        "before a job that failed is tried again (default: 5m)"),
    ROW(lease, OPTION_DURATION, "lease", "TIME",
        "a job is another machine's when this one has been silent for so long, at least 10m "
        "(default: 30m)"),
    ROW(once, OPTION_FLAG, "once", NULL, "look once, do what can be done now, and end"),
};

static const struct poll_options defaults = {
    .interval = 60,
    .lease = LEASE_DEFAULT_S,
    .retry_after = LEASE_RETRY_S,
    .max_attempts = LEASE_MAX_ATTEMPTS,
    .first = 1,
    .every = 1,
    .order = "newest-first",
};

static int check_numbers(const struct poll_options *o, struct error *err)
{
    if (o->interval < INTERVAL_MIN_S)
        return error_set(err, ERROR_USAGE, "--interval takes a second at least");
    if (o->lease < LEASE_MIN_S)
        return error_set(err, ERROR_USAGE, "--lease takes %d minutes at least", LEASE_MIN_S / 60);
    if (o->interval > o->lease / 4)
        return error_set(err, ERROR_USAGE,
                         "--interval is a quarter of --lease at most: a lease is renewed with a "
                         "look");
    if (o->max_attempts < 1)
        return error_set(err, ERROR_USAGE, "--max-attempts takes a number from 1 on");
    if (o->first < 0 || o->backfill < 0)
        return error_set(err, ERROR_USAGE, "--first and --backfill take a number from 0 on");
    if (o->every < 1 || o->every > (int64_t)SOURCE_MAX)
        return error_set(err, ERROR_USAGE, "--backfill-interval lies between 1 and %zu",
                         SOURCE_MAX);
    return 0;
}

static int check_texts(const struct poll_options *o, struct error *err)
{
    const struct {
        const char *option, *value;
    } texts[] = {
        {"repo", o->repo},     {"dut-name", o->project},      {"testbed-name", o->test_bed},
        {"github", o->github}, {"token-file", o->token_file}, {"backfill-since", o->since}};
    int failed = 0;
    for (size_t i = 0; !failed && i < ARRAY_SIZE(texts); i++)
        failed = command_check_text(texts[i].option, texts[i].value, err);
    for (size_t i = 0; !failed && i < o->branches.count; i++)
        failed = command_check_text("branch", o->branches.items[i], err);
    return failed;
}

static int check_options(const struct globals *globals, const struct poll_options *o,
                         const char *github, struct error *err)
{
    if (!o->repo)
        return error_set(err, ERROR_USAGE, "poll needs --repo REPO");
    int failed = check_texts(o, err);
    if (!failed)
        failed = check_numbers(o, err);
    if (!failed)
        failed = database_uri_check(globals->db, err);
    if (!failed && github && !github_repository_is_valid(github))
        failed = error_set(err, ERROR_USAGE, "'%s' is not OWNER/NAME", github);
    if (!failed && o->pull_requests && !github)
        failed = error_set(err, ERROR_USAGE,
                           "--pull-requests needs --github OWNER/NAME: approvals are check runs "
                           "there");
    return failed;
}

/* The options of every command that a run is given too. */
static void global_words(const struct globals *globals, struct strlist *out)
{
    if (globals->config)
        strlist_pushf(out, "--config=%s", globals->config);
    if (globals->cacert)
        strlist_pushf(out, "--cacert=%s", globals->cacert);
    if (globals->quiet)
        strlist_push(out, "--quiet");
    if (globals->verbose)
        strlist_push(out, "--verbose");
}

/* A line each as it happens: a service runs for months. */
static void print_job(void *context, const struct poll_job *job, const char *state,
                      const char *reason, double seconds)
{
    const struct globals *globals = context;
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    const char *kind = poll_job_kind_name(job->kind);
    if (globals->format == FORMAT_JSON) {
        strbuf_addf(&text,
                    "{\"job\": \"%s\", \"kind\": \"%s\", \"commit\": \"%s\", \"attempt\": %" PRId64
                    ", \"state\": \"%s\", \"seconds\": %.3f, \"reason\": ",
                    job->id, kind, job->commit, job->attempts, state, seconds);
        if (reason)
            escape_json(&text, reason, strlen(reason));
        strbuf_addstr(&text, reason ? "}" : "null}");
    } else {
        strbuf_addf(&text, "%.8s %s %.12s, try %" PRId64 ": %s after %.1f s%s", job->id, kind,
                    job->commit, job->attempts, state, seconds, reason ? ": " : "");
        if (reason)
            escape_terminal(&text, reason, strlen(reason));
    }
    printf("%s\n", text.buf);
    fflush(stdout);
}

/* Options behind "--" are given to each run as they are; they are read here to be refused now. */
static int check_words(const struct globals *globals, const struct strlist *words,
                       struct error *err)
{
    AUTO_RUN_WORDS struct run_words read = {0};
    int failed = run_words_read(globals, words, &read, err);
    if (failed)
        return failed;
    if (read.request.testbed_name || read.request.project)
        return error_set(err, ERROR_USAGE,
                         "--testbed-name and --dut-name stand in front of --: they belong to the "
                         "jobs too");
    return 0;
}

static int run_poll(const struct globals *globals, const void *raw, const struct strlist *args,
                    struct error *err)
{
    const struct poll_options *o = raw;
    const char *github = o->github, *certificates = NULL;
    if (!github && o->repo && o->pull_requests)
        github = source_github(o->repo);
    struct test_bed bed = {0};
    enum plan_order order = PLAN_NEWEST_FIRST;
    int failed = check_options(globals, o, github, err);
    if (!failed)
        failed = command_read_order("backfill-order", o->order, &order, err);
    if (!failed)
        failed = check_words(globals, args, err);
    if (!failed)
        failed = ca_path(&certificates, err);
    if (!failed)
        failed = machine_test_bed(o->test_bed, &bed, err);
    if (failed)
        return failed;
    AUTO_STRLIST struct strlist words = STRLIST_INIT;
    struct poll_counts counts = {0};
    global_words(globals, &words);
    const struct poll_request request = {
        .db = globals->db,
        .repo = o->repo,
        .branches = &o->branches,
        .project = o->project,
        .test_bed = bed.name,
        .github = github,
        .token_file = o->token_file,
        .ca_file = certificates,
        .globals = &words,
        .run_words = args,
        .terms = {(int64_t)o->lease, LEASE_SKEW_S, (int64_t)o->retry_after, o->max_attempts},
        .interval_s = o->interval,
        .first = (size_t)o->first,
        .backfill = (size_t)o->backfill,
        .backfill_since = o->since,
        .backfill_interval = (size_t)o->every,
        .backfill_order = order,
        .pull_requests = o->pull_requests,
        .once = o->once,
        .on_job = print_job,
        .context = (void *)(uintptr_t)globals,
    };
    failed = poll_run(&request, &counts, err);
    test_bed_release(&bed);
    if (!failed && o->once && counts.failed)
        failed = error_set(err, ERROR_FAILURE, "%zu of %zu executions failed", counts.failed,
                           counts.failed + counts.done);
    return failed;
}

static const char description[] =
    "Watches branches of a repository, queues each commit that is to be measured as a job, and "
    "works\n"
    "the jobs off one at a time: pull requests first, then new commits, then older ones. The jobs "
    "are\n"
    "rows of the table 'jobs' beside the results, leased for a time, so any number of machines of "
    "one\n"
    "test bed share them; a machine that dies loses its job to another. It needs no GitHub runner "
    "and\n"
    "listens on nothing. SIGTERM hands the job at hand back. 'host install --poll' makes it a "
    "service,\n"
    "'lance-bench jobs list' shows the queue. Options behind -- go to each 'lance-bench run'.";

const struct command command_poll = {
    .name = "poll",
    .group = "measure",
    .summary = "Watch a repository and measure its commits, with any number of machines",
    .arguments = "--repo REPO [--branch NAME]… [-- OPTIONS OF run]",
    .description = description,
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .defaults = &defaults,
    .options_size = sizeof(struct poll_options),
    .max_args = SIZE_MAX,
    .run = run_poll,
};
