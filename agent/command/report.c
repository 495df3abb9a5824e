/* report: the stored results for people, and in other programs' formats. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/file_writer.h"
#include "base/log.h"
#include "command/common.h"
#include "command/policy_source.h"
#include "command/rows.h"
#include "command/verdicts.h"
#include "decide/verdict.h"
#include "pipeline/report/report.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/report_bmf.h"
#include "report/report_csv.h"
#include "report/report_data_js.h"
#include "report/report_json.h"
#include "report/report_markdown.h"
#include "report/site.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct report_options {
    struct result_query query;
    struct policy_source policy;
    const char *beside, *since, *commit_url, *repository_url;
    const char *site, *svg, *png;
    const char *markdown, *html, *json, *csv, *bmf, *data_js;
    double alpha, matters; /* `matters` in per cent */
    uint64_t max_bytes;
    int64_t samples;
    bool pull_request, dark, disturbed;
};

static const struct report_options defaults = {
    .alpha = NAN,
    .matters = NAN,
    .max_bytes = REPORT_MARKDOWN_MAX,
};

static const struct option_row rows[] = {
    OPTION(struct report_options, markdown, OPTION_STRING, "markdown", "FILE",
           "for a comment or a job's summary; - is standard output"),
    OPTION(struct report_options, html, OPTION_STRING, "html", "FILE",
           "one page with charts, which opens from a file"),
    OPTION(struct report_options, site, OPTION_STRING, "site", "FOLDER",
           "the same as a static site; again: only what has changed is written"),
    OPTION(struct report_options, svg, OPTION_STRING, "svg", "FILE|FOLDER",
           "a chart of one series, or of each into a folder"),
    OPTION(struct report_options, png, OPTION_STRING, "png", "FILE|FOLDER", "the same as PNG"),
    {"dark", OPTION_FLAG, offsetof(struct report_options, dark), NULL,
     "charts for dark pages: light lines on dark paper"},
    OPTION(struct report_options, json, OPTION_STRING, "json", "FILE", "everything"),
    OPTION(struct report_options, csv, OPTION_STRING, "csv", "FILE",
           "a row for each commit of each series"),
    OPTION(struct report_options, bmf, OPTION_STRING, "bmf", "FILE",
           "the commit's results in Bencher Metric Format"),
    OPTION(struct report_options, data_js, OPTION_STRING, "data-js", "FILE",
           "the history as github-action-benchmark's data.js"),
    OPTION(struct report_options, beside, OPTION_STRING, "beside", "COMMIT",
           "set its values beside the commit's"),
    {"pull-request", OPTION_FLAG, offsetof(struct report_options, pull_request), NULL,
     "the commit's results are those of a pull request"},
    QUERY_ROWS(struct report_options, query,
               "of this project; needed where the database has several"),
    {"disturbed", OPTION_FLAG, offsetof(struct report_options, disturbed), NULL,
     "also results of runs in which other work on the machine had too large a part"},
    OPTION(struct report_options, since, OPTION_STRING, "since", "DATE",
           "show no earlier commits; they still count"),
    OPTION(struct report_options, samples, OPTION_INTEGER, "samples", "N",
           "with the values of the N newest commits (default: 0)"),
    POLICY_SOURCE_ROWS(struct report_options, policy),
    OPTION(
        struct report_options, alpha, OPTION_NUMBER, "alpha", "SHARE",
        "of comparisons that may call anything worse by chance (default: the policy's, else 0.05)"),
    OPTION(struct report_options, matters, OPTION_NUMBER, "matters", "PERCENT",
           "a change that matters (default: the policy's, else 5)"),
    OPTION(struct report_options, max_bytes, OPTION_BYTES, "max-bytes", "SIZE",
           "of the Markdown (default: 65000, which a comment takes)"),
    OPTION(struct report_options, commit_url, OPTION_STRING, "commit-url", "URL",
           "of a commit's page, with {commit} for its id"),
    OPTION(struct report_options, repository_url, OPTION_STRING, "repository-url", "URL",
           "of its GitHub page (default: $GITHUB_REPOSITORY, where it has the project's name)"),
};

/* -- outputs */

static void write_markdown(const struct report *report, const struct report_options *o,
                           struct strbuf *out)
{
    const struct report_markdown_options options = {.max_bytes = o->max_bytes};
    report_markdown(report, &options, out);
}

/* What is one file. */
static const struct output {
    size_t offset; /* of the file's name in the options */
    void (*write)(const struct report *report, struct strbuf *out); /* NULL: write_markdown() */
    bool in_pieces;                                                 /* write_csv() */
} outputs[] = {
    {offsetof(struct report_options, markdown)},
    {offsetof(struct report_options, html), html_report},
    {offsetof(struct report_options, json), report_json},
    {offsetof(struct report_options, csv), .in_pieces = true},
    {offsetof(struct report_options, bmf), report_bmf},
    {offsetof(struct report_options, data_js), report_data_js},
};

static const char *output_path(const struct report_options *o, const struct output *output)
{
    return *(const char *const *)((const char *)o + output->offset);
}

static int print_piece(const char *bytes, size_t len, void *context, struct error *err)
{
    (void)context;
    (void)err;
    (void)fwrite(bytes, 1, len, stdout); /* command_execute() looks at stdout in the end */
    return 0;
}

static int write_piece(const char *bytes, size_t len, void *context, struct error *err)
{
    return file_writer_add(context, bytes, len, err);
}

static int write_csv(const struct report *report, const char *path, struct error *err)
{
    AUTO_FILE_WRITER struct file_writer writer = FILE_WRITER_INIT;
    if (!strcmp(path, "-"))
        return report_csv(report, print_piece, NULL, err);
    int failed = file_writer_open(&writer, path, err);
    if (!failed)
        failed = report_csv(report, write_piece, &writer, err);
    if (!failed)
        failed = file_writer_commit(&writer, err);
    if (!failed)
        log_info("%s: %lld bytes", path, (long long)writer.len);
    return failed;
}

static int write_output(const struct report *report, const struct report_options *o,
                        const struct output *output, struct error *err)
{
    const char *path = output_path(o, output);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (output->in_pieces)
        return write_csv(report, path, err);
    if (output->write)
        output->write(report, &text);
    else
        write_markdown(report, o, &text);
    if (!strcmp(path, "-"))
        return print_piece(text.buf, text.len, NULL, err);
    int failed = file_write_atomic(path, text.buf, text.len, err);
    if (!failed)
        log_info("%s: %zu bytes", path, text.len);
    return failed;
}

/* What is more than one file. */
static int write_folders(const struct report_options *o, const struct report *report, bool *any,
                         struct error *err)
{
    struct site_outcome site = {0};
    size_t charts = 0;
    int failed = 0;
    *any |= o->site || o->svg || o->png;
    if (o->site)
        failed = site_write(report, o->site, &site, err);
    if (o->site && !failed)
        log_info("%s: %zu files written, %zu unchanged, %zu removed", o->site, site.written,
                 site.kept, site.removed);
    if (o->svg && !failed)
        failed =
            chart_write_all(report, o->svg, (struct chart_look){CHART_SVG, o->dark}, &charts, err);
    if (o->svg && !failed)
        log_info("%s: %zu chart%s", o->svg, charts, charts == 1 ? "" : "s");
    if (o->png && !failed)
        failed =
            chart_write_all(report, o->png, (struct chart_look){CHART_PNG, o->dark}, &charts, err);
    if (o->png && !failed)
        log_info("%s: %zu chart%s", o->png, charts, charts == 1 ? "" : "s");
    return failed;
}

static int write_all(const struct globals *globals, const struct report_options *o,
                     const struct report *report, struct error *err)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    bool any = false;
    int failed = 0;
    for (size_t i = 0; i < ARRAY_SIZE(outputs) && !failed; i++) {
        if (!output_path(o, &outputs[i]))
            continue;
        any = true;
        failed = write_output(report, o, &outputs[i], err);
    }
    if (!failed)
        failed = write_folders(o, report, &any, err);
    if (any || failed)
        return failed;
    if (globals->format == FORMAT_JSON)
        report_json(report, &text);
    else
        write_markdown(report, o, &text);
    return print_piece(text.buf, text.len, NULL, err);
}

/* -- input */

/* It stands in links of Markdown and HTML. */
static bool is_url(const char *text)
{
    if (strncmp(text, "https://", 8) && strncmp(text, "http://", 7))
        return false;
    for (const char *c = text; *c; c++)
        if (!isgraph((unsigned char)*c) || strchr("\"'<>()[]`\\|", *c))
            return false;
    return true;
}

static int check_outputs(const struct report_options *o, struct error *err)
{
    size_t to_stdout = 0;
    for (size_t i = 0; i < ARRAY_SIZE(outputs); i++) {
        const char *path = output_path(o, &outputs[i]);
        if (path && !*path)
            return error_set(err, ERROR_USAGE, "an output's file has an empty name");
        to_stdout += path && !strcmp(path, "-");
    }
    const char *const folders[] = {o->site, o->svg, o->png};
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
        if (folders[i] && (!*folders[i] || !strcmp(folders[i], "-")))
            return error_set(err, ERROR_USAGE, "--site, --svg and --png name a file or folder");
    if (to_stdout > 1)
        return error_set(err, ERROR_USAGE, "only one output can go to standard output");
    return 0;
}

static int check(const struct report_options *o, const char *commit, struct error *err)
{
    int failed = check_outputs(o, err);
    if (!failed && commit)
        failed = command_check_commit(commit, err);
    if (!failed && o->beside)
        failed = command_check_commit(o->beside, err);
    if (!failed)
        failed = command_check_rule(o->alpha, o->matters, err);
    if (failed)
        return failed;
    if (o->pull_request && !commit)
        return error_set(err, ERROR_USAGE, "--pull-request needs a commit");
    if (o->samples < 0)
        return error_set(err, ERROR_USAGE, "--samples is a number of commits");
    if (o->max_bytes < REPORT_MARKDOWN_MIN)
        return error_set(err, ERROR_USAGE, "--max-bytes is at least %zu", REPORT_MARKDOWN_MIN);
    if (o->commit_url && !(is_url(o->commit_url) && strstr(o->commit_url, "{commit}")))
        return error_set(err, ERROR_USAGE,
                         "--commit-url is an address with {commit} in it, not '%s'", o->commit_url);
    if (o->repository_url && !is_url(o->repository_url))
        return error_set(err, ERROR_USAGE, "--repository-url is an address, not '%s'",
                         o->repository_url);
    return 0;
}

/* The repository that the workflow runs in, as a fresh string; NULL where there is none. */
static char *workflow_repository(void)
{
    const char *server = getenv("GITHUB_SERVER_URL"), *name = getenv("GITHUB_REPOSITORY");
    if (!name || !*name)
        return NULL;
    AUTO_FREE char *url =
        xasprintf("%s/%s", server && *server ? server : "https://github.com", name);
    return is_url(url) ? take_ptr(url) : NULL;
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    const struct report_options *o = raw;
    const char *commit = args->count ? args->items[0] : NULL;
    AUTO_POLICY struct policy policy = {0};
    AUTO_FREE char *guess = o->repository_url ? NULL : workflow_repository();
    struct report_request request = {
        .query = o->query,
        .commit = commit,
        .pull_request = o->pull_request,
        .disturbed = o->disturbed,
        .base = o->beside,
        .policy = &policy,
        .alpha = isnan(o->alpha) ? 0 : o->alpha,
        .samples = (size_t)o->samples,
        .commit_url = o->commit_url,
        .repository_url = o->repository_url ? o->repository_url : guess,
        .repository_guessed = !o->repository_url,
    };
    AUTO_DATABASE struct database *db = NULL;
    AUTO_REPORT struct report report = {0};
    int failed = check(o, commit, err);
    if (failed)
        return failed;
    if (o->since && !time_parse_iso(o->since, &request.since_s))
        return error_set(err, ERROR_USAGE, "--since is a date such as 2026-01-31, not '%s'",
                         o->since);
    failed = command_policy(globals, &o->policy, &policy, err);
    if (failed)
        return failed;
    if (!isnan(o->matters))
        policy.matters = o->matters / 100;
    failed = command_database(globals, &db, err);
    if (!failed)
        failed = report_build(db, &request, &report, err);
    if (failed == ERROR_NOT_FOUND)
        return error_set(err, ERROR_NO_DATA, "no results in %s yet", globals->db);
    return failed ? failed : write_all(globals, o, &report, err);
}

const struct command command_report = {
    .name = "report",
    .group = "results",
    .summary = "Report on a commit and its history: Markdown, JSON, CSV and others",
    .arguments = "[COMMIT] [--markdown FILE] [--json FILE] …",
    .description =
        "Holds a commit (the newest that was measured, unless told) against its history as\n"
        "`compare --history` does, finds the changes of level as `changes` does, and writes\n"
        "the outputs that are asked for, reading the database once. Without one it prints\n"
        "Markdown, or JSON with --format json. It says what was found and exits with 0\n"
        "whatever that is: to fail a job, use `compare`.",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .defaults = &defaults,
    .options_size = sizeof(struct report_options),
    .max_args = 1,
    .run = run,
};
