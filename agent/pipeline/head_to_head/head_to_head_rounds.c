/* compare --measure: the rounds of both sessions. */
#include "pipeline/head_to_head/head_to_head_state.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cpu_mask.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "pipeline/run/run_evidence.h"

#include <math.h>
#include <string.h>

#define PADDING_MAX 4096 /* bytes: a page */

/* What one block of a unit gave: pairs of processes, each side of each. */
struct block {
    struct readings readings[PAIRED_BLOCK][SIDES];
    struct setting settings[PAIRED_BLOCK];
    bool spoiled;
};

static void block_release(struct block *block)
{
    for (int i = 0; i < PAIRED_BLOCK; i++)
        for (int side = 0; side < SIDES; side++)
            readings_release(&block->readings[i][side]);
    *block = (struct block){0};
}

#define AUTO_BLOCK __attribute__((cleanup(block_release)))

/* splitmix64 */
uint64_t match_draw(struct match *match, uint64_t limit)
{
    uint64_t z = match->random += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) % limit;
}

static int measure_pair(struct match *match, const struct unit *unit, int first,
                        struct block *block, int pair, struct error *err)
{
    struct readings *out = block->readings[pair];
    struct setting setting = {.padding = (size_t)match_draw(match, PADDING_MAX),
                              .layout = unit_layout(match, unit, (size_t)pair)};
    block->settings[pair] = setting;
    int failed = 0;
    if (match->out->together)
        return match_take_both(match, unit, first, setting, out, &block->spoiled, err);
    for (int k = 0; k < SIDES && !failed; k++) {
        int side = (first + k) % SIDES;
        failed = interrupt_check(err);
        if (!failed)
            failed = match_take(match, unit, side, setting, &out[side], &block->spoiled, err);
    }
    return failed;
}

/* ABBA or BAAB. */
static int measure_block(struct match *match, const struct unit *unit, struct block *block,
                         struct error *err)
{
    int first = (int)match_draw(match, SIDES);
    for (int pair = 0; pair < PAIRED_BLOCK; pair++) {
        int failed = measure_pair(match, unit, (first + pair) % SIDES, block, pair, err);
        if (failed)
            return failed;
    }
    return 0;
}

/* Until it is measured undisturbed, or often enough. */
static int measure_until_clean(struct match *match, const struct unit *unit, struct block *block,
                               struct error *err)
{
    for (int attempt = 0;; attempt++) {
        block_release(block);
        int failed = measure_block(match, unit, block, err);
        if (failed || !block->spoiled || attempt >= match->request->run->retakes)
            return failed;
        match->out->blocks_again++;
        log_debug("%s: others disturbed a block; it is measured again",
                  unit->benchmark[HEAD] ? unit->benchmark[HEAD] : "a block");
    }
}

/* ln(B/A); NAN where there is none. */
static double log_ratio(double base, double head)
{
    if (base == head)
        return 0;
    return base > 0 && head > 0 ? log(head / base) : NAN;
}

static void drop(struct series *series, const char *why)
{
    series->row.possible = false;
    strlist_push(&series->row.notes, why);
    (void)paired_stop(&series->paired);
}

static void keep_level(struct series *series, double base, double head)
{
    size_t at = series->paired.count;
    if (at >= series->level_cap) {
        series->level_cap = series->level_cap ? 2 * series->level_cap : 64;
        for (int side = 0; side < SIDES; side++)
            series->levels[side] =
                xreallocarray(series->levels[side], series->level_cap, sizeof(double));
    }
    series->levels[BASE][at] = base;
    series->levels[HEAD][at] = head;
}

static const struct reading *reading_of(const struct unit *unit, const struct series *series,
                                        const struct block *block, int pair, int side)
{
    const struct readings *readings = &block->readings[pair][side];
    /* The list of a Criterion executable cuts long names. */
    if (unit->benchmark[side] && readings->count == 1)
        return &readings->items[0];
    return readings_find(readings, side == BASE ? series->base_name : series->row.benchmark);
}

static void add_block(struct series *series, const struct unit *unit, const struct block *block)
{
    double pairs[PAIRED_BLOCK], levels[PAIRED_BLOCK][SIDES];
    for (int i = 0; i < PAIRED_BLOCK; i++) {
        for (int side = 0; side < SIDES; side++) {
            const struct reading *reading = reading_of(unit, series, block, i, side);
            if (!reading) {
                drop(series, "one of its processes did not measure it");
                return;
            }
            levels[i][side] = reading->value;
        }
        pairs[i] = log_ratio(levels[i][BASE], levels[i][HEAD]);
        if (!isfinite(pairs[i])) {
            drop(series, "a value of 0 or below has no ratio");
            return;
        }
    }
    series->spoiled |= block->spoiled;
    for (int i = 0; i < PAIRED_BLOCK; i++) {
        keep_level(series, levels[i][BASE], levels[i][HEAD]);
        paired_add_grouped(&series->paired, pairs[i], block->settings[i].layout);
    }
}

static bool is_open(const struct match *match, const struct unit *unit)
{
    for (size_t i = 0; i < unit->count; i++)
        if (paired_wants_more(&match->series[unit->series[i]].paired))
            return true;
    return false;
}

static int play_unit(struct match *match, struct unit *unit, struct error *err)
{
    AUTO_BLOCK struct block block = {0};
    int failed = measure_until_clean(match, unit, &block, err);
    for (size_t i = 0; !failed && i < unit->count; i++) {
        struct series *series = &match->series[unit->series[i]];
        if (paired_wants_more(&series->paired))
            add_block(series, unit, &block);
    }
    unit->pairs += failed ? 0 : PAIRED_BLOCK;
    return failed;
}

void match_shuffle(struct match *match, size_t *order, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)match_draw(match, i), kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}

static bool is_over(struct match *match)
{
    bool over = match->deadline_s > 0 && clock_monotonic_s() > match->deadline_s;
    match->out->budget_ended |= over;
    return over;
}

/* One block of each unit that is open; *left: how many were. */
static int play_round(struct match *match, size_t *left, struct error *err)
{
    AUTO_FREE size_t *order = xreallocarray(NULL, match->unit_count, sizeof(*order));
    *left = 0;
    for (size_t i = 0; i < match->unit_count; i++)
        if (is_open(match, &match->units[i]))
            order[(*left)++] = i;
    match_shuffle(match, order, *left);
    for (size_t i = 0; i < *left && !is_over(match); i++) {
        int failed = play_unit(match, &match->units[order[i]], err);
        if (failed)
            return failed;
    }
    return 0;
}

static int play_session(struct match *match, struct error *err)
{
    size_t left = 1;
    while (left && !is_over(match)) {
        int failed = play_round(match, &left, err);
        if (!failed)
            failed = run_canary(&match->sides[HEAD].run, false, err);
        if (failed)
            return failed;
    }
    return 0;
}

/* Which of them want a fresh session. */
static size_t begin_confirming(struct match *match)
{
    size_t found = 0;
    for (size_t i = 0; i < match->series_count; i++) {
        struct paired *paired = &match->series[i].paired;
        if (paired->state != PAIRED_FOUND)
            continue;
        paired_confirm(paired);
        found++;
    }
    return found;
}

static int confirm(struct match *match, struct error *err)
{
    size_t found = is_over(match) ? 0 : begin_confirming(match);
    if (!found)
        return 0;
    log_info("%zu of %zu benchmarks look different: measuring them again in a fresh session", found,
             match->series_count);
    match->out->confirmed = true;
    for (int i = 0; i < SIDES; i++) {
        int failed = side_copy_executables(&match->sides[i], err);
        if (failed)
            return failed;
    }
    int failed = run_canary(&match->sides[HEAD].run, true, err);
    return failed ? failed : play_session(match, err);
}

/* Only on the same CPU do both get the same share of whatever slows it. */
static void settle_on_one_cpu(struct match *match, struct run *run)
{
    int cpu = cpu_mask_first(&run->cpus);
    CPU_ZERO(&match->one_cpu);
    CPU_SET(cpu, &match->one_cpu);
    run->placement.cpus = &match->one_cpu;
    log_info("both processes of a pair run at once, on CPU %d", cpu);
}

int match_play(struct run *run, void *context, struct error *err)
{
    struct match *match = context;
    double start = clock_monotonic_s();
    if (match->out->together)
        settle_on_one_cpu(match, run);
    /* Where benchmarks run was settled for HEAD's run. */
    match->sides[BASE].run.placement = run->placement;
    int failed = run_canary(run, false, err);
    if (!failed)
        failed = match_benchmarks(match, err);
    if (!failed && match->request->budget_s > 0)
        match->deadline_s = clock_monotonic_s() + match->request->budget_s;
    if (!failed) {
        log_info("%zu benchmarks, seed %llu", match->series_count,
                 (unsigned long long)match->request->seed);
        failed = play_session(match, err);
    }
    if (!failed)
        failed = confirm(match, err);
    for (size_t i = 0; i < match->series_count; i++)
        (void)paired_stop(&match->series[i].paired);
    match->out->measure_s = clock_monotonic_s() - start;
    return failed;
}
