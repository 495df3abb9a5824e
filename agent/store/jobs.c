#include "store/jobs.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    UPDATE_ATTEMPTS = 200,
    READ_ATTEMPTS = 10,
    TIDY_EVERY = 64, /* versions */
    TIDY_OLDER_S = 3600,
};

enum field_kind { FIELD_TEXT, FIELD_KIND, FIELD_STATE, FIELD_INTEGER };

static const struct field {
    const char *name;
    enum field_kind kind;
    size_t offset; /* in struct poll_job */
} fields[] = {
    {"id", FIELD_TEXT, offsetof(struct poll_job, id)},
    {"kind", FIELD_KIND, offsetof(struct poll_job, kind)},
    {"state", FIELD_STATE, offsetof(struct poll_job, state)},
    {"repository", FIELD_TEXT, offsetof(struct poll_job, repository)},
    {"commit", FIELD_TEXT, offsetof(struct poll_job, commit)},
    {"test_bed", FIELD_TEXT, offsetof(struct poll_job, test_bed)},
    {"arguments", FIELD_TEXT, offsetof(struct poll_job, arguments)},
    {"owner", FIELD_TEXT, offsetof(struct poll_job, owner)},
    {"reason", FIELD_TEXT, offsetof(struct poll_job, reason)},
    {"pull_request", FIELD_INTEGER, offsetof(struct poll_job, pull_request)},
    {"priority", FIELD_INTEGER, offsetof(struct poll_job, priority)},
    {"attempts", FIELD_INTEGER, offsetof(struct poll_job, attempts)},
    {"round", FIELD_INTEGER, offsetof(struct poll_job, round)},
    {"token", FIELD_INTEGER, offsetof(struct poll_job, token)},
    {"check_run", FIELD_INTEGER, offsetof(struct poll_job, check_run)},
    {"added_at", FIELD_INTEGER, offsetof(struct poll_job, added_at)},
    {"not_before", FIELD_INTEGER, offsetof(struct poll_job, not_before)},
    {"leased_at", FIELD_INTEGER, offsetof(struct poll_job, leased_at)},
    {"lease_until", FIELD_INTEGER, offsetof(struct poll_job, lease_until)},
    {"ended_at", FIELD_INTEGER, offsetof(struct poll_job, ended_at)},
};

enum { COLUMNS = ARRAY_SIZE(fields) + 1 }; /* and `schema` */

static void make_columns(struct column_spec out[COLUMNS])
{
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        out[i] = (struct column_spec){
            .name = fields[i].name,
            .kind = fields[i].kind == FIELD_INTEGER ? COLUMN_INT64 : COLUMN_UTF8,
        };
    out[COLUMNS - 1] = (struct column_spec){.name = "schema", .kind = COLUMN_INT64};
}

static void add_row(struct column *columns, const struct poll_job *job)
{
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        const void *place = (const char *)job + fields[i].offset;
        struct column *column = &columns->children[i];
        switch (fields[i].kind) {
        case FIELD_TEXT:
            column_add_text(column, *(char *const *)place);
            break;
        case FIELD_KIND:
            column_add_text(column, poll_job_kind_name(job->kind));
            break;
        case FIELD_STATE:
            column_add_text(column, poll_job_state_name(job->state));
            break;
        case FIELD_INTEGER:
            column_add_int(column, *(const int64_t *)place);
            break;
        }
    }
    column_add_int(&columns->children[COLUMNS - 1], DATABASE_SCHEMA);
    column_end_row(columns);
}

static int read_row(const struct rows *rows, size_t row, struct poll_job *job)
{
    bool known = true;
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        void *place = (char *)job + fields[i].offset;
        struct cells cells = rows_column(rows, fields[i].name);
        AUTO_FREE char *text = fields[i].kind == FIELD_INTEGER ? NULL : cell_strdup(&cells, row);
        switch (fields[i].kind) {
        case FIELD_TEXT:
            *(char **)place = take_ptr(text);
            break;
        case FIELD_KIND:
            known = poll_job_kind_parse(text, &job->kind) && known;
            break;
        case FIELD_STATE:
            known = poll_job_state_parse(text, &job->state) && known;
            break;
        case FIELD_INTEGER:
            *(int64_t *)place = cell_int(&cells, row);
            break;
        }
    }
    return known && job->id && job->repository && job->commit && job->test_bed ? 0 : -1;
}

static int read_rows(struct rows *rows, struct poll_jobs *jobs, struct error *err)
{
    int got = 0;
    while ((got = rows_next(rows, err)) > 0)
        for (size_t i = 0; i < rows->count; i++) {
            ARRAY_RESERVE(jobs->items, jobs->cap, jobs->count + 1);
            struct poll_job *job = &jobs->items[jobs->count++];
            *job = (struct poll_job){0};
            if (read_row(rows, i, job))
                return error_set(err, ERROR_FAILURE,
                                 "table %s of %s holds a job that this program does not know: "
                                 "update it",
                                 JOBS_TABLE, rows->source);
        }
    return got;
}

static int read_once(struct database *db, struct poll_jobs *out, uint64_t *version,
                     struct error *err)
{
    struct lance_table_info info;
    int failed = database_table_info(db, JOBS_TABLE, &info, err);
    if (failed)
        return failed;
    AUTO_ROWS struct rows rows = {0};
    AUTO_POLL_JOBS struct poll_jobs jobs = {0};
    failed = database_scan(db, JOBS_TABLE, NULL, NULL, &rows, err);
    if (!failed)
        failed = read_rows(&rows, &jobs, err);
    if (failed)
        return failed;
    *out = jobs;
    jobs = (struct poll_jobs){0};
    /* The rows may be newer than that; then a write on top of it is refused. */
    *version = info.version;
    return 0;
}

int jobs_read(struct database *db, struct poll_jobs *out, uint64_t *version, struct error *err)
{
    for (int attempt = 1;; attempt++) {
        int failed = read_once(db, out, version, err);
        if (failed == ERROR_NOT_FOUND) {
            *out = (struct poll_jobs){0};
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
static void tidy(struct database *db)
{
    uint64_t freed = 0;
    struct error reason = ERROR_INIT;
    if (database_compact(db, JOBS_TABLE, TIDY_OLDER_S, &freed, &reason))
        log_warning("old versions of the table %s were not removed: %s", JOBS_TABLE,
                    reason.message);
}

int jobs_write(struct database *db, const struct poll_jobs *jobs, uint64_t version,
               struct error *err)
{
    struct column_spec specs[COLUMNS];
    make_columns(specs);
    const struct table_spec table = {JOBS_TABLE, specs, COLUMNS};
    struct table_writer *writer = NULL;
    int failed = table_writer_open(db, &table, LANCE_REWRITE, &writer, err);
    if (failed)
        return failed;
    /* A table begins with version 1, without a row. */
    table_writer_expect(writer, version ? version : 1);
    struct column *columns = columns_new(specs, COLUMNS);
    for (size_t i = 0; i < jobs->count; i++)
        add_row(columns, &jobs->items[i]);
    struct lance_merge_result merged = {0};
    failed = table_writer_put(writer, columns, &merged, err);
    if (!failed && merged.version % TIDY_EVERY == 0)
        tidy(db);
    return failed;
}

static void wait_a_little(int attempt)
{
    int most = attempt < 8 ? 10 << attempt : 2000;
    int64_t jitter = (clock_unix_ms() * 7919 + getpid() * INT64_C(104729)) % most;
    clock_sleep_s((double)(5 + jitter) / 1000);
}

int jobs_update(struct database *db, jobs_change *change, void *context, struct error *err)
{
    for (int attempt = 0;; attempt++) {
        AUTO_POLL_JOBS struct poll_jobs jobs = {0};
        uint64_t version = 0;
        int failed = jobs_read(db, &jobs, &version, err);
        if (failed)
            return failed;
        int changed = change(context, &jobs, err);
        if (changed <= 0)
            return changed;
        failed = jobs_write(db, &jobs, version, err);
        if (!failed)
            return changed;
        if (failed != ERROR_CONFLICT || attempt == UPDATE_ATTEMPTS)
            return failed;
        wait_a_little(attempt);
    }
}
