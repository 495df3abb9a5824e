#include "decide/bisect.h"

#include "base/alloc.h"
#include "decide/robust.h"

#include <math.h>
#include <stdlib.h>

enum {
    ENDS_MIN = 2, /* runs of each end before anything is said */
    SCALES = 9,   /* of the deviation that are weighed */
    LEVELS = 41,  /* of a level that are weighed, for each of them */
};
#define SCALE_FIRST (-1.5) /* in standard errors of the deviation's logarithm, */
#define SCALE_STEP 0.75    /* from there in such steps: its likelihood is skewed to the right */
#define WILD_SHARE 0.02
#define WILD_WIDER 10.0
#define RESOLUTION 2e-5 /* relative: no measurement is finer, and exact counts have no noise */
#define PRIOR_NONE 0.5
#define CLIP 4.0 /* scales: farther out, a run says nothing of the deviation */

/* The runs of one commit, as a stretch of the sorted values. */
struct group {
    size_t commit, begin, end;
};

/* A level of some runs, integrated out, for one deviation. */
struct level {
    double evidence; /* logarithm of the likelihood */
    double mean, variance;
};

struct work {
    const struct bisect_question *q;
    double *x; /* sorted by commit, as logarithms where they are relative */
    struct bisect_run *sorted;
    struct group *groups;
    size_t group_count;
    size_t *runs; /* of each commit */
    double prior_scale;
    double scales[SCALES];
    size_t scale_count;
    /* For each split s: the change lies behind group s - 1, up to group s. The likelihood's
     * logarithm, and what it says of levels and noise. */
    double *split, *effect, *effect_variance, *level, *noise;
    double none; /* logarithm of the likelihood of no change */
};

static void work_release(struct work *w)
{
    free(w->x);
    free(w->sorted);
    free(w->groups);
    free(w->runs);
    free(w->split);
    free(w->effect);
    free(w->effect_variance);
    free(w->level);
    free(w->noise);
}
#define AUTO_WORK __attribute__((cleanup(work_release)))

/* ln(exp(a) + exp(b)) */
static double log_add(double a, double b)
{
    double high = fmax(a, b), low = fmin(a, b);
    return isinf(high) ? high : high + log1p(exp(low - high));
}

static int by_commit(const void *left, const void *right)
{
    const struct bisect_run *a = left, *b = right;
    if (a->commit != b->commit)
        return a->commit < b->commit ? -1 : 1;
    return a->value < b->value ? -1 : a->value > b->value;
}

static bool prepare(struct work *w)
{
    const struct bisect_question *q = w->q;
    bool relative = q->run_count > 0;
    w->x = xcalloc(q->run_count + 1, sizeof(*w->x));
    w->sorted = xcalloc(q->run_count + 1, sizeof(*w->sorted));
    w->groups = xcalloc(q->run_count + 1, sizeof(*w->groups));
    w->runs = xcalloc(q->commits, sizeof(*w->runs));
    for (size_t i = 0; i < q->run_count; i++) {
        w->sorted[i] = q->runs[i];
        relative = relative && q->runs[i].value > 0;
    }
    qsort(w->sorted, q->run_count, sizeof(*w->sorted), by_commit);
    for (size_t i = 0; i < q->run_count; i++) {
        size_t commit = w->sorted[i].commit;
        if (!w->runs[commit]++)
            w->groups[w->group_count++] = (struct group){commit, i, i};
        w->groups[w->group_count - 1].end = i + 1;
        w->x[i] = relative ? log(w->sorted[i].value) : w->sorted[i].value;
    }
    return relative;
}

/* --- the deviation ---------------------------------------------------------------------------- */

/* What each run lies from the mean of its commit, as far as one without that run would. */
static size_t residuals(const struct work *w, double *out, double *freedom)
{
    size_t count = 0;
    *freedom = 0;
    for (size_t i = 0; i < w->group_count; i++) {
        const struct group *g = &w->groups[i];
        double n = (double)(g->end - g->begin), sum = 0;
        if (n < 2)
            continue;
        for (size_t j = g->begin; j < g->end; j++)
            sum += w->x[j];
        for (size_t j = g->begin; j < g->end; j++)
            out[count++] = fabs(w->x[j] - sum / n) * sqrt(n / (n - 1));
        *freedom += n - 1;
    }
    return count;
}

static double largest(const double *x, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(x[i]));
    return most;
}

static void choose_scales(struct work *w, bool relative)
{
    size_t n = w->q->run_count;
    AUTO_FREE double *away = xcalloc(n + 1, sizeof(*away));
    double freedom, squares = 0;
    double most = largest(w->x, n), floor = relative ? RESOLUTION : RESOLUTION * most;
    size_t count = residuals(w, away, &freedom);
    double limit = CLIP * fmax(1.4826 * robust_median(away, count), floor);
    for (size_t i = 0; i < count; i++)
        squares += fmin(away[i], limit) * fmin(away[i], limit);
    double scale = fmax(sqrt(squares / (double)count), floor > 0 ? floor : 1);
    double step = SCALE_STEP / sqrt(2 * freedom);
    for (size_t k = 0; k < SCALES; k++) {
        double s = scale * exp((double)k * step + SCALE_FIRST / SCALE_STEP * step);
        if (s >= floor * 0.999)
            w->scales[w->scale_count++] = s;
    }
    w->prior_scale = relative ? log1p(w->q->matters) : w->q->matters * most;
    if (!(w->prior_scale > 0))
        w->prior_scale = scale;
}

/* --- levels ----------------------------------------------------------------------------------- */

static double log_density(double x, double level, double scale)
{
    double u = (x - level) / scale, wide = u / WILD_WIDER;
    double density =
        (1 - WILD_SHARE) * exp(-u * u / 2) + WILD_SHARE / WILD_WIDER * exp(-wide * wide / 2);
    /* Farther out than any exponent reaches the wild part is all there is. */
    return (density > 0 ? log(density) : log(WILD_SHARE / WILD_WIDER) - wide * wide / 2) -
           log(scale);
}

struct grid {
    double low, step;
    double sum[LEVELS]; /* of log-likelihoods so far */
};

/* Around the middle half of these values: one wild run of two or three does not move it away. */
static struct grid grid_around(const double *x, size_t n, double scale, double *scratch)
{
    struct grid grid = {0};
    for (size_t i = 0; i < n; i++)
        scratch[i] = x[i];
    double reach = scale * (3 / sqrt((double)n) + 0.5);
    double low = robust_quantile(scratch, n, 0.25) - reach;
    double high = robust_quantile(scratch, n, 0.75) + reach;
    grid.low = low;
    grid.step = (high - low) / (LEVELS - 1);
    return grid;
}

static void grid_add(struct grid *grid, const double *x, size_t n, double scale)
{
    for (size_t i = 0; i < n; i++)
        for (size_t g = 0; g < LEVELS; g++)
            grid->sum[g] += log_density(x[i], grid->low + (double)g * grid->step, scale);
}

static struct level grid_level(const struct grid *grid)
{
    double most = grid->sum[0], weight = 0, mean = 0, square = 0;
    for (size_t g = 1; g < LEVELS; g++)
        most = fmax(most, grid->sum[g]);
    for (size_t g = 0; g < LEVELS; g++) {
        double w = exp(grid->sum[g] - most), at = (double)g;
        weight += w;
        mean += w * at;
        square += w * at * at;
    }
    mean /= weight;
    double spread = fmax(square / weight - mean * mean, 0);
    return (struct level){most + log(weight * grid->step), grid->low + mean * grid->step,
                          spread * grid->step * grid->step};
}

static double log_cauchy(double difference, double scale)
{
    double u = difference / scale;
    return -log(M_PI * scale * (1 + u * u));
}

/* Adds what one deviation says of a split to what the others said. */
static void add_to_split(struct work *w, size_t s, double scale, const struct level *a,
                         const struct level *b)
{
    double difference = b->mean - a->mean;
    double likelihood = a->evidence + b->evidence + log_cauchy(difference, w->prior_scale);
    double before = w->split[s], now = log_add(before, likelihood);
    double old = exp(before - now), share = exp(likelihood - now);
    /* The mean of squares for now, so that deviations that disagree widen it. */
    w->effect[s] = old * w->effect[s] + share * difference;
    w->effect_variance[s] =
        old * w->effect_variance[s] + share * (a->variance + b->variance + difference * difference);
    w->level[s] = old * w->level[s] + share * a->mean;
    w->noise[s] = old * w->noise[s] + share * scale;
    w->split[s] = now;
}

static void weigh_scale(struct work *w, double scale, double *scratch)
{
    const struct group *first = w->groups, *last = &w->groups[w->group_count - 1];
    const double *x = w->x;
    struct grid before = grid_around(x, first->end, scale, scratch);
    struct grid after = grid_around(x + last->begin, last->end - last->begin, scale, scratch);
    struct grid all = before;
    double low = fmin(before.low, after.low), high = fmax(before.low + (LEVELS - 1) * before.step,
                                                          after.low + (LEVELS - 1) * after.step);
    AUTO_FREE struct level *levels = xcalloc(w->group_count, sizeof(*levels));
    all.low = low;
    all.step = (high - low) / (LEVELS - 1);
    grid_add(&all, x, w->q->run_count, scale);
    w->none = log_add(w->none, grid_level(&all).evidence);
    for (size_t s = w->group_count; --s > 0;) {
        const struct group *g = &w->groups[s];
        grid_add(&after, x + g->begin, g->end - g->begin, scale);
        levels[s] = grid_level(&after);
    }
    for (size_t s = 1; s < w->group_count; s++) {
        const struct group *g = &w->groups[s - 1];
        grid_add(&before, x + g->begin, g->end - g->begin, scale);
        struct level level = grid_level(&before);
        add_to_split(w, s, scale, &level, &levels[s]);
    }
}

static void weigh(struct work *w)
{
    size_t count = w->group_count;
    AUTO_FREE double *scratch = xcalloc(w->q->run_count, sizeof(*scratch));
    w->split = xcalloc(count, sizeof(*w->split));
    w->effect = xcalloc(count, sizeof(*w->effect));
    w->effect_variance = xcalloc(count, sizeof(*w->effect_variance));
    w->level = xcalloc(count, sizeof(*w->level));
    w->noise = xcalloc(count, sizeof(*w->noise));
    w->none = -INFINITY;
    for (size_t s = 0; s < count; s++)
        w->split[s] = -INFINITY;
    for (size_t k = 0; k < w->scale_count; k++)
        weigh_scale(w, w->scales[k], scratch);
}

/* --- the posterior ---------------------------------------------------------------------------- */

/* Probabilities of each place, given that there is a change, into `place` (of commits, 0 for the
 * first); returns that there is none. */
static double posterior(const struct work *w, double *place)
{
    double places = (double)(w->q->commits - 1), total = -INFINITY;
    for (size_t s = 1; s < w->group_count; s++) {
        double count = (double)(w->groups[s].commit - w->groups[s - 1].commit);
        total = log_add(total, w->split[s] + log(count / places));
    }
    for (size_t s = 1; s < w->group_count; s++)
        for (size_t c = w->groups[s - 1].commit + 1; c <= w->groups[s].commit; c++)
            place[c] = exp(w->split[s] - total) / places;
    double odds = w->none + log(PRIOR_NONE) - total - log(1 - PRIOR_NONE);
    return 1 / (1 + exp(-odds));
}

static void describe(const struct work *w, bool relative, struct bisect_state *out)
{
    double places = (double)(w->q->commits - 1), total = -INFINITY;
    double effect = 0, square = 0, level = 0, noise = 0;
    for (size_t s = 1; s < w->group_count; s++)
        total = log_add(total,
                        w->split[s] +
                            log((double)(w->groups[s].commit - w->groups[s - 1].commit) / places));
    for (size_t s = 1; s < w->group_count; s++) {
        double count = (double)(w->groups[s].commit - w->groups[s - 1].commit);
        double share = exp(w->split[s] - total) * count / places;
        effect += share * w->effect[s];
        square += share * w->effect_variance[s];
        level += share * w->level[s];
        noise += share * w->noise[s];
    }
    double reach = 1.96 * sqrt(fmax(square - effect * effect, 0));
    out->relative = relative;
    out->noise = noise;
    out->before = relative ? exp(level) : level;
    out->after = relative ? exp(level + effect) : level + effect;
    out->effect = relative ? expm1(effect) : effect;
    out->low = relative ? expm1(effect - reach) : effect - reach;
    out->high = relative ? expm1(effect + reach) : effect + reach;
}

/* The most likely of the answers that can be told apart, and where the change lies with the
 * confidence asked for. */
static void find_places(const struct work *w, const double *place, struct bisect_state *out)
{
    const struct bisect_question *q = w->q;
    double best = -1, sum = 0, outside = (1 - q->confidence) / 2;
    for (size_t c = 1, end; c < q->commits; c = end) {
        double probability = place[c];
        for (end = c + 1; end < q->commits && q->closed[end - 1] && !w->runs[end - 1]; end++)
            probability += place[end];
        if (probability > best) {
            best = probability;
            out->first = c;
            out->last = end - 1;
        }
    }
    out->probability = best * (1 - out->none);
    for (size_t c = 1; c < q->commits; c++) {
        if (sum <= outside)
            out->early = c;
        if (sum < 1 - outside)
            out->late = c;
        sum += place[c];
    }
}

/* --- what is next ----------------------------------------------------------------------------- */

static void take_end(const struct work *w, struct bisect_state *out)
{
    const struct bisect_question *q = w->q;
    size_t last = q->commits - 1, end = w->runs[0] <= w->runs[last] ? 0 : last;
    if (q->closed[end] && w->runs[end] >= ENDS_MIN)
        end = last - end;
    out->answer = q->closed[end] ? BISECT_STUCK : BISECT_MEASURE;
    out->next = end;
}

static void take_median(const struct work *w, const double *place, struct bisect_state *out)
{
    const struct bisect_question *q = w->q;
    double sum = 0, nearest = INFINITY;
    out->answer = BISECT_STUCK;
    for (size_t c = 1; c + 1 < q->commits; c++) {
        sum += place[c];
        double off = fabs(sum - 0.5);
        if (q->closed[c] || off > nearest || (off == nearest && w->runs[c] >= w->runs[out->next]))
            continue;
        nearest = off;
        out->next = c;
        out->answer = BISECT_MEASURE;
    }
    if (out->answer == BISECT_STUCK)
        take_end(w, out);
}

static bool is_same(const struct bisect_question *q, const struct bisect_state *s, double scale)
{
    double low = s->relative ? log1p(s->low) : s->low,
           high = s->relative ? log1p(s->high) : s->high;
    return s->none >= q->confidence || (s->none >= 0.5 && low > -scale && high < scale);
}

void bisect_decide(const struct bisect_question *q, struct bisect_state *out)
{
    AUTO_WORK struct work w = {.q = q};
    AUTO_FREE double *place = xcalloc(q->commits, sizeof(*place));
    size_t last = q->commits - 1;
    bool relative = prepare(&w);
    struct bisect_state state = {.first = 1, .last = last, .early = 1, .late = last};
    if (w.runs[0] < ENDS_MIN || w.runs[last] < ENDS_MIN) {
        take_end(&w, &state);
        *out = state;
        return;
    }
    choose_scales(&w, relative);
    weigh(&w);
    state.none = posterior(&w, place);
    describe(&w, relative, &state);
    find_places(&w, place, &state);
    if (state.probability >= q->confidence)
        state.answer = BISECT_FOUND;
    else if (is_same(q, &state, w.prior_scale))
        state.answer = BISECT_SAME;
    else if (state.none > 1 - q->confidence)
        take_end(&w, &state);
    else
        take_median(&w, place, &state);
    *out = state;
}
