/* The bench bot: what was measured, beside what the base has. */
#include "pipeline/bot_state.h"

#include "base/alloc.h"
#include "base/strbuf.h"
#include "pipeline/against_history.h"
#include "report/table.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

/* A benchmark of one test bed on both sides; NAN: not there. */
struct pair {
    const char *name, *test_bed, *units;
    double before, after;
    const struct history_verdict *verdict; /* NULL: not judged */
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

static void add_percent(struct strbuf *out, double relative)
{
    strbuf_addf(out, fabs(relative) < 0.0995 ? "%+.1f %%" : "%+.0f %%", 100 * relative);
}

/* "worse: +5.2 % (+3.1 % to +7.4 %)" */
static void add_verdict(struct strbuf *out, const struct history_verdict *v)
{
    if (!v)
        return;
    strbuf_addstr(out, v->comparable ? verdict_name(v->verdict.kind) : "not comparable");
    if (!v->possible || !v->prediction.relative)
        return;
    strbuf_addstr(out, ": ");
    add_percent(out, v->prediction.effect);
    strbuf_addstr(out, " (");
    add_percent(out, v->prediction.low);
    strbuf_addstr(out, " to ");
    add_percent(out, v->prediction.high);
    strbuf_addch(out, ')');
}

static bool is_called(const struct pair *p)
{
    return p->verdict && p->verdict->comparable &&
           (p->verdict->verdict.kind == VERDICT_WORSE ||
            p->verdict->verdict.kind == VERDICT_BETTER);
}

/* Rows of which something is called come first: of a long table the end is cut off. */
static void print_rows(struct strbuf *out, const struct pairs *pairs, bool called)
{
    for (size_t i = 0; i < pairs->count; i++) {
        const struct pair *p = &pairs->items[i];
        if (isnan(p->after) || is_called(p) != called)
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
            strbuf_addstr(out, " | – | ");
        else
            strbuf_addf(out, " | %.3f | ", p->after / p->before);
        add_verdict(out, p->verdict);
        strbuf_addstr(out, " |\n");
    }
}

/* "#cpu_time" of "name#cpu_time"; "" for wall time. */
static const char *metric_of(const char *name)
{
    const char *mark = strrchr(name, '#');
    return mark ? mark : "";
}

/* What the base measured and this commit did not, of the metrics that it did measure: the base says
 * what is to be expected, not the pull request. */
static bool is_missing(const struct pairs *pairs, const struct pair *p)
{
    for (size_t i = 0; isnan(p->after) && i < pairs->count; i++)
        if (!isnan(pairs->items[i].after) &&
            !strcmp(metric_of(pairs->items[i].name), metric_of(p->name)))
            return true;
    return false;
}

static size_t print_missing(struct strbuf *out, const struct pairs *pairs)
{
    enum { SHOWN = 20 };
    size_t missing = 0;
    for (size_t i = 0; i < pairs->count; i++) {
        if (!is_missing(pairs, &pairs->items[i]) || missing++ >= SHOWN)
            continue;
        strbuf_addstr(out, missing == 1 ? "\nMeasured at the base, and not here: " : ", ");
        bot_code(out, pairs->items[i].name);
    }
    if (missing > SHOWN)
        strbuf_addf(out, " and %zu more", missing - SHOWN);
    if (missing)
        strbuf_addstr(out, ".\n");
    return missing;
}

static void print_head(struct strbuf *out, const struct pairs *pairs, const char *base)
{
    size_t measured = 0, common = 0;
    for (size_t i = 0; i < pairs->count; i++) {
        measured += !isnan(pairs->items[i].after);
        common += !isnan(pairs->items[i].after) && !isnan(pairs->items[i].before);
    }
    if (base)
        strbuf_addf(out,
                    "Medians of %zu benchmarks, %zu of them also measured at the base `%s`. The "
                    "ratio is this commit's median over the base's: it is no verdict.\n\n",
                    measured, common, base);
    else
        strbuf_addf(out,
                    "Medians of %zu benchmarks. The default history has nothing to set beside "
                    "them.\n\n",
                    measured);
}

static size_t count_kind(const struct history_verdicts *all, enum verdict_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++)
        count += all->items[i].comparable && all->items[i].verdict.kind == kind;
    return count;
}

static void print_verdicts(struct strbuf *out, const struct history_verdicts *all,
                           const struct bot_findings *findings)
{
    if (!findings->judged && findings->obstacle) {
        strbuf_addstr(out, "**No verdict**: ");
        bot_code(out, findings->obstacle);
        strbuf_addstr(out, ".\n\n");
        return;
    }
    if (!findings->judged) {
        strbuf_addf(out,
                    "**No verdict**: fewer than %d earlier runs on this test bed are known of each "
                    "benchmark.\n\n",
                    PREDICT_HISTORY_MIN);
        return;
    }
    strbuf_addf(
        out,
        "**Verdict: %s.** %zu worse, %zu better, %zu same, %zu unsure, %zu without history; "
        "the chance that any is called worse although nothing changed is at most %g %%.\n\n",
        verdict_name(findings->verdict), count_kind(all, VERDICT_WORSE),
        count_kind(all, VERDICT_BETTER), count_kind(all, VERDICT_SAME),
        count_kind(all, VERDICT_UNSURE), count_kind(all, VERDICT_NO_HISTORY), 100 * findings->alpha);
}

/* The commit held against the history of its test bed. What stands in the way is no failure: there
 * is no verdict then. */
static int judge(struct database *db, const struct bot_side_by_side *sides, struct history *history,
                 struct history_verdicts *all, struct bot_findings *out, struct error *err)
{
    const struct history_request request = {
        .query = {.test_bed = sides->test_bed, .project = sides->project},
        .pull_request = sides->commit,
        .policy = sides->policy,
    };
    const struct verdict_rule rule = {
        .alpha = policy_alpha(sides->policy, VERDICT_ALPHA),
        .matters = VERDICT_MATTERS,
    };
    int failed = history_read(db, &request, history, err);
    if (!failed)
        failed = against_history(history, sides->commit, &rule, all, err);
    if (failed == ERROR_NO_DATA)
        out->obstacle = xstrdup(err->message);
    if (failed == ERROR_NOT_FOUND || failed == ERROR_NO_DATA)
        return 0;
    if (failed)
        return failed;
    AUTO_FREE struct verdict *verdicts = xcalloc(all->count + 1, sizeof(*verdicts));
    for (size_t i = 0; i < all->count; i++) {
        verdicts[i] = all->items[i].verdict;
        out->judged |= all->items[i].comparable && verdicts[i].kind != VERDICT_NO_HISTORY;
        if (!all->items[i].comparable && all->items[i].notes.count && !out->obstacle)
            out->obstacle = xstrdup(all->items[i].notes.items[0]);
    }
    out->verdict = verdict_overall(verdicts, all->count);
    out->worse = count_kind(all, VERDICT_WORSE);
    return 0;
}

static const struct history_verdict *verdict_of(const struct history_verdicts *all,
                                                const struct pair *p)
{
    for (size_t i = 0; i < all->count; i++)
        if (!strcmp(all->items[i].series->benchmark, p->name) &&
            !strcmp(all->items[i].series->test_bed, p->test_bed))
            return &all->items[i];
    return NULL;
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

void bot_findings_release(struct bot_findings *findings)
{
    free(findings->table);
    free(findings->obstacle);
    *findings = (struct bot_findings){0};
}

static int print_findings(struct database *db, const struct bot_side_by_side *sides,
                          const char *base, struct pairs *pairs, struct bot_findings *out,
                          struct error *err)
{
    AUTO_HISTORY struct history history = {0};
    AUTO_HISTORY_VERDICTS struct history_verdicts all = {0};
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    struct bot_findings findings = {
        .verdict = VERDICT_NO_HISTORY,
        .alpha = policy_alpha(sides->policy, VERDICT_ALPHA),
    };
    int failed = sides->judge ? judge(db, sides, &history, &all, &findings, err) : 0;
    if (failed)
        return failed;
    for (size_t i = 0; i < pairs->count; i++)
        pairs->items[i].verdict = verdict_of(&all, &pairs->items[i]);
    if (sides->judge)
        print_verdicts(&text, &all, &findings);
    print_head(&text, pairs, base);
    strbuf_addstr(&text, "| benchmark | test bed | base | pull request | ratio | verdict |\n"
                         "|---|---|--:|--:|--:|---|\n");
    print_rows(&text, pairs, true);
    print_rows(&text, pairs, false);
    if (sides->whole)
        findings.missing = print_missing(&text, pairs);
    findings.table = strbuf_detach(&text);
    *out = findings;
    return 0;
}

int bot_find_results(const char *db_uri, const struct bot_side_by_side *sides,
                     struct bot_findings *out, struct error *err)
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
    sort_side(&theirs);
    sort_side(&mine);
    pair_up(&theirs, &mine, &pairs);
    failed = print_findings(db, sides, theirs.count ? base : NULL, &pairs, out, err);
    free(pairs.items);
    return failed;
}
