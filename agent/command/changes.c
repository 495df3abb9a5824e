/* changes: where the level of a benchmark's results changed. */
#include "base/alloc.h"
#include "base/escape.h"
#include "command/common.h"
#include "command/rows.h"
#include "command/series_input.h"
#include "decide/change.h"

#include <string.h>

struct changes_options {
    bool from_stdin;
};

static const struct option_row rows[] = {
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

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    const struct changes_options *o = raw;
    (void)globals;
    (void)args;
    if (!o->from_stdin)
        return error_set(err, ERROR_USAGE, "--stdin is missing");
    return run_stdin(err);
}

const struct command command_changes = {
    .name = "changes",
    .group = "results",
    .summary = "Find where results changed their level",
    .arguments = "--stdin",
    .description = "With --stdin it reads {\"series\": [{\"name\": TEXT, \"values\": [NUMBER | "
                   "null, …]}]} and\n"
                   "prints {NAME: [INDEX, …]}: the first points of new levels.",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .options_size = sizeof(struct changes_options),
    .run = run,
};
