#include "store/state_table.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    UPDATE_ATTEMPTS = 200,
    READ_ATTEMPTS = 10,
    TIDY_EVERY = 64, /* versions */
    TIDY_OLDER_S = 3600,
};

void state_rows_release(const struct state_table *table, struct state_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        table->release((char *)rows->items + i * table->item_size);
    free(rows->items);
    *rows = (struct state_rows){0};
}

/* The columns are the caller's, and are to be freed. */
static struct column_spec *make_columns(const struct state_table *table)
{
    static const enum column_kind kinds[] = {
        [STATE_TEXT] = COLUMN_UTF8,
        [STATE_INTEGER] = COLUMN_INT64,
        [STATE_NUMBER] = COLUMN_FLOAT64,
        [STATE_WORD] = COLUMN_UTF8,
    };
    struct column_spec *specs = xcalloc(table->field_count + 1, sizeof(*specs));
    for (size_t i = 0; i < table->field_count; i++)
        specs[i] = (struct column_spec){
            .name = table->fields[i].name,
            .kind = kinds[table->fields[i].kind],
        };
    specs[table->field_count] = (struct column_spec){.name = "schema", .kind = COLUMN_INT64};
    return specs;
}

static void add_row(struct column *columns, const struct state_table *table, const char *item)
{
    for (size_t i = 0; i < table->field_count; i++) {
        const struct state_field *field = &table->fields[i];
        const void *place = item + field->offset;
        struct column *column = &columns->children[i];
        switch (field->kind) {
        case STATE_TEXT:
            column_add_text(column, *(char *const *)place);
            break;
        case STATE_INTEGER:
            column_add_int(column, *(const int64_t *)place);
            break;
        case STATE_NUMBER:
            column_add_number(column, *(const double *)place);
            break;
        case STATE_WORD:
            column_add_text(column, field->word(*(const int *)place));
            break;
        }
    }
    column_add_int(&columns->children[table->field_count], DATABASE_SCHEMA);
    column_end_row(columns);
}

static bool read_row(const struct rows *rows, size_t row, const struct state_table *table,
                     char *item)
{
    bool known = true;
    for (size_t i = 0; i < table->field_count; i++) {
        const struct state_field *field = &table->fields[i];
        void *place = item + field->offset;
        struct cells cells = rows_column(rows, field->name);
        AUTO_FREE char *text = field->kind == STATE_TEXT || field->kind == STATE_WORD
                                   ? cell_strdup(&cells, row)
                                   : NULL;
        switch (field->kind) {
        case STATE_TEXT:
            *(char **)place = take_ptr(text);
            break;
        case STATE_INTEGER:
            *(int64_t *)place = cell_int(&cells, row);
            break;
        case STATE_NUMBER:
            *(double *)place = cell_number(&cells, row);
            break;
        case STATE_WORD:
            known = text && field->parse(text, place) && known;
            break;
        }
    }
    return known && table->is_complete(item);
}

static void *add_item(const struct state_table *table, struct state_rows *rows)
{
    if (rows->count == rows->cap) {
        rows->cap = rows->cap ? rows->cap + rows->cap / 2 : 16;
        rows->items = xreallocarray(rows->items, rows->cap, table->item_size);
    }
    void *item = (char *)rows->items + rows->count++ * table->item_size;
    memset(item, 0, table->item_size);
    return item;
}

static int read_rows(struct rows *rows, const struct state_table *table, struct state_rows *out,
                     struct error *err)
{
    int got = 0;
    while ((got = rows_next(rows, err)) > 0)
        for (size_t i = 0; i < rows->count; i++)
            if (!read_row(rows, i, table, add_item(table, out)))
                return error_set(err, ERROR_FAILURE,
                                 "table %s of %s holds a row that this program does not know: "
                                 "update it",
                                 table->name, rows->source);
    return got;
}

static int read_once(struct database *db, const struct state_table *table, struct state_rows *out,
                     uint64_t *version, struct error *err)
{
    struct lance_table_info info;
    int failed = database_table_info(db, table->name, &info, err);
    if (failed)
        return failed;
    AUTO_ROWS struct rows rows = {0};
    struct state_rows found = {0};
    failed = database_scan(db, table->name, NULL, NULL, &rows, err);
    if (!failed)
        failed = read_rows(&rows, table, &found, err);
    if (failed) {
        state_rows_release(table, &found);
        return failed;
    }
    *out = found;
    /* The rows may be newer than that; then a write on top of it is refused. */
    *version = info.version;
    return 0;
}

int state_table_read(struct database *db, const struct state_table *table, struct state_rows *out,
                     uint64_t *version, struct error *err)
{
    for (int attempt = 1;; attempt++) {
        int failed = read_once(db, table, out, version, err);
        if (failed == ERROR_NOT_FOUND) {
            *out = (struct state_rows){0};
            *version = 0;
            return 0;
        }
        /* Somebody removed old versions, one that was being read among them. */
        if (failed != ERROR_FAILURE || attempt == READ_ATTEMPTS)
            return failed;
        clock_sleep_s(0.02 * attempt);
    }
}

/* Not worth an error: the next one does it. */
static void tidy(struct database *db, const char *table)
{
    uint64_t freed = 0;
    struct error reason = ERROR_INIT;
    if (database_compact(db, table, TIDY_OLDER_S, &freed, &reason))
        log_warning("old versions of the table %s were not removed: %s", table, reason.message);
}

int state_table_write(struct database *db, const struct state_table *table,
                      const struct state_rows *rows, uint64_t version, struct error *err)
{
    AUTO_FREE struct column_spec *specs = make_columns(table);
    const struct table_spec spec = {table->name, specs, table->field_count + 1};
    struct table_writer *writer = NULL;
    int failed = table_writer_open(db, &spec, LANCE_REWRITE, &writer, err);
    if (failed)
        return failed;
    /* A table begins with version 1, without a row. */
    table_writer_expect(writer, version ? version : 1);
    struct column *columns = columns_new(specs, table->field_count + 1);
    for (size_t i = 0; i < rows->count; i++)
        add_row(columns, table, (const char *)rows->items + i * table->item_size);
    struct lance_merge_result merged = {0};
    failed = table_writer_put(writer, columns, &merged, err);
    if (!failed && merged.version % TIDY_EVERY == 0)
        tidy(db, table->name);
    return failed;
}

static void wait_a_little(int attempt)
{
    int most = attempt < 8 ? 10 << attempt : 2000;
    int64_t jitter = (clock_unix_ms() * 7919 + getpid() * INT64_C(104729)) % most;
    clock_sleep_s((double)(5 + jitter) / 1000);
}

int state_table_update(struct database *db, const struct state_table *table, state_change *change,
                       void *context, struct error *err)
{
    for (int attempt = 0;; attempt++) {
        struct state_rows rows = {0};
        uint64_t version = 0;
        int failed = state_table_read(db, table, &rows, &version, err);
        if (failed)
            return failed;
        int changed = change(context, &rows, err);
        if (changed > 0)
            failed = state_table_write(db, table, &rows, version, err);
        state_rows_release(table, &rows);
        if (changed <= 0 || !failed)
            return changed;
        if (failed != ERROR_CONFLICT || attempt == UPDATE_ATTEMPTS)
            return failed;
        wait_a_little(attempt);
    }
}
