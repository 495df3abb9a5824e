/* run: measure one commit. */
#include "base/alloc.h"
#include "base/json_write.h"
#include "base/log.h"
#include "base/number.h"
#include "base/strbuf.h"
#include "command/common.h"
#include "command/options.h"
#include "command/rows.h"
#include "command/run_options.h"
#include "net/ca.h"
#include "pipeline/poll/poll_fence.h"
#include "pipeline/run/run.h"
#include "store/database_uri.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct run_options {
    const char *rev, *project, *testbed_name, *run, *toolchain, *python, *wheel, *cpus, *filter;
    const char *sandbox, *clock, *tune, *isolate, *results_dir, *job;
    struct strlist crates, benches, features;
    bool rust_only, python_only, list, dry_run, pull_request, keep_going, keep_files;
    int64_t jobs, retakes;
    double timeout, build_timeout;
    uint64_t output_limit, min_free, max_cache;
};

#define RETAKES_MAX 100

#define ROW(field, kind, name, value, help) \
    OPTION(struct run_options, field, kind, name, value, help)

static const struct option_row run_rows[] = {
    ROW(rev, OPTION_STRING, "rev", "REV", "branch, tag or commit (default: the remote's HEAD)"),
    ROW(crates, OPTION_LIST, "crate", "NAME", "this crate alone"),
    ROW(benches, OPTION_LIST, "bench", "NAME", "this bench alone"),
    ROW(features, OPTION_LIST, "features", "NAME", "a Cargo feature of the crates"),
    ROW(filter, OPTION_STRING, "filter", "PATTERN",
        "benchmarks whose name matches: a regular expression for Criterion and Google Benchmark, a "
        "part of the name for #[bench], -k for pytest"),
    ROW(rust_only, OPTION_FLAG, "rust-only", NULL, "leave the Python suite out"),
    ROW(python_only, OPTION_FLAG, "python-only", NULL, "leave the Rust benches out"),
    ROW(toolchain, OPTION_STRING, "toolchain", "NAME",
        "the Rust toolchain, instead of the one that the target asks for"),
    ROW(python, OPTION_STRING, "python", "PROGRAM", "the Python interpreter"),
    ROW(wheel, OPTION_STRING, "wheel", "VERSION",
        "measure a published wheel with the suite of this commit"),
    ROW(cpus, OPTION_STRING, "cpus", "LIST",
        "where benchmarks run, such as 1-3 or all (default: all but the first)"),
    ROW(clock, OPTION_STRING, "clock", "CLOCK",
        "wall: what users feel (default); cpu: CPU time, for benchmarks of one thread that do not "
        "wait, as the metric cpu_time"),
    ROW(tune, OPTION_STRING, "tune", "MODE",
        "auto: set the machine up where host.conf says how and this process may; require: or "
        "fail; off: leave it alone"),
    ROW(isolate, OPTION_STRING, "isolate", "MODE",
        "auto: keep everything else off the benchmark CPUs where host.conf and the machine allow "
        "it; require: or fail; off: do not"),
    ROW(jobs, OPTION_INTEGER, "jobs", "N",
        "compile on so many CPUs (default: $LANCE_BENCH_JOBS, else all)"),
    ROW(list, OPTION_FLAG, "list", NULL, "build, and say which benchmarks there are"),
    ROW(dry_run, OPTION_FLAG, "dry-run", NULL, "say what would be done, and do not build"),
    ROW(keep_going, OPTION_FLAG, "keep-going", NULL,
        "go on after a build or benchmark that failed"),
    ROW(keep_files, OPTION_FLAG, "keep-files", NULL,
        "keep the logs and results in the job's folder"),
    ROW(retakes, OPTION_INTEGER, "retakes", "N",
        "measure a process up to N times more that was throttled or disturbed (default: 1)"),
    ROW(timeout, OPTION_DURATION, "timeout", "TIME",
        "stop a benchmark executable or suite after this long (default: 2h)"),
    ROW(build_timeout, OPTION_DURATION, "build-timeout", "TIME",
        "stop a build command after this long (default: 4h)"),
    ROW(output_limit, OPTION_BYTES, "output-limit", "SIZE",
        "stop a process that prints more (default: 256M)"),
    ROW(min_free, OPTION_BYTES, "min-free", "SIZE",
        "disk that has to be free before a run (default: 4G)"),
    ROW(max_cache, OPTION_BYTES, "max-cache", "SIZE",
        "first remove the oldest builds and commits until the cache is no larger"),
    ROW(sandbox, OPTION_STRING, "sandbox", "MODE",
        "auto: what the machine allows; require: all of it; off: none"),
    ROW(pull_request, OPTION_FLAG, "pull-request", NULL,
        "foreign code: the sandbox is required, caches stay as they are, results go to results_pr"),
    ROW(results_dir, OPTION_STRING, "results-dir", "DIR",
        "publish nothing: leave what the harnesses wrote in DIR, for 'publish --artifact'"),
    ROW(project, OPTION_STRING, "dut-name", "NAME", "the project's name in the database"),
    ROW(testbed_name, OPTION_STRING, "testbed-name", "NAME",
        "the machine's name (default: /etc/lance-bench/testbed, else the host name)"),
    ROW(run, OPTION_STRING, "run", "ID",
        "what the run is called, which has each result once (default: GitHub's, else its own)"),
    ROW(job, OPTION_STRING, "job", "ID:TOKEN:TIME",
        "as this job of 'poll', which gives it: stores only while the lease is held"),
};

static const struct run_options run_defaults = {
    .sandbox = "auto",
    .tune = "auto",
    .isolate = "auto",
    .min_free = RUN_MIN_FREE,
    .retakes = 1,
};

static int read_sandbox(const char *text, enum sandbox_mode *out, struct error *err)
{
    static const char *const modes[] = {
        [SANDBOX_AUTO] = "auto", [SANDBOX_REQUIRE] = "require", [SANDBOX_OFF] = "off"};
    int mode = 0, failed = options_choice("sandbox", text, modes, ARRAY_SIZE(modes), &mode, err);
    if (!failed)
        *out = (enum sandbox_mode)mode;
    return failed;
}

static int read_clock(const char *text, enum run_clock *out, struct error *err)
{
    if (!text)
        *out = RUN_CLOCK_CONFIGURED;
    else if (!strcmp(text, "wall"))
        *out = RUN_CLOCK_WALL;
    else if (!strcmp(text, "cpu"))
        *out = RUN_CLOCK_CPU;
    else
        return error_set(err, ERROR_USAGE, "--clock is wall or cpu, not '%s'", text);
    return 0;
}

static int read_tune(const char *text, enum run_tune *out, struct error *err)
{
    static const char *const modes[] = {
        [RUN_TUNE_AUTO] = "auto", [RUN_TUNE_OFF] = "off", [RUN_TUNE_REQUIRE] = "require"};
    int mode = 0, failed = options_choice("tune", text, modes, ARRAY_SIZE(modes), &mode, err);
    if (!failed)
        *out = (enum run_tune)mode;
    return failed;
}

static int read_isolate(const char *text, enum run_isolate *out, struct error *err)
{
    static const char *const modes[] = {
        [RUN_ISOLATE_AUTO] = "auto", [RUN_ISOLATE_OFF] = "off", [RUN_ISOLATE_REQUIRE] = "require"};
    int mode = 0, failed = options_choice("isolate", text, modes, ARRAY_SIZE(modes), &mode, err);
    if (!failed)
        *out = (enum run_isolate)mode;
    return failed;
}

static int read_jobs(const struct run_options *o, int *out, struct error *err)
{
    int64_t jobs = o->jobs;
    const char *set = getenv("LANCE_BENCH_JOBS");
    if (!jobs && set && *set && !parse_int64(set, &jobs))
        return error_set(err, ERROR_USAGE, "$LANCE_BENCH_JOBS is '%s', and not a number", set);
    if (jobs < 0 || jobs > INT_MAX)
        return error_set(err, ERROR_USAGE, "--jobs takes a number of CPUs");
    *out = (int)jobs;
    return 0;
}

/* Before hours of measuring, which end with the database. */
static int check_database(const char *uri, struct error *err)
{
    if (strstr(uri, "://") && strncmp(uri, "s3://", 5) && strncmp(uri, "file:///", 8))
        return error_set(err, ERROR_USAGE,
                         "%s cannot hold the results: give a folder, file:///FOLDER or "
                         "s3://bucket/prefix",
                         uri);
    return database_uri_check(uri, err);
}

static int check_options(const struct run_options *o, struct error *err)
{
    if (o->retakes < 0 || o->retakes > RETAKES_MAX)
        return error_set(err, ERROR_USAGE, "--retakes takes a number from 0 to %d", RETAKES_MAX);
    if (o->list && o->dry_run)
        return error_set(err, ERROR_USAGE, "--list and --dry-run exclude each other");
    if (o->rust_only && o->python_only)
        return error_set(err, ERROR_USAGE, "--rust-only and --python-only exclude each other");
    if (o->python_only && (o->crates.count || o->benches.count))
        return error_set(err, ERROR_USAGE, "--python-only leaves no crate or bench to choose");
    int failed = command_check_text("dut-name", o->project, err);
    if (!failed)
        failed = command_check_text("testbed-name", o->testbed_name, err);
    if (!failed)
        failed = command_check_text("run", o->run, err);
    return failed;
}

static void json_part(struct strbuf *out, const struct run_part *part)
{
    AUTO_STRBUF struct strbuf json = STRBUF_INIT;
    strbuf_addch(&json, '{');
    json_text(&json, "name", part->name);
    json_text(&json, "harness", part->format);
    json_list(&json, "benchmarks", &part->expected);
    strbuf_addf(&json,
                ", \"results\": %" PRIu64 ", \"inserted\": %" PRIu64 ", \"seconds\": %.3f, "
                "\"stored\": %s, \"spooled\": %s",
                part->found, part->inserted, part->seconds, part->stored ? "true" : "false",
                part->spooled ? "true" : "false");
    json_text(&json, "problem", part->problem);
    json_text(&json, "disturbed", part->disturbed);
    strbuf_addf(&json, ", \"attempts\": %d", part->attempts);
    strbuf_addch(&json, '}');
    strbuf_add(out, json.buf, json.len);
}

static void print_json(const struct run_outcome *out)
{
    AUTO_STRBUF struct strbuf json = STRBUF_INIT;
    strbuf_addch(&json, '{');
    json_text(&json, "project", out->project);
    json_text(&json, "version", out->version);
    json_text(&json, "commit", out->commit);
    json_text(&json, "run", out->run);
    json_text(&json, "test_bed", out->test_bed);
    json_text(&json, "toolchain", out->toolchain);
    json_text(&json, "config", out->config);
    json_text(&json, "cpus", out->cpus);
    json_text(&json, "clock", out->clock);
    json_text(&json, "sandbox", out->sandbox);
    json_text(&json, "canary", out->canary);
    json_text(&json, "outcome", out->outcome);
    json_text(&json, "reason", out->reason);
    json_text(&json, "files", out->files);
    json_list(&json, "plan", &out->plan);
    json_list(&json, "skipped", &out->skipped);
    strbuf_addstr(&json, ", \"parts\": [");
    for (size_t i = 0; i < out->part_count; i++) {
        strbuf_addstr(&json, i ? ", " : "");
        json_part(&json, &out->parts[i]);
    }
    strbuf_addstr(&json, "]}\n");
    fwrite(json.buf, 1, json.len, stdout);
}

static void print_list(const struct globals *globals, const struct run_outcome *out)
{
    AUTO_TABLE struct table *table = command_table(globals);
    table_column(table, "part", false);
    table_column(table, "benchmark", false);
    for (size_t i = 0; i < out->part_count; i++)
        for (size_t j = 0; j < out->parts[i].expected.count; j++) {
            table_text(table, out->parts[i].name);
            table_text(table, out->parts[i].expected.items[j]);
            table_end_row(table);
        }
    table_finish(table);
}

static void print_parts(const struct globals *globals, const struct run_outcome *out)
{
    AUTO_TABLE struct table *table = command_table(globals);
    table_column(table, "part", false);
    table_column(table, "results", true);
    table_column(table, "seconds", true);
    table_column(table, "outcome", false);
    for (size_t i = 0; i < out->part_count; i++) {
        const struct run_part *part = &out->parts[i];
        AUTO_FREE char *seconds = xasprintf("%.1f", part->seconds);
        table_text(table, part->name);
        table_integer(table, (int64_t)part->found);
        table_text(table, seconds);
        table_text(table, part->spooled ? "spooled" : part->stored ? "stored" : "not stored");
        table_end_row(table);
    }
    table_finish(table);
}

static void print_outcome(const struct globals *globals, const struct run_options *o,
                          const struct run_outcome *out)
{
    if (globals->format == FORMAT_JSON) {
        print_json(out);
        return;
    }
    for (size_t i = 0; i < out->plan.count; i++)
        printf("%zu. %s\n", i + 1, out->plan.items[i]);
    if (o->list)
        print_list(globals, out);
    else if (!o->dry_run && out->part_count)
        print_parts(globals, out);
    if (out->outcome && !globals->quiet && globals->format == FORMAT_TEXT)
        printf("%s %s on %s, run %s: %s%s%s\n", out->project, out->version, out->test_bed, out->run,
               out->outcome, out->canary ? "; the machine: " : "", out->canary ? out->canary : "");
}

int run_request_of(const struct globals *globals, const void *options, struct run_request *out,
                   struct error *err)
{
    const struct run_options *o = options;
    struct run_request request = {
        .mode = o->list      ? RUN_LIST
                : o->dry_run ? RUN_DRY
                             : RUN_MEASURE,
        .revision = o->rev,
        .db = globals->db,
        .results_dir = o->results_dir,
        .project = o->project,
        .testbed_name = o->testbed_name,
        .run = o->run,
        .config = globals->config,
        .toolchain = o->toolchain,
        .interpreter = o->python,
        .wheel = o->wheel,
        .cpus = o->cpus,
        .filter = o->filter,
        .crates = o->crates,
        .benches = o->benches,
        .features = o->features,
        .rust_only = o->rust_only,
        .python_only = o->python_only,
        .pull_request = o->pull_request,
        .keep_going = o->keep_going,
        .keep_files = o->keep_files,
        .retakes = (int)o->retakes,
        .timeout_s = o->timeout,
        .build_timeout_s = o->build_timeout,
        .output_limit = o->output_limit,
        .min_free = o->min_free,
        .max_cache = o->max_cache,
    };
    int failed = check_options(o, err);
    if (!failed && !o->results_dir)
        failed = check_database(globals->db, err);
    if (!failed)
        failed = read_sandbox(o->sandbox, &request.sandbox, err);
    if (!failed)
        failed = read_clock(o->clock, &request.clock, err);
    if (!failed)
        failed = read_tune(o->tune, &request.tune, err);
    if (!failed)
        failed = read_isolate(o->isolate, &request.isolate, err);
    if (!failed)
        failed = read_jobs(o, &request.jobs, err);
    if (!failed)
        failed = ca_path(&request.ca_file, err);
    if (!failed)
        *out = request;
    return failed;
}

static int run_run(const struct globals *globals, const void *raw, const struct strlist *args,
                   struct error *err)
{
    const struct run_options *o = raw;
    struct run_request request = {0};
    int failed = run_request_of(globals, raw, &request, err);
    if (failed)
        return failed;
    request.remote = args->items[0];
    AUTO_POLL_FENCE struct poll_fence held = {0};
    const struct run_fence fence = {poll_fence_pass, &held};
    if (o->job) {
        failed = poll_fence_parse(o->job, globals->db, &held, err);
        if (failed)
            return failed;
        request.fence = &fence;
    }
    AUTO_RUN_OUTCOME struct run_outcome out = {0};
    failed = run_commit(&request, &out, err);
    if (!failed || out.part_count || globals->format == FORMAT_JSON)
        print_outcome(globals, o, &out);
    if (out.files)
        log_info("the logs are in %s", out.files);
    return failed;
}

static const char description[] =
    "Checks the commit out, builds its benchmarks, runs each of them by itself, and stores what "
    "they\n"
    "measured. What to run comes from lance-bench.json of the target, from --config FILE, or from\n"
    "built-in defaults: they know Lance, Cargo workspaces with benches and Python projects that "
    "use\n"
    "pytest-benchmark. Everything after the checkout runs in a sandbox, without the network once "
    "the\n"
    "dependencies are fetched.\n"
    "\n"
    "A build or benchmark that fails is exit code 4; what was measured until then is stored. "
    "After\n"
    "Ctrl-C (130) too. When the database cannot be reached the results wait in the spool (6).";

const struct command command_run = {
    .name = "run",
    .group = "measure",
    .summary = "Build one commit, run its benchmarks and store the results",
    .arguments = "REPO [--rev REV]",
    .description = description,
    .options = run_rows,
    .option_count = ARRAY_SIZE(run_rows),
    .defaults = &run_defaults,
    .options_size = sizeof(struct run_options),
    .min_args = 1,
    .max_args = 1,
    .run = run_run,
};
