/* compare --measure: which benchmarks both sides have, and one process of one of them. */
#include "pipeline/head_to_head/head_to_head_state.h"

#include "base/alloc.h"
#include "base/log.h"
#include "model/metric.h"

#include <math.h>
#include <string.h>

#define PADDING_VARIABLE "LANCE_BENCH_PADDING"
#define NO_PART SIZE_MAX

static struct unit *add_unit(struct match *match, size_t base, size_t head)
{
    ARRAY_RESERVE(match->units, match->unit_cap, match->unit_count + 1);
    struct unit *unit = &match->units[match->unit_count++];
    *unit = (struct unit){.parts = {base, head}};
    unit_draw_layouts(match, unit);
    return unit;
}

static bool higher_is_better(const struct policy_settings *settings, const char *benchmark,
                             const char *units)
{
    if (settings->direction == POLICY_BY_METRIC)
        return metric_higher_is_better(benchmark, units);
    return settings->direction == POLICY_HIGHER_IS_BETTER;
}

/* Rules are BASE's and go by its names, so that a rename cannot get away from one. */
static void add_series(struct match *match, struct unit *unit, const char *base_name,
                       const char *benchmark, const char *units)
{
    struct policy_settings settings = policy_of(&match->policy, base_name, match->test_bed.name);
    if (settings.ignore == POLICY_YES) {
        match->out->ignored++;
        return;
    }
    ARRAY_RESERVE(match->series, match->series_cap, match->series_count + 1);
    ARRAY_RESERVE(unit->series, unit->cap, unit->count + 1);
    unit->series[unit->count++] = match->series_count;
    match->series[match->series_count++] = (struct series){
        .base_name = xstrdup(base_name),
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
    AUTO_FREE char *what = xasprintf(
        "%s, pair %zu, %zu of %zu undecided",
        unit->benchmark[HEAD] ? unit->benchmark[HEAD] : match_part(match, unit, HEAD)->name,
        series ? series->paired.count + 1 : 0, open, match->series_count);
    run_show_progress(&match->sides[HEAD].run, what, 0);
}

int match_measure(struct match *match, const struct unit *unit, int side, struct setting setting,
                  bool *spoiled, struct error *err)
{
    struct run *run = &match->sides[side].run;
    struct run_part *part = match_part(match, unit, side);
    AUTO_STRLIST struct strlist variables = STRLIST_INIT;
    size_t padding = setting.padding;
    AUTO_FREE char *filler = xmalloc(padding + 1);
    memset(filler, 'x', padding);
    filler[padding] = '\0';
    strlist_pushf(&variables, PADDING_VARIABLE "=%s", filler);
    unit_take_layout(match, unit, side, setting.layout);
    if (unit->benchmark[side]) {
        struct bench_target *target = run_target_of(run, part);
        free(target->filter);
        target->filter = exact_filter(unit->benchmark[side]);
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

int match_take(struct match *match, const struct unit *unit, int side, struct setting setting,
               struct readings *out, bool *spoiled, struct error *err)
{
    match_show(match, unit);
    int failed = match_measure(match, unit, side, setting, spoiled, err);
    if (!failed)
        failed = match_read(match, unit, side, out, err);
    return match_failed(match, side, failed, err);
}

static void release_names(struct strlist (*names)[SIDES])
{
    for (int side = 0; side < SIDES; side++)
        strlist_release(&(*names)[side]);
}

#define AUTO_NAMES __attribute__((cleanup(release_names)))

static bool is_part(const struct run_part *part, const struct run_part *other)
{
    return !strcmp(part->name, other->name) && !strcmp(part->format, other->format);
}

static size_t names_in_common(const struct run_part *part, const struct run_part *other)
{
    size_t count = 0;
    for (size_t i = 0; !strcmp(part->format, other->format) && i < part->expected.count; i++)
        count += strlist_contains(&other->expected, part->expected.items[i]);
    return count;
}

/* Of a bench that was renamed or moved: the part that has most of its benchmarks; NO_PART. */
static size_t part_before(const struct run_outcome *before, const struct run_part *part,
                          const bool *taken)
{
    size_t found = NO_PART, most = 0;
    for (size_t i = 0; i < before->part_count; i++) {
        size_t common = taken[i] ? 0 : names_in_common(part, &before->parts[i]);
        if (common > most) {
            most = common;
            found = i;
        }
    }
    return found;
}

/* BASE's part for each of HEAD's into `found`, and which of BASE's are one into `taken`. Those of
 * one name come first. */
static void find_parts(const struct run_outcome *before, const struct run_outcome *after,
                       size_t *found, bool *taken)
{
    for (size_t i = 0; i < after->part_count; i++) {
        found[i] = NO_PART;
        for (size_t j = 0; found[i] == NO_PART && j < before->part_count; j++)
            if (is_part(&before->parts[j], &after->parts[i])) {
                found[i] = j;
                taken[j] = true;
            }
    }
    for (size_t i = 0; i < after->part_count; i++) {
        if (found[i] == NO_PART)
            found[i] = part_before(before, &after->parts[i], taken);
        if (found[i] != NO_PART)
            taken[found[i]] = true;
    }
}

/* What a Criterion bench has is known from its list. */
static void pair_lists(struct match *match, size_t base, size_t head)
{
    const struct strlist *before = &match->sides[BASE].outcome.parts[base].expected;
    const struct strlist *after = &match->sides[HEAD].outcome.parts[head].expected;
    const char *metric = match->sides[HEAD].run.cpu_clock ? "#" CPU_TIME_METRIC : "";
    AUTO_NAMES struct strlist names[SIDES] = {0};
    match_names(match, before, after, names);
    for (size_t i = 0; i < names[HEAD].count; i++) {
        struct unit *unit = add_unit(match, base, head);
        AUTO_FREE char *old = xasprintf("%s%s", names[BASE].items[i], metric);
        AUTO_FREE char *name = xasprintf("%s%s", names[HEAD].items[i], metric);
        for (int side = 0; side < SIDES; side++)
            unit->benchmark[side] = xstrdup(names[side].items[i]);
        add_series(match, unit, old, name, "nanoseconds");
    }
}

/* What the others have is known from a process of either side, which does not count. */
static int pair_readings(struct match *match, struct unit *unit, struct error *err)
{
    AUTO_READINGS struct readings before = {0};
    AUTO_READINGS struct readings after = {0};
    AUTO_STRLIST struct strlist old = STRLIST_INIT, current = STRLIST_INIT;
    AUTO_NAMES struct strlist names[SIDES] = {0};
    const struct setting plain = {0};
    bool spoiled = false;
    int failed = match_take(match, unit, BASE, plain, &before, &spoiled, err);
    if (!failed)
        failed = match_take(match, unit, HEAD, plain, &after, &spoiled, err);
    if (failed)
        return failed;
    for (size_t i = 0; i < before.count; i++)
        strlist_push(&old, before.items[i].benchmark);
    for (size_t i = 0; i < after.count; i++)
        strlist_push(&current, after.items[i].benchmark);
    match_names(match, &old, &current, names);
    for (size_t i = 0; i < names[HEAD].count; i++)
        add_series(match, unit, names[BASE].items[i], names[HEAD].items[i],
                   readings_find(&after, names[HEAD].items[i])->units);
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
    for (size_t i = 0; i < match->unit_count; i++) {
        const struct unit *unit = &match->units[i];
        for (size_t j = 0; unit->layouts && j < unit->count; j++)
            match->series[unit->series[j]].rule.groups = match->seeds.count;
    }
}

static int pair_parts(struct match *match, size_t base, size_t head, struct error *err)
{
    const struct run_part *part = &match->sides[HEAD].outcome.parts[head];
    if (base == NO_PART) {
        strlist_push(&match->out->only_head, part->name);
        return 0;
    }
    const struct run_part *old = &match->sides[BASE].outcome.parts[base];
    if (!is_part(old, part))
        log_info("%s is held against base's %s, which has its benchmarks", part->name, old->name);
    if (!strcmp(part->format, "criterion")) {
        pair_lists(match, base, head);
        return 0;
    }
    return pair_readings(match, add_unit(match, base, head), err);
}

int match_benchmarks(struct match *match, struct error *err)
{
    const struct run_outcome *before = &match->sides[BASE].outcome;
    const struct run_outcome *after = &match->sides[HEAD].outcome;
    AUTO_FREE size_t *found = xreallocarray(NULL, after->part_count + 1, sizeof(*found));
    AUTO_FREE bool *taken = xcalloc(before->part_count + 1, sizeof(*taken));
    find_parts(before, after, found, taken);
    for (size_t i = 0; i < before->part_count; i++)
        if (!taken[i])
            strlist_push(&match->out->only_base, before->parts[i].name);
    for (size_t i = 0; i < after->part_count; i++) {
        int failed = pair_parts(match, found[i], i, err);
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
