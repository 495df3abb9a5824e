#include "parse/asv.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/strlist.h"
#include "parse/gather.h"
#include "parse/json_member.h"
#include "parse/json_outline.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* One benchmark with all of its combinations. */
struct row {
    struct strbuf name;
    struct double_list results, numbers;
    struct double_list *samples; /* of each combination */
    size_t sample_count, sample_cap;
    struct strlist *parameters; /* the values of each parameter */
    size_t parameter_count;
};

struct asv_file {
    struct strlist columns;
    struct row row;
    struct gather gather;
};

static void row_clear(struct row *row)
{
    strbuf_clear(&row->name);
    row->results.count = row->numbers.count = row->sample_count = 0;
    for (size_t i = 0; i < row->parameter_count; i++)
        strlist_release(&row->parameters[i]);
    row->parameter_count = 0;
}

static void asv_file_release(struct asv_file *file)
{
    struct row *row = &file->row;
    row_clear(row);
    strbuf_release(&row->name);
    for (size_t i = 0; i < row->sample_cap; i++)
        free(row->samples[i].items);
    free(row->samples);
    free(row->results.items);
    free(row->numbers.items);
    free(row->parameters);
    strlist_release(&file->columns);
    gather_release(&file->gather);
}

static int read_parameters(struct json_reader *r, struct row *row, struct error *err)
{
    bool more = false, values = false, is_null = false;
    int rc = json_try_null(r, &is_null, err);
    if (rc || is_null)
        return rc;
    rc = json_enter(r, JSON_ARRAY_BEGIN, err);
    while (!rc && !(rc = json_next_item(r, &more, err)) && more) {
        if (row->parameter_count == ASV_PARAMETERS_MAX)
            return json_fail(r, err, "more than %d parameters", ASV_PARAMETERS_MAX);
        struct strlist *list = &row->parameters[row->parameter_count++];
        *list = (struct strlist)STRLIST_INIT;
        rc = json_enter(r, JSON_ARRAY_BEGIN, err);
        while (!rc && !(rc = json_next_item(r, &values, err)) && values) {
            rc = json_read_string(r, err);
            if (!rc)
                strlist_push(list, r->text.buf);
        }
    }
    return rc;
}

/* A list of samples, or null, for each combination. */
static int read_samples(struct json_reader *r, struct row *row, struct error *err)
{
    bool more = false, is_null = false;
    row->sample_count = 0;
    int rc = json_try_null(r, &is_null, err);
    if (rc || is_null)
        return rc;
    rc = json_enter(r, JSON_ARRAY_BEGIN, err);
    while (!rc && !(rc = json_next_item(r, &more, err)) && more) {
        size_t before = row->sample_cap;
        if (row->sample_count == JSON_LIST_MAX)
            return json_fail(r, err, "more than %zu combinations", JSON_LIST_MAX);
        ARRAY_RESERVE(row->samples, row->sample_cap, row->sample_count + 1);
        memset(row->samples + before, 0, (row->sample_cap - before) * sizeof(*row->samples));
        rc = json_read_figures(r, &row->samples[row->sample_count++], err);
    }
    return rc;
}

static int read_column(struct json_reader *r, const char *column, struct row *row,
                       struct error *err)
{
    if (!strcmp(column, "result"))
        return json_read_figures(r, &row->results, err);
    if (!strcmp(column, "params"))
        return read_parameters(r, row, err);
    if (!strcmp(column, "samples"))
        return read_samples(r, row, err);
    if (!strcmp(column, "stats_number") || !strcmp(column, "number"))
        return json_read_figures(r, &row->numbers, err);
    return json_skip(r, err);
}

/* "module.time_sum(10, 'a')": the last parameter changes first. */
static void combination_name(const struct row *row, size_t combination, struct strbuf *out)
{
    size_t at[ASV_PARAMETERS_MAX] = {0};
    for (size_t i = row->parameter_count; i-- > 0;) {
        size_t count = row->parameters[i].count;
        at[i] = count ? combination % count : 0;
        combination /= count ? count : 1;
    }
    strbuf_clear(out);
    strbuf_add(out, row->name.buf, row->name.len);
    for (size_t i = 0; i < row->parameter_count; i++)
        strbuf_addf(out, "%s%s", i ? ", " : "(",
                    row->parameters[i].count ? row->parameters[i].items[at[i]] : "");
    if (row->parameter_count)
        strbuf_addch(out, ')');
}

static size_t combinations(const struct row *row)
{
    size_t count = 1;
    for (size_t i = 0; i < row->parameter_count; i++)
        if (__builtin_mul_overflow(count, row->parameters[i].count, &count))
            return SIZE_MAX;
    return count;
}

struct kind {
    const char *prefix, *metric, *units;
    double factor;
};

static struct kind find_kind(const char *name)
{
    static const struct kind kinds[] = {
        {"time_", NULL, "nanoseconds", 1e9},
        {"timeraw_", NULL, "nanoseconds", 1e9},
        {"peakmem_", "peak_memory", "bytes", 1},
        {"mem_", "memory", "bytes", 1},
    };
    const char *dot = strrchr(name, '.');
    const char *function = dot ? dot + 1 : name;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (!strncmp(function, kinds[i].prefix, strlen(kinds[i].prefix)))
            return kinds[i];
    return (struct kind){"", "value", "number", 1};
}

/* Samples that are numbers, in the stored unit. */
static size_t keep_numbers(struct double_list *samples, double factor)
{
    size_t kept = 0;
    for (size_t i = 0; i < samples->count; i++)
        if (!isnan(samples->items[i]))
            samples->items[kept++] = samples->items[i] * factor;
    return kept;
}

static int keep_combination(struct asv_file *file, size_t i, struct error *err)
{
    struct row *row = &file->row;
    AUTO_STRBUF struct strbuf name = STRBUF_INIT;
    const struct kind kind = find_kind(row->name.buf);
    combination_name(row, i, &name);
    double result = row->results.items[i] * kind.factor;
    size_t count = i < row->sample_count ? keep_numbers(&row->samples[i], kind.factor) : 0;
    double number = i < row->numbers.count ? row->numbers.items[i] : NAN;
    AUTO_FREE uint64_t *iterations = NULL;
    if (count && number >= 1 && number < 1e15)
        iterations = xcalloc(count, sizeof(*iterations));
    for (size_t k = 0; iterations && k < count; k++)
        iterations[k] = (uint64_t)number;
    const struct gather_piece piece = {
        .benchmark = &name,
        .metric = kind.metric,
        .units = kind.units,
        .values = count ? row->samples[i].items : &result,
        .count = count ? count : 1,
        .iterations = iterations,
        .mean_only = !count,
    };
    return gather_add(&file->gather, &piece, err);
}

static int keep_row(struct asv_file *file, const struct measurement_sink *sink,
                    struct parse_report *report, struct error *err)
{
    struct row *row = &file->row;
    size_t kept = 0;
    int rc = 0;
    if (row->results.count > combinations(row))
        return error_set(err, ERROR_INPUT,
                         "benchmark %.128s: %zu results for %zu combinations of parameters",
                         row->name.buf, row->results.count, combinations(row));
    for (size_t i = 0; !rc && i < row->results.count; i++) {
        if (isnan(row->results.items[i]))
            continue;
        rc = keep_combination(file, i, err);
        kept++;
    }
    if (!rc && !kept) {
        log_warning("No data found for benchmark %s, skipping (it failed or was skipped)",
                    row->name.buf);
        report->without_data++;
    }
    return rc ? rc : gather_hand_on(&file->gather, sink, report, err);
}

static int parse_results(struct json_reader *r, struct asv_file *file,
                         const struct measurement_sink *sink, struct parse_report *report,
                         struct error *err)
{
    bool rows = false, more = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &rows, err)) && rows) {
        row_clear(&file->row);
        strbuf_add(&file->row.name, r->text.buf, r->text.len);
        rc = json_enter(r, JSON_ARRAY_BEGIN, err);
        for (size_t i = 0; !rc && !(rc = json_next_item(r, &more, err)) && more; i++)
            rc = i < file->columns.count ? read_column(r, file->columns.items[i], &file->row, err)
                                         : json_skip(r, err);
        if (!rc)
            rc = keep_row(file, sink, report, err);
    }
    return rc;
}

static int read_columns(struct json_reader *r, struct strlist *out, struct error *err)
{
    bool more = false;
    strlist_clear(out);
    int rc = json_enter(r, JSON_ARRAY_BEGIN, err);
    while (!rc && !(rc = json_next_item(r, &more, err)) && more) {
        if (out->count == ASV_COLUMNS_MAX)
            return json_fail(r, err, "more than %d columns", ASV_COLUMNS_MAX);
        rc = json_read_string(r, err);
        if (!rc)
            strlist_push(out, r->text.buf);
    }
    return rc;
}

static int check_version(struct json_reader *r, struct error *err)
{
    uint64_t version = 0;
    int rc = json_read_u64(r, &version, err);
    return rc || version == 2
               ? rc
               : json_fail(r, err, "results of asv in version %" PRIu64 "; this program reads 2",
                           version);
}

/* The first pass, without a sink, reads the columns and the version, wherever they stand. */
static int pass(struct input *input, struct asv_file *file, const struct measurement_sink *sink,
                struct parse_report *report, struct error *err)
{
    AUTO_JSON_READER struct json_reader r;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    bool more = false;
    int rc = json_enter(&r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(&r, &more, err)) && more) {
        if (!sink && json_text_is(&r, "result_columns"))
            rc = read_columns(&r, &file->columns, err);
        else if (!sink && json_text_is(&r, "version"))
            rc = check_version(&r, err);
        else if (sink && json_text_is(&r, "results"))
            rc = parse_results(&r, file, sink, report, err);
        else
            rc = json_skip(&r, err);
    }
    return rc ? rc : json_finish(&r, err);
}

static int asv_parse(struct input *input, const struct measurement_sink *sink,
                     struct parse_report *report, struct error *err)
{
    __attribute__((cleanup(asv_file_release))) struct asv_file file = {
        .row = {.name = STRBUF_INIT,
                .parameters = xcalloc(ASV_PARAMETERS_MAX, sizeof(struct strlist))}};
    int rc = pass(input, &file, NULL, NULL, err);
    if (!rc && !strlist_contains(&file.columns, "result"))
        rc = error_set(err, ERROR_INPUT, "no \"result\" among its result_columns");
    if (!rc)
        rc = input_rewind(input, err);
    return rc ? rc : pass(input, &file, sink, report, err);
}

static bool asv_recognise(const char *head, size_t len)
{
    static const char *const paths[] = {"commit_hash", "result_columns", NULL};
    return json_head_has(head, len, paths);
}

const struct parse_format asv_format = {
    .name = "asv",
    .harness = "asv",
    .description = "asv's results",
    .kind = INPUT_FILE,
    .recognise = asv_recognise,
    .parse = asv_parse,
};
