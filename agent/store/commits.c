#include "store/commits.h"

#include "base/alloc.h"
#include "store/expected_changes.h"

#include <stdlib.h>

enum { ID, PROJECT, PARENT, SUBJECT, BRANCH, TIME, SCHEMA };

static const struct column_spec commit_columns[] = {
    [ID] = TEXT_COLUMN("id"),          [PROJECT] = TEXT_COLUMN("project"),
    [PARENT] = TEXT_COLUMN("parent"),  [SUBJECT] = TEXT_COLUMN("subject"),
    [BRANCH] = TEXT_COLUMN("branch"),  [TIME] = INT64_COLUMN("time"),
    [SCHEMA] = INT64_COLUMN("schema"),
};

static const struct table_spec commits_table = {COMMITS_TABLE, commit_columns,
                                                ARRAY_SIZE(commit_columns)};

int commits_put(struct database *db, const char *project, const struct commit *commits,
                size_t count, struct error *err)
{
    struct table_writer *writer = NULL;
    AUTO_EXPECTED_CHANGES struct expected_changes expected = {0};
    for (size_t i = 0; i < count; i++)
        expected_parse(commits[i].expected, project ? project : "", commits[i].id, &expected);
    int failed = expected_changes_put(db, &expected, err);
    if (!failed)
        failed = table_writer_open(db, &commits_table, LANCE_REPLACE, &writer, err);
    if (failed)
        return failed;
    struct column *columns = columns_new(commit_columns, ARRAY_SIZE(commit_columns));
    for (size_t i = 0; i < count; i++) {
        column_add_text(&columns->children[ID], commits[i].id);
        column_add_text(&columns->children[PROJECT], project);
        column_add_text(&columns->children[PARENT], commits[i].parent);
        column_add_text(&columns->children[SUBJECT], commits[i].subject);
        column_add_text(&columns->children[BRANCH], commits[i].branch);
        column_add_int(&columns->children[TIME], commits[i].time);
        column_add_int(&columns->children[SCHEMA], DATABASE_SCHEMA);
        column_end_row(columns);
    }
    struct lance_merge_result merged;
    return table_writer_put(writer, columns, &merged, err);
}

void stored_commits_release(struct stored_commits *commits)
{
    for (size_t i = 0; i < commits->count; i++) {
        commit_release(&commits->items[i].commit);
        free(commits->items[i].project);
    }
    free(commits->items);
    *commits = (struct stored_commits){0};
}

static void read_batch(const struct rows *rows, struct stored_commits *out)
{
    struct cells id = rows_column(rows, "id"), project = rows_column(rows, "project"),
                 parent = rows_column(rows, "parent"), subject = rows_column(rows, "subject"),
                 branch = rows_column(rows, "branch"), time = rows_column(rows, "time");
    ARRAY_RESERVE(out->items, out->cap, out->count + rows->count);
    for (size_t i = 0; i < rows->count; i++)
        if (!cell_is_null(&id, i))
            out->items[out->count++] = (struct stored_commit){
                .commit = {.id = cell_strdup(&id, i),
                           .parent = cell_strdup(&parent, i),
                           .subject = cell_strdup(&subject, i),
                           .branch = cell_strdup(&branch, i),
                           .time = cell_int(&time, i)},
                .project = cell_strdup(&project, i),
            };
}

int commits_read(struct database *db, struct stored_commits *out, struct error *err)
{
    AUTO_ROWS struct rows rows = {0};
    int got = database_scan(db, COMMITS_TABLE, NULL, NULL, &rows, err);
    if (got)
        return got == ERROR_NOT_FOUND ? 0 : got;
    AUTO_STORED_COMMITS struct stored_commits found = {0};
    while ((got = rows_next(&rows, err)) > 0)
        read_batch(&rows, &found);
    if (got < 0)
        return got;
    *out = found;
    found = (struct stored_commits){0};
    return 0;
}
