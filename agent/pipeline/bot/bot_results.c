/* The bench bot: what was measured, beside what the base has. */
#include "pipeline/bot/bot_state.h"

#include "base/alloc.h"
#include "base/strbuf.h"
#include "pipeline/report/report.h"
#include "report/markdown_table.h"
#include "report/quantity.h"
#include "report/report_markdown.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

void bot_findings_release(struct bot_findings *findings)
{
    free(findings->table);
    free(findings->obstacle);
    *findings = (struct bot_findings){0};
}

/* The pull request's results of the commit, whatever they are worth. */
static int read_mine(struct database *db, const struct bot_side_by_side *sides,
                     struct stored_results *out, struct error *err)
{
    const struct result_query query = {
        .table = RESULTS_PR_TABLE,
        .commit = sides->commit,
        .run = sides->run,
        .test_bed = sides->test_bed,
        .project = sides->project,
        .without_values = true,
    };
    int failed = results_read(db, &query, out, err);
    if (failed == ERROR_NOT_FOUND || (!failed && !out->count))
        return error_set(err, ERROR_NO_DATA, "the database has no results of commit %s",
                         sides->commit);
    return failed;
}

static enum verdict_kind kind_of(enum report_outcome outcome)
{
    switch (outcome) {
    case REPORT_WORSE:
        return VERDICT_WORSE;
    case REPORT_UNSURE:
        return VERDICT_UNSURE;
    case REPORT_BETTER:
        return VERDICT_BETTER;
    case REPORT_SAME:
        return VERDICT_SAME;
    default:
        return VERDICT_NO_HISTORY;
    }
}

/* Why a series cannot be compared, as a fresh string; NULL: all can. */
static char *find_obstacle(const struct report *report)
{
    for (size_t i = 0; i < report->series_count; i++) {
        const struct report_verdict *v = &report->series[i].verdict;
        if (v->outcome == REPORT_NOT_COMPARABLE && v->notes.count)
            return xstrdup(v->notes.items[0]);
    }
    return NULL;
}

static void find(const struct report *report, const struct bot_side_by_side *sides,
                 struct bot_findings *out)
{
    const struct report_markdown_options options = {
        .max_bytes = BOT_RESULT_MAX, .part = !sides->whole, .untitled = true};
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    report_markdown(report, &options, &text);
    *out = (struct bot_findings){
        .table = strbuf_detach(&text),
        .verdict = kind_of(report->overall),
        .worse = report->outcomes[REPORT_WORSE],
        .obstacle = find_obstacle(report),
    };
    out->judged = out->verdict != VERDICT_NO_HISTORY;
    for (size_t i = 0; sides->whole && i < report->series_count; i++)
        out->missing += report_is_missing(report, i);
}

static void add_values(const struct stored_results *mine, struct strbuf *out)
{
    struct markdown_table t;
    bool fits = true;
    markdown_table_init(&t, out, BOT_RESULT_MAX);
    markdown_table_fold(&t, mine->count, "values, for what they are worth");
    markdown_table_column(&t, "benchmark", false);
    markdown_table_column(&t, "measured", true);
    for (size_t i = 0; i < mine->count && fits; i++) {
        const struct stored_result *r = &mine->items[i];
        AUTO_STRBUF struct strbuf value = STRBUF_INIT;
        quantity_add(&value, isnan(r->summary.median) ? r->summary.mean : r->summary.median,
                     r->units);
        markdown_code(markdown_table_cell(&t), r->benchmark_name);
        markdown_words(markdown_table_cell(&t), value.buf);
        fits = markdown_table_end_row(&t);
    }
    markdown_table_end(&t, "values", mine->count);
    if (t.left_out.len)
        strbuf_addf(out, "_Left out, there is no room for more: %s._\n\n", t.left_out.buf);
    markdown_table_release(&t);
}

/* Results that say nothing of the commit's speed. */
static void find_nothing(const char *why, const struct stored_results *mine,
                         struct bot_findings *out)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    strbuf_addstr(&text, "**No verdict**: ");
    bot_code(&text, why);
    strbuf_addstr(&text, ": what was measured was measured under conditions that spoil it.\n\n");
    add_values(mine, &text);
    *out = (struct bot_findings){
        .table = strbuf_detach(&text),
        .verdict = VERDICT_NO_HISTORY,
        .obstacle = xstrdup(why),
    };
}

int bot_find_results(const char *db_uri, const struct bot_side_by_side *sides,
                     struct bot_findings *out, struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    AUTO_STORED_RESULTS struct stored_results mine = {0};
    AUTO_REPORT struct report report = {0};
    const struct report_request request = {
        .query = {.test_bed = sides->test_bed, .project = sides->project},
        .commit = sides->commit,
        .pull_request = true,
        .base = sides->base,
        .base_optional = true,
        .base_before_s = sides->before_s,
        .policy = sides->policy,
    };
    int failed = database_open(db_uri, &db, err);
    if (!failed)
        failed = read_mine(db, sides, &mine, err);
    if (failed)
        return failed;
    failed = report_build(db, &request, &report, err);
    if (failed && failed != ERROR_NO_DATA)
        return failed;
    if (failed)
        find_nothing(err->message, &mine, out);
    else
        find(&report, sides, out);
    return 0;
}
