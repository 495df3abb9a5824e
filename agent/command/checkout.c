#include "base/alloc.h"
#include "base/clock.h"
#include "base/escape.h"
#include "checkout/checkout.h"
#include "command/command.h"
#include "net/ca.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct checkout_options {
    const char *revision, *destination;
    double timeout_s;
    bool no_submodules;
};

static const struct checkout_options defaults = {.timeout_s = CHECKOUT_TIMEOUT_S};

static const struct option_row options[] = {
    OPTION(struct checkout_options, revision, OPTION_STRING, "rev", "REV",
           "branch, tag or commit id, with ~N or ^ for an ancestor (default: the remote's HEAD)"),
    OPTION(struct checkout_options, destination, OPTION_STRING, "dest", "DIR",
           "put the files there (default: a folder of the cache)"),
    OPTION(struct checkout_options, timeout_s, OPTION_DURATION, "timeout", "TIME",
           "give up after this long (default: 10m)"),
    OPTION(struct checkout_options, no_submodules, OPTION_FLAG, "no-submodules", NULL,
           "leave submodules out"),
};

static void add_json_field(struct strbuf *out, const char *name, const char *value)
{
    strbuf_addf(out, "%s\"%s\":", out->len > 1 ? "," : "", name);
    if (value)
        escape_json(out, value, strlen(value));
    else
        strbuf_addstr(out, "null");
}

static void print_json(const struct checkout *checkout)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    strbuf_addch(&out, '{');
    add_json_field(&out, "commit", checkout->commit.id);
    add_json_field(&out, "parent", checkout->commit.parent);
    strbuf_addf(&out, ",\"time\":%" PRId64, checkout->commit.time);
    add_json_field(&out, "subject", checkout->commit.subject);
    add_json_field(&out, "branch", checkout->commit.branch);
    add_json_field(&out, "version", checkout->version);
    add_json_field(&out, "project", checkout->project);
    add_json_field(&out, "path", checkout->path);
    printf("%s}\n", out.buf);
}

static void print_labelled(const struct checkout *checkout, enum output_format format)
{
    char time[TIME_ISO_SIZE];
    time_format_iso(checkout->commit.time, time);
    const char *const rows[][2] = {
        {"commit", checkout->commit.id},
        {"time", time},
        {"version", checkout->version},
        {"path", checkout->path},
    };
    if (format == FORMAT_MARKDOWN)
        printf("| checkout | %s |\n|---|---|\n", checkout->project);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        AUTO_STRBUF struct strbuf value = STRBUF_INIT;
        if (format == FORMAT_MARKDOWN)
            escape_markdown(&value, rows[i][1], strlen(rows[i][1]));
        else
            escape_terminal(&value, rows[i][1], strlen(rows[i][1]));
        printf(format == FORMAT_MARKDOWN ? "| %s | %s |\n" : "%-8s %s\n", rows[i][0], value.buf);
    }
}

static int run(const struct globals *globals, const void *given, const struct strlist *args,
               struct error *err)
{
    const struct checkout_options *chosen = given;
    AUTO_CHECKOUT struct checkout checkout = CHECKOUT_INIT;
    struct checkout_request request = {
        .remote = args->items[0],
        .revision = chosen->revision,
        .destination = chosen->destination,
        .timeout_s = chosen->timeout_s,
        .flags = chosen->no_submodules ? CHECKOUT_NO_SUBMODULES : 0,
    };
    if (chosen->timeout_s <= 0)
        return error_set(err, ERROR_USAGE, "--timeout is a time above zero, such as 90 or 10m");
    int failed = ca_path(&request.ca_file, err);
    if (!failed)
        failed = checkout_commit(&request, &checkout, err);
    /* The exit code for ERROR_UNREACHABLE speaks of the database; this is about the remote. */
    if (failed)
        return failed == ERROR_UNREACHABLE ? ERROR_FAILURE : failed;
    if (globals->format == FORMAT_JSON)
        print_json(&checkout);
    else
        print_labelled(&checkout, globals->format);
    return 0;
}

const struct command command_checkout = {
    .name = "checkout",
    .group = "measure",
    .summary = "Get the files of one commit",
    .arguments = "REPO [--rev REV] [--dest DIR]",
    .description =
        "REPO is a https, http, git, ssh or file URL, user@host:path, or a folder. Each remote has "
        "one cache and each commit one folder in it, which is a git worktree; a commit that was "
        "checked out before needs no network.\n"
        "\n"
        "A private repository is read with the token in LANCE_BENCH_GIT_TOKEN (or GITHUB_TOKEN, "
        "for "
        "the host of GITHUB_SERVER_URL), an ssh one with the keys of the agent or of ~/.ssh.",
    .options = options,
    .option_count = ARRAY_SIZE(options),
    .defaults = &defaults,
    .options_size = sizeof(struct checkout_options),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
