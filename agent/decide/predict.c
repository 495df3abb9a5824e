#include "decide/predict.h"

#include "base/alloc.h"
#include "base/sort.h"
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

/* Rosner's critical value for the step that is left with `n` values. */
static double wild_limit(size_t n)
{
    double points = (double)n;
    double t = student_quantile(1 - WILD_ALPHA / (2 * points), points - 2);
    return (points - 1) * t / sqrt((points - 2 + t * t) * points);
}

/* Sums and sums of squares, about `centre`, of the first 1, 2, … of `count` values from `x` on. */
struct sums {
    double sum, squares;
};

static struct sums *sums_outwards(const double *x, size_t count, ptrdiff_t stride, double centre)
{
    struct sums *sums = xcalloc(count + 1, sizeof(*sums));
    for (size_t i = 0; i < count; i++, x += stride) {
        sums[i + 1].sum = sums[i].sum + (*x - centre);
        sums[i + 1].squares = sums[i].squares + (*x - centre) * (*x - centre);
    }
    return sums;
}

/* Sorts, and says which of the values are not wild: out[0] up to out[1]. The one farthest from the
 * mean is the first or the last of those that are left; their moments come from sums that begin in
 * the middle, so that what was taken away has never been in them. The limit grows with the values:
 * what is below that of the fewest is below all. */
static void without_wild(double *x, size_t n, size_t out[2])
{
    size_t most = n / WILD_SHARE, middle = n / 2, low = 0, high = n;
    sort_doubles(x, n);
    out[0] = 0;
    out[1] = n;
    double centre = n ? x[middle] : 0, least = most ? wild_limit(n - most + 1) : 0;
    AUTO_FREE struct sums *below = sums_outwards(x + middle - 1, middle, -1, centre);
    AUTO_FREE struct sums *above = sums_outwards(x + middle, n - middle, 1, centre);
    for (size_t i = 0; i < most; i++) {
        const struct sums *b = &below[middle - low], *a = &above[high - middle];
        double left = (double)(high - low), mean = (b->sum + a->sum) / left;
        double squares = b->squares + a->squares - left * mean * mean;
        double deviation = sqrt(fmax(squares, 0) / (left - 1));
        double down = mean - (x[low] - centre), up = x[high - 1] - centre - mean;
        double distance = deviation > 0 ? fmax(down, up) / deviation : 0;
        bool wild = distance > least && distance > wild_limit(high - low);
        if (down > up)
            low++;
        else
            high--;
        if (wild) {
            out[0] = low;
            out[1] = high;
        }
    }
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
    size_t kept[2];
    without_wild(old, n, kept);
    struct prediction p = {.relative = relative, .history = kept[1] - kept[0]};
    double level, measured;
    p.left_out = n - p.history;
    moments(old + kept[0], p.history, &level, &p.noise);
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
