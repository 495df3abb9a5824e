/* alerts update|list|ack|expect: what a team does with changes for the worse. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "command/common.h"
#include "command/exit_code.h"
#include "command/policy_source.h"
#include "command/rows.h"
#include "github/github.h"
#include "net/ca.h"
#include "pipeline/alerts/alerts.h"
#include "pipeline/bot/bot.h"
#include "pipeline/alerts/expected.h"
#include "store/alerts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct update_options {
    const char *project, *fail_on, *github, *token_file;
    struct policy_source policy;
};

static const struct option_row update_rows[] = {
    OPTION(struct update_options, project, OPTION_STRING, "project", "NAME",
           "of this project (default: all; with --repo: the repository's)"),
    POLICY_SOURCE_ROWS(struct update_options, policy),
    OPTION(struct update_options, github, OPTION_STRING, "github", "OWNER/NAME",
           "what merged pull requests with the label '" BOT_EXPECTED_LABEL
           "' changed was expected"),
    OPTION(struct update_options, token_file, OPTION_STRING, "token-file", "FILE",
           "a file with GitHub's token (default: $GITHUB_TOKEN, $GH_TOKEN)"),
    OPTION(struct update_options, fail_on, OPTION_STRING, "fail-on", "WHAT",
           "open: exit with 2 when there is one that nobody has acknowledged"),
};

static int check_fail_on(const char *fail_on, struct error *err)
{
    return fail_on && strcmp(fail_on, "open") != 0
               ? error_set(err, ERROR_USAGE, "--fail-on is open, not '%s'", fail_on)
               : 0;
}

static int note_expected(struct database *db, const struct update_options *o, struct error *err)
{
    struct expected_source source = {
        .repo = o->policy.repo,
        .branch = o->policy.base,
        .project = o->project,
    };
    int failed = o->policy.repo ? ca_path(&source.ca_file, err) : 0;
    if (!failed && o->policy.repo)
        failed = expected_note(db, &source, err);
    /* The exit code for ERROR_UNREACHABLE speaks of the database. */
    return failed == ERROR_UNREACHABLE ? ERROR_FAILURE : failed;
}

static int note_labels(struct database *db, const struct update_options *o, struct error *err)
{
    AUTO_GITHUB struct github *github = NULL;
    const struct github_options options = {.repository = o->github, .token_file = o->token_file};
    if (!o->github)
        return 0;
    int failed = github_open(&options, &github, err);
    const char *project = o->project ? o->project : strchr(o->github, '/');
    if (!failed)
        failed = expected_note_label(db, github, BOT_EXPECTED_LABEL,
                                     o->project ? project : project + 1, err);
    return failed == ERROR_UNREACHABLE ? ERROR_FAILURE : failed;
}

static void print_outcome(const struct globals *globals, const struct alerts_outcome *out)
{
    if (out->stale)
        log_warning("somebody has updated the alerts from newer results: nothing was changed");
    if (globals->format == FORMAT_JSON)
        printf("{\"opened\": %zu, \"reopened\": %zu, \"expected\": %zu, \"fixed\": %zu, "
               "\"active\": %zu, \"unacknowledged\": %zu, \"stale\": %s}\n",
               out->opened, out->reopened, out->expected, out->fixed, out->active, out->waiting,
               out->stale ? "true" : "false");
    else if (!globals->quiet)
        printf("%zu opened, %zu reopened, %zu expected, %zu fixed; %zu active, of which %zu are "
               "not acknowledged\n",
               out->opened, out->reopened, out->expected, out->fixed, out->active, out->waiting);
}

static int run_update(const struct globals *globals, const void *raw, const struct strlist *args,
                      struct error *err)
{
    (void)args;
    const struct update_options *o = raw;
    AUTO_DATABASE struct database *db = NULL;
    AUTO_POLICY struct policy policy = {0};
    struct alerts_outcome outcome = {0};
    const struct alerts_request request = {o->project, &policy, clock_unix_s()};
    int failed = check_fail_on(o->fail_on, err);
    if (!failed)
        failed = command_policy(globals, &o->policy, &policy, err);
    if (!failed)
        failed = command_database(globals, &db, err);
    if (!failed)
        failed = note_expected(db, o, err);
    if (!failed)
        failed = note_labels(db, o, err);
    if (failed)
        return failed;
    failed = alerts_refresh(db, &request, &outcome, err);
    if (failed == ERROR_NOT_FOUND)
        return error_set(err, ERROR_NO_DATA, "no results in %s yet", globals->db);
    if (failed)
        return failed;
    print_outcome(globals, &outcome);
    return o->fail_on && outcome.waiting ? EXIT_REGRESSION : 0;
}

struct list_options {
    const char *state, *project, *fail_on;
};

static const struct option_row list_rows[] = {
    OPTION(struct list_options, state, OPTION_STRING, "state", "STATE",
           "active (open, acknowledged, reopened; the default), open, acknowledged, expected, "
           "fixed, reopened or all"),
    OPTION(struct list_options, project, OPTION_STRING, "project", "NAME", "of this project"),
    OPTION(struct list_options, fail_on, OPTION_STRING, "fail-on", "WHAT",
           "open: exit with 2 when there is one that nobody has acknowledged"),
};
static const struct list_options list_defaults = {.state = "active"};

/* What is to be looked at stands first. */
static int by_urgency(const void *left, const void *right)
{
    static const int urgency[] = {
        [ALERT_REOPENED] = 0, [ALERT_OPEN] = 0,  [ALERT_ACKNOWLEDGED] = 1,
        [ALERT_EXPECTED] = 2, [ALERT_FIXED] = 3,
    };
    const struct alert *a = left, *b = right;
    if (urgency[a->state] != urgency[b->state])
        return urgency[a->state] - urgency[b->state];
    if (a->changed_at != b->changed_at)
        return a->changed_at > b->changed_at ? -1 : 1;
    return strcmp(a->id, b->id);
}

static void add_time(struct table *table, int64_t unix_s)
{
    char text[TIME_ISO_SIZE];
    time_format_iso(unix_s, text);
    table_text(table, unix_s ? text : NULL);
}

static void add_columns(struct table *table, bool all)
{
    static const struct command_column columns[] = {
        {"alert", false, true},         {"state", false, true},      {"title", false, true},
        {"results", true, true},        {"still_worse", true, true}, {"opened", false, true},
        {"changed", false, true},       {"reason", false, true},     {"note", false, true},
        {"project", false, false},      {"test_bed", false, false},  {"last_before", false, false},
        {"first_after", false, false},  {"worst", false, false},     {"worst_change", true, false},
        {"causes", false, false},       {"fixed_by", false, false},  {"reopened", true, false},
        {"acknowledged", false, false}, {"closed", false, false},    {"benchmarks", false, false},
    };
    command_columns(table, columns, ARRAY_SIZE(columns), all);
}

static void add_alert(struct table *table, const struct alert *alert, bool all)
{
    if (all)
        table_text(table, alert->id);
    else
        table_text_len(table, alert->id, 8);
    table_text(table, alert_state_name(alert->state));
    table_text(table, alert->title);
    table_integer(table, alert->count);
    table_integer(table, alert->open_count);
    add_time(table, alert->opened_at);
    add_time(table, alert->changed_at);
    table_text(table, alert->reason);
    table_text(table, alert->note);
    if (all) {
        table_text(table, alert->project);
        table_text(table, alert->test_bed);
        table_text(table, alert->last_before);
        table_text(table, alert->first_after);
        table_text(table, alert->worst);
        table_number(table, alert->worst_change);
        table_json(table, alert->causes);
        table_text(table, alert->fixed_by);
        table_integer(table, alert->reopened);
        add_time(table, alert->acknowledged_at);
        add_time(table, alert->closed_at);
        table_json(table, alert->benchmarks);
    }
    table_end_row(table);
}

/* "active", "all", or a state. */
static int read_state(const char *text, unsigned *states, struct error *err)
{
    enum alert_state state = ALERT_OPEN;
    if (!strcmp(text, "all"))
        *states = ~0U;
    else if (!strcmp(text, "active"))
        *states = 1U << ALERT_OPEN | 1U << ALERT_ACKNOWLEDGED | 1U << ALERT_REOPENED;
    else if (alert_state_parse(text, &state))
        *states = 1U << state;
    else
        return error_set(err, ERROR_USAGE,
                         "--state is one of active, open, acknowledged, expected, fixed, reopened, "
                         "all, not '%s'",
                         text);
    return 0;
}

static void print_list(const struct globals *globals, struct alerts *alerts,
                       const struct list_options *o, unsigned states)
{
    AUTO_TABLE struct table *table = command_table(globals);
    bool json = globals->format == FORMAT_JSON;
    size_t shown = 0;
    if (alerts->count)
        qsort(alerts->items, alerts->count, sizeof(*alerts->items), by_urgency);
    add_columns(table, json);
    for (size_t i = 0; i < alerts->count; i++) {
        const struct alert *alert = &alerts->items[i];
        if (!(states & 1U << alert->state) || (o->project && strcmp(o->project, alert->project)))
            continue;
        add_alert(table, alert, json);
        shown++;
    }
    if (shown || json)
        table_finish(table);
    else if (!globals->quiet)
        printf("No alert is %s\n", !strcmp(o->state, "all") ? "there" : o->state);
}

static int run_list(const struct globals *globals, const void *raw, const struct strlist *args,
                    struct error *err)
{
    (void)args;
    const struct list_options *o = raw;
    AUTO_DATABASE struct database *db = NULL;
    AUTO_ALERTS struct alerts alerts = {0};
    unsigned states = 0;
    int failed = check_fail_on(o->fail_on, err);
    if (!failed)
        failed = read_state(o->state, &states, err);
    if (!failed)
        failed = command_database(globals, &db, err);
    if (!failed)
        failed = alerts_read(db, &alerts, err);
    if (failed)
        return failed;
    bool waiting = false;
    for (size_t i = 0; i < alerts.count; i++)
        waiting |=
            (alerts.items[i].state == ALERT_OPEN || alerts.items[i].state == ALERT_REOPENED) &&
            (!o->project || !strcmp(o->project, alerts.items[i].project));
    print_list(globals, &alerts, o, states);
    return o->fail_on && waiting ? EXIT_REGRESSION : 0;
}

struct say_options {
    const char *note;
};

static const struct option_row say_rows[] = {
    OPTION(struct say_options, note, OPTION_STRING, "note", "TEXT", "why, for the list"),
};

typedef int say(struct database *db, const char *id, const char *note, struct error *err);

static int say_all(say *word, const struct globals *globals, const void *raw,
                   const struct strlist *args, struct error *err)
{
    const struct say_options *o = raw;
    AUTO_DATABASE struct database *db = NULL;
    int failed = command_check_text("note", o->note, err);
    if (!failed)
        failed = command_database(globals, &db, err);
    for (size_t i = 0; !failed && i < args->count; i++)
        failed = word(db, args->items[i], o->note, err);
    return failed;
}

static int run_ack(const struct globals *globals, const void *raw, const struct strlist *args,
                   struct error *err)
{
    return say_all(alerts_acknowledge, globals, raw, args, err);
}

static int run_expect(const struct globals *globals, const void *raw, const struct strlist *args,
                      struct error *err)
{
    return say_all(alerts_expect, globals, raw, args, err);
}

const struct command command_alerts_update = {
    .name = "alerts update",
    .group = "results",
    .summary = "Open, reopen and close alerts by what the history says",
    .arguments = "[--project NAME] [--repo REPO [--base REV] | --config FILE]",
    .description =
        "An alert is one cause of results that have become worse, with all benchmarks that it\n"
        "shows in. One whose results went back is closed, with the commit that did it. With\n"
        "--repo, 'Perf-Expected: GLOB REASON' in the messages of the branch's newest 1,000\n"
        "commits is noted first; with --github, the label of merged pull requests. See\n"
        "docs/deciding.md.",
    .options = update_rows,
    .option_count = ARRAY_SIZE(update_rows),
    .options_size = sizeof(struct update_options),
    .run = run_update,
};

const struct command command_alerts_list = {
    .name = "alerts list",
    .group = "results",
    .summary = "Show the alerts",
    .arguments = "[--state STATE]",
    .options = list_rows,
    .option_count = ARRAY_SIZE(list_rows),
    .defaults = &list_defaults,
    .options_size = sizeof(struct list_options),
    .run = run_list,
};

/* What the rows of both have in common. */
#define SAY                                                                           \
    .group = "results", .arguments = "ALERT… [--note TEXT]", .options = say_rows,     \
    .option_count = ARRAY_SIZE(say_rows), .options_size = sizeof(struct say_options), \
    .min_args = 1, .max_args = SIZE_MAX

const struct command command_alerts_ack = {
    .name = "alerts ack",
    .summary = "Say that alerts are known",
    .run = run_ack,
    SAY,
};

const struct command command_alerts_expect = {
    .name = "alerts expect",
    .summary = "Accept what alerts say: the new levels are the baseline",
    .run = run_expect,
    SAY,
};
