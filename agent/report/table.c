#include "report/table.h"

#include "base/alloc.h"
#include "base/escape.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct cell {
    char *text;
    size_t len;
};

struct table_head {
    char *name;
    bool numeric;
};

struct table {
    enum table_format format;
    FILE *out;
    struct table_head *columns;
    size_t column_count, column_cap;
    struct cell *cells; /* of all rows, or of the current one where rows are streamed */
    size_t cell_count, cell_cap;
    size_t rows;
};

struct table *table_new(enum table_format format, FILE *out)
{
    struct table *table = xcalloc(1, sizeof(*table));
    table->format = format;
    table->out = out;
    return table;
}

static void clear_cells(struct table *table)
{
    for (size_t i = 0; i < table->cell_count; i++)
        free(table->cells[i].text);
    table->cell_count = 0;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    clear_cells(table);
    for (size_t i = 0; i < table->column_count; i++)
        free(table->columns[i].name);
    free(table->columns);
    free(table->cells);
    free(table);
}

void table_column(struct table *table, const char *name, bool numeric)
{
    ARRAY_RESERVE(table->columns, table->column_cap, table->column_count + 1);
    table->columns[table->column_count++] = (struct table_head){xstrdup(name), numeric};
}

void table_columns(struct table *table, const char *const *names, size_t count, unsigned numeric)
{
    for (size_t i = 0; i < count; i++)
        table_column(table, names[i], numeric >> i & 1);
}

static void add_cell(struct table *table, struct strbuf *text)
{
    ARRAY_RESERVE(table->cells, table->cell_cap, table->cell_count + 1);
    size_t len = text->len;
    table->cells[table->cell_count++] = (struct cell){strbuf_detach(text), len};
}

void table_text(struct table *table, const char *text)
{
    if (text)
        table_text_len(table, text, strlen(text));
    else
        table_null(table);
}

void table_text_len(struct table *table, const char *text, size_t len)
{
    struct strbuf cell = STRBUF_INIT;
    switch (table->format) {
    case TABLE_TEXT:
        escape_terminal(&cell, text, len);
        break;
    case TABLE_MARKDOWN:
        escape_markdown(&cell, text, len);
        break;
    case TABLE_CSV:
        escape_csv(&cell, text, len);
        break;
    case TABLE_JSON:
        escape_json(&cell, text, len);
        break;
    }
    add_cell(table, &cell);
}

void table_integer(struct table *table, int64_t value)
{
    struct strbuf cell = STRBUF_INIT;
    strbuf_addf(&cell, "%" PRId64, value);
    add_cell(table, &cell);
}

void table_number(struct table *table, double value)
{
    if (isnan(value)) {
        table_null(table);
        return;
    }
    struct strbuf cell = STRBUF_INIT;
    if (table->format == TABLE_JSON && isinf(value))
        strbuf_addstr(&cell, "null");
    else
        format_double(&cell, value);
    add_cell(table, &cell);
}

void table_null(struct table *table)
{
    struct strbuf cell = STRBUF_INIT;
    if (table->format == TABLE_JSON)
        strbuf_addstr(&cell, "null");
    add_cell(table, &cell);
}

void table_bool(struct table *table, bool value)
{
    struct strbuf cell = STRBUF_INIT;
    strbuf_addstr(&cell, value ? "true" : "false");
    add_cell(table, &cell);
}

void table_json(struct table *table, const char *json)
{
    if (table->format != TABLE_JSON) {
        table_text(table, json);
        return;
    }
    struct strbuf cell = STRBUF_INIT;
    strbuf_addstr(&cell, json);
    add_cell(table, &cell);
}

void table_list(struct table *table, const struct strlist *list)
{
    AUTO_STRBUF struct strbuf json = STRBUF_INIT;
    AUTO_FREE char *text = list ? strlist_join(list, ", ") : NULL;
    if (!list || table->format != TABLE_JSON) {
        table_text(table, text);
        return;
    }
    strbuf_addch(&json, '[');
    for (size_t i = 0; i < list->count; i++) {
        strbuf_addstr(&json, i ? ", " : "");
        escape_json(&json, list->items[i], strlen(list->items[i]));
    }
    strbuf_addch(&json, ']');
    table_json(table, json.buf);
}

void table_shown(struct table *table, double value, const char *shown)
{
    if (isnan(value))
        table_null(table);
    else if (table->format == TABLE_JSON || table->format == TABLE_CSV)
        table_number(table, value);
    else
        table_text(table, shown);
}

static void print_csv_head(struct table *table)
{
    AUTO_STRBUF struct strbuf line = STRBUF_INIT;
    for (size_t i = 0; i < table->column_count; i++) {
        if (i)
            strbuf_addch(&line, ',');
        escape_csv(&line, table->columns[i].name, strlen(table->columns[i].name));
    }
    fprintf(table->out, "%s\n", line.buf);
}

static void print_csv_row(struct table *table)
{
    for (size_t i = 0; i < table->cell_count; i++) {
        if (i)
            fputc(',', table->out);
        fwrite(table->cells[i].text, 1, table->cells[i].len, table->out);
    }
    fputc('\n', table->out);
}

static void print_json_row(struct table *table)
{
    AUTO_STRBUF struct strbuf key = STRBUF_INIT;
    fputs(table->rows ? ",\n  {" : "[\n  {", table->out);
    for (size_t i = 0; i < table->cell_count; i++) {
        strbuf_clear(&key);
        escape_json(&key, table->columns[i].name, strlen(table->columns[i].name));
        fprintf(table->out, "%s%s: ", i ? ", " : "", key.buf);
        fwrite(table->cells[i].text, 1, table->cells[i].len, table->out);
    }
    fputc('}', table->out);
}

void table_end_row(struct table *table)
{
    if (table->format == TABLE_CSV) {
        if (!table->rows)
            print_csv_head(table);
        print_csv_row(table);
        clear_cells(table);
    } else if (table->format == TABLE_JSON) {
        print_json_row(table);
        clear_cells(table);
    }
    table->rows++;
}

/* Characters on a terminal, near enough: one for each code point. */
static size_t width_of(const char *text, size_t len)
{
    size_t width = 0;
    for (size_t i = 0; i < len; i++)
        width += ((unsigned char)text[i] & 0xc0) != 0x80;
    return width;
}

static void print_padded(struct table *table, size_t column, const char *text, size_t len,
                         size_t width)
{
    int pad = (int)(width - width_of(text, len));
    bool last = column + 1 == table->column_count;
    if (table->columns[column].numeric)
        fprintf(table->out, "%*s", pad, "");
    fwrite(text, 1, len, table->out);
    if (!table->columns[column].numeric && (!last || table->format == TABLE_MARKDOWN))
        fprintf(table->out, "%*s", pad, "");
}

static void print_line(struct table *table, const struct cell *cells, const size_t *widths)
{
    bool markdown = table->format == TABLE_MARKDOWN;
    fputs(markdown ? "| " : "", table->out);
    for (size_t i = 0; i < table->column_count; i++) {
        if (i)
            fputs(markdown ? " | " : "  ", table->out);
        print_padded(table, i, cells[i].text, cells[i].len, widths[i]);
    }
    fputs(markdown ? " |\n" : "\n", table->out);
}

static void print_rule(struct table *table, const size_t *widths)
{
    for (size_t i = 0; i < table->column_count; i++) {
        bool right = table->columns[i].numeric;
        fputs("|", table->out);
        for (size_t k = 0; k < widths[i] + 2; k++)
            fputc(right && k == widths[i] + 1 ? ':' : '-', table->out);
    }
    fputs("|\n", table->out);
}

static void print_aligned(struct table *table)
{
    if (!table->column_count)
        return;
    AUTO_FREE size_t *widths = xcalloc(table->column_count, sizeof(*widths));
    AUTO_FREE struct cell *heads = xcalloc(table->column_count, sizeof(*heads));
    for (size_t i = 0; i < table->column_count; i++) {
        heads[i] = (struct cell){table->columns[i].name, strlen(table->columns[i].name)};
        widths[i] = width_of(heads[i].text, heads[i].len);
    }
    for (size_t i = 0; i < table->cell_count; i++) {
        size_t width = width_of(table->cells[i].text, table->cells[i].len);
        size_t column = i % table->column_count;
        widths[column] = width > widths[column] ? width : widths[column];
    }
    print_line(table, heads, widths);
    if (table->format == TABLE_MARKDOWN)
        print_rule(table, widths);
    for (size_t row = 0; row < table->rows; row++)
        print_line(table, table->cells + row * table->column_count, widths);
}

void table_finish(struct table *table)
{
    if (table->format == TABLE_JSON)
        fputs(table->rows ? "\n]\n" : "[]\n", table->out);
    else if (table->format == TABLE_CSV && !table->rows)
        print_csv_head(table);
    else if (table->format != TABLE_CSV)
        print_aligned(table);
}

/* Numbers of up to six decimals and fifteen digits, which "%.15g" would write the same. A quotient
 * of two integers that are exact is the double nearest to it: the decimal reads back as `value`. */
static bool format_short(struct strbuf *out, double value)
{
    double size = fabs(value), power = 1;
    if (!(size >= 1e-4 && size < 1e9) && size != 0)
        return false;
    for (int decimals = 0; decimals <= 6; decimals++, power *= 10) {
        double scaled = nearbyint(size * power);
        if (scaled / power != size)
            continue;
        char text[32], *end = text + sizeof(text), *at = end;
        uint64_t digits = (uint64_t)scaled;
        for (int written = 0; digits || written <= decimals; written++) {
            if (written == decimals && decimals)
                *--at = '.';
            *--at = (char)('0' + digits % 10);
            digits /= 10;
        }
        if (signbit(value))
            *--at = '-';
        strbuf_add(out, at, (size_t)(end - at));
        return true;
    }
    return false;
}

void format_double(struct strbuf *out, double value)
{
    if (format_short(out, value))
        return;
    if (isnan(value) || isinf(value)) {
        strbuf_addstr(out, isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
        return;
    }
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    strbuf_addstr(out, text);
}

void format_percent(struct strbuf *out, double percent)
{
    double size = fabs(percent);
    strbuf_addf(out, size < 9.95 ? "%+.1f" : size < 1e9 ? "%+.0f" : "%+.3g", percent);
}

void format_nanoseconds(struct strbuf *out, double ns)
{
    static const struct {
        double size;
        const char *unit;
    } units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}, {1e-3, "ps"}};
    size_t i = 0;
    while (i + 1 < ARRAY_SIZE(units) && fabs(ns) < units[i].size)
        i++;
    if (ns == 0)
        i = 3;
    strbuf_addf(out, "%.4g %s", ns / units[i].size, units[i].unit);
}

void format_bytes(struct strbuf *out, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t i = 0;
    for (; value >= 1024 && i + 1 < ARRAY_SIZE(units); i++)
        value /= 1024;
    strbuf_addf(out, i ? "%.1f %s" : "%.0f %s", value, units[i]);
}
