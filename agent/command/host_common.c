#include "command/host_common.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "command/common.h"

#include <string.h>

int command_host_place(const struct host_options *o, struct host_place *place, struct error *err)
{
    if (o->sysroot && !path_is_dir(o->sysroot))
        return error_set(err, ERROR_USAGE, "--sysroot %s is not a folder", o->sysroot);
    if (o->state && !*o->state)
        return error_set(err, ERROR_USAGE, "--state needs the path of a folder");
    if (o->sysroot && *o->sysroot && !o->state)
        return error_set(err, ERROR_USAGE,
                         "--sysroot needs --state DIR: this machine's journal is not for other "
                         "trees");
    host_place_init(o->sysroot, o->state, place);
    return 0;
}

int command_host_request(const struct host_options *o, struct tune_request *request,
                         struct error *err)
{
    struct tune_request r = {.cpus = o->cpus, .isolate = o->isolate};
    if (o->profile && !tune_profile_parse(o->profile, &r.profile))
        return error_set(err, ERROR_USAGE,
                         "there is no profile '%s': it is bare-metal, shared or container",
                         o->profile);
    if (o->aslr && strcmp(o->aslr, "on") != 0 && strcmp(o->aslr, "off") != 0)
        return error_set(err, ERROR_USAGE, "--aslr is on or off, not '%s'", o->aslr);
    if (o->aslr)
        r.aslr = strcmp(o->aslr, "on") ? TUNE_ASLR_OFF : TUNE_ASLR_ON;
    if (o->profile && r.profile == TUNE_SHARED && (o->isolate || o->aslr))
        return error_set(
            err, ERROR_USAGE,
            "--isolate and --aslr concern everybody on the machine: they do not go with "
            "--profile shared");
    *request = r;
    return 0;
}

static bool same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static bool same_line(const struct tune_row *a, const struct tune_row *b)
{
    return same(a->knob, b->knob) && a->outcome == b->outcome && same(a->before, b->before) &&
           same(a->after, b->after) && same(a->reason, b->reason);
}

/* A line of the table: the first row that makes it, and how many do. */
struct line {
    const struct tune_row *row;
    size_t count;
};

static size_t make_lines(const struct globals *globals, const struct tune_report *report,
                         struct line *lines)
{
    size_t count = 0;
    for (size_t i = 0, at; i < report->count; i++) {
        const struct tune_row *row = &report->rows[i];
        at = globals->format == FORMAT_JSON ? count : 0;
        while (at < count && !same_line(lines[at].row, row))
            at++;
        if (at == count)
            lines[count++] = (struct line){.row = row};
        lines[at].count++;
    }
    return count;
}

static void add_line(struct table *table, const struct line *line)
{
    const struct tune_row *row = line->row;
    AUTO_FREE char *path = row->path && line->count > 1
                               ? xasprintf("%s and %zu more", row->path, line->count - 1)
                               : xstrdup(row->path);
    table_text(table, row->knob);
    table_text(table, row->before);
    table_text(table, row->after);
    table_text(table, tune_outcome_name(row->outcome));
    table_text(table, path);
    table_text(table, row->reason);
    table_end_row(table);
}

void command_host_rows(const struct globals *globals, const struct tune_report *report)
{
    static const char *const columns[] = {"knob", "before", "after", "outcome", "path", "reason"};
    AUTO_TABLE struct table *table = command_table(globals);
    AUTO_FREE struct line *lines = xcalloc(report->count + 1, sizeof(*lines));
    table_columns(table, columns, ARRAY_SIZE(columns), 0);
    size_t count = make_lines(globals, report, lines);
    for (size_t i = 0; i < count; i++)
        add_line(table, &lines[i]);
    table_finish(table);
}

void command_host_warnings(const struct tune_report *report)
{
    for (size_t i = 0; i < report->warnings.count; i++)
        log_warning("%s", report->warnings.items[i]);
}
