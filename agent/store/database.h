/*
 * A database: a folder or an s3:// prefix with Lance tables in it. The one place that turns the
 * statuses of the Lance core into the program's error codes.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "store/column.h"
#include "store/rows.h"

#include <stdint.h>

/* Version of the schema of what this program writes: the side tables and results.metadata. It grows
 * when a reader of the version before would misread a row; columns are only ever added behind the
 * last one and are null in older rows, which needs no new version. A writer refuses a database
 * whose newest run was written with a greater version. */
#define DATABASE_SCHEMA 1

struct database;

/* Opens without any I/O. ERROR_USAGE for a URI that is none. */
int database_open(const char *uri, struct database **out, struct error *err) MUST_CHECK;
void database_free(struct database *db);

static inline void cleanup_database(struct database **db)
{
    database_free(*db);
}
#define AUTO_DATABASE __attribute__((cleanup(cleanup_database)))

const char *database_uri(const struct database *db);

int database_tables(struct database *db, struct strlist *names, struct error *err) MUST_CHECK;
/* ERROR_NOT_FOUND when there is no such table. */
int database_table_info(struct database *db, const char *table, struct lance_table_info *out,
                        struct error *err) MUST_CHECK;
/* `columns` are names with '\n' between them or NULL, `filter` a SQL condition or NULL. A table
 * that does not exist is ERROR_NOT_FOUND. */
int database_scan(struct database *db, const char *table, const char *columns, const char *filter,
                  struct rows *rows, struct error *err) MUST_CHECK;
/* One SELECT over all tables; `simple`: see lance_store_sql(). */
int database_query(struct database *db, const char *sql, bool simple, struct ArrowArrayStream *out,
                   struct error *err) MUST_CHECK;
int database_compact(struct database *db, const char *table, int64_t older_than_s,
                     uint64_t *freed_bytes, struct error *err) MUST_CHECK;

enum stream_format { STREAM_PARQUET, STREAM_ARROW };
/* Writes a stream to an open file; consumes the stream. */
int database_write_stream(struct ArrowArrayStream *stream, enum stream_format format, int fd,
                          struct error *err) MUST_CHECK;

/* Rows on their way into a table; see lance_writer_open(). */
struct table_writer;

/* A table of ours; its rows are told apart by the text column `id`. */
struct table_spec {
    const char *name;
    const struct column_spec *columns;
    size_t column_count;
};

/* Makes the table where it is missing; ERROR_FAILURE when it is there with another schema. */
int table_writer_open(struct database *db, const struct table_spec *table,
                      enum lance_merge_mode mode, struct table_writer **out,
                      struct error *err) MUST_CHECK;
/* Lance files of version 2.0 cannot hold a struct that is null. */
bool table_writer_nulls_structs(const struct table_writer *writer);
/* For LANCE_REWRITE: ERROR_CONFLICT from finish when the table is not at this version any more. */
void table_writer_expect(struct table_writer *writer, uint64_t version);
/* Takes the rows out of `columns`. */
int table_writer_push(struct table_writer *writer, struct column *columns,
                      struct error *err) MUST_CHECK;
/* Frees the writer, also on failure. */
int table_writer_finish(struct table_writer *writer, struct lance_merge_result *out,
                        struct error *err) MUST_CHECK;
void table_writer_abort(struct table_writer *writer);
/* All of a small table at once: pushes the columns and finishes, or aborts. Frees both. */
int table_writer_put(struct table_writer *writer, struct column *columns,
                     struct lance_merge_result *out, struct error *err) MUST_CHECK;
