#include "store/results.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "model/commit.h"
#include "store/metadata.h"
#include "store/records.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The columns of one batch, looked up once. */
struct result_cells {
    struct cells id, dut_name, dut_version, dut_timestamp;
    struct cells bed_name, bed_cpu, bed_memory, bed_os, bed_created;
    struct cells name, values, units, metadata, timestamp;
    struct cells summary[7];
    struct cells throughput[3];
};

void stored_result_release(struct stored_result *r)
{
    free(r->id);
    free(r->benchmark_name);
    free(r->units);
    free(r->metadata);
    dut_release(&r->dut);
    test_bed_release(&r->test_bed);
    free(r->values);
    free(r->throughput_name);
    free(r->commit);
    free(r->run);
    free(r->host_session);
    free(r->flags);
    *r = (struct stored_result){0};
}

void stored_results_release(struct stored_results *results)
{
    for (size_t i = 0; i < results->count; i++)
        stored_result_release(&results->items[i]);
    free(results->items);
    *results = (struct stored_results){0};
}

static char *copy_text(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

struct stored_result stored_result_copy(const struct stored_result *r)
{
    struct stored_result copy = *r;
    copy.id = copy_text(r->id);
    copy.benchmark_name = copy_text(r->benchmark_name);
    copy.units = copy_text(r->units);
    copy.metadata = copy_text(r->metadata);
    copy.dut.name = copy_text(r->dut.name);
    copy.dut.version = copy_text(r->dut.version);
    copy.test_bed.name = copy_text(r->test_bed.name);
    copy.test_bed.cpu = copy_text(r->test_bed.cpu);
    copy.test_bed.os = copy_text(r->test_bed.os);
    copy.throughput_name = copy_text(r->throughput_name);
    copy.commit = copy_text(r->commit);
    copy.run = copy_text(r->run);
    copy.host_session = copy_text(r->host_session);
    copy.flags = copy_text(r->flags);
    copy.values = NULL;
    if (r->values) {
        copy.values = xreallocarray(NULL, r->value_count, sizeof(*copy.values));
        memcpy(copy.values, r->values, r->value_count * sizeof(*copy.values));
    }
    return copy;
}

static void look_up(const struct rows *rows, struct result_cells *c)
{
    static const char *const summary[] = {"summary.min",
                                          "summary.q1",
                                          "summary.median",
                                          "summary.q3",
                                          "summary.max",
                                          "summary.mean",
                                          "summary.standard_deviation"};
    static const char *const throughput[] = {"throughput.multiplier", "throughput.name",
                                             "throughput.unit_system"};
    const struct {
        struct cells *cells;
        const char *path;
    } plain[] = {
        {&c->id, "id"},
        {&c->dut_name, "dut.name"},
        {&c->dut_version, "dut.version"},
        {&c->dut_timestamp, "dut.timestamp"},
        {&c->bed_name, "test_bed.name"},
        {&c->bed_cpu, "test_bed.cpu"},
        {&c->bed_memory, "test_bed.memory_gb"},
        {&c->bed_os, "test_bed.os"},
        {&c->bed_created, "test_bed.created_at"},
        {&c->name, "benchmark_name"},
        {&c->values, "values"},
        {&c->units, "units"},
        {&c->metadata, "metadata"},
        {&c->timestamp, "timestamp"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
        *plain[i].cells = rows_column(rows, plain[i].path);
    for (size_t i = 0; i < ARRAY_SIZE(summary); i++)
        c->summary[i] = rows_column(rows, summary[i]);
    for (size_t i = 0; i < ARRAY_SIZE(throughput); i++)
        c->throughput[i] = rows_column(rows, throughput[i]);
}

/* A table of the same name may be something else altogether. */
static int check_columns(const struct rows *rows, const char *table, bool without_values,
                         struct error *err)
{
    static const char *const needed[] = {
        "values",       "id",    "dut.name",       "dut.version", "dut.timestamp",
        "summary.mean", "units", "benchmark_name", "metadata",    "test_bed.name"};
    for (size_t i = without_values; i < ARRAY_SIZE(needed); i++)
        if (!rows_have_column(rows, needed[i]))
            return error_set(err, ERROR_FAILURE,
                             "table %s in %s has another schema: there is no column %s", table,
                             rows->source, needed[i]);
    return 0;
}

static struct summary read_summary(const struct result_cells *c, size_t row)
{
    struct summary s;
    double *const fields[] = {
        &s.min, &s.q1, &s.median, &s.q3, &s.max, &s.mean, &s.standard_deviation};
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        *fields[i] = cell_number(&c->summary[i], row);
    return s;
}

/* Upstream stores what its harness printed: for Criterion the totals of whole samples, beside a
 * summary whose mean alone is per iteration. */
static void normalise(struct stored_result *r, const struct metadata_facts *facts)
{
    if (facts->schema) {
        r->origin = RESULT_OURS;
        return;
    }
    if (facts->iteration_count && facts->iteration_count_len == r->value_count && r->value_count) {
        for (size_t i = 0; i < r->value_count; i++)
            r->values[i] /= facts->iteration_count[i];
        r->origin = RESULT_NORMALISED;
    } else if (facts->has_stats && r->value_count) {
        r->origin = RESULT_NORMALISED;
    } else {
        double mean = r->summary.mean;
        r->values = NULL;
        r->value_count = 0;
        r->summary = summary_unknown();
        r->summary.mean = mean;
        r->origin = RESULT_MEAN_ONLY;
        return;
    }
    r->summary = summary_of(r->values, r->value_count);
}

/* "1.2.3+abcdef0" gives "abcdef0"; a bare id, as upstream writes it without a version, itself. */
static char *commit_of_version(char *version)
{
    if (!version)
        return NULL;
    char *plus = strrchr(version, '+'), *id = plus ? plus + 1 : version;
    size_t len = strspn(id, "0123456789abcdef");
    return len >= COMMIT_SHORT_LEN && !id[len] ? id : NULL;
}

/* What the row at hand is made of, in memory that serves one row after another. */
struct row_room {
    char *texts;
    size_t cap;
    double *values;
    size_t values_cap;
    struct metadata_facts facts;
};

static void row_room_release(struct row_room *room)
{
    free(room->texts);
    free(room->values);
    metadata_facts_release(&room->facts);
}

static void read_values(struct stored_result *r, const struct cells *cells, size_t row,
                        struct row_room *room)
{
    size_t count = 0;
    const double *values = cell_numbers(cells, row, &count);
    if (!count)
        return;
    ARRAY_RESERVE(room->values, room->values_cap, count);
    memcpy(room->values, values, count * sizeof(*values));
    r->values = room->values;
    r->value_count = count;
}

/* {0, "", ""} is what stands for null in a table of version 2.0. */
static void check_throughput(struct stored_result *r)
{
    if (r->throughput_name && *r->throughput_name && !isnan(r->throughput_multiplier))
        return;
    r->throughput_name = NULL;
    r->throughput_multiplier = 0;
}

/* Copies the texts, each with its end. */
static void read_texts(const struct result_cells *c, size_t row, struct stored_result *r,
                       struct row_room *room)
{
    const struct {
        const struct cells *cells;
        char **out;
    } texts[] = {
        {&c->id, &r->id},
        {&c->name, &r->benchmark_name},
        {&c->units, &r->units},
        {&c->metadata, &r->metadata},
        {&c->dut_name, &r->dut.name},
        {&c->dut_version, &r->dut.version},
        {&c->bed_name, &r->test_bed.name},
        {&c->bed_cpu, &r->test_bed.cpu},
        {&c->bed_os, &r->test_bed.os},
        {&c->throughput[1], &r->throughput_name},
    };
    const char *from[ARRAY_SIZE(texts)];
    size_t len[ARRAY_SIZE(texts)], whole = 0;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        from[i] = cell_text(texts[i].cells, row, &len[i]);
        whole += len[i] + 1;
    }
    ARRAY_RESERVE(room->texts, room->cap, whole);
    char *at = room->texts;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        *texts[i].out = from[i] ? at : NULL;
        if (!from[i])
            continue;
        memcpy(at, from[i], len[i]);
        at[len[i]] = '\0';
        at += len[i] + 1;
    }
}

static void read_row(const struct result_cells *c, size_t row, bool without_values,
                     struct row_room *room, struct stored_result *r)
{
    *r = (struct stored_result){
        .dut.timestamp = cell_int(&c->dut_timestamp, row),
        .test_bed.memory_gb = (int32_t)cell_int(&c->bed_memory, row),
        .test_bed.created_at = cell_int(&c->bed_created, row),
        .summary = read_summary(c, row),
        .throughput_multiplier = cell_number(&c->throughput[0], row),
        .timestamp = cell_int(&c->timestamp, row),
    };
    struct metadata_facts *facts = &room->facts;
    read_texts(c, row, r, room);
    metadata_read(r->metadata, r->metadata ? strlen(r->metadata) : 0, facts);
    if (!facts->schema || !without_values)
        read_values(r, &c->values, row, room);
    check_throughput(r);
    r->run = facts->run;
    r->host_session = facts->host_session;
    r->flags = facts->flags;
    r->beyond_limit = facts->beyond_limit;
    r->commit = facts->commit ? facts->commit : commit_of_version(r->dut.version);
    normalise(r, facts);
}

static void add_condition(struct strbuf *filter, const char *column, const char *relation,
                          const char *value)
{
    strbuf_addf(filter, "%s%s %s ", filter->len ? " AND " : "", column, relation);
    escape_sql(filter, value, strlen(value));
}

/* Conditions that the table itself can check; the rest is matches(). */
static void build_filter(const struct result_query *query, struct strbuf *filter)
{
    if (query->benchmark) {
        strbuf_addf(filter, "%sstrpos(benchmark_name, ", filter->len ? " AND " : "");
        escape_sql(filter, query->benchmark, strlen(query->benchmark));
        strbuf_addstr(filter, ") > 0");
    }
    if (query->test_bed)
        add_condition(filter, "test_bed.name", "=", query->test_bed);
    if (query->project)
        add_condition(filter, "dut.name", "=", query->project);
    if (query->commit) {
        /* A version need not name its commit; the metadata of this program's rows does. */
        AUTO_FREE char *quoted = xasprintf("\"commit\":\"%.7s", query->commit);
        AUTO_FREE char *pattern = xasprintf("%%%.7s%%", query->commit);
        strbuf_addf(filter, "%s(strpos(metadata, ", filter->len ? " AND " : "");
        escape_sql(filter, quoted, strlen(quoted));
        strbuf_addstr(filter, ") > 0 OR dut.version LIKE ");
        escape_sql(filter, pattern, strlen(pattern));
        strbuf_addch(filter, ')');
    }
}

static bool same_commit(const char *stored, const char *asked)
{
    if (!stored)
        return false;
    size_t len = strlen(stored) < strlen(asked) ? strlen(stored) : strlen(asked);
    return !strncmp(stored, asked, len);
}

static bool matches(const struct stored_result *r, const struct result_query *query,
                    const struct strlist *invalidated)
{
    if (query->commit && !same_commit(r->commit, query->commit))
        return false;
    if (query->run && (!r->run || strcmp(r->run, query->run)))
        return false;
    if (query->with_invalidated || !r->run || !invalidated->count)
        return true;
    AUTO_FREE char *key = run_key(r->run, r->test_bed.name);
    return !strlist_contains(invalidated, key);
}

static int compare_results(const void *left, const void *right)
{
    const struct stored_result *a = left, *b = right;
    if (a->dut.timestamp != b->dut.timestamp)
        return a->dut.timestamp < b->dut.timestamp ? 1 : -1;
    int order = strcmp(a->benchmark_name ? a->benchmark_name : "",
                       b->benchmark_name ? b->benchmark_name : "");
    if (!order && a->timestamp != b->timestamp)
        order = a->timestamp < b->timestamp ? 1 : -1;
    return order ? order : strcmp(a->id ? a->id : "", b->id ? b->id : "");
}

#define COLUMNS_WITHOUT_VALUES \
    "id\ndut\ntest_bed\nbenchmark_name\nsummary\nunits\nmetadata\ntimestamp"

/* Rows on their way to a visitor. */
struct reading {
    const struct result_query *query;
    const struct strlist *invalidated;
    result_visitor *visit;
    void *context;
};

static int visit_batch(const struct reading *reading, const struct rows *rows, struct error *err)
{
    struct result_cells cells;
    look_up(rows, &cells);
    const struct result_query *query = reading->query;
    bool without_values = query->without_values || query->without_any_values;
    int failed = 0;
    struct row_room room = {0};
    for (size_t i = 0; i < rows->count && !failed; i++) {
        struct stored_result r;
        read_row(&cells, i, without_values, &room, &r);
        if (matches(&r, query, reading->invalidated))
            failed = reading->visit(&r, reading->context, err);
    }
    row_room_release(&room);
    return failed;
}

int results_each(struct database *db, const struct result_query *given, result_visitor *visit,
                 void *context, struct error *err)
{
    AUTO_FREE char *commit = given->commit ? commit_id_lower(given->commit) : NULL;
    struct result_query query = *given;
    query.commit = commit;
    AUTO_STRBUF struct strbuf filter = STRBUF_INIT;
    build_filter(&query, &filter);
    AUTO_STRLIST struct strlist invalidated = STRLIST_INIT;
    int failed = query.with_invalidated ? 0 : runs_invalidated(db, &invalidated, err);
    AUTO_ROWS struct rows rows = {0};
    const char *table = query.table ? query.table : RESULTS_TABLE;
    const char *columns = query.without_any_values ? COLUMNS_WITHOUT_VALUES : NULL;
    if (!failed)
        failed = database_scan(db, table, columns, filter.len ? filter.buf : NULL, &rows, err);
    if (!failed)
        failed = check_columns(&rows, table, query.without_any_values, err);
    const struct reading reading = {&query, &invalidated, visit, context};
    int got = failed;
    while (!failed && (got = rows_next(&rows, err)) > 0)
        failed = visit_batch(&reading, &rows, err);
    return failed ? failed : got;
}

static int keep(const struct stored_result *result, void *context, struct error *err)
{
    (void)err;
    struct stored_results *found = context;
    ARRAY_RESERVE(found->items, found->cap, found->count + 1);
    found->items[found->count++] = stored_result_copy(result);
    return 0;
}

int results_read(struct database *db, const struct result_query *query, struct stored_results *out,
                 struct error *err)
{
    AUTO_STORED_RESULTS struct stored_results found = {0};
    int failed = results_each(db, query, keep, &found, err);
    if (failed)
        return failed;
    if (found.count)
        qsort(found.items, found.count, sizeof(*found.items), compare_results);
    *out = found;
    found = (struct stored_results){0};
    return 0;
}
