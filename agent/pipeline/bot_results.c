/* The bench bot: what was measured, beside what the base has. */
#include "pipeline/bot_state.h"

#include "base/alloc.h"
#include "base/strbuf.h"
#include "report/table.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

/* A benchmark of one test bed on both sides; NAN: not there. */
struct pair {
    const char *name, *test_bed, *units;
    double before, after;
};

struct pairs {
    struct pair *items;
    size_t count, cap;
};

/* What stands for a result: its median, or the mean where the writer kept nothing else. */
static double level(const struct stored_result *r)
{
    return isnan(r->summary.median) ? r->summary.mean : r->summary.median;
}

static int compare_results(const void *left, const void *right)
{
    const struct stored_result *a = left, *b = right;
    int order = strcmp(a->benchmark_name, b->benchmark_name);
    return order ? order : strcmp(a->test_bed.name, b->test_bed.name);
}

/* The median of the results that begin at `first` and are of one series. */
static double series_level(const struct stored_results *side, size_t first, size_t *next)
{
    AUTO_FREE double *levels = NULL;
    size_t count = 0, cap = 0, i = first;
    for (; i < side->count && !compare_results(&side->items[i], &side->items[first]); i++)
        if (!isnan(level(&side->items[i]))) {
            ARRAY_RESERVE(levels, cap, count + 1);
            levels[count++] = level(&side->items[i]);
        }
    *next = i;
    return summary_of(levels, count).median;
}

/* Rows without a name or a test bed are nobody's. */
static void sort_side(struct stored_results *side)
{
    size_t kept = 0;
    for (size_t i = 0; i < side->count; i++) {
        struct stored_result *r = &side->items[i];
        if (r->benchmark_name && r->test_bed.name)
            side->items[kept++] = *r;
        else
            stored_result_release(r);
    }
    side->count = kept;
    if (kept)
        qsort(side->items, kept, sizeof(*side->items), compare_results);
}

static void add_pair(struct pairs *pairs, const struct stored_result *r, double before,
                     double after)
{
    ARRAY_RESERVE(pairs->items, pairs->cap, pairs->count + 1);
    pairs->items[pairs->count++] = (struct pair){
        .name = r->benchmark_name,
        .test_bed = r->test_bed.name,
        .units = r->units,
        .before = before,
        .after = after,
    };
}

static void pair_up(const struct stored_results *base, const struct stored_results *mine,
                    struct pairs *out)
{
    for (size_t i = 0, j = 0; i < base->count || j < mine->count;) {
        int order = i == base->count   ? 1
                    : j == mine->count ? -1
                                       : compare_results(&base->items[i], &mine->items[j]);
        const struct stored_result *r = order <= 0 ? &base->items[i] : &mine->items[j];
        double before = order <= 0 ? series_level(base, i, &i) : NAN;
        double after = order >= 0 ? series_level(mine, j, &j) : NAN;
        add_pair(out, r, before, after);
    }
}

static void add_quantity(struct strbuf *out, double value, const char *units)
{
    if (isnan(value)) {
        strbuf_addstr(out, "–");
        return;
    }
    if (units && (!strcmp(units, "nanoseconds") || !strcmp(units, "ns")))
        format_nanoseconds(out, value);
    else
        format_double(out, value);
}

static void print_rows(struct strbuf *out, const struct pairs *pairs)
{
    strbuf_addstr(out, "| benchmark | test bed | base | pull request | ratio |\n"
                       "|---|---|--:|--:|--:|\n");
    for (size_t i = 0; i < pairs->count; i++) {
        const struct pair *p = &pairs->items[i];
        if (isnan(p->after))
            continue;
        strbuf_addstr(out, "| ");
        bot_code(out, p->name);
        strbuf_addstr(out, " | ");
        bot_code(out, p->test_bed);
        strbuf_addstr(out, " | ");
        add_quantity(out, p->before, p->units);
        strbuf_addstr(out, " | ");
        add_quantity(out, p->after, p->units);
        if (isnan(p->before) || p->before == 0)
            strbuf_addstr(out, " | – |\n");
        else
            strbuf_addf(out, " | %.3f |\n", p->after / p->before);
    }
}

/* What the base measured and this commit did not: the base says what is to be expected, not the
 * pull request. */
static void print_gone(struct strbuf *out, const struct pairs *pairs)
{
    enum { SHOWN = 20 };
    size_t gone = 0;
    for (size_t i = 0; i < pairs->count; i++) {
        if (!isnan(pairs->items[i].after) || gone++ >= SHOWN)
            continue;
        strbuf_addstr(out, gone == 1 ? "\nMeasured at the base, and not here: " : ", ");
        bot_code(out, pairs->items[i].name);
    }
    if (gone > SHOWN)
        strbuf_addf(out, " and %zu more", gone - SHOWN);
    if (gone)
        strbuf_addstr(out, ".\n");
}

static void print_table(struct strbuf *out, const struct pairs *pairs, const char *base, bool whole)
{
    size_t measured = 0, common = 0;
    for (size_t i = 0; i < pairs->count; i++) {
        measured += !isnan(pairs->items[i].after);
        common += !isnan(pairs->items[i].after) && !isnan(pairs->items[i].before);
    }
    if (base)
        strbuf_addf(
            out,
            "Medians of %zu benchmarks, %zu of them also measured at the base `%s`. A ratio "
            "above 1 takes longer; it is no verdict.\n\n",
            measured, common, base);
    else
        strbuf_addf(out,
                    "Medians of %zu benchmarks. The default history has nothing to set beside "
                    "them.\n\n",
                    measured);
    print_rows(out, pairs);
    if (whole)
        print_gone(out, pairs);
}

/* The newest commit of the default history that is no younger than the pull request's base. */
static int find_base(struct database *db, const struct bot_side_by_side *sides, char **out,
                     struct error *err)
{
    AUTO_STORED_RESULTS struct stored_results all = {0};
    const struct result_query query = {
        .test_bed = sides->test_bed, .project = sides->project, .without_values = true};
    int failed = results_read(db, &query, &all, err);
    if (failed)
        return failed == ERROR_NOT_FOUND ? 0 : failed;
    for (size_t i = 0; i < all.count; i++)
        if (all.items[i].commit && all.items[i].dut.timestamp <= sides->before_s) {
            *out = xstrdup(all.items[i].commit);
            break;
        }
    return 0;
}

static int read_history(struct database *db, const struct bot_side_by_side *sides, const char *base,
                        struct stored_results *out, struct error *err)
{
    const struct result_query query = {
        .commit = base,
        .test_bed = sides->test_bed,
        .project = sides->project,
        .without_values = true,
    };
    int failed = results_read(db, &query, out, err);
    return failed == ERROR_NOT_FOUND ? 0 : failed;
}

static int read_sides(struct database *db, const struct bot_side_by_side *sides, const char *base,
                      struct stored_results *theirs, struct stored_results *mine, struct error *err)
{
    const struct result_query pull = {
        .table = RESULTS_PR_TABLE,
        .commit = sides->commit,
        .run = sides->run,
        .test_bed = sides->test_bed,
        .project = sides->project,
        .without_values = true,
    };
    int failed = results_read(db, &pull, mine, err);
    if (failed == ERROR_NOT_FOUND || (!failed && !mine->count))
        return error_set(err, ERROR_NO_DATA, "the database has no results of commit %s",
                         sides->commit);
    return failed || !base ? failed : read_history(db, sides, base, theirs, err);
}

int bot_table(const char *db_uri, const struct bot_side_by_side *sides, char **out,
              struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    AUTO_STORED_RESULTS struct stored_results theirs = {0}, mine = {0};
    AUTO_FREE char *base = xstrdup(sides->base);
    int failed = database_open(db_uri, &db, err);
    if (!failed)
        failed = read_sides(db, sides, base, &theirs, &mine, err);
    if (!failed && !theirs.count && sides->before_s) {
        free(take_ptr(base));
        failed = find_base(db, sides, &base, err);
        if (!failed && base)
            failed = read_history(db, sides, base, &theirs, err);
    }
    if (failed)
        return failed;
    struct pairs pairs = {0};
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    sort_side(&theirs);
    sort_side(&mine);
    pair_up(&theirs, &mine, &pairs);
    print_table(&text, &pairs, theirs.count ? base : NULL, sides->whole);
    free(pairs.items);
    *out = strbuf_detach(&text);
    return 0;
}
