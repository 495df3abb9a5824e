/* query: one SELECT over the tables of the database. */
#include "base/alloc.h"
#include "base/escape.h"
#include "base/interrupt.h"
#include "command/common.h"
#include "command/options.h"
#include "command/rows.h"
#include "store/rows.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

struct query_options {
    const char *output;
};

static const struct option_row rows_of_query[] = {
    OPTION(struct query_options, output, OPTION_STRING, "output", "FORMAT",
           "table, json, csv, markdown, arrow or parquet (default: as --format)"),
};

/* A value as JSON; lists and structs nest. */
static void cell_json(const struct cells *cells, size_t row, struct strbuf *out)
{
    size_t len = 0, first = 0, count = 0;
    struct cells items;
    const char *text;
    if (cell_is_null(cells, row)) {
        strbuf_addstr(out, "null");
        return;
    }
    switch (cells_type(cells)) {
    case CELL_BOOL:
        strbuf_addstr(out, cell_bool(cells, row) ? "true" : "false");
        break;
    case CELL_INT:
        strbuf_addf(out, "%" PRId64, cell_int(cells, row));
        break;
    case CELL_UINT:
        strbuf_addf(out, "%" PRIu64, (uint64_t)cell_int(cells, row));
        break;
    case CELL_NUMBER:
        if (isfinite(cell_number(cells, row)))
            format_double(out, cell_number(cells, row));
        else
            strbuf_addstr(out, "null");
        break;
    case CELL_TEXT:
        text = cell_text(cells, row, &len);
        escape_json(out, text, len);
        break;
    case CELL_LIST:
        cell_list(cells, row, &items, &first, &count);
        strbuf_addch(out, '[');
        for (size_t i = 0; i < count; i++) {
            if (i)
                strbuf_addstr(out, ", ");
            cell_json(&items, first + i, out);
        }
        strbuf_addch(out, ']');
        break;
    case CELL_STRUCT:
        strbuf_addch(out, '{');
        for (size_t i = 0; i < (size_t)cells->schema->n_children; i++) {
            struct cells child = cells_child(cells, i);
            if (i)
                strbuf_addstr(out, ", ");
            escape_json(out, child.schema->name, strlen(child.schema->name));
            strbuf_addstr(out, ": ");
            cell_json(&child, row, out);
        }
        strbuf_addch(out, '}');
        break;
    case CELL_NULL:
        strbuf_addstr(out, "null");
        break;
    }
}

static void add_cell(struct table *table, const struct cells *cells, size_t row)
{
    AUTO_STRBUF struct strbuf json = STRBUF_INIT;
    size_t len = 0;
    const char *text;
    enum cell_type type = cells_type(cells);
    if (cell_is_null(cells, row)) {
        table_null(table);
    } else if (type == CELL_TEXT) {
        text = cell_text(cells, row, &len);
        table_text_len(table, text, len);
    } else if (type == CELL_NUMBER) {
        table_number(table, cell_number(cells, row));
    } else {
        cell_json(cells, row, &json);
        table_json(table, json.buf);
    }
}

static bool is_numeric(enum cell_type type)
{
    return type == CELL_INT || type == CELL_UINT || type == CELL_NUMBER;
}

static int print_rows(struct rows *rows, struct table *table, struct error *err)
{
    int got = rows_begin(rows, err);
    if (got)
        return got;
    for (int64_t i = 0; i < rows->schema.n_children; i++) {
        struct cells head = {.schema = rows->schema.children[i]};
        table_column(table, rows->schema.children[i]->name, is_numeric(cells_type(&head)));
    }
    while ((got = rows_next(rows, err)) > 0)
        for (size_t row = 0; row < rows->count; row++) {
            for (size_t i = 0; i < rows_column_count(rows); i++) {
                struct cells cells = rows_column_at(rows, i);
                add_cell(table, &cells, row);
            }
            table_end_row(table);
            if (!(row % 1024) && interrupted())
                return interrupt_check(err);
        }
    if (!got)
        table_finish(table);
    return got;
}

enum query_output {
    QUERY_TABLE,
    QUERY_JSON,
    QUERY_CSV,
    QUERY_MARKDOWN,
    QUERY_ARROW,
    QUERY_PARQUET
};

static int choose_output(const struct globals *globals, const char *name, enum query_output *out,
                         struct error *err)
{
    static const char *const names[] = {"table", "json", "csv", "markdown", "arrow", "parquet"};
    static const enum query_output by_format[] = {
        [FORMAT_TEXT] = QUERY_TABLE,
        [FORMAT_JSON] = QUERY_JSON,
        [FORMAT_MARKDOWN] = QUERY_MARKDOWN,
    };
    int output = (int)by_format[globals->format];
    int failed = options_choice("output", name, names, ARRAY_SIZE(names), &output, err);
    if (!failed)
        *out = (enum query_output)output;
    return failed;
}

/* A table that is not found is no mistake in the SQL where there is no table at all. */
static int blame_missing(const struct globals *globals, struct database *db, int failed,
                         struct error *err)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (database_tables(db, &names, NULL) || names.count)
        return failed;
    return error_set(err, ERROR_NO_DATA, "there is no database in %s yet", globals->db);
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    const struct query_options *o = raw;
    static const enum table_format tables[] = {
        [QUERY_TABLE] = TABLE_TEXT,
        [QUERY_JSON] = TABLE_JSON,
        [QUERY_CSV] = TABLE_CSV,
        [QUERY_MARKDOWN] = TABLE_MARKDOWN,
    };
    enum query_output output = QUERY_TABLE;
    AUTO_DATABASE struct database *db = NULL;
    AUTO_ROWS struct rows rows = {0};
    int failed = choose_output(globals, o->output, &output, err);
    bool binary = output == QUERY_ARROW || output == QUERY_PARQUET;
    if (!failed && binary && isatty(STDOUT_FILENO))
        failed = error_set(err, ERROR_USAGE,
                           "--output %s is not for a terminal: redirect it to a file", o->output);
    if (!failed)
        failed = command_database(globals, &db, err);
    if (!failed)
        failed = database_query(db, args->items[0], !binary, &rows.stream, err);
    if (failed == ERROR_USAGE && db)
        failed = blame_missing(globals, db, failed, err);
    if (failed)
        return failed;
    if (binary) {
        struct ArrowArrayStream stream = rows.stream;
        rows.stream = (struct ArrowArrayStream){0};
        return database_write_stream(
            &stream, output == QUERY_PARQUET ? STREAM_PARQUET : STREAM_ARROW, STDOUT_FILENO, err);
    }
    rows.source = globals->db;
    AUTO_TABLE struct table *table = table_new(tables[output], stdout);
    return print_rows(&rows, table, err);
}

const struct command command_query = {
    .name = "query",
    .group = "results",
    .summary = "Ask the database with SQL (SELECT only)",
    .arguments = "SQL [--output FORMAT]",
    .description =
        "Every table of the database is there under its name: results, runs, commits, …\n\n"
        "  lance-bench query \"SELECT benchmark_name, summary['median'] FROM results LIMIT 5\"",
    .options = rows_of_query,
    .option_count = ARRAY_SIZE(rows_of_query),
    .options_size = sizeof(struct query_options),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
