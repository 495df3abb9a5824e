#include "command/compare_measure.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "base/json_write.h"
#include "base/log.h"
#include "command/common.h"
#include "command/exit_code.h"
#include "command/run_options.h"
#include "command/verdicts.h"
#include "pipeline/head_to_head/head_to_head.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define MAX_PAIRS_MOST 1000000

/* "+5.2" */
static void add_percent(struct strbuf *out, double relative)
{
    if (fabs(relative) < 0.00995)
        strbuf_addf(out, "%+.2f", 100 * relative);
    else
        format_percent(out, 100 * relative);
}

static void table_change(struct table *table, const struct paired_estimate *e)
{
    AUTO_STRBUF struct strbuf shown = STRBUF_INIT;
    if (isnan(e->change)) {
        table_null(table);
        return;
    }
    add_percent(&shown, e->change);
    strbuf_addstr(&shown, " %");
    if (isfinite(e->high)) {
        strbuf_addstr(&shown, " (");
        add_percent(&shown, e->low);
        strbuf_addstr(&shown, " to ");
        add_percent(&shown, e->high);
        strbuf_addch(&shown, ')');
    }
    table_shown(table, e->change, shown.buf);
}

static void table_share(struct table *table, double value)
{
    AUTO_FREE char *shown = isnan(value)  ? NULL
                            : value < 0.1 ? xasprintf("%.2g %%", 100 * value)
                                          : xasprintf("%.0f %%", 100 * value);
    if (shown)
        table_shown(table, value, shown);
    else
        table_null(table);
}

/* What to do about a verdict that is none. */
static char *advice(const struct head_to_head *result, const struct head_to_head_row *row)
{
    const struct paired_estimate *e = &row->estimate;
    const char *cut = result->budget_ended ? "the budget ended; " : "";
    if (!row->possible || row->verdict != VERDICT_UNSURE)
        return NULL;
    if (isnan(e->noise))
        return xasprintf("cannot tell: %stoo few pairs", cut);
    if (!e->needed)
        return xasprintf("cannot tell: %stoo noisy for any number of pairs", cut);
    if (row->layouts > 1 && e->needed > HEAD_TO_HEAD_LAYOUTS_MOST)
        return xasprintf("cannot tell: %stoo noisy for %d code layouts", cut,
                         HEAD_TO_HEAD_LAYOUTS_MOST);
    AUTO_FREE char *layouts = row->layouts > 1 && e->needed > row->layouts
                                  ? xasprintf(" --layouts %zu", e->needed)
                                  : xstrdup("");
    return xasprintf("cannot tell: %s--max-pairs %zu%s would show a change of %g %%", cut,
                     e->needed, layouts, 100 * row->matters);
}

static void add_notes(struct table *table, const struct head_to_head *result,
                      const struct head_to_head_row *row)
{
    AUTO_STRLIST struct strlist notes = STRLIST_INIT;
    AUTO_FREE char *hint = advice(result, row);
    if (hint)
        strlist_push(&notes, hint);
    for (size_t i = 0; i < row->notes.count; i++)
        strlist_push(&notes, row->notes.items[i]);
    table_list(table, &notes);
}

static void add_details(struct table *table, const struct head_to_head_row *row)
{
    const struct paired_estimate *e = &row->estimate;
    AUTO_STRBUF struct strbuf pairs = STRBUF_INIT;
    strbuf_addch(&pairs, '[');
    for (size_t i = 0; i < row->pairs; i++)
        strbuf_addf(&pairs, "%s%.9g", i ? ", " : "", row->log_ratios[i]);
    strbuf_addch(&pairs, ']');
    table_number(table, isfinite(e->high) ? e->low : NAN);
    table_number(table, isfinite(e->high) ? e->high : NAN);
    table_number(table, isnan(e->noise) ? NAN : e->p);
    table_integer(table, (int64_t)row->first_session);
    table_integer(table, (int64_t)e->needed);
    table_text(table, row->units);
    table_bool(table, row->higher_is_better);
    table_text(table, row->base_name);
    table_integer(table, (int64_t)row->layouts);
    table_json(table, pairs.buf);
}

static void add_row(struct table *table, bool all, const struct head_to_head *result,
                    const struct head_to_head_row *row)
{
    const struct paired_estimate *e = &row->estimate;
    table_text(table, row->benchmark);
    table_text(table, row->possible ? verdict_name(row->verdict) : "not comparable");
    if (isnan(row->base)) {
        table_null(table);
        table_null(table);
    } else {
        command_quantity(table, row->base, row->units);
        command_quantity(table, row->head, row->units);
    }
    table_change(table, e);
    table_integer(table, (int64_t)row->pairs);
    table_share(table, e->noise);
    table_share(table, e->smallest);
    add_notes(table, result, row);
    if (all)
        add_details(table, row);
    table_end_row(table);
}

static void add_columns(struct table *table, bool all)
{
    static const struct command_column columns[] = {
        {"benchmark", false, true},   {"verdict", false, true},
        {"base", true, true},         {"head", true, true},
        {"change", true, true},       {"pairs", true, true},
        {"noise", true, true},        {"smallest", true, true},
        {"notes", false, true},       {"change_low", true, false},
        {"change_high", true, false}, {"p", true, false},
        {"found_after", true, false}, {"pairs_needed", true, false},
        {"units", false, false},      {"higher_is_better", false, false},
        {"base_name", false, false},  {"layouts", true, false},
        {"log_ratios", false, false},
    };
    command_columns(table, columns, ARRAY_SIZE(columns), all);
}

static struct verdict_tally tally_of(const struct head_to_head *result)
{
    struct verdict_tally tally = {.count = result->count, .ignored = result->ignored};
    AUTO_FREE struct verdict *judged = xcalloc(result->count + 1, sizeof(*judged));
    size_t count = 0;
    for (size_t i = 0; i < result->count; i++)
        if (result->rows[i].possible)
            judged[count++].kind = result->rows[i].verdict;
    verdict_tally_of(judged, count, &tally);
    return tally;
}

static void print_json_head(const struct head_to_head_request *request,
                            const struct head_to_head *result, enum verdict_kind overall)
{
    AUTO_STRBUF struct strbuf json = STRBUF_INIT;
    strbuf_addch(&json, '{');
    json_text(&json, "base", result->base);
    json_text(&json, "head", result->head);
    json_text(&json, "project", result->project);
    json_text(&json, "verdict", verdict_name(overall));
    strbuf_addf(&json, ", \"alpha\": %g, \"correction\": \"Bonferroni\"", result->alpha);
    json_integer(&json, "max_pairs", (int64_t)request->max_pairs);
    json_integer(&json, "seed", (int64_t)request->seed);
    json_text(&json, "clock", result->clock);
    json_text(&json, "cpus", result->cpus);
    json_bool(&json, "pairs_together", result->together);
    json_integer(&json, "layouts", (int64_t)result->layouts);
    json_text(&json, "sandbox", result->sandbox);
    json_text(&json, "canary", result->canary);
    json_bool(&json, "fresh_session", result->confirmed);
    json_bool(&json, "budget_ended", result->budget_ended);
    json_integer(&json, "processes", (int64_t)result->processes);
    json_integer(&json, "blocks_again", (int64_t)result->blocks_again);
    json_bool(&json, "same_programs", result->same_programs);
    strbuf_addf(&json, ", \"build_s\": %.3f, \"measure_s\": %.3f", result->build_s,
                result->measure_s);
    json_integer(&json, "ignored", (int64_t)result->ignored);
    json_list(&json, "only_base", &result->only_base);
    json_list(&json, "only_head", &result->only_head);
    printf("%s, \"benchmarks\": ", json.buf);
}

static void print_one_sided(const char *side, const struct strlist *names)
{
    AUTO_STRBUF struct strbuf shown = STRBUF_INIT;
    for (size_t i = 0; i < names->count; i++) {
        strbuf_addstr(&shown, i ? ", " : "");
        escape_terminal(&shown, names->items[i], strlen(names->items[i]));
    }
    if (names->count)
        log_info("in %s alone: %s", side, shown.buf);
}

static void print_summary(const struct head_to_head *result, const struct verdict_tally *tally)
{
    AUTO_FREE char *what = xasprintf("%.12s against %.12s", result->head, result->base);
    AUTO_FREE char *chance = xasprintf("any of them by chance: at most %g %%", 100 * result->alpha);
    verdict_tally_print(what, tally, chance);
}

static void print_all(const struct globals *globals, const struct head_to_head_request *request,
                      const struct head_to_head *result, const struct verdict_tally *tally)
{
    bool json = globals->format == FORMAT_JSON;
    AUTO_TABLE struct table *table = command_table(globals);
    print_one_sided("base", &result->only_base);
    print_one_sided("head", &result->only_head);
    if (json)
        print_json_head(request, result, tally->overall);
    add_columns(table, json);
    for (size_t i = 0; i < result->count; i++)
        add_row(table, json, result, &result->rows[i]);
    table_finish(table);
    if (json)
        puts("}");
    else if (globals->format == FORMAT_MARKDOWN)
        putchar('\n');
    if (!json)
        print_summary(result, tally);
}

/* False: there is no such word. */
static bool order_of(const char *word, enum head_to_head_order *out)
{
    *out = !word ? PAIRS_BY_CLOCK : !strcmp(word, "together") ? PAIRS_TOGETHER : PAIRS_IN_TURN;
    return *out != PAIRS_IN_TURN || !strcmp(word, "in-turn");
}

/* What begins with a dash stood behind "--", and is for run. */
static bool has_both_commits(const struct strlist *args)
{
    return args->count >= 2 && *args->items[0] != '-' && *args->items[1] != '-';
}

static int check(const struct compare_measure *asked, const struct strlist *args, struct error *err)
{
    if (!has_both_commits(args))
        return error_set(err, ERROR_USAGE, "compare --measure needs two commits: BASE HEAD");
    if (asked->fail_on && strcmp(asked->fail_on, "unsure"))
        return error_set(err, ERROR_USAGE, "--fail-on is unsure, not '%s'", asked->fail_on);
    int failed = command_check_rule(asked->alpha, asked->matters, err);
    if (failed)
        return failed;
    if (asked->minimum_effect < 0)
        return error_set(err, ERROR_USAGE, "--minimum-effect is not below 0 per cent");
    if (asked->max_pairs &&
        (asked->max_pairs < PAIRED_LEAST_PAIRS || asked->max_pairs > MAX_PAIRS_MOST))
        return error_set(err, ERROR_USAGE, "--max-pairs is a number from %d to %d",
                         PAIRED_LEAST_PAIRS, MAX_PAIRS_MOST);
    if (asked->layouts && asked->layouts != 1 &&
        (asked->layouts < HEAD_TO_HEAD_LAYOUTS_LEAST || asked->layouts > HEAD_TO_HEAD_LAYOUTS_MOST))
        return error_set(err, ERROR_USAGE,
                         "--layouts is 1, or from %d to %d: those of fewer could not call anything",
                         HEAD_TO_HEAD_LAYOUTS_LEAST, HEAD_TO_HEAD_LAYOUTS_MOST);
    enum head_to_head_order unused;
    if (!order_of(asked->pairs, &unused))
        return error_set(err, ERROR_USAGE, "--pairs is together or in-turn, not '%s'",
                         asked->pairs);
    if (asked->seed < -1)
        return error_set(err, ERROR_USAGE, "--seed is not below 0");
    if (asked->measurement_s < 0 || asked->budget < 0)
        return error_set(err, ERROR_USAGE, "--measurement-time and --budget are not below 0");
    return 0;
}

static uint64_t seed_of(const struct compare_measure *asked)
{
    uint32_t drawn = 1;
    if (asked->seed >= 0)
        return (uint64_t)asked->seed;
    if (getrandom(&drawn, sizeof(drawn), 0) != sizeof(drawn))
        log_warning("the machine gives no random seed: it is 1");
    return drawn;
}

/* The options of run behind the two commits. */
static int read_words(const struct globals *globals, const struct compare_measure *asked,
                      const struct strlist *args, struct run_words *words, struct error *err)
{
    /* What is read borrows its text from `args`. */
    const struct strlist rest = {.items = args->items + 2, .count = args->count - 2};
    int failed = run_words_read(globals, &rest, words, err);
    if (failed)
        return failed;
    words->request.remote = asked->repo ? asked->repo : ".";
    words->request.pull_request = asked->pull_request;
    return 0;
}

static int exit_of(const struct compare_measure *asked, const struct head_to_head *result,
                   const struct verdict_tally *tally, struct error *err)
{
    size_t possible = 0;
    for (size_t i = 0; i < result->count; i++)
        possible += result->rows[i].possible;
    if (!possible)
        return error_set(err, ERROR_NOT_COMPARABLE,
                         "none of the %zu benchmarks of %.12s can be held against those of %.12s",
                         result->count, result->head, result->base);
    bool fails = tally->of[VERDICT_WORSE] || (asked->fail_on && tally->of[VERDICT_UNSURE]);
    return fails ? EXIT_REGRESSION : 0;
}

int compare_measure(const struct globals *globals, const struct compare_measure *asked,
                    const struct strlist *args, struct error *err)
{
    AUTO_RUN_WORDS struct run_words words = {0};
    AUTO_HEAD_TO_HEAD struct head_to_head result = {0};
    int failed = check(asked, args, err);
    if (!failed)
        failed = read_words(globals, asked, args, &words, err);
    if (failed)
        return failed;
    struct head_to_head_request request = {
        .run = &words.request,
        .base = args->items[0],
        .head = args->items[1],
        .benchmark = asked->benchmark,
        .alpha = asked->alpha,
        .matters = asked->matters / 100,
        .minimum_effect = asked->minimum_effect / 100,
        .max_pairs = asked->max_pairs ? (size_t)asked->max_pairs : PAIRED_MAX_PAIRS,
        .layouts = (size_t)asked->layouts,
        .budget_s = asked->budget,
        .measurement_s = asked->measurement_s,
        .seed = seed_of(asked),
    };
    (void)order_of(asked->pairs, &request.order);
    failed = head_to_head(&request, &result, err);
    if (failed)
        return failed;
    const struct verdict_tally tally = tally_of(&result);
    print_all(globals, &request, &result, &tally);
    return exit_of(asked, &result, &tally, err);
}
