#include "command/compare_history.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "base/log.h"
#include "command/common.h"
#include "command/exit_code.h"
#include "command/verdicts.h"
#include "pipeline/history/against_history.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void table_effect(struct table *table, const struct prediction *p)
{
    AUTO_STRBUF struct strbuf shown = STRBUF_INIT;
    if (p->relative) {
        format_percent(&shown, 100 * p->effect);
        strbuf_addstr(&shown, " % (");
        format_percent(&shown, 100 * p->low);
        strbuf_addstr(&shown, " to ");
        format_percent(&shown, 100 * p->high);
        strbuf_addch(&shown, ')');
    } else {
        format_double(&shown, p->effect);
    }
    table_shown(table, p->effect, shown.buf);
}

static void table_share(struct table *table, const struct prediction *p, double value)
{
    AUTO_FREE char *shown = !p->relative  ? xasprintf("%.4g", value)
                            : value < 0.1 ? xasprintf("%.2g %%", 100 * value)
                                          : xasprintf("%.0f %%", 100 * value);
    table_shown(table, value, shown);
}

static void add_notes(struct table *table, const struct history_verdict *v)
{
    AUTO_STRLIST struct strlist notes = STRLIST_INIT;
    AUTO_FREE char *hint = history_verdict_advice(v, v->verdict.matters);
    if (hint)
        strlist_push(&notes, hint);
    for (size_t i = 0; i < v->notes.count; i++)
        strlist_push(&notes, v->notes.items[i]);
    table_list(table, &notes);
}

static void add_verdict(struct table *table, bool all, const struct history_verdict *v)
{
    const struct prediction *p = &v->prediction;
    table_text(table, v->series->benchmark);
    table_text(table, v->series->test_bed);
    table_text(table, v->comparable ? verdict_name(v->verdict.kind) : "not comparable");
    if (v->possible) {
        command_quantity(table, p->expected, v->series->units);
        command_quantity(table, p->measured, v->series->units);
        table_effect(table, p);
        table_share(table, p, p->noise);
        table_integer(table, (int64_t)p->history);
        table_integer(table, (int64_t)p->runs);
        table_share(table, p, v->verdict.smallest);
    } else {
        for (int i = 0; i < 7; i++)
            table_null(table);
    }
    add_notes(table, v);
    if (all) {
        table_number(table, v->possible ? p->low : NAN);
        table_number(table, v->possible ? p->high : NAN);
        table_number(table, v->possible ? v->verdict.p : NAN);
        table_integer(table, (int64_t)v->verdict.runs_needed);
        table_integer(table, (int64_t)p->left_out);
        table_text(table, v->oldest ? v->oldest->id : NULL);
        table_text(table, v->newest ? v->newest->id : NULL);
        table_text(table, v->series->units);
    }
    table_end_row(table);
}

static void add_columns(struct table *table, bool all)
{
    static const struct command_column columns[] = {
        {"benchmark", false, true},   {"test_bed", false, true},      {"verdict", false, true},
        {"expected", true, true},     {"measured", true, true},       {"change", true, true},
        {"noise", true, true},        {"history", true, true},        {"runs", true, true},
        {"smallest", true, true},     {"notes", false, true},         {"change_low", true, false},
        {"change_high", true, false}, {"p_adjusted", true, false},    {"runs_needed", true, false},
        {"left_out", true, false},    {"history_from", false, false}, {"history_to", false, false},
        {"units", false, false},
    };
    command_columns(table, columns, ARRAY_SIZE(columns), all);
}

static struct verdict_tally tally_of(const struct history_verdicts *all)
{
    struct verdict_tally tally = {.count = all->count, .ignored = all->ignored, .history = true};
    AUTO_FREE struct verdict *judged = xcalloc(all->count + 1, sizeof(*judged));
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].comparable)
            judged[count++] = all->items[i].verdict;
    verdict_tally_of(judged, count, &tally);
    return tally;
}

static void print_all(const struct globals *globals, const struct history_verdicts *all,
                      const struct verdict_tally *tally, const struct verdict_rule *rule)
{
    bool json = globals->format == FORMAT_JSON;
    AUTO_TABLE struct table *table = command_table(globals);
    if (json) {
        AUTO_STRBUF struct strbuf id = STRBUF_INIT;
        escape_json(&id, all->commit->id, strlen(all->commit->id));
        printf("{\"commit\": %s, \"verdict\": \"%s\", \"alpha\": %g, \"correction\": \"Holm\", "
               "\"ignored\": %zu, \"benchmarks\": ",
               id.buf, verdict_name(tally->overall), rule->alpha, all->ignored);
    }
    add_columns(table, json);
    for (size_t i = 0; i < all->count; i++)
        add_verdict(table, json, &all->items[i]);
    table_finish(table);
    if (json) {
        puts("}");
    } else {
        if (globals->format == FORMAT_MARKDOWN)
            putchar('\n');
        AUTO_FREE char *chance =
            xasprintf("worse by chance anywhere: at most %g %% (Holm)", 100 * rule->alpha);
        verdict_tally_print(all->commit->id, tally, chance);
    }
}

/* Nothing could be tested: why. */
static int untested(const struct history_verdicts *all, struct error *err)
{
    for (size_t i = 0; i < all->count; i++)
        if (!all->items[i].comparable)
            return error_set(err, ERROR_NOT_COMPARABLE, "%s cannot be held against its history: %s",
                             all->commit->id, all->items[i].notes.items[0]);
    return error_set(err, ERROR_NO_DATA,
                     "%s has no history: at least %d earlier runs on the same test bed are needed",
                     all->commit->id, PREDICT_HISTORY_MIN);
}

static int check(const struct compare_history *asked, struct error *err)
{
    if (asked->fail_on && strcmp(asked->fail_on, "unsure"))
        return error_set(err, ERROR_USAGE, "--fail-on is unsure, not '%s'", asked->fail_on);
    int failed = command_check_rule(asked->alpha, asked->matters, err);
    if (failed)
        return failed;
    if (asked->minimum_effect < 0)
        return error_set(err, ERROR_USAGE, "--minimum-effect is not below 0 per cent");
    if (asked->pull_request && !asked->commit)
        return error_set(err, ERROR_USAGE, "--pull-request needs a commit");
    return asked->commit ? command_check_commit(asked->commit, err) : 0;
}

/* What is given on the command line stands before what the policy says of everything; its rules for
 * some benchmarks stand before both. */
static struct verdict_rule rule_of(const struct compare_history *asked, struct policy *policy)
{
    if (!isnan(asked->matters))
        policy->matters = asked->matters / 100;
    if (!isnan(asked->minimum_effect))
        policy->minimum_effect = asked->minimum_effect / 100;
    return (struct verdict_rule){
        .alpha = isnan(asked->alpha) ? policy_alpha(policy, VERDICT_ALPHA) : asked->alpha,
        .matters = VERDICT_MATTERS,
    };
}

int compare_history(const struct globals *globals, const struct compare_history *asked,
                    struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    AUTO_HISTORY struct history history = {0};
    AUTO_HISTORY_VERDICTS struct history_verdicts all = {0};
    AUTO_POLICY struct policy policy = {0};
    const struct history_request request = {
        .query = asked->query,
        .pull_request = asked->pull_request ? asked->commit : NULL,
        .policy = &policy,
    };
    int failed = check(asked, err);
    if (!failed)
        failed = command_policy(globals, &asked->policy, &policy, err);
    if (failed)
        return failed;
    const struct verdict_rule rule = rule_of(asked, &policy);
    failed = command_database(globals, &db, err);
    if (!failed)
        failed = history_read(db, &request, &history, err);
    if (failed == ERROR_NOT_FOUND)
        return error_set(err, ERROR_NO_DATA, "no results in %s yet", globals->db);
    if (!failed)
        failed = against_history(&history, asked->commit, &rule, &all, err);
    if (failed)
        return failed;
    for (size_t i = 0; i < history.notes.count; i++)
        log_warning("%s", history.notes.items[i]);
    const struct verdict_tally tally = tally_of(&all);
    if (tally.overall == VERDICT_NO_HISTORY)
        return untested(&all, err);
    print_all(globals, &all, &tally, &rule);
    bool fails =
        tally.overall == VERDICT_WORSE || (asked->fail_on && tally.overall == VERDICT_UNSURE);
    return fails ? EXIT_REGRESSION : 0;
}
