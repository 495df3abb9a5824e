#include "store/measured.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "model/commit.h"
#include "store/commit_index.h"
#include "store/metadata.h"
#include "store/results.h"

#include <stdlib.h>
#include <string.h>

void measured_list_release(struct measured_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].benchmark);
        free(list->items[i].test_bed);
        free(list->items[i].run);
    }
    free(list->items);
    *list = (struct measured_list){0};
}

static void build_filter(const struct strlist *commits, enum measured_by by, struct strbuf *filter)
{
    for (size_t i = 0; i < commits->count; i++) {
        AUTO_FREE char *version = xasprintf("%%%.*s%%", COMMIT_SHORT_LEN, commits->items[i]);
        strbuf_addstr(filter, i ? " OR dut.version LIKE " : "dut.version LIKE ");
        escape_sql(filter, version, strlen(version));
        if (by == MEASURED_BY_VERSION)
            continue;
        AUTO_FREE char *quoted = xasprintf("\"commit\":\"%s", commits->items[i]);
        strbuf_addstr(filter, " OR strpos(metadata, ");
        escape_sql(filter, quoted, strlen(quoted));
        strbuf_addstr(filter, ") > 0");
    }
}

/* The metadata of other writers may be a harness's whole output, and has no key of ours. */
static void read_facts(const struct cells *cells, size_t row, struct metadata_facts *out)
{
    size_t len = 0;
    const char *text = cell_text(cells, row, &len);
    bool ours = text && memmem(text, len, "\"schema\"", 8);
    metadata_read(ours ? text : NULL, len, out);
}

/* Rows of an imported history, whose one run speaks of many commits, stand for themselves. */
static bool is_imported(const struct cells *cells, size_t row)
{
    static const char mark[] = "\"harness\":\"history\"";
    size_t len = 0;
    const char *text = cell_text(cells, row, &len);
    return text && memmem(text, len, mark, strlen(mark));
}

static void read_batch(const struct rows *rows, const struct commit_index *commits,
                       struct measured_list *out)
{
    struct cells version = rows_column(rows, "dut.version"),
                 name = rows_column(rows, "benchmark_name"),
                 bed = rows_column(rows, "test_bed.name"), metadata = rows_column(rows, "metadata");
    struct metadata_facts facts = {0};
    for (size_t i = 0; i < rows->count; i++) {
        read_facts(&metadata, i, &facts);
        AUTO_FREE char *stated = cell_strdup(&version, i);
        size_t commit = facts.commit ? commit_index_find(commits, facts.commit)
                                     : commit_index_find_version(commits, stated);
        if (commit < commits->count) {
            ARRAY_RESERVE(out->items, out->cap, out->count + 1);
            bool whole = facts.run && !is_imported(&metadata, i);
            char *run = whole ? xstrdup(facts.run) : NULL;
            out->items[out->count++] =
                (struct measured){commit, cell_strdup(&name, i), cell_strdup(&bed, i), run};
        }
    }
    metadata_facts_release(&facts);
}

int measured_read(struct database *db, const struct strlist *commits, enum measured_by by,
                  struct measured_list *out, struct error *err)
{
    if (!commits->count)
        return 0;
    AUTO_STRBUF struct strbuf filter = STRBUF_INIT;
    AUTO_COMMIT_INDEX struct commit_index index = {0};
    commit_index_init(&index, commits);
    if (commits->count <= COMMIT_CONDITIONS_MAX)
        build_filter(commits, by, &filter);
    AUTO_ROWS struct rows rows = {0};
    int got = database_scan(db, RESULTS_TABLE, "dut\nbenchmark_name\ntest_bed\nmetadata",
                            filter.len ? filter.buf : NULL, &rows, err);
    if (got)
        return got == ERROR_NOT_FOUND ? 0 : got;
    while ((got = rows_next(&rows, err)) > 0)
        read_batch(&rows, &index, out);
    return got;
}
