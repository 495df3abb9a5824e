/* changes: where the level of a benchmark's results changed. */
#include "base/alloc.h"
#include "base/escape.h"
#include "base/log.h"
#include "command/common.h"
#include "command/exit_code.h"
#include "command/policy_source.h"
#include "command/rows.h"
#include "command/series_input.h"
#include "decide/change.h"
#include "model/commit.h"
#include "pipeline/history/changes.h"

#include <math.h>
#include <string.h>

struct changes_options {
    struct result_query query;
    struct policy_source policy;
    const char *fail_on;
    bool open, from_stdin;
};

static const struct option_row rows[] = {
    QUERY_ROWS(struct changes_options, query, "of this project"),
    POLICY_SOURCE_ROWS(struct changes_options, policy),
    {"open", OPTION_FLAG, offsetof(struct changes_options, open), NULL,
     "only changes for the worse that no later one has taken back"},
    OPTION(struct changes_options, fail_on, OPTION_STRING, "fail-on", "WHAT",
           "regression: exit with 2 when there is an open one"),
    {"stdin", OPTION_FLAG, offsetof(struct changes_options, from_stdin), NULL,
     "read series from standard input and print the first points of new levels"},
};

struct stdin_state {
    struct change_finder *finder;
    struct strbuf name, out;
    struct double_list values;
};

static void print_series(struct stdin_state *state)
{
    const struct change *changes;
    change_finder_clear(state->finder);
    for (size_t i = 0; i < state->values.count; i++)
        change_finder_add(state->finder, state->values.items[i]);
    size_t count = change_finder_find(state->finder, &changes);
    strbuf_addstr(&state->out, state->out.len ? ",\n " : "{");
    escape_json(&state->out, state->name.buf, state->name.len);
    strbuf_addstr(&state->out, ": [");
    for (size_t i = 0; i < count; i++)
        strbuf_addf(&state->out, "%s%zu", i ? ", " : "", changes[i].index);
    strbuf_addch(&state->out, ']');
}

static int read_series(struct json_reader *r, void *context, struct error *err)
{
    struct stdin_state *state = context;
    bool more = false, named = false, valued = false;
    int failed = 0;
    state->values.count = 0;
    while (!failed && !(failed = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "name")) {
            failed = json_read_text(r, &state->name, err);
            named = true;
        } else if (json_text_is(r, "values")) {
            failed = series_input_values(r, &state->values, err);
            valued = true;
        } else {
            failed = json_skip(r, err);
        }
    }
    if (!failed && !(named && valued))
        return json_fail(r, err, "a series has no \"%s\"", named ? "values" : "name");
    if (!failed)
        print_series(state);
    return failed;
}

static int run_stdin(struct error *err)
{
    struct stdin_state state = {change_finder_new(NULL), STRBUF_INIT, STRBUF_INIT, {0}};
    int failed = series_input_read("series", read_series, NULL, &state, err);
    if (!failed)
        printf("%s}\n", state.out.len ? state.out.buf : "{");
    change_finder_free(state.finder);
    strbuf_release(&state.name);
    strbuf_release(&state.out);
    free(state.values.items);
    return failed;
}

/* "2f6a0c1", or a version that stands for a commit. */
static void table_commit(struct table *table, const struct globals *globals,
                         const struct history_commit *commit)
{
    size_t len = strlen(commit->id);
    table_text_len(table, commit->id,
                   globals->format == FORMAT_JSON || len < 40 ? len : COMMIT_SHORT_LEN);
}

/* "+5.2 % (+4.8 to +5.6)" */
static void table_effect(struct table *table, const struct change *change)
{
    AUTO_STRBUF struct strbuf shown = STRBUF_INIT;
    if (!isnan(change->relative)) {
        format_percent(&shown, 100 * change->relative);
        strbuf_addstr(&shown, " % (");
        format_percent(&shown, 100 * change->relative_low);
        strbuf_addstr(&shown, " to ");
        format_percent(&shown, 100 * change->relative_high);
        strbuf_addch(&shown, ')');
    }
    table_shown(table, change->relative, shown.buf);
}

static void table_causes(struct table *table, const struct found_change *found)
{
    AUTO_STRLIST struct strlist causes = STRLIST_INIT;
    if (found->causes & CHANGE_BY_TEST_BED)
        strlist_push(&causes, "test bed");
    if (found->causes & CHANGE_BY_TOOLCHAIN)
        strlist_push(&causes, "toolchain");
    if (!causes.count)
        strlist_push(&causes, "code");
    if (found->causes & CHANGE_IN_GAP)
        strlist_push(&causes, "gap");
    table_list(table, &causes);
}

static void add_found(struct table *table, const struct globals *globals,
                      const struct found_change *found)
{
    const struct change *change = &found->change;
    AUTO_FREE char *confidence = change->confidence > 0.9999
                                     ? xstrdup("> 99.99 %")
                                     : xasprintf("%.4g %%", 100 * change->confidence);
    table_text(table, found->series->benchmark);
    table_text(table, found->series->test_bed);
    table_commit(table, globals, found->before);
    table_commit(table, globals, found->after);
    if (found->commits)
        table_integer(table, (int64_t)found->commits);
    else
        table_null(table);
    command_quantity(table, change->before, found->series->units);
    command_quantity(table, change->after, found->series->units);
    table_effect(table, change);
    if (globals->format == FORMAT_JSON) {
        table_number(table, change->relative_low);
        table_number(table, change->relative_high);
    }
    table_shown(table, change->confidence, confidence);
    table_causes(table, found);
    table_text(table, change_status(found));
    if (globals->format == FORMAT_JSON) {
        table_commit(table, globals, found->earliest);
        table_commit(table, globals, found->latest);
        table_text(table, found->series->project);
        table_text(table, found->series->units);
        table_text(table, found->expected ? found->expected->commit->id : NULL);
        table_text(table, found->expected ? found->expected->reason : NULL);
    }
    table_end_row(table);
}

static void add_columns(struct table *table, bool all)
{
    table_column(table, "benchmark", false);
    table_column(table, "test_bed", false);
    table_column(table, "last_before", false);
    table_column(table, "first_after", false);
    table_column(table, "commits", true);
    table_column(table, "before", true);
    table_column(table, "after", true);
    table_column(table, "change", true);
    if (all) {
        table_column(table, "change_low", true);
        table_column(table, "change_high", true);
    }
    table_column(table, "confidence", true);
    table_column(table, "cause", false);
    table_column(table, "status", false);
    if (all) {
        table_column(table, "earliest", false);
        table_column(table, "latest", false);
        table_column(table, "project", false);
        table_column(table, "units", false);
        table_column(table, "expected_at", false);
        table_column(table, "expected_reason", false);
    }
}

/* Whether one of them is an open regression. */
static bool print_found(const struct globals *globals, const struct found_changes *found,
                        bool only_open)
{
    AUTO_TABLE struct table *table = command_table(globals);
    bool open = false;
    size_t shown = 0;
    add_columns(table, globals->format == FORMAT_JSON);
    for (size_t i = 0; i < found->count; i++) {
        open |= found->items[i].open;
        if (only_open && !found->items[i].open)
            continue;
        add_found(table, globals, &found->items[i]);
        shown++;
    }
    if (shown || globals->format == FORMAT_JSON)
        table_finish(table);
    else if (!globals->quiet)
        printf("No %s in %zu series\n", only_open ? "open regression" : "change", found->series);
    return open;
}

static int run_history(const struct globals *globals, const struct changes_options *o,
                       struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    AUTO_POLICY struct policy policy = {0};
    AUTO_HISTORY struct history history = {0};
    AUTO_FOUND_CHANGES struct found_changes found = {0};
    const struct history_request request = {.query = o->query, .policy = &policy};
    int failed = command_policy(globals, &o->policy, &policy, err);
    if (failed)
        return failed;
    failed = command_database(globals, &db, err);
    if (!failed)
        failed = history_read(db, &request, &history, err);
    if (failed == ERROR_NOT_FOUND)
        return error_set(err, ERROR_NO_DATA, "no results in %s yet", globals->db);
    if (failed)
        return failed;
    if (!history.count && history.left_out)
        return error_set(err, ERROR_NO_DATA,
                         "%s has nothing to go by: %zu results match, and all were measured under "
                         "conditions that spoil them",
                         globals->db, history.left_out);
    if (!history.count)
        return error_set(err, ERROR_NO_DATA, "no result in %s matches", globals->db);
    changes_find(&history, &found);
    if (history.left_out)
        log_info("%zu results are left out: measured under conditions that spoil them",
                 history.left_out);
    for (size_t i = 0; i < history.notes.count; i++)
        log_warning("%s", history.notes.items[i]);
    bool open = print_found(globals, &found, o->open);
    return open && o->fail_on ? EXIT_REGRESSION : 0;
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    const struct changes_options *o = raw;
    (void)args;
    if (o->fail_on && strcmp(o->fail_on, "regression"))
        return error_set(err, ERROR_USAGE, "--fail-on is regression, not '%s'", o->fail_on);
    return o->from_stdin ? run_stdin(err) : run_history(globals, o, err);
}

const struct command command_changes = {
    .name = "changes",
    .group = "results",
    .summary = "Find where results changed their level",
    .arguments = "[--benchmark TEXT] [--open] | --stdin",
    .description =
        "Looks at each benchmark's results on each test bed along first parents, and prints\n"
        "where a new level began: the commits around it, both levels, the relative change\n"
        "with its 95 % interval, and whether the code, the toolchain, the test bed or a\n"
        "commit that was not measured may be behind it. With --stdin it reads\n"
        "{\"series\": [{\"name\": TEXT, \"values\": [NUMBER | null, …]}]} and prints\n"
        "{NAME: [INDEX, …]}: the first points of new levels.",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .options_size = sizeof(struct changes_options),
    .run = run,
};
