/*
 * The C interface to the Lance core in libnative.a: rows in Lance tables. Written by hand;
 * agent/native/store/src/ implements it, agent/store/ alone uses it.
 *
 * A store is a database: a folder, or an s3://bucket/prefix, with one Lance table `<name>.lance` for
 * each name below it. Opening one does no I/O. Rows cross in both directions as streams of the Arrow C
 * data interface (https://arrow.apache.org/docs/format/CDataInterface.html).
 *
 * Every fallible call returns a status below and writes a one-line reason of at most `err_len` bytes,
 * NUL included, to `err`. Out parameters are untouched on failure. Calls block; one store may be used
 * by one thread at a time. A panic aborts the process: a commit either happened or it did not. A stream
 * that cannot reach its database any more gives EIO, any other failure of a stream another errno.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum lance_status {
    LANCE_OK = 0,
    LANCE_FAILED = 1,      /* anything without a code of its own: disk full, corrupt file, bug */
    LANCE_NOT_FOUND = 2,   /* no such table */
    LANCE_UNREACHABLE = 3, /* network, credentials, permission: the same call may work later */
    LANCE_SCHEMA = 4,      /* the table's schema is not the one asked for */
    LANCE_CONFLICT = 5,    /* other writers were faster every time */
    LANCE_UNSUPPORTED = 6, /* the table needs a newer Lance */
    LANCE_INVALID = 7,     /* a bad argument: URI, SQL, filter */
};

/* The Arrow C data interface, as its specification has it. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
struct ArrowSchema {
    const char *format, *name, *metadata;
    int64_t flags, n_children;
    struct ArrowSchema **children, *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};
struct ArrowArray {
    int64_t length, null_count, offset, n_buffers, n_children;
    const void **buffers;
    struct ArrowArray **children, *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};
#endif

struct lance_store;  /* a database */
struct lance_writer; /* rows on their way into a table */

struct lance_table_info {
    uint64_t version;       /* the newest version of the table */
    uint64_t rows;
    uint64_t fragments;
    uint64_t data_bytes;    /* of the data files that the newest version uses */
    char storage_version[8]; /* "2.0", "2.1", "2.2" */
    bool has_index;
};

struct lance_merge_result {
    uint64_t inserted; /* rows that were not there before */
    uint64_t updated;  /* rows that replaced one with the same key (LANCE_REPLACE) */
    uint64_t version;  /* of the table afterwards; unchanged when nothing was inserted or updated */
};

enum lance_merge_mode {
    LANCE_KEEP = 0,    /* a row whose key is there already stays as it is */
    LANCE_REPLACE = 1, /* … is replaced */
    LANCE_REWRITE = 2, /* the rows pushed are all that the table has afterwards, none is fine too.
                          They go on top of the version that open found, or finish gives
                          LANCE_CONFLICT and nothing has changed */
};

/* `uri`: a path, file:// or s3://. S3 takes the usual AWS_* variables (endpoint, region, keys, session
 * token) from the environment. LANCE_INVALID for another scheme. */
int32_t lance_store_open(const char *uri, struct lance_store **out, char *err, size_t err_len);
void lance_store_close(struct lance_store *store); /* NULL is fine */

/* Names of the tables, sorted, as one string with '\n' behind each; release with native_free() of native.h. */
int32_t lance_store_tables(struct lance_store *store, char **names, size_t *len, char *err,
                           size_t err_len);
int32_t lance_store_table_info(struct lance_store *store, const char *table,
                               struct lance_table_info *out, char *err, size_t err_len);

/*
 * Rows into a table, in one atomic commit: open, push batches while the input is being read (they are
 * written to data files on another thread meanwhile), finish. Rows are told apart by the string
 * column `key`; of two pushed rows with one key the first counts. Several writers on several machines
 * may be at it: each row goes in once, whoever comes first. Nothing is visible before finish
 * returns, and nothing at all after an abort or a kill.
 */

/* Makes the table, data storage version 2.1, unless it is there: several processes may do so at once.
 * LANCE_SCHEMA when it is there with another schema (names, order and types; metadata and
 * nullability do not count). `schema` is consumed. */
int32_t lance_writer_open(struct lance_store *store, const char *table, struct ArrowSchema *schema,
                          const char *key, int32_t mode, struct lance_writer **out, char *err,
                          size_t err_len);
/* The table's data storage version: "2.0", "2.1", "2.2". */
void lance_writer_storage_version(const struct lance_writer *writer, char version[8]);
/* For LANCE_REWRITE: the rows stand for version `version`, which the caller has read; with another one
 * there finish gives LANCE_CONFLICT. What is read and written back so is never lost to others. */
void lance_writer_expect(struct lance_writer *writer, uint64_t version);
/* `batch` is consumed, a struct array of the table's schema. */
int32_t lance_writer_push(struct lance_writer *writer, struct ArrowArray *batch, char *err,
                          size_t err_len);
/* Both consume the writer. */
int32_t lance_writer_finish(struct lance_writer *writer, struct lance_merge_result *out, char *err,
                            size_t err_len);
void lance_writer_abort(struct lance_writer *writer);

/* Rows of one table: `columns` are top-level names with '\n' between them, NULL for all; `filter` is a
 * SQL condition, NULL for every row. *out is to be released by the caller. */
int32_t lance_store_scan(struct lance_store *store, const char *table, const char *columns,
                         const char *filter, struct ArrowArrayStream *out, char *err,
                         size_t err_len);
/* One SQL query (SELECT only) over all tables of the database under their names. With `simple` the
 * columns come, as those of a scan always do, as one of null, bool, int64, uint64, float64, utf8, and
 * lists and structs of these; anything else as text. */
int32_t lance_store_sql(struct lance_store *store, const char *sql, bool simple,
                        struct ArrowArrayStream *out, char *err, size_t err_len);

/* Rewrites small and half-deleted data files and forgets versions older than `older_than_s`; *freed
 * is in bytes. Readers and writers may go on meanwhile. */
int32_t lance_store_compact(struct lance_store *store, const char *table, int64_t older_than_s,
                            uint64_t *freed, char *err, size_t err_len);

/* Writes a stream to an open file; `stream` is consumed, the descriptor stays open. */
int32_t lance_write_parquet(struct ArrowArrayStream *stream, int fd, char *err, size_t err_len);
int32_t lance_write_arrow(struct ArrowArrayStream *stream, int fd, char *err, size_t err_len);

#ifdef __cplusplus
}
#endif
