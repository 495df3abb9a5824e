#include "store/expected_changes.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/digest.h"

#include <string.h>

enum { ID, PROJECT, COMMIT, BENCHMARK, REASON, SOURCE, CREATED_AT, SCHEMA };

static const struct column_spec expected_columns[] = {
    [ID] = TEXT_COLUMN("id"),
    [PROJECT] = TEXT_COLUMN("project"),
    [COMMIT] = TEXT_COLUMN("commit"),
    [BENCHMARK] = TEXT_COLUMN("benchmark"),
    [REASON] = TEXT_COLUMN("reason"),
    [SOURCE] = TEXT_COLUMN("source"),
    [CREATED_AT] = INT64_COLUMN("created_at"),
    [SCHEMA] = INT64_COLUMN("schema"),
};

static const struct table_spec expected_table = {EXPECTED_CHANGES_TABLE, expected_columns,
                                                 ARRAY_SIZE(expected_columns)};

static void make_id(const struct expected_change *change, char out[UUID_TEXT_SIZE])
{
    AUTO_FREE char *name =
        xasprintf("expected\x1f%s\x1f%s\x1f%s", change->project, change->commit, change->benchmark);
    uuid5_text(name, strlen(name), out);
}

static void add_row(struct column *columns, const struct expected_change *change)
{
    char id[UUID_TEXT_SIZE];
    make_id(change, id);
    column_add_text(&columns->children[ID], id);
    column_add_text(&columns->children[PROJECT], change->project);
    column_add_text(&columns->children[COMMIT], change->commit);
    column_add_text(&columns->children[BENCHMARK], change->benchmark);
    column_add_text(&columns->children[REASON], change->reason);
    column_add_text(&columns->children[SOURCE], change->source);
    column_add_int(&columns->children[CREATED_AT],
                   change->created_at ? change->created_at : clock_unix_s());
    column_add_int(&columns->children[SCHEMA], DATABASE_SCHEMA);
    column_end_row(columns);
}

static bool is_there(const struct expected_changes *all, const struct expected_change *change)
{
    for (size_t i = 0; i < all->count; i++)
        if (!strcmp(all->items[i].project, change->project) &&
            !strcmp(all->items[i].commit, change->commit) &&
            !strcmp(all->items[i].benchmark, change->benchmark))
            return true;
    return false;
}

int expected_changes_put(struct database *db, const struct expected_changes *changes,
                         struct error *err)
{
    AUTO_EXPECTED_CHANGES struct expected_changes known = {0};
    AUTO_EXPECTED_CHANGES struct expected_changes fresh = {0};
    int failed = changes->count ? expected_changes_read(db, &known, err) : 0;
    if (failed)
        return failed;
    for (size_t i = 0; i < changes->count; i++)
        if (!is_there(&known, &changes->items[i]) && !is_there(&fresh, &changes->items[i]))
            expected_changes_add(&fresh, &changes->items[i]);
    if (!fresh.count)
        return 0;
    struct table_writer *writer = NULL;
    failed = table_writer_open(db, &expected_table, LANCE_REPLACE, &writer, err);
    if (failed)
        return failed;
    struct column *columns = columns_new(expected_columns, ARRAY_SIZE(expected_columns));
    for (size_t i = 0; i < fresh.count; i++)
        add_row(columns, &fresh.items[i]);
    struct lance_merge_result merged;
    return table_writer_put(writer, columns, &merged, err);
}

static void read_batch(const struct rows *rows, struct expected_changes *out)
{
    struct cells project = rows_column(rows, "project"), commit = rows_column(rows, "commit"),
                 benchmark = rows_column(rows, "benchmark"), reason = rows_column(rows, "reason"),
                 source = rows_column(rows, "source"), created = rows_column(rows, "created_at");
    ARRAY_RESERVE(out->items, out->cap, out->count + rows->count);
    for (size_t i = 0; i < rows->count; i++)
        if (!cell_is_null(&project, i) && !cell_is_null(&commit, i) && !cell_is_null(&benchmark, i))
            out->items[out->count++] = (struct expected_change){
                .project = cell_strdup(&project, i),
                .commit = cell_strdup(&commit, i),
                .benchmark = cell_strdup(&benchmark, i),
                .reason = cell_strdup(&reason, i),
                .source = cell_strdup(&source, i),
                .created_at = cell_int(&created, i),
            };
}

int expected_changes_read(struct database *db, struct expected_changes *out, struct error *err)
{
    AUTO_ROWS struct rows rows = {0};
    int got = database_scan(db, EXPECTED_CHANGES_TABLE, NULL, NULL, &rows, err);
    if (got)
        return got == ERROR_NOT_FOUND ? 0 : got;
    while ((got = rows_next(&rows, err)) > 0)
        read_batch(&rows, out);
    return got < 0 ? got : 0;
}
