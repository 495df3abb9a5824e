#include "decide/predict.h"

#include "base/alloc.h"
#include "decide/change.h"
#include "decide/distribution.h"
#include "decide/robust.h"

#include <math.h>

#define WILD_ALPHA 2e-5         /* a history without wild runs loses one in this share of cases */
#define CHANGE_CONFIDENCE 0.995 /* a lesser change in a short history may be none */
#define WILD_SHARE 5            /* at most one run in five is wild */
#define NEW_WILD 4.0            /* s from the median of the new runs */
#define RESOLUTION 2e-5 /* relative: no measurement is finer, and exact counts have no noise */
#define RUNS_MAX ((size_t)1 << 20)

struct sample {
    double *x;
    size_t count;
};

static struct sample sample_of(const double *x, size_t count, bool *positive)
{
    struct sample s = {xreallocarray(NULL, count + 1, sizeof(*x)), 0};
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(x[i]))
            continue;
        *positive = *positive && x[i] > 0;
        s.x[s.count++] = x[i];
    }
    return s;
}

static void moments(const double *x, size_t n, double *mean, double *deviation)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    *mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - *mean) * (x[i] - *mean);
    *deviation = n > 1 ? sqrt(squares / (double)(n - 1)) : 0;
}

/* Moves the value farthest from the mean to the end; returns its distance in deviations. */
static double farthest_last(double *x, size_t n)
{
    double mean, deviation;
    moments(x, n, &mean, &deviation);
    size_t worst = 0;
    for (size_t i = 1; i < n; i++)
        if (fabs(x[i] - mean) > fabs(x[worst] - mean))
            worst = i;
    double distance = deviation > 0 ? fabs(x[worst] - mean) / deviation : 0, kept = x[worst];
    x[worst] = x[n - 1];
    x[n - 1] = kept;
    return distance;
}

/* Rosner's critical value for the step that is left with `n` values. */
static double wild_limit(size_t n)
{
    double points = (double)n;
    double t = student_quantile(1 - WILD_ALPHA / (2 * points), points - 2);
    return (points - 1) * t / sqrt((points - 2 + t * t) * points);
}

/* Puts wild values behind the others, in another order; returns how many are not wild. The limit
 * grows with the values: what is below that of the fewest is below all. */
static size_t without_wild(double *x, size_t n)
{
    size_t most = n / WILD_SHARE, wild = 0;
    double least = most ? wild_limit(n - most + 1) : 0;
    for (size_t i = 0; i < most; i++) {
        double distance = farthest_last(x, n - i);
        if (distance > least && distance > wild_limit(n - i))
            wild = i + 1;
    }
    return n - wild;
}

/* Where the level that the history is on began. */
static size_t last_level(const double *x, size_t n)
{
    struct change_finder *finder = change_finder_new(NULL);
    const struct change *changes;
    for (size_t i = 0; i < n; i++)
        change_finder_add(finder, x[i]);
    size_t count = change_finder_find(finder, &changes);
    while (count && changes[count - 1].confidence < CHANGE_CONFIDENCE)
        count--;
    size_t since = count ? changes[count - 1].index : 0;
    change_finder_free(finder);
    return since;
}

static double robust_new_mean(const double *x, size_t n, double scale, size_t *used)
{
    AUTO_FREE double *scratch = xreallocarray(NULL, n, sizeof(*x));
    for (size_t i = 0; i < n; i++)
        scratch[i] = x[i];
    double median = robust_median(scratch, n), sum = 0;
    *used = 0;
    for (size_t i = 0; i < n; i++) {
        if (n >= 3 && fabs(x[i] - median) > NEW_WILD * scale)
            continue;
        sum += x[i];
        ++*used;
    }
    return *used ? sum / (double)*used : median;
}

static void take_logarithms(struct sample *s)
{
    for (size_t i = 0; i < s->count; i++)
        s->x[i] = log(s->x[i]);
}

static double as_effect(const struct prediction *p, double difference)
{
    return p->relative ? expm1(difference) : difference;
}

static double as_difference(const struct prediction *p, double effect)
{
    return p->relative ? log1p(effect) : effect;
}

static struct prediction hold_against(double *old, size_t n, const struct sample *new,
                                      bool relative)
{
    struct prediction p = {.relative = relative, .history = without_wild(old, n)};
    double level, measured;
    p.left_out = n - p.history;
    moments(old, p.history, &level, &p.noise);
    p.noise = fmax(p.noise, relative ? RESOLUTION : RESOLUTION * fabs(level));
    measured = robust_new_mean(new->x, new->count, p.noise, &p.runs);
    p.runs = p.runs ? p.runs : 1;
    p.error = p.noise * sqrt(1 / (double)p.runs + 1 / (double)p.history);
    double freedom = (double)p.history - 1, difference = measured - level;
    double reach = student_quantile(0.975, freedom) * p.error;
    double t = p.error > 0       ? difference / p.error
               : difference == 0 ? 0
                                 : copysign(INFINITY, difference);
    p.expected = relative ? exp(level) : level;
    p.measured = relative ? exp(measured) : measured;
    p.effect = as_effect(&p, difference);
    p.low = as_effect(&p, difference - reach);
    p.high = as_effect(&p, difference + reach);
    p.p_higher = student_upper(t, freedom);
    p.p_lower = student_upper(-t, freedom);
    return p;
}

bool predict(const double *history, size_t history_count, const double *runs, size_t run_count,
             struct prediction *out)
{
    bool positive = true;
    struct sample old = sample_of(history, history_count, &positive);
    struct sample new = sample_of(runs, run_count, &positive);
    size_t since = old.count ? last_level(old.x, old.count) : 0;
    bool enough = new.count &&old.count >= since + PREDICT_HISTORY_MIN;
    if (enough && positive) {
        take_logarithms(&old);
        take_logarithms(&new);
    }
    if (enough) {
        *out = hold_against(old.x + since, old.count - since, &new, positive);
        out->since = since;
    }
    free(old.x);
    free(new.x);
    return enough;
}

/* The difference that is seen with the probability `power`. The noncentral t is near a shifted t
 * of the same freedom for powers from a half to nine tenths. */
static double smallest_difference(const struct prediction *p, double alpha, double power,
                                  size_t runs)
{
    double freedom = (double)p->history - 1;
    double error = p->noise * sqrt(1 / (double)runs + 1 / (double)p->history);
    return (student_quantile(1 - alpha, freedom) + student_quantile(power, freedom)) * error;
}

double predict_smallest(const struct prediction *p, double alpha, double power)
{
    return as_effect(p, smallest_difference(p, alpha, power, p->runs));
}

size_t predict_runs_needed(const struct prediction *p, double alpha, double power, double effect)
{
    double difference = as_difference(p, effect);
    size_t low = 0, high = 1;
    while (high < RUNS_MAX && smallest_difference(p, alpha, power, high) > difference) {
        low = high;
        high *= 2;
    }
    if (high >= RUNS_MAX)
        return 0;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (smallest_difference(p, alpha, power, middle) > difference)
            low = middle;
        else
            high = middle;
    }
    return high;
}
