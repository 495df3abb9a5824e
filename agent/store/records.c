#include "store/records.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/escape.h"
#include "model/commit.h"
#include "store/commit_index.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

static const struct column_spec run_columns[] = {
    TEXT_COLUMN("id"),
    TEXT_COLUMN("run"),
    TEXT_COLUMN("harness"),
    TEXT_COLUMN("project"),
    TEXT_COLUMN("commit"),
    TEXT_COLUMN("version"),
    TEXT_COLUMN("test_bed"),
    TEXT_COLUMN("outcome"),
    TEXT_COLUMN("reason"),
    TEXT_COLUMN("toolchain"),
    TEXT_COLUMN("host_session"),
    TEXT_COLUMN("expected"),
    INT64_COLUMN("result_count"),
    INT64_COLUMN("started_at"),
    INT64_COLUMN("ended_at"),
    INT64_COLUMN("schema"),
};

static const struct column_spec host_session_columns[] = {
    TEXT_COLUMN("id"),          TEXT_COLUMN("test_bed"),  TEXT_COLUMN("kernel"),
    TEXT_COLUMN("cpu"),         TEXT_COLUMN("microcode"), TEXT_COLUMN("toolchain"),
    TEXT_COLUMN("sandbox"),     TEXT_COLUMN("knobs"),     TEXT_COLUMN("counters"),
    INT64_COLUMN("started_at"), INT64_COLUMN("ended_at"), INT64_COLUMN("schema"),
};

static const struct table_spec runs_table = {RUNS_TABLE, run_columns, ARRAY_SIZE(run_columns)};
static const struct table_spec host_sessions_table = {HOST_SESSIONS_TABLE, host_session_columns,
                                                      ARRAY_SIZE(host_session_columns)};

/* One row: texts for the text columns in their order, then integers for the others. */
static int put_row(struct database *db, const struct table_spec *table, const char *const *texts,
                   const int64_t *integers, struct error *err)
{
    struct table_writer *writer = NULL;
    int failed = table_writer_open(db, table, LANCE_REPLACE, &writer, err);
    if (failed)
        return failed;
    struct column *columns = columns_new(table->columns, table->column_count);
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].kind == COLUMN_UTF8)
            column_add_text(&columns->children[i], *texts++);
        else
            column_add_int(&columns->children[i], *integers++);
    }
    column_end_row(columns);
    struct lance_merge_result merged;
    return table_writer_put(writer, columns, &merged, err);
}

void run_record_id(const struct run_record *run, const char *input, char out[UUID_TEXT_SIZE])
{
    const char *const parts[] = {
        run->project, run->test_bed, run->commit ? run->commit : run->version,
        run->harness, run->run,      input};
    AUTO_STRBUF struct strbuf name = STRBUF_INIT;
    strbuf_addstr(&name, "run");
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        strbuf_addf(&name, "\x1f%s", parts[i] ? parts[i] : "");
    uuid5_text(name.buf, name.len, out);
}

int run_put(struct database *db, const struct run_record *run, struct error *err)
{
    AUTO_STRBUF struct strbuf expected = STRBUF_INIT;
    for (size_t i = 0; i < run->expected.count; i++) {
        strbuf_addch(&expected, i ? ',' : '[');
        escape_json(&expected, run->expected.items[i], strlen(run->expected.items[i]));
    }
    if (expected.len)
        strbuf_addch(&expected, ']');
    const char *const texts[] = {
        run->id,     run->run,       run->harness,      run->project,
        run->commit, run->version,   run->test_bed,     run->outcome,
        run->reason, run->toolchain, run->host_session, expected.len ? expected.buf : NULL,
    };
    const int64_t integers[] = {run->result_count, run->started_at, run->ended_at, DATABASE_SCHEMA};
    return put_row(db, &runs_table, texts, integers, err);
}

int host_session_put(struct database *db, const struct host_session_record *session,
                     struct error *err)
{
    const char *const texts[] = {session->id,      session->test_bed,  session->kernel,
                                 session->cpu,     session->microcode, session->toolchain,
                                 session->sandbox, session->knobs,     session->counters};
    const int64_t integers[] = {session->started_at, session->ended_at, DATABASE_SCHEMA};
    return put_row(db, &host_sessions_table, texts, integers, err);
}

static void stored_run_release(struct stored_run *run)
{
    free(run->id);
    free(run->run);
    free(run->harness);
    free(run->toolchain);
    free(run->host_session);
    free(run->project);
    free(run->commit);
    free(run->version);
    free(run->test_bed);
    free(run->outcome);
    free(run->reason);
    strlist_release(&run->expected);
}

void stored_runs_release(struct stored_runs *runs)
{
    for (size_t i = 0; i < runs->count; i++)
        stored_run_release(&runs->items[i]);
    free(runs->items);
    *runs = (struct stored_runs){0};
}

static void read_expected(const struct cells *cells, size_t row, struct strlist *out)
{
    size_t len = 0;
    const char *text = cell_text(cells, row, &len);
    cJSON *list = text ? cJSON_ParseWithLength(text, len) : NULL;
    const cJSON *item;
    cJSON_ArrayForEach(item, list) if (cJSON_IsString(item)) strlist_push(out, item->valuestring);
    cJSON_Delete(list);
}

static void read_run(const struct rows *rows, size_t row, struct stored_run *run)
{
    const struct {
        const char *column;
        char **out;
    } texts[] = {
        {"id", &run->id},
        {"run", &run->run},
        {"harness", &run->harness},
        {"project", &run->project},
        {"commit", &run->commit},
        {"version", &run->version},
        {"test_bed", &run->test_bed},
        {"outcome", &run->outcome},
        {"reason", &run->reason},
        {"toolchain", &run->toolchain},
        {"host_session", &run->host_session},
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct cells cells = rows_column(rows, texts[i].column);
        *texts[i].out = cell_strdup(&cells, row);
    }
    struct cells cells = rows_column(rows, "expected");
    read_expected(&cells, row, &run->expected);
    cells = rows_column(rows, "result_count");
    run->result_count = cell_int(&cells, row);
    cells = rows_column(rows, "started_at");
    run->started_at = cell_int(&cells, row);
    cells = rows_column(rows, "ended_at");
    run->ended_at = cell_int(&cells, row);
}

static int newest_first(const void *left, const void *right)
{
    const struct stored_run *a = left, *b = right;
    if (a->started_at != b->started_at)
        return a->started_at < b->started_at ? 1 : -1;
    return strcmp(a->id ? a->id : "", b->id ? b->id : "");
}

/* Opens a scan of `runs`; *missing when the database has no such table yet. */
static int scan_runs(struct database *db, const char *columns, const char *filter,
                     struct rows *rows, bool *missing, struct error *err)
{
    int failed = database_scan(db, RUNS_TABLE, columns, filter, rows, err);
    *missing = failed == ERROR_NOT_FOUND;
    return *missing ? 0 : failed;
}

enum { READ_ATTEMPTS = 5 };

/* 1 when a row matches the filter, 0 when none does; `rows` then stands at it. A compaction may
 * take away the files of the version that is being read, so a reading that broke off is begun
 * again. */
static int first_match(struct database *db, const char *column, const char *filter,
                       struct rows *rows, struct error *err)
{
    for (int attempt = 1;; attempt++) {
        bool missing = false;
        int got = scan_runs(db, column, filter, rows, &missing, err);
        if (!got && !missing)
            got = rows_next(rows, err);
        if (got != ERROR_FAILURE || attempt == READ_ATTEMPTS)
            return got;
        rows_release(rows);
        clock_sleep_s(0.02 * attempt);
    }
}

int run_exists(struct database *db, const char *id, bool *out, struct error *err)
{
    AUTO_STRBUF struct strbuf filter = STRBUF_INIT;
    strbuf_addstr(&filter, "id = ");
    escape_sql(&filter, id, strlen(id));
    AUTO_ROWS struct rows rows = {0};
    int got = first_match(db, "id", filter.buf, &rows, err);
    if (got < 0)
        return got;
    *out = got > 0;
    return 0;
}

int run_is_invalidated(struct database *db, const char *run, const char *test_bed, bool *out,
                       struct error *err)
{
    AUTO_STRBUF struct strbuf filter = STRBUF_INIT;
    strbuf_addstr(&filter, "outcome = '" RUN_INVALIDATED "' AND run = ");
    escape_sql(&filter, run, strlen(run));
    strbuf_addstr(&filter, " AND test_bed = ");
    escape_sql(&filter, test_bed, strlen(test_bed));
    AUTO_ROWS struct rows rows = {0};
    int got = first_match(db, "id", filter.buf, &rows, err);
    if (got < 0)
        return got;
    *out = got > 0;
    return 0;
}

static int read_filtered(struct database *db, const char *filter, struct stored_runs *out,
                         struct error *err)
{
    AUTO_ROWS struct rows rows = {0};
    bool missing = false;
    int failed = scan_runs(db, NULL, filter, &rows, &missing, err);
    if (failed || missing)
        return failed;
    AUTO_STORED_RUNS struct stored_runs found = {0};
    int got = 0;
    while ((got = rows_next(&rows, err)) > 0)
        for (size_t i = 0; i < rows.count; i++) {
            ARRAY_RESERVE(found.items, found.cap, found.count + 1);
            found.items[found.count] = (struct stored_run){0};
            read_run(&rows, i, &found.items[found.count++]);
        }
    if (got < 0)
        return got;
    if (found.count)
        qsort(found.items, found.count, sizeof(*found.items), newest_first);
    *out = found;
    found = (struct stored_runs){0};
    return 0;
}

int runs_read(struct database *db, const char *commit, struct stored_runs *out, struct error *err)
{
    AUTO_STRBUF struct strbuf filter = STRBUF_INIT;
    if (commit) {
        AUTO_FREE char *pattern = xasprintf("%s%%", commit);
        strbuf_addstr(&filter, "commit LIKE ");
        escape_sql(&filter, pattern, strlen(pattern));
    }
    return read_filtered(db, filter.len ? filter.buf : NULL, out, err);
}

int runs_read_of(struct database *db, const struct strlist *commits, struct stored_runs *out,
                 struct error *err)
{
    AUTO_STRBUF struct strbuf filter = STRBUF_INIT;
    if (!commits->count)
        return 0;
    if (commits->count > COMMIT_CONDITIONS_MAX)
        return read_filtered(db, NULL, out, err);
    for (size_t i = 0; i < commits->count; i++) {
        strbuf_addstr(&filter, i ? ", " : "commit IN (");
        escape_sql(&filter, commits->items[i], strlen(commits->items[i]));
    }
    strbuf_addstr(&filter, ")");
    for (size_t i = 0; i < commits->count; i++) {
        AUTO_FREE char *pattern = xasprintf("%%+%.*s", COMMIT_SHORT_LEN, commits->items[i]);
        strbuf_addstr(&filter, i ? " OR version LIKE " : " OR (commit IS NULL AND (version LIKE ");
        escape_sql(&filter, pattern, strlen(pattern));
    }
    strbuf_addstr(&filter, "))");
    return read_filtered(db, filter.buf, out, err);
}

char *run_key(const char *run, const char *test_bed)
{
    return xasprintf("%s\x1f%s", run, test_bed ? test_bed : "");
}

int runs_invalidated(struct database *db, struct strlist *keys, struct error *err)
{
    AUTO_ROWS struct rows rows = {0};
    bool missing = false;
    int got =
        scan_runs(db, "run\ntest_bed", "outcome = '" RUN_INVALIDATED "'", &rows, &missing, err);
    if (got || missing)
        return got;
    while ((got = rows_next(&rows, err)) > 0) {
        struct cells runs = rows_column(&rows, "run"), beds = rows_column(&rows, "test_bed");
        for (size_t i = 0; i < rows.count; i++) {
            AUTO_FREE char *run = cell_strdup(&runs, i), *bed = cell_strdup(&beds, i);
            strlist_push_owned(keys, run_key(run ? run : "", bed));
        }
    }
    return got;
}

int runs_check_schema(struct database *db, struct error *err)
{
    AUTO_ROWS struct rows rows = {0};
    AUTO_FREE char *filter = xasprintf("schema > %d", DATABASE_SCHEMA);
    int got = first_match(db, "schema", filter, &rows, err);
    if (got <= 0)
        return got;
    struct cells cells = rows_column(&rows, "schema");
    return error_set(err, ERROR_FAILURE,
                     "%s was written to by a newer lance-bench (schema %lld, this one knows %d): "
                     "update this program",
                     database_uri(db), (long long)cell_int(&cells, 0), DATABASE_SCHEMA);
}
