#include "store/test_beds.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "store/results.h"

#include <string.h>

static int read_row(struct rows *rows, struct test_bed *out, struct error *err)
{
    int got = rows_begin(rows, err);
    if (!got)
        got = rows_next(rows, err);
    if (got <= 0 || !rows->count)
        return got < 0 ? got : 0;
    struct cells cpu = rows_column(rows, "cpu"), os = rows_column(rows, "os");
    struct cells memory = rows_column(rows, "memory_gb"), created = rows_column(rows, "created_at");
    out->cpu = cell_strdup(&cpu, 0);
    out->os = cell_strdup(&os, 0);
    out->memory_gb = (int32_t)cell_int(&memory, 0);
    out->created_at = cell_int(&created, 0);
    return 0;
}

int test_bed_read(struct database *db, const char *name, struct test_bed *out, struct error *err)
{
    struct test_bed bed = {0};
    struct lance_table_info info;
    int failed = database_table_info(db, RESULTS_TABLE, &info, err);
    if (failed && failed != ERROR_NOT_FOUND)
        return failed;
    if (!failed) {
        AUTO_ROWS struct rows rows = {.source = database_uri(db)};
        AUTO_STRBUF struct strbuf sql = STRBUF_INIT;
        strbuf_addstr(&sql, "SELECT test_bed['cpu'] AS cpu, test_bed['os'] AS os, "
                            "test_bed['memory_gb'] AS memory_gb, "
                            "test_bed['created_at'] AS created_at FROM " RESULTS_TABLE
                            " WHERE test_bed['name'] = ");
        escape_sql(&sql, name, strlen(name));
        strbuf_addstr(&sql, " ORDER BY timestamp DESC LIMIT 1");
        failed = database_query(db, sql.buf, true, &rows.stream, err);
        if (!failed)
            failed = read_row(&rows, &bed, err);
        if (failed)
            return failed;
    }
    bed.name = xstrdup(name);
    *out = bed;
    return 0;
}

int test_beds_list(struct database *db, struct strlist *names, struct error *err)
{
    struct lance_table_info info;
    int failed = database_table_info(db, RESULTS_TABLE, &info, err);
    if (failed)
        return failed == ERROR_NOT_FOUND ? 0 : failed;
    AUTO_ROWS struct rows rows = {.source = database_uri(db)};
    failed = database_query(db,
                            "SELECT DISTINCT test_bed['name'] AS name FROM " RESULTS_TABLE
                            " WHERE test_bed['name'] IS NOT NULL ORDER BY 1",
                            true, &rows.stream, err);
    if (!failed)
        failed = rows_begin(&rows, err);
    if (failed)
        return failed;
    int got;
    while ((got = rows_next(&rows, err)) > 0) {
        struct cells cells = rows_column(&rows, "name");
        for (size_t i = 0; i < rows.count; i++)
            strlist_push_owned(names, cell_strdup(&cells, i));
    }
    return got;
}
