#include "pipeline/schedule/backfill_values.h"

#include "base/alloc.h"
#include "store/commit_index.h"
#include "store/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void range_values_release(struct range_values *values)
{
    for (size_t i = 0; i < values->commits; i++)
        free(values->items[i]);
    free(values->items);
    free(values->counts);
    strlist_release(&values->names);
    *values = (struct range_values){0};
}

/* By commit, then name, then the one that was published last. */
struct found {
    const struct stored_result *result;
    size_t commit;
};

static int compare_found(const void *left, const void *right)
{
    const struct found *a = left, *b = right;
    if (a->commit != b->commit)
        return a->commit < b->commit ? -1 : 1;
    int order = strcmp(a->result->benchmark_name, b->result->benchmark_name);
    if (order)
        return order;
    return a->result->timestamp > b->result->timestamp
               ? -1
               : a->result->timestamp < b->result->timestamp;
}

static struct plan_value value_of(const struct stored_result *result, struct strlist *names)
{
    const struct summary *s = &result->summary;
    double error = s->standard_deviation / s->mean / sqrt((double)result->value_count);
    strlist_push(names, result->benchmark_name);
    return (struct plan_value){names->items[names->count - 1],
                               isnan(s->median) ? s->mean : s->median,
                               result->value_count > 1 && isfinite(error) ? error : 0};
}

static void fill(struct found *found, size_t count, struct range_values *out)
{
    qsort(found, count, sizeof(*found), compare_found);
    for (size_t i = 0, end; i < count; i = end) {
        size_t commit = found[i].commit, *kept = &out->counts[commit];
        for (end = i; end < count && found[end].commit == commit;)
            end++;
        struct plan_value *values = xcalloc(end - i, sizeof(*values));
        for (size_t j = i; j < end; j++)
            if (j == i ||
                strcmp(found[j].result->benchmark_name, found[j - 1].result->benchmark_name) != 0)
                values[(*kept)++] = value_of(found[j].result, &out->names);
        out->items[commit] = values;
    }
}

int range_values_read(const char *db_uri, const char *test_bed, const struct commit_list *commits,
                      struct range_values *out, struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    AUTO_STORED_RESULTS struct stored_results results = {0};
    const struct result_query query = {.test_bed = test_bed};
    int failed = database_open(db_uri, &db, err);
    if (!failed)
        failed = results_read(db, &query, &results, err);
    if (failed && failed != ERROR_NOT_FOUND)
        return failed;
    AUTO_FREE struct found *found = xcalloc(results.count + 1, sizeof(*found));
    AUTO_STRLIST struct strlist ids = STRLIST_INIT;
    AUTO_COMMIT_INDEX struct commit_index index = {0};
    size_t count = 0;
    for (size_t i = 0; i < commits->count; i++)
        strlist_push(&ids, commits->items[i].id);
    commit_index_init(&index, &ids);
    for (size_t i = 0; i < results.count; i++) {
        size_t commit = commit_index_find(&index, results.items[i].commit);
        if (commit < commits->count && results.items[i].benchmark_name)
            found[count++] = (struct found){&results.items[i], commit};
    }
    range_values_release(out);
    out->commits = commits->count;
    out->items = xcalloc(commits->count + 1, sizeof(*out->items));
    out->counts = xcalloc(commits->count + 1, sizeof(*out->counts));
    if (count)
        fill(found, count, out);
    return 0;
}
