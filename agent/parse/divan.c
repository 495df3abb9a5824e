#include "parse/divan.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "base/json_write.h"
#include "base/strlist.h"
#include "parse/benchmark_name.h"
#include "parse/gather.h"
#include "parse/text_lines.h"
#include "parse/text_number.h"
#include "parse/time_unit.h"

#include <string.h>

#define BAR "\xe2\x94\x82"                      /* │ */
#define BRANCH "\xe2\x94\x9c\xe2\x94\x80 "      /* ├─ */
#define LAST_BRANCH "\xe2\x95\xb0\xe2\x94\x80 " /* ╰─ */
enum cell { FASTEST, SLOWEST, MEDIAN, MEAN, SAMPLES, ITERS, CELLS };

struct table {
    struct strlist path; /* of the row; [0] is the program */
    size_t column;       /* characters in front of the first cell; 0: no table yet */
    struct strbuf name;  /* of the benchmark whose further lines these are, or empty */
    const struct section *section;
    double mean_ns;
    struct gather_piece wall; /* to be added when its throughput is known */
    double wall_value;
    struct strbuf details;
    struct gather gather;
    bool pending;
};

struct section {
    const char *title, *count, *bytes;
};

static const struct section sections[] = {
    {"max alloc:", "max_allocations", "max_allocated_bytes"},
    {"alloc:", "allocations", "allocated_bytes"},
    {"dealloc:", "deallocations", "deallocated_bytes"},
    {"grow:", "grows", "grown_bytes"},
    {"shrink:", "shrinks", "shrunk_bytes"},
};

static void table_release(struct table *t)
{
    strlist_release(&t->path);
    strbuf_release(&t->name);
    strbuf_release(&t->details);
    gather_release(&t->gather);
}

/* The byte at which the character number `column` begins, or the end. */
static size_t byte_of(const char *line, size_t column)
{
    size_t at = 0, len = strlen(line);
    while (column-- && at < len)
        at += utf8_sequence(line + at, len - at);
    return at;
}

static size_t characters(const char *text, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

static char *trimmed(const char *text, size_t len)
{
    while (len && strchr(" \t", *text)) {
        text++;
        len--;
    }
    while (len && strchr(" \t", text[len - 1]))
        len--;
    return xstrndup(text, len);
}

/* The cells between the bars; the last may be followed by nothing. */
static void read_cells(const char *text, struct strlist *out)
{
    strlist_clear(out);
    for (;;) {
        const char *bar = strstr(text, BAR);
        strlist_push_owned(out, trimmed(text, bar ? (size_t)(bar - text) : strlen(text)));
        if (!bar)
            return;
        text = bar + sizeof(BAR) - 1;
    }
}

/* "1.6 KB": a number and a unit, which may be missing. */
static bool read_quantity(const char *cell, double *value, char unit[16])
{
    size_t len = 0, unit_len = 0;
    const char *number = text_word(&cell, &len), *word = text_word(&cell, &unit_len);
    if (!number || unit_len >= 16 || !text_number(number, len, value))
        return false;
    memcpy(unit, word ? word : "", unit_len);
    unit[unit_len] = '\0';
    return true;
}

static bool read_time(const char *cell, double *ns)
{
    char unit[16];
    struct time_unit time;
    double value = 0;
    if (!read_quantity(cell, &value, unit) || !time_unit_find(unit, &time))
        return false;
    *ns = time_unit_to_ns(&time, value);
    return true;
}

/* k, M, G, T and Ki, Mi, Gi, Ti in front of `base`; 0 when the unit is another. */
static double prefix_of(const char *unit, const char *base)
{
    static const struct {
        const char *prefix;
        double factor;
    } prefixes[] = {{"", 1},
                    {"K", 1e3},
                    {"M", 1e6},
                    {"G", 1e9},
                    {"T", 1e12},
                    {"P", 1e15},
                    {"Ki", 1024},
                    {"Mi", 1048576.0},
                    {"k", 1e3},
                    {"Gi", 1073741824.0},
                    {"Ti", 1099511627776.0}};
    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
        size_t len = strlen(prefixes[i].prefix);
        if (!strncmp(unit, prefixes[i].prefix, len) && !strcmp(unit + len, base))
            return prefixes[i].factor;
    }
    return 0;
}

static int add_pending(struct table *t, struct error *err)
{
    if (!t->pending)
        return 0;
    t->pending = false;
    t->wall.benchmark = &t->name;
    t->wall.details = t->details.buf;
    t->wall.values = &t->wall_value;
    return gather_add(&t->gather, &t->wall, err);
}

static int flush(struct table *t, const struct measurement_sink *sink, struct parse_report *report,
                 struct error *err)
{
    int rc = add_pending(t, err);
    if (!rc)
        rc = gather_hand_on(&t->gather, sink, report, err);
    strbuf_clear(&t->name);
    t->section = NULL;
    return rc;
}

/* The tree's part of a row: its depth and name; false for a further line of the row above. */
static bool read_branch(const char *tree, size_t *depth, char **name)
{
    const char *at = strstr(tree, BRANCH), *last = strstr(tree, LAST_BRANCH);
    at = !at || (last && last < at) ? last : at;
    if (!at)
        return false;
    *depth = characters(tree, (size_t)(at - tree)) / 3 + 1;
    at += sizeof(BRANCH) - 1;
    *name = trimmed(at, strlen(at));
    return true;
}

static int begin_benchmark(struct table *t, const struct strlist *cells, struct error *err)
{
    double ns[MEAN + 1];
    for (size_t i = FASTEST; i <= MEAN; i++)
        if (i >= cells->count || !read_time(cells->items[i], &ns[i]))
            return error_set(err, ERROR_INPUT, "\"%.64s\" is no time in a row of %d columns",
                             i < cells->count ? cells->items[i] : "", CELLS);
    if (cells->count != CELLS)
        return error_set(err, ERROR_INPUT, "a row of %zu columns, where %d are expected",
                         cells->count, CELLS);
    AUTO_FREE char *path = strlist_join(&t->path, "::");
    strbuf_clear(&t->name);
    strbuf_addstr(&t->name, path);
    strbuf_clear(&t->details);
    strbuf_addf(&t->details, "{\"fastest\":%.17g,\"slowest\":%.17g,\"median\":%.17g", ns[FASTEST],
                ns[SLOWEST], ns[MEDIAN]);
    json_text(&t->details, "samples", cells->items[SAMPLES]);
    json_text(&t->details, "iterations", cells->items[ITERS]);
    strbuf_addch(&t->details, '}');
    t->wall_value = ns[MEAN];
    t->wall = (struct gather_piece){.units = "nanoseconds", .count = 1, .mean_only = true};
    t->pending = true;
    return 0;
}

static int parse_row(struct table *t, size_t depth, const char *name, const struct strlist *cells,
                     struct error *err)
{
    if (depth >= DIVAN_DEPTH_MAX || depth > t->path.count)
        return error_set(err, ERROR_INPUT, "\"%.128s\" has no place in the tree", name);
    while (t->path.count > depth)
        free(t->path.items[--t->path.count]);
    strlist_push(&t->path, name);
    if (!cells->count || !*cells->items[0] || *cells->items[0] == '(')
        return 0;
    return begin_benchmark(t, cells, err);
}

static void set_throughput(struct table *t, double value, const char *unit)
{
    double bytes = prefix_of(unit, "B/s"), items = prefix_of(unit, "item/s"),
           chars = prefix_of(unit, "char/s"), factor = bytes + items + chars;
    if (!t->pending || t->wall.throughput.name || factor <= 0 || t->wall_value <= 0)
        return;
    t->wall.throughput = (struct throughput){
        gather_work(value * factor, t->wall_value),
        bytes > 0   ? "bytes"
        : items > 0 ? "elements"
                    : "characters",
        bytes > 0 ? "binary" : "decimal",
    };
}

/* A line below a benchmark: a rate, the title of a section, or one of its figures. */
static int parse_further(struct table *t, const struct strlist *cells, struct error *err)
{
    double value = 0;
    char unit[16];
    for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
        if (cells->count && !strcmp(cells->items[0], sections[i].title)) {
            t->section = &sections[i];
            return 0;
        }
    if (cells->count <= MEAN || !read_quantity(cells->items[MEAN], &value, unit))
        return 0;
    if (!t->section) {
        set_throughput(t, value, unit);
        return 0;
    }
    double bytes = prefix_of(unit, "B");
    int rc = add_pending(t, err);
    if (rc || (*unit && bytes <= 0))
        return rc;
    value *= *unit ? bytes : 1;
    const struct gather_piece piece = {
        .benchmark = &t->name,
        .metric = *unit ? t->section->bytes : t->section->count,
        .units = *unit ? "bytes" : "allocations",
        .values = &value,
        .count = 1,
        .mean_only = true,
    };
    return gather_add(&t->gather, &piece, err);
}

/* "program  fastest │ slowest │ median │ mean │ samples │ iters" */
static bool read_header(struct table *t, const char *line)
{
    const char *fastest = strstr(line, "fastest ");
    if (!fastest || fastest == line || !strstr(fastest, BAR " slowest ") ||
        !strstr(fastest, BAR " mean ") || !strstr(fastest, BAR " iters"))
        return false;
    strlist_clear(&t->path);
    strlist_push_owned(&t->path, trimmed(line, (size_t)(fastest - line)));
    t->column = characters(line, (size_t)(fastest - line));
    return true;
}

static int parse_line(struct table *t, const char *line, const struct measurement_sink *sink,
                      struct parse_report *report, struct error *err)
{
    if (read_header(t, line))
        return flush(t, sink, report, err);
    if (!t->column)
        return 0;
    /* The names may be cut off at a table's end only: a line without bars and branches ends it. */
    size_t split = byte_of(line, t->column), depth = 0;
    AUTO_FREE char *tree = xstrndup(line, split);
    AUTO_FREE char *name = NULL;
    AUTO_STRLIST struct strlist cells = STRLIST_INIT;
    read_cells(line + split, &cells);
    if (read_branch(tree, &depth, &name)) {
        int rc = flush(t, sink, report, err);
        return rc ? rc : parse_row(t, depth, name, &cells, err);
    }
    if (!strstr(line, BAR))
        t->column = 0;
    else if (t->name.len)
        return parse_further(t, &cells, err);
    return t->column ? 0 : flush(t, sink, report, err);
}

static int divan_parse(struct input *input, const struct measurement_sink *sink,
                       struct parse_report *report, struct error *err)
{
    AUTO_TEXT_LINES struct text_lines lines;
    __attribute__((cleanup(table_release))) struct table t = {
        .name = STRBUF_INIT, .details = STRBUF_INIT, .gather = GATHER_INIT};
    text_lines_init(&lines, input);
    bool more = false;
    int rc = 0;
    while (!rc && !(rc = text_lines_next(&lines, &more, err)) && more) {
        rc = parse_line(&t, lines.line.buf, sink, report, err);
        if (rc)
            (void)text_lines_wrap(&lines, err);
    }
    return rc ? rc : flush(&t, sink, report, err);
}

static bool divan_recognise(const char *head, size_t len)
{
    return memmem(head, len, BAR " slowest ", 12) && memmem(head, len, BAR " iters", 9) &&
           memmem(head, len, "fastest ", 8);
}

const struct parse_format divan_format = {
    .name = "divan",
    .harness = "divan",
    .description = "the table that divan prints",
    .kind = INPUT_FILE,
    .recognise = divan_recognise,
    .parse = divan_parse,
};
