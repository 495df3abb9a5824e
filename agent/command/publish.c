/* publish FORMAT, publish --artifact|--spooled: the front of pipeline/publish. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/number.h"
#include "command/common.h"
#include "command/publish_artifact.h"
#include "command/rows.h"
#include "host/machine.h"
#include "model/commit.h"
#include "parse/format_list.h"
#include "parse/pytest_benchmark.h"
#include "pipeline/publish/publish.h"
#include "pipeline/publish/spool.h"
#include "store/results.h"

#include <inttypes.h>
#include <string.h>

struct publish_options {
    const char *testbed_name, *dut_name, *dut_version, *dut_timestamp;
    const char *commit, *metric, *run;
    uint64_t max_input;
    const char *artifact, *expect_commit, *repository, *token_file;
    int64_t check_run;
    bool pull_request, spooled;
};

#define ROW(field, kind, name, value, help) \
    OPTION(struct publish_options, field, kind, name, value, help)

static const struct option_row publish_rows[] = {
    ROW(dut_name, OPTION_STRING, "dut-name", "NAME",
        "the project that was measured (default: lance)"),
    ROW(dut_version, OPTION_STRING, "dut-version", "VERSION", "its version, such as 1.2.3+abcdef0"),
    ROW(dut_timestamp, OPTION_STRING, "dut-timestamp", "SECONDS",
        "its commit time: Unix seconds, or a date such as 2026-11-21T10:00:00Z"),
    ROW(testbed_name, OPTION_STRING, "testbed-name", "NAME",
        "the machine's name (default: /etc/lance-bench/testbed, else the host name)"),
    ROW(commit, OPTION_STRING, "commit", "ID", "the commit's full id, where the file does not say"),
    ROW(metric, OPTION_STRING, "metric", "NAME",
        "what the values measure, where it is not wall time (cpu_time, peak_memory, …)"),
    ROW(run, OPTION_STRING, "run", "ID",
        "what the run is called (default: GitHub's run id and attempt, else the input's SHA-256)"),
    ROW(max_input, OPTION_BYTES, "max-input", "SIZE", "refuse larger input (default: 2G)"),
    ROW(pull_request, OPTION_FLAG, "pull-request", NULL,
        "store in results_pr, apart from the default history"),
};

static const struct option_row spool_rows[] = {
    ROW(spooled, OPTION_FLAG, "spooled", NULL,
        "send what waits in the spool, each to the database it was meant for"),
    ROW(artifact, OPTION_STRING, "artifact", "ZIP|DIR",
        "store what 'run --results-dir' left in results_pr, for the commit that was approved"),
    ROW(check_run, OPTION_INTEGER, "check-run", "ID",
        "the approval: the check run that the bench bot made"),
    ROW(expect_commit, OPTION_STRING, "expect-commit", "ID",
        "the approved commit's full id, where there is no check run"),
    ROW(repository, OPTION_STRING, "repo", "OWNER/NAME",
        "of the check run (default: $GITHUB_REPOSITORY)"),
    ROW(token_file, OPTION_STRING, "token-file", "FILE",
        "a file with GitHub's token (default: $GITHUB_TOKEN, $GH_TOKEN)"),
    ROW(dut_name, OPTION_STRING, "dut-name", "NAME",
        "the project that was measured (default: lance)"),
    ROW(dut_timestamp, OPTION_STRING, "dut-timestamp", "SECONDS",
        "the commit's time, where there is no check run (default: as the artifact says)"),
    ROW(testbed_name, OPTION_STRING, "testbed-name", "NAME", "the machine that measured it"),
    ROW(run, OPTION_STRING, "run", "ID",
        "what the run is called (default: after the artifact's digest)"),
};

static const struct publish_options publish_defaults = {
    .dut_name = "lance",
    .max_input = INPUT_MAX_DEFAULT,
};

/* The device under test, from the options and what the file itself says. */
struct subject {
    struct dut dut;
    char *commit;
};

static void subject_release(struct subject *s)
{
    dut_release(&s->dut);
    free(take_ptr(s->commit));
}

static bool is_full_id(const char *id)
{
    return id && strlen(id) == 40 && strspn(id, "0123456789abcdefABCDEF") == 40;
}

/* The last second of the year 9999: what is greater counts milliseconds. */
#define TIMESTAMP_MAX INT64_C(253402300799)

static int read_timestamp(const char *text, int64_t *out, struct error *err)
{
    int64_t seconds = 0;
    if (parse_int64(text, &seconds) ? seconds >= 0 && seconds <= TIMESTAMP_MAX
                                    : time_parse_iso(text, &seconds)) {
        *out = seconds;
        return 0;
    }
    return error_set(err, ERROR_USAGE,
                     "--dut-timestamp takes Unix seconds or a date such as 2026-11-21T10:00:00Z, "
                     "not '%s'",
                     text);
}

/* People search for these words of upstream's when a file was written outside of git. */
static int missing(const char *what, const char *option, const char *path, struct error *err)
{
    return error_set(
        err, ERROR_INPUT,
        "%s could not be determined: %s does not say (was it written outside of git?); "
        "give %s",
        what, path, option);
}

static int find_subject(const struct publish_options *o, const struct parse_format *format,
                        struct input *input, struct subject *out, struct error *err)
{
    AUTO_PYTEST_COMMIT struct pytest_commit said = {0};
    int failed = 0;
    if (format == &pytest_benchmark_format)
        failed = pytest_commit_read(input, &said, err);
    if (failed)
        return failed;
    const char *name = input_name(input);
    const char *id = o->commit ? o->commit : is_full_id(said.id) ? said.id : NULL;
    AUTO_FREE char *commit = id ? commit_id_lower(id) : NULL;
    int64_t timestamp = said.time;
    if (!o->dut_version && !commit)
        return missing("DUT version", "--dut-version", name, err);
    if (!o->dut_timestamp && !said.has_time)
        return missing("DUT timestamp", "--dut-timestamp", name, err);
    if (o->dut_timestamp)
        failed = read_timestamp(o->dut_timestamp, &timestamp, err);
    if (failed)
        return failed;
    char *version = o->dut_version ? xstrdup(o->dut_version) : xstrndup(commit, COMMIT_SHORT_LEN);
    *out = (struct subject){
        .dut = {xstrdup(o->dut_name), version, timestamp},
        .commit = take_ptr(commit),
    };
    return 0;
}

static void say_outcome(const struct publish_outcome *outcome, const char *name, const char *db)
{
    log_info("Found %" PRIu64 " benchmark results", outcome->report.found);
    if (outcome->report.skipped_lines)
        log_info("%s: skipped %" PRIu64 " lines that are not JSON", name,
                 outcome->report.skipped_lines);
    if (outcome->unchanged)
        log_info("%s: %" PRIu64 " results were there already", name, outcome->unchanged);
    log_debug("%s: run %s in %s", name, outcome->run, db);
}

/* One file or folder; *total counts rows. */
static int publish_path(const struct globals *globals, const struct publish_options *o,
                        const char *format_name, const char *path, const struct test_bed *bed,
                        uint64_t *total, struct error *err)
{
    AUTO_INPUT struct input *input = NULL;
    const struct parse_format *format = NULL;
    __attribute__((cleanup(subject_release))) struct subject subject = {0};
    int failed = input_open(path, o->max_input, &input, err);
    if (!failed)
        failed = format_select(format_name, input, &format, err);
    if (!failed && !format->parse)
        failed = error_set(err, ERROR_USAGE, "%s is a history: use import-history", path);
    if (!failed)
        failed = find_subject(o, format, input, &subject, err);
    if (failed)
        return failed;
    const struct publish_request request = {
        .db = globals->db,
        .table = o->pull_request ? RESULTS_PR_TABLE : RESULTS_TABLE,
        .dut = subject.dut,
        .commit = subject.commit,
        .test_bed = bed,
        .metric = o->metric,
        .run = o->run,
    };
    AUTO_PUBLISH_OUTCOME struct publish_outcome outcome = {0};
    /* The words of upstream's script, although both happen at once here. */
    log_info("Parsing %s output from %s...", format->harness, path);
    log_info("Uploading results to LanceDB at %s...", globals->db);
    failed = publish_or_spool(&request, format, input, &outcome, err);
    if (outcome.spooled)
        log_warning("the results of %s wait in %s: 'lance-bench publish --spooled' sends them",
                    path, outcome.spooled);
    if (failed)
        return failed;
    say_outcome(&outcome, path, globals->db);
    *total += outcome.report.found;
    return 0;
}

static int check_options(const struct publish_options *o, struct error *err)
{
    if (o->commit && !is_full_id(o->commit))
        return error_set(err, ERROR_USAGE, "--commit takes the full id of 40 characters, not '%s'",
                         o->commit);
    if (o->metric && strchr(o->metric, '#'))
        return error_set(err, ERROR_USAGE, "--metric cannot have a '#' in it");
    const struct {
        const char *option, *value;
    } texts[] = {
        {"dut-name", o->dut_name},
        {"dut-version", o->dut_version},
        {"run", o->run},
        /* Empty, the one is chosen as if it was not given, and the other is wall time. */
        {"testbed-name", o->testbed_name && *o->testbed_name ? o->testbed_name : NULL},
        {"metric", o->metric && *o->metric ? o->metric : NULL},
    };
    int failed = 0;
    for (size_t i = 0; !failed && i < ARRAY_SIZE(texts); i++)
        failed = command_check_text(texts[i].option, texts[i].value, err);
    return failed;
}

/* All paths, each stored or not by itself; the first failure is the command's. */
static int publish_all(const struct globals *globals, const struct publish_options *o,
                       const char *format, const struct strlist *paths, struct error *err)
{
    int failed = check_options(o, err);
    struct test_bed bed = {0};
    AUTO_DATABASE struct database *probe = NULL;
    if (!failed)
        failed = command_database(globals, &probe, err);
    if (!failed)
        failed = machine_test_bed(o->testbed_name, &bed, err);
    if (failed)
        return failed;
    uint64_t total = 0;
    for (size_t i = 0; i < paths->count && failed != ERROR_INTERRUPTED; i++) {
        struct error reason = ERROR_INIT;
        int result = publish_path(globals, o, format, paths->items[i], &bed, &total, &reason);
        if (result && failed)
            log_error("%s", reason.message);
        if (result && !failed) {
            failed = result;
            *err = reason;
        }
    }
    test_bed_release(&bed);
    if (!failed && globals->format == FORMAT_JSON)
        printf("{\"results\": %" PRIu64 "}\n", total);
    else if (!failed && !globals->quiet)
        printf("Successfully uploaded %" PRIu64 " benchmark results to %s\n", total, globals->db);
    return failed;
}

static int run_criterion(const struct globals *globals, const void *options,
                         const struct strlist *args, struct error *err)
{
    return publish_all(globals, options, "criterion", args, err);
}

static int run_pytest(const struct globals *globals, const void *options,
                      const struct strlist *args, struct error *err)
{
    return publish_all(globals, options, "pytest", args, err);
}

static int run_auto(const struct globals *globals, const void *options, const struct strlist *args,
                    struct error *err)
{
    return publish_all(globals, options, "auto", args, err);
}

static int publish_artifact(const struct globals *globals, const struct publish_options *o,
                            struct error *err)
{
    struct publish_artifact options = {
        .path = o->artifact,
        .expect_commit = o->expect_commit,
        .check_run = o->check_run,
        .repository = o->repository,
        .token_file = o->token_file,
        .project = o->dut_name,
        .testbed_name = o->testbed_name,
        .run = o->run,
    };
    int failed = o->dut_timestamp ? read_timestamp(o->dut_timestamp, &options.commit_time, err) : 0;
    return failed ? failed : command_publish_artifact(globals, &options, err);
}

/* publish without the word of a format. */
static int run_other(const struct globals *globals, const void *raw, const struct strlist *args,
                     struct error *err)
{
    (void)args;
    const struct publish_options *o = raw;
    if (o->artifact && o->spooled)
        return error_set(err, ERROR_USAGE, "--artifact and --spooled exclude each other");
    if (o->artifact)
        return publish_artifact(globals, o, err);
    if (!o->spooled)
        return error_set(
            err, ERROR_USAGE,
            "publish needs one of: auto, the name of a format, --artifact or --spooled");
    struct spool_counts counts = {0};
    struct error reason = ERROR_INIT;
    int failed = spool_publish(&counts, &reason);
    if (failed) {
        *err = reason;
        return failed;
    }
    if (globals->format == FORMAT_JSON)
        printf("{\"published\": %" PRIu64 ", \"waiting\": %" PRIu64 ", \"broken\": %" PRIu64
               ", \"results\": %" PRIu64 "}\n",
               counts.published, counts.waiting, counts.broken, counts.inserted);
    else if (!globals->quiet)
        printf("Sent %" PRIu64 " spooled publishings with %" PRIu64 " new results\n",
               counts.published, counts.inserted);
    if (counts.waiting)
        return error_set(err, ERROR_SPOOLED, "%" PRIu64 " publishings still wait: %s",
                         counts.waiting, reason.message);
    if (counts.broken)
        return error_set(err, ERROR_FAILURE,
                         "%" PRIu64 " spooled publishings cannot be read; they stay where they are",
                         counts.broken);
    return 0;
}

static const char description[] = "A file is stored as a whole or not at all, and storing it once "
                                  "more changes nothing. \"-\" reads\n"
                                  "standard input. When the database cannot be reached the results "
                                  "wait in the spool (exit code 6).";

static const char artifact_description[] =
    "An artifact is foreign: nothing that it says decides where its results belong. One that names "
    "another\n"
    "commit than the approved one, or is anything but the documented layout, is refused as a "
    "whole, "
    "and\n"
    "nothing of it is stored. See docs/pull-requests.md.";

#define PUBLISH_COMMAND(ident, word, what, args, func)  \
    const struct command ident = {                      \
        .name = "publish " word,                        \
        .group = "results",                             \
        .summary = what,                                \
        .arguments = args,                              \
        .description = description,                     \
        .options = publish_rows,                        \
        .option_count = ARRAY_SIZE(publish_rows),       \
        .defaults = &publish_defaults,                  \
        .options_size = sizeof(struct publish_options), \
        .min_args = 1,                                  \
        .max_args = SIZE_MAX,                           \
        .run = func,                                    \
    }

PUBLISH_COMMAND(command_publish_criterion, "criterion",
                "Store Criterion results: JSON lines or a target/criterion folder",
                "FILE|DIR… --dut-version V --dut-timestamp N", run_criterion);
PUBLISH_COMMAND(command_publish_pytest, "pytest", "Store results of pytest-benchmark", "FILE…",
                run_pytest);
#define PUBLISH_FORMAT(ident, word, harness)                                             \
    static int run_##ident(const struct globals *globals, const void *options,           \
                           const struct strlist *args, struct error *err)                \
    {                                                                                    \
        return publish_all(globals, options, word, args, err);                           \
    }                                                                                    \
    PUBLISH_COMMAND(command_publish_##ident, word, "Store results of " harness, "FILE…", \
                    run_##ident);
PARSE_FORMAT_LIST(PUBLISH_FORMAT)
PUBLISH_COMMAND(command_publish_auto, "auto", "Store results, whatever harness wrote them", "FILE…",
                run_auto);

const struct command command_publish = {
    .name = "publish",
    .group = "results",
    .summary = "Store what a pull request's job left, or what waited for its database",
    .arguments = "--artifact ZIP|DIR | --spooled",
    .description = artifact_description,
    .options = spool_rows,
    .option_count = ARRAY_SIZE(spool_rows),
    .defaults = &publish_defaults,
    .options_size = sizeof(struct publish_options),
    .run = run_other,
};
