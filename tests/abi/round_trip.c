/*
 * The store from C through lance_store.h alone: make a table, write, replace, abort, scan, query,
 * compact, close; and every status that can be had without another machine. Run under valgrind.
 *
 *     round_trip FOLDER
 */
#include "lance_store.h"
#include "native.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                    \
    do {                                                                                    \
        if (!(condition)) {                                                                 \
            fprintf(stderr, "line %d: %s does not hold (%s)\n", __LINE__, #condition, err); \
            exit(1);                                                                        \
        }                                                                                   \
    } while (0)

static char err[512];

static void *must(void *ptr)
{
    if (!ptr)
        abort();
    return ptr;
}

static void release_schema(struct ArrowSchema *schema)
{
    int64_t i;
    for (i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release)
            schema->children[i]->release(schema->children[i]);
        free(schema->children[i]);
    }
    free(schema->children);
    schema->release = NULL;
}

static struct ArrowSchema field(const char *name, const char *format, int64_t children)
{
    int64_t i;
    struct ArrowSchema schema = {0};
    schema.name = name;
    schema.format = format;
    schema.flags = ARROW_FLAG_NULLABLE;
    schema.n_children = children;
    schema.release = release_schema;
    if (children)
        schema.children = must(calloc((size_t)children, sizeof(*schema.children)));
    for (i = 0; i < children; i++)
        schema.children[i] = must(calloc(1, sizeof(**schema.children)));
    return schema;
}

/* struct<id: utf8, <number>: float64> */
static struct ArrowSchema table_schema(const char *number)
{
    struct ArrowSchema schema = field("", "+s", 2);
    *schema.children[0] = field("id", "u", 0);
    *schema.children[1] = field(number, "g", 0);
    return schema;
}

static void release_array(struct ArrowArray *array)
{
    int64_t i;
    for (i = 0; i < array->n_children; i++) {
        if (array->children[i]->release)
            array->children[i]->release(array->children[i]);
        free(array->children[i]);
    }
    free(array->children);
    for (i = 0; i < array->n_buffers; i++)
        free((void *)(uintptr_t)array->buffers[i]);
    free((void *)(uintptr_t)array->buffers);
    array->release = NULL;
}

static struct ArrowArray array_of(int64_t length, int64_t buffers, int64_t children)
{
    int64_t i;
    struct ArrowArray array = {0};
    array.length = length;
    array.n_buffers = buffers;
    array.n_children = children;
    array.buffers = must(calloc((size_t)buffers, sizeof(*array.buffers)));
    array.release = release_array;
    if (children)
        array.children = must(calloc((size_t)children, sizeof(*array.children)));
    for (i = 0; i < children; i++)
        array.children[i] = must(calloc(1, sizeof(**array.children)));
    return array;
}

/* `count` rows with ids "<first>", "<first + 1>"… and the number `value` in each; the last one's id
 * is null where `null_id` says so. */
static struct ArrowArray rows(int first, int count, double value, int null_id)
{
    int i;
    struct ArrowArray batch = array_of(count, 1, 2);
    int32_t *offsets = must(calloc((size_t)count + 1, sizeof(*offsets)));
    char *text = must(calloc((size_t)count, 16));
    double *numbers = must(calloc((size_t)count, sizeof(*numbers)));
    unsigned char *valid = must(calloc((size_t)count / 8 + 1, 1));
    for (i = 0; i < count; i++) {
        int len = snprintf(text + offsets[i], 16, "%d", first + i);
        offsets[i + 1] = offsets[i] + len;
        numbers[i] = value;
        if (!null_id || i + 1 < count)
            valid[i / 8] = (unsigned char)(valid[i / 8] | 1u << i % 8);
    }
    *batch.children[0] = array_of(count, 3, 0);
    batch.children[0]->null_count = null_id ? 1 : 0;
    batch.children[0]->buffers[0] = valid;
    batch.children[0]->buffers[1] = offsets;
    batch.children[0]->buffers[2] = text;
    *batch.children[1] = array_of(count, 2, 0);
    batch.children[1]->buffers[1] = numbers;
    return batch;
}

static int32_t open_writer(struct lance_store *store, const char *number, const char *key,
                           int32_t mode, struct lance_writer **out)
{
    struct ArrowSchema schema = table_schema(number);
    return lance_writer_open(store, "t", &schema, key, mode, out, err, sizeof(err));
}

static struct lance_merge_result write_rows(struct lance_store *store, int first, int count,
                                            double value, int32_t mode)
{
    struct lance_writer *writer = NULL;
    struct lance_merge_result merged = {0, 0, 0};
    int at;
    CHECK(open_writer(store, "x", "id", mode, &writer) == LANCE_OK);
    for (at = 0; at < count; at += 100) {
        struct ArrowArray batch = rows(first + at, count - at < 100 ? count - at : 100, value, 0);
        CHECK(lance_writer_push(writer, &batch, err, sizeof(err)) == LANCE_OK);
    }
    CHECK(lance_writer_finish(writer, &merged, err, sizeof(err)) == LANCE_OK);
    return merged;
}

/* Reads a stream of (id, number) to its end: rows and the sum of the numbers. */
static int64_t read_stream(struct ArrowArrayStream *stream, double *sum)
{
    int64_t count = 0, i;
    struct ArrowSchema schema;
    CHECK(stream->get_schema(stream, &schema) == 0);
    CHECK(!strcmp(schema.format, "+s") && schema.n_children == 2);
    CHECK(!strcmp(schema.children[1]->format, "g"));
    schema.release(&schema);
    *sum = 0;
    for (;;) {
        struct ArrowArray batch;
        const double *numbers;
        CHECK(stream->get_next(stream, &batch) == 0);
        if (!batch.release)
            break;
        numbers = (const double *)batch.children[1]->buffers[1] + batch.children[1]->offset;
        for (i = 0; i < batch.length; i++)
            *sum += numbers[i];
        count += batch.length;
        batch.release(&batch);
    }
    stream->release(stream);
    return count;
}

static int64_t scan(struct lance_store *store, const char *filter, double *sum)
{
    struct ArrowArrayStream stream;
    CHECK(lance_store_scan(store, "t", "id\nx", filter, &stream, err, sizeof(err)) == LANCE_OK);
    return read_stream(&stream, sum);
}

static void write_and_read(struct lance_store *store)
{
    struct lance_merge_result merged, again;
    struct ArrowArrayStream stream;
    struct lance_writer *writer = NULL;
    char version[8];
    double sum = 0;
    CHECK(open_writer(store, "x", "id", LANCE_KEEP, &writer) == LANCE_OK);
    lance_writer_storage_version(writer, version);
    CHECK(!strcmp(version, "2.1"));
    lance_writer_abort(writer);
    merged = write_rows(store, 0, 250, 2.0, LANCE_KEEP);
    CHECK(merged.inserted == 250 && merged.updated == 0);
    again = write_rows(store, 0, 250, 3.0, LANCE_KEEP);
    CHECK(again.inserted == 0 && again.version == merged.version);
    again = write_rows(store, 200, 100, 3.0, LANCE_KEEP);
    CHECK(again.inserted == 50 && again.version == merged.version + 1);
    CHECK(scan(store, NULL, &sum) == 300 && sum == 250 * 2.0 + 50 * 3.0);
    merged = write_rows(store, 0, 10, 5.0, LANCE_REPLACE);
    CHECK(merged.updated == 10 && merged.inserted == 0);
    CHECK(scan(store, "id = '7'", &sum) == 1 && sum == 5.0);
    CHECK(scan(store, "x > 100", &sum) == 0);
    CHECK(lance_store_sql(store, "SELECT id, x FROM t WHERE x = 5 ORDER BY id", true, &stream, err,
                          sizeof(err)) == LANCE_OK);
    CHECK(read_stream(&stream, &sum) == 10 && sum == 50.0);
    /* A stream that nobody reads is still the caller's to release. */
    CHECK(lance_store_scan(store, "t", NULL, NULL, &stream, err, sizeof(err)) == LANCE_OK);
    stream.release(&stream);
}

static void abort_and_refuse(struct lance_store *store)
{
    struct lance_writer *writer = NULL;
    struct lance_merge_result merged;
    struct ArrowArray batch;
    double sum = 0;
    CHECK(open_writer(store, "x", "id", LANCE_KEEP, &writer) == LANCE_OK);
    batch = rows(1000, 50, 1.0, 0);
    CHECK(lance_writer_push(writer, &batch, err, sizeof(err)) == LANCE_OK);
    lance_writer_abort(writer);
    lance_writer_abort(NULL);
    CHECK(scan(store, NULL, &sum) == 300);
    CHECK(open_writer(store, "x", "id", LANCE_KEEP, &writer) == LANCE_OK);
    batch = rows(2000, 5, 1.0, 1);
    CHECK(lance_writer_push(writer, &batch, err, sizeof(err)) == LANCE_INVALID);
    lance_writer_abort(writer);
    CHECK(open_writer(store, "x", "id", LANCE_KEEP, &writer) == LANCE_OK);
    CHECK(lance_writer_finish(writer, &merged, err, sizeof(err)) == LANCE_OK &&
          merged.inserted == 0);
    CHECK(open_writer(store, "x", "nokey", LANCE_KEEP, &writer) == LANCE_SCHEMA);
    CHECK(open_writer(store, "y", "id", LANCE_KEEP, &writer) == LANCE_SCHEMA);
    CHECK(strstr(err, "column y") || strstr(err, "where y belongs"));
}

static int32_t rewrite(struct lance_store *store, uint64_t version, int first, int count,
                       struct lance_merge_result *merged)
{
    struct lance_writer *writer = NULL;
    CHECK(open_writer(store, "x", "id", LANCE_REWRITE, &writer) == LANCE_OK);
    lance_writer_expect(writer, version);
    if (count) {
        struct ArrowArray batch = rows(first, count, 1.0, 0);
        CHECK(lance_writer_push(writer, &batch, err, sizeof(err)) == LANCE_OK);
    }
    return lance_writer_finish(writer, merged, err, sizeof(err));
}

/* All rows at once, on top of one version only. */
static void rewrite_rows(const char *uri)
{
    struct lance_store *store = NULL;
    struct lance_writer *first = NULL, *second = NULL;
    struct lance_merge_result merged = {0, 0, 0};
    struct lance_table_info info;
    struct ArrowArray batch;
    double sum = 0;
    CHECK(lance_store_open(uri, &store, err, sizeof(err)) == LANCE_OK);
    CHECK(rewrite(store, 1, 0, 5, &merged) == LANCE_OK && merged.version == 2 &&
          merged.inserted == 5);
    CHECK(scan(store, NULL, &sum) == 5);
    CHECK(rewrite(store, 1, 50, 9, &merged) == LANCE_CONFLICT);
    CHECK(rewrite(store, 3, 50, 9, &merged) == LANCE_CONFLICT);
    CHECK(scan(store, NULL, &sum) == 5 && scan(store, "id = '50'", &sum) == 0);
    CHECK(rewrite(store, 2, 3, 4, &merged) == LANCE_OK && merged.version == 3);
    CHECK(scan(store, NULL, &sum) == 4 && scan(store, "id = '0'", &sum) == 0);
    /* Two that have both seen version 3. */
    CHECK(open_writer(store, "x", "id", LANCE_REWRITE, &first) == LANCE_OK);
    CHECK(open_writer(store, "x", "id", LANCE_REWRITE, &second) == LANCE_OK);
    batch = rows(100, 2, 1.0, 0);
    CHECK(lance_writer_push(first, &batch, err, sizeof(err)) == LANCE_OK);
    batch = rows(200, 3, 1.0, 0);
    CHECK(lance_writer_push(second, &batch, err, sizeof(err)) == LANCE_OK);
    CHECK(lance_writer_finish(second, &merged, err, sizeof(err)) == LANCE_OK);
    CHECK(lance_writer_finish(first, &merged, err, sizeof(err)) == LANCE_CONFLICT);
    CHECK(scan(store, NULL, &sum) == 3 && scan(store, "id = '200'", &sum) == 1);
    CHECK(rewrite(store, 4, 0, 0, &merged) == LANCE_OK && merged.version == 5);
    CHECK(scan(store, NULL, &sum) == 0);
    CHECK(rewrite(store, 5, 0, 1, &merged) == LANCE_OK && scan(store, NULL, &sum) == 1);
    CHECK(lance_store_table_info(store, "t", &info, err, sizeof(err)) == LANCE_OK);
    CHECK(info.rows == 1 && info.fragments == 1 && info.version == 6);
    lance_store_close(store);
}

static void statuses(struct lance_store *store)
{
    struct ArrowArrayStream stream;
    struct lance_table_info info;
    struct lance_store *other = NULL;
    char one[1] = {'x'};
    CHECK(lance_store_scan(store, "absent", NULL, NULL, &stream, err, sizeof(err)) ==
          LANCE_NOT_FOUND);
    CHECK(lance_store_table_info(store, "absent", &info, err, sizeof(err)) == LANCE_NOT_FOUND);
    CHECK(lance_store_scan(store, "t", NULL, "no such column = 1", &stream, err, sizeof(err)) ==
          LANCE_INVALID);
    CHECK(lance_store_sql(store, "DROP TABLE t", true, &stream, err, sizeof(err)) == LANCE_INVALID);
    CHECK(lance_store_sql(store, "SELEC 1", true, &stream, one, sizeof(one)) == LANCE_INVALID &&
          one[0] == '\0');
    CHECK(lance_store_sql(store, "SELEC 1", true, &stream, NULL, 0) == LANCE_INVALID);
    CHECK(lance_store_sql(store, "\xff", true, &stream, err, sizeof(err)) == LANCE_INVALID);
    CHECK(lance_store_sql(store, NULL, true, &stream, err, sizeof(err)) == LANCE_INVALID);
    CHECK(lance_store_open("ftp://x", &other, err, sizeof(err)) == LANCE_INVALID && !other);
    CHECK(lance_store_open("", &other, err, sizeof(err)) == LANCE_INVALID && !other);
    lance_store_close(NULL);
}

static void maintain(struct lance_store *store)
{
    struct lance_table_info info;
    struct ArrowArrayStream stream;
    uint64_t freed = 0;
    char *names = NULL;
    size_t len = 0;
    double sum = 0;
    FILE *file = must(tmpfile());
    CHECK(lance_store_table_info(store, "t", &info, err, sizeof(err)) == LANCE_OK);
    CHECK(info.rows == 300 && !strcmp(info.storage_version, "2.1") && !info.has_index &&
          info.fragments > 1);
    CHECK(lance_store_compact(store, "t", 0, &freed, err, sizeof(err)) == LANCE_OK);
    CHECK(lance_store_table_info(store, "t", &info, err, sizeof(err)) == LANCE_OK);
    CHECK(info.rows == 300 && info.fragments == 1);
    CHECK(scan(store, NULL, &sum) == 300);
    CHECK(lance_store_tables(store, &names, &len, err, sizeof(err)) == LANCE_OK);
    CHECK(len == 2 && !strcmp(names, "t\n"));
    native_free(names, len);
    native_free(NULL, 0);
    CHECK(lance_store_scan(store, "t", NULL, NULL, &stream, err, sizeof(err)) == LANCE_OK);
    CHECK(lance_write_arrow(&stream, fileno(file), err, sizeof(err)) == LANCE_OK);
    CHECK(lance_store_scan(store, "t", NULL, NULL, &stream, err, sizeof(err)) == LANCE_OK);
    CHECK(lance_write_parquet(&stream, fileno(file), err, sizeof(err)) == LANCE_OK);
    CHECK(fseek(file, 0, SEEK_END) == 0 && ftell(file) > 1000);
    fclose(file);
}

int main(int argc, char **argv)
{
    struct lance_store *store = NULL;
    char other[4096];
    if (argc != 2)
        return 2;
    CHECK(lance_store_open(argv[1], &store, err, sizeof(err)) == LANCE_OK);
    write_and_read(store);
    abort_and_refuse(store);
    statuses(store);
    maintain(store);
    lance_store_close(store);
    snprintf(other, sizeof(other), "%s/rewritten", argv[1]);
    rewrite_rows(other);
    puts("fine");
    return 0;
}
