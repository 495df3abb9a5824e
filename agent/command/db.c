/* db info, db compact, db export: looking after the database. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "command/common.h"
#include "command/rows.h"
#include "store/records.h"
#include "store/results.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

/* Names of all tables; ERROR_NO_DATA when there is none. */
static int list_tables(const struct globals *globals, struct database *db, struct strlist *names,
                       struct error *err)
{
    int failed = database_tables(db, names, err);
    if (!failed && !names->count)
        failed = error_set(err, ERROR_NO_DATA, "there is no database in %s yet", globals->db);
    return failed;
}

static int run_info(const struct globals *globals, const void *options, const struct strlist *args,
                    struct error *err)
{
    (void)options;
    (void)args;
    AUTO_DATABASE struct database *db = NULL;
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    int failed = command_database(globals, &db, err);
    if (!failed)
        failed = list_tables(globals, db, &names, err);
    AUTO_TABLE struct table *table = command_table(globals);
    static const char *const columns[] = {"table",   "rows",      "version",
                                          "storage", "fragments", "bytes"};
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
        table_column(table, columns[i], i != 0 && i != 3);
    for (size_t i = 0; !failed && i < names.count; i++) {
        struct lance_table_info info;
        failed = database_table_info(db, names.items[i], &info, err);
        if (failed)
            break;
        AUTO_STRBUF struct strbuf size = STRBUF_INIT;
        format_bytes(&size, info.data_bytes);
        table_text(table, names.items[i]);
        table_integer(table, (int64_t)info.rows);
        table_integer(table, (int64_t)info.version);
        table_text(table, info.storage_version);
        table_integer(table, (int64_t)info.fragments);
        table_shown(table, (double)info.data_bytes, size.buf);
        table_end_row(table);
    }
    if (failed)
        return failed;
    table_finish(table);
    return 0;
}

const struct command command_db_info = {
    .name = "db info",
    .group = "database",
    .summary = "Show the tables: rows, versions, storage, bytes",
    .arguments = "",
    .run = run_info,
};

struct compact_options {
    double keep;
};

static const struct option_row compact_rows[] = {
    OPTION(struct compact_options, keep, OPTION_DURATION, "keep", "TIME",
           "keep versions younger than this for readers at work (default: 1h)"),
};
static const struct compact_options compact_defaults = {.keep = 3600};

static int run_compact(const struct globals *globals, const void *raw, const struct strlist *args,
                       struct error *err)
{
    (void)args;
    const struct compact_options *o = raw;
    AUTO_DATABASE struct database *db = NULL;
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    uint64_t total = 0;
    int failed = command_database(globals, &db, err);
    if (!failed)
        failed = list_tables(globals, db, &names, err);
    for (size_t i = 0; !failed && i < names.count; i++) {
        uint64_t freed = 0;
        failed = database_compact(db, names.items[i], (int64_t)o->keep, &freed, err);
        total += freed;
    }
    if (failed)
        return failed;
    AUTO_STRBUF struct strbuf size = STRBUF_INIT;
    format_bytes(&size, total);
    if (globals->format == FORMAT_JSON)
        printf("{\"tables\": %zu, \"freed_bytes\": %" PRIu64 "}\n", names.count, total);
    else if (!globals->quiet)
        printf("Compacted %zu tables in %s, freed %s\n", names.count, globals->db, size.buf);
    return 0;
}

const struct command command_db_compact = {
    .name = "db compact",
    .group = "database",
    .summary = "Merge small data files and forget old versions",
    .arguments = "[--keep TIME]",
    .options = compact_rows,
    .option_count = ARRAY_SIZE(compact_rows),
    .defaults = &compact_defaults,
    .options_size = sizeof(struct compact_options),
    .run = run_compact,
};

struct export_options {
    const char *parquet;
};

static const struct option_row export_rows[] = {
    OPTION(struct export_options, parquet, OPTION_STRING, "parquet", "DIR",
           "write each table to DIR/<table>.parquet"),
};

/* The file appears when it is whole. */
static int export_table(struct database *db, const char *folder, const char *name,
                        struct error *err)
{
    AUTO_FREE char *path = xasprintf("%s/%s.parquet", folder, name);
    AUTO_FREE char *part = xasprintf("%s.tmp", path);
    AUTO_STRBUF struct strbuf sql = STRBUF_INIT;
    strbuf_addf(&sql, "SELECT * FROM \"%s\"", name);
    struct ArrowArrayStream stream = {0};
    int failed = database_query(db, sql.buf, false, &stream, err);
    if (failed)
        return failed;
    AUTO_CLOSE int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        failed = error_errno(err, ERROR_FAILURE, errno, "cannot write %s", part);
        stream.release(&stream);
        return failed;
    }
    failed = database_write_stream(&stream, STREAM_PARQUET, fd, err);
    if (!failed && (fsync(fd) || rename(part, path)))
        failed = error_errno(err, ERROR_FAILURE, errno, "cannot write %s", path);
    if (failed)
        (void)unlink(part);
    return failed;
}

static int run_export(const struct globals *globals, const void *raw, const struct strlist *args,
                      struct error *err)
{
    (void)args;
    const struct export_options *o = raw;
    if (!o->parquet)
        return error_set(err, ERROR_USAGE, "db export needs --parquet DIR");
    AUTO_DATABASE struct database *db = NULL;
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    int failed = command_database(globals, &db, err);
    if (!failed)
        failed = list_tables(globals, db, &names, err);
    if (!failed)
        failed = dir_make(o->parquet, err);
    for (size_t i = 0; !failed && i < names.count; i++)
        failed = export_table(db, o->parquet, names.items[i], err);
    if (failed)
        return failed;
    if (globals->format == FORMAT_JSON)
        printf("{\"tables\": %zu}\n", names.count);
    else if (!globals->quiet)
        printf("Exported %zu tables to %s\n", names.count, o->parquet);
    return 0;
}

const struct command command_db_export = {
    .name = "db export",
    .group = "database",
    .summary = "Write the tables as Parquet files",
    .arguments = "--parquet DIR",
    .options = export_rows,
    .option_count = ARRAY_SIZE(export_rows),
    .options_size = sizeof(struct export_options),
    .run = run_export,
};
