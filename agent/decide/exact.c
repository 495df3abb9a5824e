#include "decide/exact.h"

#include <math.h>

enum { VALUES_MIN = 4 };

bool exact_values(const double *values, size_t count)
{
    size_t known = 0, steps = 0;
    double last = NAN;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            continue;
        steps += known && values[i] != last;
        last = values[i];
        known++;
    }
    return known >= VALUES_MIN && 4 * steps <= known;
}

static struct change step_of(double before, double after, size_t previous, size_t index)
{
    double relative = before > 0 && after > 0 ? after / before - 1 : NAN;
    return (struct change){
        .index = index,
        .previous = previous,
        .first = index,
        .last = index,
        .before = before,
        .after = after,
        .relative = relative,
        .relative_low = relative,
        .relative_high = relative,
        .size = NAN,
        .evidence = NAN,
        .confidence = 1,
    };
}

size_t exact_changes(const double *values, size_t count, struct change *out)
{
    size_t changes = 0, previous = count;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            continue;
        if (previous < count && values[i] != values[previous])
            out[changes++] = step_of(values[previous], values[i], previous, i);
        previous = i;
    }
    return changes;
}

/* How many of the last values are equal; 0 where something is not finite. */
static size_t equal_tail(const double *x, size_t count)
{
    size_t equal = 0;
    while (equal < count && x[count - 1 - equal] == x[count - 1])
        equal++;
    return count && isfinite(x[count - 1]) ? equal : 0;
}

bool exact_predict(const double *history, size_t history_count, const double *runs,
                   size_t run_count, struct prediction *out)
{
    size_t level = equal_tail(history, history_count);
    if (level < PREDICT_HISTORY_MIN || !run_count || equal_tail(runs, run_count) != run_count)
        return false;
    double expected = history[history_count - 1], measured = runs[0];
    bool relative = expected > 0 && measured > 0;
    double effect = relative ? measured / expected - 1 : measured - expected;
    *out = (struct prediction){
        .relative = relative,
        .since = history_count - level,
        .history = level,
        .runs = run_count,
        .expected = expected,
        .measured = measured,
        .effect = effect,
        .low = effect,
        .high = effect,
        .p_higher = effect > 0 ? 0 : 1,
        .p_lower = effect < 0 ? 0 : 1,
    };
    return true;
}
