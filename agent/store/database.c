#include "store/database.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "native.h"
#include "store/database_uri.h"

#include <string.h>

enum { COMPACT_ATTEMPTS = 10 };

struct database {
    struct lance_store *store;
    char *uri;
};

struct table_writer {
    struct lance_writer *writer;
    const struct database *db;
};

/* The reason of one call into the core. */
struct reason {
    char text[1024];
};

/* People search for upstream's words when the database does not answer, so they are kept. */
static int translate(int32_t status, const struct reason *reason, const struct database *db,
                     const char *what, struct error *err)
{
    switch (status) {
    case LANCE_OK:
        return 0;
    case LANCE_NOT_FOUND:
        return error_set(err, ERROR_NOT_FOUND, "%s: %s in %s", what, reason->text, db->uri);
    case LANCE_UNREACHABLE:
        return error_set(err, ERROR_UNREACHABLE, "Database connection failed: %s (%s): %s", what,
                         db->uri, reason->text);
    case LANCE_CONFLICT:
        return error_set(err, ERROR_CONFLICT, "%s: %s", what, reason->text);
    case LANCE_UNSUPPORTED:
        return error_set(err, ERROR_FAILURE,
                         "%s: %s was written by a newer Lance than this program knows: %s", what,
                         db->uri, reason->text);
    case LANCE_INVALID:
        return error_set(err, ERROR_USAGE, "%s: %s", what, reason->text);
    default:
        return error_set(err, ERROR_FAILURE, "%s (%s): %s", what, db->uri, reason->text);
    }
}

int database_open(const char *uri, struct database **out, struct error *err)
{
    struct reason reason = {""};
    struct lance_store *store = NULL;
    int wrong = database_uri_check(uri, err);
    if (wrong)
        return wrong;
    /* The core would take what stands before the colon of a relative folder for a scheme. */
    const char *colon = uri + strcspn(uri, ":/");
    bool relative = *colon == ':' && strncmp(colon, "://", 3) != 0;
    AUTO_FREE char *local = relative ? xasprintf("./%s", uri) : NULL;
    int32_t status =
        lance_store_open(local ? local : uri, &store, reason.text, sizeof(reason.text));
    if (status)
        return error_set(err, ERROR_USAGE, "%s", reason.text);
    struct database *db = xcalloc(1, sizeof(*db));
    db->store = store;
    db->uri = xstrdup(uri);
    *out = db;
    return 0;
}

void database_free(struct database *db)
{
    if (!db)
        return;
    lance_store_close(db->store);
    free(db->uri);
    free(db);
}

const char *database_uri(const struct database *db)
{
    return db->uri;
}

int database_tables(struct database *db, struct strlist *names, struct error *err)
{
    struct reason reason = {""};
    char *list = NULL;
    size_t len = 0;
    int32_t status = lance_store_tables(db->store, &list, &len, reason.text, sizeof(reason.text));
    if (status)
        return translate(status, &reason, db, "listing the tables", err);
    strlist_split(names, list, '\n');
    native_free(list, len);
    return 0;
}

int database_table_info(struct database *db, const char *table, struct lance_table_info *out,
                        struct error *err)
{
    struct reason reason = {""};
    int32_t status =
        lance_store_table_info(db->store, table, out, reason.text, sizeof(reason.text));
    return translate(status, &reason, db, "opening the database", err);
}

int database_scan(struct database *db, const char *table, const char *columns, const char *filter,
                  struct rows *rows, struct error *err)
{
    struct reason reason = {""};
    int32_t status = lance_store_scan(db->store, table, columns, filter, &rows->stream, reason.text,
                                      sizeof(reason.text));
    if (status)
        return translate(status, &reason, db, "reading the database", err);
    rows->source = db->uri;
    return rows_begin(rows, err);
}

int database_query(struct database *db, const char *sql, bool simple, struct ArrowArrayStream *out,
                   struct error *err)
{
    struct reason reason = {""};
    int32_t status = lance_store_sql(db->store, sql, simple, out, reason.text, sizeof(reason.text));
    return translate(status, &reason, db, "query", err);
}

int database_compact(struct database *db, const char *table, int64_t older_than_s,
                     uint64_t *freed_bytes, struct error *err)
{
    struct reason reason = {""};
    /* Another compaction was faster: what it left is looked at anew. */
    for (int attempt = 1;; attempt++) {
        int32_t status = lance_store_compact(db->store, table, older_than_s, freed_bytes,
                                             reason.text, sizeof(reason.text));
        if (status != LANCE_CONFLICT || attempt == COMPACT_ATTEMPTS)
            return translate(status, &reason, db, "compacting", err);
        clock_sleep_s(0.1 * attempt);
    }
}

int database_write_stream(struct ArrowArrayStream *stream, enum stream_format format, int fd,
                          struct error *err)
{
    struct reason reason = {""};
    int32_t status = format == STREAM_PARQUET
                         ? lance_write_parquet(stream, fd, reason.text, sizeof(reason.text))
                         : lance_write_arrow(stream, fd, reason.text, sizeof(reason.text));
    return status ? error_set(err, ERROR_FAILURE, "writing the rows: %s", reason.text) : 0;
}

int table_writer_open(struct database *db, const struct table_spec *table,
                      enum lance_merge_mode mode, struct table_writer **out, struct error *err)
{
    struct reason reason = {""};
    struct ArrowSchema schema;
    struct lance_writer *writer = NULL;
    columns_schema(table->columns, table->column_count, &schema);
    int32_t status = lance_writer_open(db->store, table->name, &schema, "id", mode, &writer,
                                       reason.text, sizeof(reason.text));
    if (status)
        return translate(status, &reason, db, "opening the database", err);
    struct table_writer *opened = xcalloc(1, sizeof(*opened));
    opened->writer = writer;
    opened->db = db;
    *out = opened;
    return 0;
}

bool table_writer_nulls_structs(const struct table_writer *writer)
{
    char version[8];
    lance_writer_storage_version(writer->writer, version);
    return strcmp(version, "2.0") != 0;
}

void table_writer_expect(struct table_writer *writer, uint64_t version)
{
    lance_writer_expect(writer->writer, version);
}

int table_writer_push(struct table_writer *writer, struct column *columns, struct error *err)
{
    if (!columns->length)
        return 0;
    struct reason reason = {""};
    struct ArrowArray batch;
    columns_take(columns, &batch);
    int32_t status = lance_writer_push(writer->writer, &batch, reason.text, sizeof(reason.text));
    return translate(status, &reason, writer->db, "writing the results", err);
}

int table_writer_finish(struct table_writer *writer, struct lance_merge_result *out,
                        struct error *err)
{
    struct reason reason = {""};
    int32_t status = lance_writer_finish(writer->writer, out, reason.text, sizeof(reason.text));
    int failed = translate(status, &reason, writer->db, "writing the results", err);
    free(writer);
    return failed;
}

void table_writer_abort(struct table_writer *writer)
{
    if (!writer)
        return;
    lance_writer_abort(writer->writer);
    free(writer);
}

int table_writer_put(struct table_writer *writer, struct column *columns,
                     struct lance_merge_result *out, struct error *err)
{
    int failed = table_writer_push(writer, columns, err);
    columns_free(columns);
    if (!failed)
        return table_writer_finish(writer, out, err);
    table_writer_abort(writer);
    return failed;
}
