#include "store/results.h"

#include "base/alloc.h"

#include <math.h>
#include <string.h>

/* A batch is handed over when it has this many rows or bytes: enough for the file format to work
 * with, little enough to keep a publishing of any size in bounded memory. */
enum { BATCH_ROWS = 512, BATCH_BYTES = 16 << 20 };

#define INT32(n)                        \
    {                                   \
        .name = n, .kind = COLUMN_INT32 \
    }
#define NUMBER(n)                         \
    {                                     \
        .name = n, .kind = COLUMN_FLOAT64 \
    }
#define STRUCT(n, c)                                                                  \
    {                                                                                 \
        .name = n, .kind = COLUMN_STRUCT, .children = c, .child_count = ARRAY_SIZE(c) \
    }

static const struct column_spec dut_columns[] = {TEXT_COLUMN("name"), TEXT_COLUMN("version"),
                                                 INT64_COLUMN("timestamp")};
static const struct column_spec test_bed_columns[] = {
    TEXT_COLUMN("name"), TEXT_COLUMN("cpu"),         INT32("memory_gb"),
    TEXT_COLUMN("os"),   INT64_COLUMN("created_at"),
};
static const struct column_spec summary_columns[] = {
    NUMBER("min"),
    NUMBER("q1"),
    NUMBER("median"),
    NUMBER("q3"),
    NUMBER("max"),
    NUMBER("mean"),
    NUMBER("standard_deviation"),
};
static const struct column_spec throughput_columns[] = {
    NUMBER("multiplier"),
    TEXT_COLUMN("name"),
    TEXT_COLUMN("unit_system"),
};

enum {
    ID,
    DUT,
    TEST_BED,
    BENCHMARK_NAME,
    VALUES,
    SUMMARY,
    UNITS,
    THROUGHPUT,
    METADATA,
    TIMESTAMP,
};

/* Upstream's schema, column for column. */
static const struct column_spec result_columns[] = {
    [ID] = TEXT_COLUMN("id"),
    [DUT] = STRUCT("dut", dut_columns),
    [TEST_BED] = STRUCT("test_bed", test_bed_columns),
    [BENCHMARK_NAME] = TEXT_COLUMN("benchmark_name"),
    [VALUES] = {.name = "values", .kind = COLUMN_FLOAT64_LIST},
    [SUMMARY] = STRUCT("summary", summary_columns),
    [UNITS] = TEXT_COLUMN("units"),
    [THROUGHPUT] = STRUCT("throughput", throughput_columns),
    [METADATA] = TEXT_COLUMN("metadata"),
    [TIMESTAMP] = INT64_COLUMN("timestamp"),
};

struct result_writer {
    struct table_writer *table;
    struct column *columns;
    /* Where a struct cannot be null, "no throughput" is written as {0, "", ""}, which reading takes
     * for null. */
    bool null_structs;
};

int result_writer_open(struct database *db, const char *table, struct result_writer **out,
                       struct error *err)
{
    const struct table_spec spec = {table, result_columns, ARRAY_SIZE(result_columns)};
    struct table_writer *rows = NULL;
    int failed = table_writer_open(db, &spec, LANCE_KEEP, &rows, err);
    if (failed)
        return failed;
    struct result_writer *writer = xcalloc(1, sizeof(*writer));
    writer->table = rows;
    writer->columns = columns_new(result_columns, ARRAY_SIZE(result_columns));
    writer->null_structs = table_writer_nulls_structs(rows);
    *out = writer;
    return 0;
}

static void add_dut(struct column *c, const struct dut *dut)
{
    column_add_text(&c->children[0], dut->name);
    column_add_text(&c->children[1], dut->version);
    column_add_int(&c->children[2], dut->timestamp);
    column_end_row(c);
}

/* Both are 0 where a machine of the past is not known. */
static void add_known_int(struct column *c, int64_t value)
{
    if (value)
        column_add_int(c, value);
    else
        column_add_null(c);
}

static void add_test_bed(struct column *c, const struct test_bed *bed)
{
    column_add_text(&c->children[0], bed->name);
    column_add_text(&c->children[1], bed->cpu);
    add_known_int(&c->children[2], bed->memory_gb);
    column_add_text(&c->children[3], bed->os);
    add_known_int(&c->children[4], bed->created_at);
    column_end_row(c);
}

static void add_summary(struct column *c, const struct summary *s)
{
    const double numbers[] = {
        s->min, s->q1, s->median, s->q3, s->max, s->mean, s->standard_deviation};
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        column_add_number(&c->children[i], numbers[i]);
    column_end_row(c);
}

static void add_throughput(struct column *c, const struct throughput *t, bool null_structs)
{
    if (!t->name && null_structs) {
        column_add_null(c);
        return;
    }
    column_add_number(&c->children[0], t->name ? t->multiplier : 0);
    column_add_text(&c->children[1], t->name ? t->name : "");
    column_add_text(&c->children[2], t->name ? t->unit_system : "");
    column_end_row(c);
}

int result_writer_add(struct result_writer *writer, const struct result *result, struct error *err)
{
    struct column *c = writer->columns->children;
    column_add_text(&c[ID], result->id);
    add_dut(&c[DUT], result->dut);
    add_test_bed(&c[TEST_BED], result->test_bed);
    column_add_text(&c[BENCHMARK_NAME], result->benchmark_name);
    column_add_numbers(&c[VALUES], result->values, result->value_count);
    add_summary(&c[SUMMARY], &result->summary);
    column_add_text(&c[UNITS], result->units);
    add_throughput(&c[THROUGHPUT], &result->throughput, writer->null_structs);
    column_add_text(&c[METADATA], result->metadata);
    column_add_int(&c[TIMESTAMP], result->timestamp);
    column_end_row(writer->columns);
    if (writer->columns->length < BATCH_ROWS && columns_bytes(writer->columns) < BATCH_BYTES)
        return 0;
    return table_writer_push(writer->table, writer->columns, err);
}

static void writer_free(struct result_writer *writer)
{
    columns_free(writer->columns);
    free(writer);
}

int result_writer_finish(struct result_writer *writer, struct lance_merge_result *out,
                         struct error *err)
{
    int failed = table_writer_push(writer->table, writer->columns, err);
    if (failed)
        table_writer_abort(writer->table);
    else
        failed = table_writer_finish(writer->table, out, err);
    writer_free(writer);
    return failed;
}

void result_writer_abort(struct result_writer *writer)
{
    if (!writer)
        return;
    table_writer_abort(writer->table);
    writer_free(writer);
}
