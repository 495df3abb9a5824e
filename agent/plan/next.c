#include "plan/next.h"

#include "base/alloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double MIN_NOISE = 0.005, MIN_STEP = 3, UNKNOWN_STEP = 1;
enum { MIN_RATIOS = 5 };

/* ln(newer / older) of one benchmark between two neighbours. */
struct ratio {
    const char *benchmark;
    double log;
    double error;
};

struct ratios {
    struct ratio *items;
    size_t count, cap;
};

/* How noisy each benchmark is, sorted by name. */
struct noise {
    const char *benchmark;
    double sigma;
};

struct noises {
    struct noise *items;
    size_t count;
};

struct gap {
    size_t newer, older; /* measured ends, or PLAN_NONE */
    size_t first, end;   /* the points between them */
    size_t open;
    double step, score;
    const char *benchmark;
    double ratio;
};

static bool usable(const struct plan_value *value)
{
    return value->level > 0 && isfinite(value->level);
}

/* Appends the ratios of the benchmarks that both have. */
static void compare(const struct plan_point *newer, const struct plan_point *older,
                    struct ratios *out)
{
    for (size_t i = 0, j = 0; i < newer->value_count && j < older->value_count;) {
        const struct plan_value *a = &newer->values[i], *b = &older->values[j];
        int order = strcmp(a->benchmark, b->benchmark);
        i += order <= 0;
        j += order >= 0;
        if (order || !usable(a) || !usable(b))
            continue;
        ARRAY_RESERVE(out->items, out->cap, out->count + 1);
        out->items[out->count++] =
            (struct ratio){a->benchmark, log(a->level / b->level), hypot(a->error, b->error)};
    }
}

/* --- noise ------------------------------------------------------------------------------------ */

static int by_benchmark(const void *left, const void *right)
{
    const struct ratio *a = left, *b = right;
    int order = strcmp(a->benchmark, b->benchmark);
    double x = fabs(a->log), y = fabs(b->log);
    return order ? order : x < y ? -1 : x > y;
}

/* The median of |ln ratio| of each benchmark over all neighbours. */
static void find_noises(const struct plan_point *points, const size_t *measured, size_t count,
                        struct noises *out)
{
    struct ratios all = {0};
    for (size_t i = 0; i + 1 < count; i++)
        compare(&points[measured[i]], &points[measured[i + 1]], &all);
    out->items = xcalloc(all.count + 1, sizeof(*out->items));
    if (all.count)
        qsort(all.items, all.count, sizeof(*all.items), by_benchmark);
    for (size_t i = 0, end; i < all.count; i = end) {
        for (end = i; end < all.count && !strcmp(all.items[end].benchmark, all.items[i].benchmark);)
            end++;
        size_t n = end - i, middle = i + n / 2;
        double median = fabs(all.items[middle].log);
        if (n % 2 == 0)
            median = (median + fabs(all.items[middle - 1].log)) / 2;
        double sigma = n >= MIN_RATIOS ? 1.4826 * median : 0;
        out->items[out->count++] = (struct noise){all.items[i].benchmark, sigma};
    }
    free(all.items);
}

static int by_name(const void *left, const void *right)
{
    const struct noise *a = left, *b = right;
    return strcmp(a->benchmark, b->benchmark);
}

static double sigma_of(const struct noises *noises, const struct ratio *ratio)
{
    const struct noise key = {ratio->benchmark, 0};
    const struct noise *known =
        noises->count ? bsearch(&key, noises->items, noises->count, sizeof(key), by_name) : NULL;
    double sigma = known ? known->sigma : 0;
    if (isfinite(ratio->error))
        sigma = fmax(sigma, ratio->error);
    return fmax(sigma, MIN_NOISE);
}

/* --- gaps ------------------------------------------------------------------------------------- */

static void weigh(const struct plan_point *points, const struct noises *noises, struct gap *gap)
{
    for (size_t i = gap->first; i < gap->end; i++)
        gap->open += points[i].status == PLAN_OPEN;
    gap->step = UNKNOWN_STEP;
    if (gap->newer != PLAN_NONE && gap->older != PLAN_NONE && gap->open) {
        struct ratios ratios = {0};
        double largest = 0;
        const struct ratio *worst = NULL;
        compare(&points[gap->newer], &points[gap->older], &ratios);
        for (size_t i = 0; i < ratios.count; i++) {
            double step = fabs(ratios.items[i].log) / sigma_of(noises, &ratios.items[i]);
            if (step > largest) {
                largest = step;
                worst = &ratios.items[i];
            }
        }
        double chance = worst ? sqrt(2 * log(2 * (double)ratios.count)) : 0;
        if (worst && largest >= fmax(MIN_STEP, chance + 1)) {
            gap->step = largest;
            gap->benchmark = worst->benchmark;
            gap->ratio = exp(worst->log);
        }
        free(ratios.items);
    }
    gap->score = gap->step * log2((double)gap->open + 1);
}

/* The open point in the middle of the gap; at an end of the range the one furthest out. */
static size_t choose_in(const struct plan_point *points, const struct gap *gap)
{
    size_t wanted = gap->newer == PLAN_NONE   ? 0
                    : gap->older == PLAN_NONE ? gap->open - 1
                                              : gap->open / 2;
    for (size_t i = gap->first; i < gap->end; i++)
        if (points[i].status == PLAN_OPEN && !wanted--)
            return i;
    return PLAN_NONE;
}

static void choose_gap(const struct plan_point *points, size_t count, const size_t *measured,
                       size_t measured_count, struct plan_choice *out)
{
    struct noises noises = {0};
    struct gap best = {.score = 0};
    find_noises(points, measured, measured_count, &noises);
    for (size_t i = 0; i <= measured_count; i++) {
        struct gap gap = {
            .newer = i ? measured[i - 1] : PLAN_NONE,
            .older = i < measured_count ? measured[i] : PLAN_NONE,
            .first = i ? measured[i - 1] + 1 : 0,
            .end = i < measured_count ? measured[i] : count,
        };
        weigh(points, &noises, &gap);
        if (gap.open && gap.score > best.score)
            best = gap;
    }
    free(noises.items);
    if (best.open)
        *out = (struct plan_choice){choose_in(points, &best), best.newer, best.older, best.open,
                                    best.benchmark,           best.ratio};
}

/* --- without values --------------------------------------------------------------------------- */

static size_t distance(size_t a, size_t b)
{
    return a > b ? a - b : b - a;
}

/* The open point furthest from every one that was tried; the newest where none was. */
static size_t choose_furthest(const struct plan_point *points, size_t count)
{
    size_t best = PLAN_NONE, best_distance = 0;
    for (size_t i = 0; i < count; i++) {
        if (points[i].status != PLAN_OPEN)
            continue;
        size_t nearest = PLAN_NONE;
        for (size_t j = 0; j < count; j++)
            if ((points[j].status == PLAN_MEASURED || points[j].tried) && distance(i, j) < nearest)
                nearest = distance(i, j);
        if (best == PLAN_NONE || nearest > best_distance) {
            best = i;
            best_distance = nearest;
        }
    }
    return best;
}

static size_t choose_end(const struct plan_point *points, size_t count, bool newest)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = newest ? i : count - 1 - i;
        if (points[at].status == PLAN_OPEN)
            return at;
    }
    return PLAN_NONE;
}

void plan_next(const struct plan_point *points, size_t count, enum plan_order order,
               struct plan_choice *out)
{
    AUTO_FREE size_t *measured = xcalloc(count + 1, sizeof(*measured));
    size_t measured_count = 0;
    *out = (struct plan_choice){.index = PLAN_NONE, .newer = PLAN_NONE, .older = PLAN_NONE};
    for (size_t i = 0; i < count; i++)
        if (points[i].status == PLAN_MEASURED && points[i].value_count)
            measured[measured_count++] = i;
    if (order != PLAN_INFORMATION)
        out->index = choose_end(points, count, order == PLAN_NEWEST_FIRST);
    else if (measured_count)
        choose_gap(points, count, measured, measured_count, out);
    else
        out->index = choose_furthest(points, count);
}
