/* compare --measure: which benchmarks both sides have, and one process of one of them. */
#include "pipeline/head_to_head/head_to_head_state.h"

#include "base/alloc.h"
#include "base/log.h"
#include "model/metric.h"

#include <math.h>
#include <string.h>

#define PADDING_VARIABLE "LANCE_BENCH_PADDING"

static bool is_wanted(const struct match *match, const char *benchmark)
{
    const char *part = match->request->benchmark;
    return !part || strstr(benchmark, part);
}

static struct unit *add_unit(struct match *match, size_t base, size_t head, const char *benchmark)
{
    ARRAY_RESERVE(match->units, match->unit_cap, match->unit_count + 1);
    struct unit *unit = &match->units[match->unit_count++];
    *unit = (struct unit){.parts = {base, head}, .benchmark = xstrdup(benchmark)};
    return unit;
}

static bool higher_is_better(const struct policy_settings *settings, const char *benchmark,
                             const char *units)
{
    if (settings->direction == POLICY_BY_METRIC)
        return metric_higher_is_better(benchmark, units);
    return settings->direction == POLICY_HIGHER_IS_BETTER;
}

static void add_series(struct match *match, struct unit *unit, const char *benchmark,
                       const char *units)
{
    struct policy_settings settings = policy_of(&match->policy, benchmark, match->test_bed.name);
    if (settings.ignore == POLICY_YES) {
        match->out->ignored++;
        return;
    }
    ARRAY_RESERVE(match->series, match->series_cap, match->series_count + 1);
    ARRAY_RESERVE(unit->series, unit->cap, unit->count + 1);
    unit->series[unit->count++] = match->series_count;
    match->series[match->series_count++] = (struct series){
        .row = {.benchmark = xstrdup(benchmark),
                .units = xstrdup(units),
                .higher_is_better = higher_is_better(&settings, benchmark, units),
                .possible = true,
                .matters = isnan(settings.matters) ? VERDICT_MATTERS : settings.matters,
                .minimum_effect = isnan(settings.minimum_effect) ? 0 : settings.minimum_effect},
    };
}

struct run_part *match_part(struct match *match, const struct unit *unit, int side)
{
    return &match->sides[side].outcome.parts[unit->parts[side]];
}

/* A regular expression that the name alone matches. */
static char *exact_filter(const char *name)
{
    struct strbuf filter = STRBUF_INIT;
    strbuf_addch(&filter, '^');
    for (; *name; name++) {
        if (strchr("\\.+*?()|[]{}^$#&-~", *name))
            strbuf_addch(&filter, '\\');
        strbuf_addch(&filter, *name);
    }
    strbuf_addch(&filter, '$');
    return strbuf_detach(&filter);
}

void match_show(struct match *match, const struct unit *unit)
{
    const struct series *series = unit->count ? &match->series[unit->series[0]] : NULL;
    size_t open = 0;
    for (size_t i = 0; i < match->series_count; i++)
        open += paired_wants_more(&match->series[i].paired);
    AUTO_FREE char *what =
        xasprintf("%s, pair %zu, %zu of %zu undecided",
                  unit->benchmark ? unit->benchmark : match_part(match, unit, HEAD)->name,
                  series ? series->paired.count + 1 : 0, open, match->series_count);
    run_show_progress(&match->sides[HEAD].run, what, 0);
}

int match_measure(struct match *match, const struct unit *unit, int side, size_t padding,
                  bool *spoiled, struct error *err)
{
    struct run *run = &match->sides[side].run;
    struct run_part *part = match_part(match, unit, side);
    AUTO_STRLIST struct strlist variables = STRLIST_INIT;
    AUTO_FREE char *filler = xmalloc(padding + 1);
    memset(filler, 'x', padding);
    filler[padding] = '\0';
    strlist_pushf(&variables, PADDING_VARIABLE "=%s", filler);
    if (unit->benchmark) {
        struct bench_target *target = run_target_of(run, part);
        free(target->filter);
        target->filter = exact_filter(unit->benchmark);
    }
    bool is_spoiled = false;
    int failed = run_measure_once(run, part, &variables, &is_spoiled, err);
    *spoiled |= is_spoiled;
    return failed;
}

int match_read(struct match *match, const struct unit *unit, int side, struct readings *out,
               struct error *err)
{
    match->out->processes++;
    return readings_read(&match->sides[side].run, match_part(match, unit, side), out, err);
}

int match_failed(const struct match *match, int side, int failed, struct error *err)
{
    const struct side *at = &match->sides[side];
    return !failed || failed == ERROR_INTERRUPTED
               ? failed
               : error_wrap(err, "%s %.12s", at->name, at->outcome.commit);
}

int match_take(struct match *match, const struct unit *unit, int side, size_t padding,
               struct readings *out, bool *spoiled, struct error *err)
{
    match_show(match, unit);
    int failed = match_measure(match, unit, side, padding, spoiled, err);
    if (!failed)
        failed = match_read(match, unit, side, out, err);
    return match_failed(match, side, failed, err);
}

static bool has_part(const struct run_outcome *outcome, const char *name, const char *format,
                     size_t *at)
{
    for (*at = 0; *at < outcome->part_count; ++*at)
        if (!strcmp(outcome->parts[*at].name, name) && !strcmp(outcome->parts[*at].format, format))
            return true;
    return false;
}

/* What a Criterion bench has is known from its list. */
static void pair_lists(struct match *match, size_t base, size_t head)
{
    struct run_outcome *a = &match->sides[BASE].outcome, *b = &match->sides[HEAD].outcome;
    const struct strlist *before = &a->parts[base].expected, *after = &b->parts[head].expected;
    const char *metric = match->sides[HEAD].run.cpu_clock ? "#" CPU_TIME_METRIC : "";
    for (size_t i = 0; i < before->count; i++)
        if (is_wanted(match, before->items[i]) && !strlist_contains(after, before->items[i]))
            strlist_push(&match->out->only_base, before->items[i]);
    for (size_t i = 0; i < after->count; i++) {
        if (!is_wanted(match, after->items[i]))
            continue;
        if (!strlist_contains(before, after->items[i])) {
            strlist_push(&match->out->only_head, after->items[i]);
            continue;
        }
        AUTO_FREE char *name = xasprintf("%s%s", after->items[i], metric);
        struct unit *unit = add_unit(match, base, head, after->items[i]);
        add_series(match, unit, name, "nanoseconds");
    }
}

/* What the others have is known from a process of either side, which does not count. */
static int pair_readings(struct match *match, struct unit *unit, struct error *err)
{
    AUTO_READINGS struct readings before = {0};
    AUTO_READINGS struct readings after = {0};
    bool spoiled = false;
    int failed = match_take(match, unit, BASE, 0, &before, &spoiled, err);
    if (!failed)
        failed = match_take(match, unit, HEAD, 0, &after, &spoiled, err);
    if (failed)
        return failed;
    for (size_t i = 0; i < before.count; i++)
        if (is_wanted(match, before.items[i].benchmark) &&
            !readings_find(&after, before.items[i].benchmark))
            strlist_push(&match->out->only_base, before.items[i].benchmark);
    for (size_t i = 0; i < after.count; i++) {
        const struct reading *reading = &after.items[i];
        if (!is_wanted(match, reading->benchmark))
            continue;
        if (readings_find(&before, reading->benchmark))
            add_series(match, unit, reading->benchmark, reading->units);
        else
            strlist_push(&match->out->only_head, reading->benchmark);
    }
    return 0;
}

static void init_rules(struct match *match)
{
    const struct head_to_head_request *request = match->request;
    for (size_t i = 0; i < match->series_count; i++) {
        struct series *series = &match->series[i];
        /* Whoever does not hear of less does not wait for it either. */
        double matters = fmax(series->row.matters, series->row.minimum_effect);
        paired_rule_init(&series->rule, match->out->alpha, matters, match->series_count,
                         request->max_pairs);
        series->paired.rule = &series->rule;
    }
}

static int pair_parts(struct match *match, size_t head, struct error *err)
{
    const struct run_part *part = &match->sides[HEAD].outcome.parts[head];
    size_t base;
    if (!has_part(&match->sides[BASE].outcome, part->name, part->format, &base)) {
        strlist_push(&match->out->only_head, part->name);
        return 0;
    }
    if (!strcmp(part->format, "criterion")) {
        pair_lists(match, base, head);
        return 0;
    }
    return pair_readings(match, add_unit(match, base, head, NULL), err);
}

int match_benchmarks(struct match *match, struct error *err)
{
    const struct run_outcome *before = &match->sides[BASE].outcome;
    const struct run_outcome *after = &match->sides[HEAD].outcome;
    size_t unused;
    for (size_t i = 0; i < before->part_count; i++)
        if (!has_part(after, before->parts[i].name, before->parts[i].format, &unused))
            strlist_push(&match->out->only_base, before->parts[i].name);
    for (size_t i = 0; i < after->part_count; i++) {
        int failed = pair_parts(match, i, err);
        if (failed)
            return failed;
    }
    if (!match->series_count)
        return error_set(err, ERROR_NOT_COMPARABLE,
                         "%.12s and %.12s have no benchmark in common%s%s", before->commit,
                         after->commit, match->request->benchmark ? " whose name contains " : "",
                         match->request->benchmark ? match->request->benchmark : "");
    init_rules(match);
    return 0;
}
