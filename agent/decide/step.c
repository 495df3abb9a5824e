#include "decide/step.h"

#include "decide/robust.h"

#include <math.h>

#define DEGREE_MAX 3
#define TERMS_MAX (DEGREE_MAX + 1)
#define FIT_ROUNDS 3
#define MODE_NEAR 1.5 /* scales: a point is at a level */
#define MODE_AWAY 2.5 /* scales: it is not at its own */
#define VISITS_MIN 3
#define VISITS_SHARE 20 /* one point in so many */
#define VISIT_POINTS 20
#define WILD_COST 4       /* variances, at most, by which one wild point differs from another */
#define NEAR 2            /* points: how exact a place has to be */
#define PRIOR_POINTS 40.0 /* how many points the scale of the whole series counts for, here */

static double capped_square(double x, double cap)
{
    x = fabs(x);
    return x < cap ? x * x : cap * cap;
}

static double clipped(double x, double limit)
{
    return x > limit ? limit : x < -limit ? -limit : x; /* fmin() and fmax() are calls */
}

/* Legendre's polynomials at the place `i` of `n`, scaled to -1..1. */
static void terms_at(size_t i, size_t n, double out[TERMS_MAX])
{
    double x = n > 1 ? (2.0 * (double)i - (double)(n - 1)) / (double)(n - 1) : 0;
    out[0] = 1;
    out[1] = x;
    out[2] = (3 * x * x - 1) / 2;
    out[3] = (5 * x * x * x - 3 * x) / 2;
}

static double curve_at(const double *weights, size_t terms, size_t i, size_t n)
{
    double at[TERMS_MAX], sum = 0;
    terms_at(i, n, at);
    for (size_t k = 0; k < terms; k++)
        sum += weights[k] * at[k];
    return sum;
}

/* Gauss and Jordan; a term that the points cannot tell from the others stays 0. */
static void solve(double matrix[TERMS_MAX][TERMS_MAX + 1], size_t terms, double *out)
{
    for (size_t a = 0; a < terms; a++) {
        double pivot = matrix[a][a];
        if (fabs(pivot) < 1e-9)
            continue;
        for (size_t c = a; c <= terms; c++)
            matrix[a][c] /= pivot;
        for (size_t b = 0; b < terms; b++) {
            double factor = matrix[b][a];
            for (size_t c = a; b != a && c <= terms; c++)
                matrix[b][c] -= factor * matrix[a][c];
        }
    }
    for (size_t a = 0; a < terms; a++)
        out[a] = fabs(matrix[a][a]) < 1e-9 ? 0 : matrix[a][terms];
}

static void fit(const double *y, size_t n, size_t terms, double *out)
{
    double matrix[TERMS_MAX][TERMS_MAX + 1] = {0};
    for (size_t i = 0; i < n; i++) {
        double at[TERMS_MAX];
        terms_at(i, n, at);
        for (size_t a = 0; a < terms; a++) {
            for (size_t b = a; b < terms; b++)
                matrix[a][b] += at[a] * at[b];
            matrix[a][terms] += at[a] * y[i];
        }
    }
    for (size_t a = 0; a < terms; a++)
        for (size_t b = 0; b < a; b++)
            matrix[a][b] = matrix[b][a];
    solve(matrix, terms, out);
}

/* What a curve of `terms` terms leaves of the points, each capped. Fitted in rounds to points that
 * are drawn towards the fit before; at first, towards the step. */
static double curve_cost(const struct step_window *w, const struct step *step, size_t terms)
{
    double weights[TERMS_MAX] = {0}, *y = w->scratch, cap = w->cap * step->scale, cost = 0;
    for (int round = 0; round < FIT_ROUNDS; round++) {
        for (size_t i = 0; i < w->n; i++) {
            double from = i < w->at ? step->before : step->after;
            if (round)
                from = curve_at(weights, terms, i, w->n);
            y[i] = from + clipped(w->x[i] - from, cap);
        }
        fit(y, w->n, terms, weights);
    }
    for (size_t i = 0; i < w->n; i++)
        cost += capped_square(w->x[i] - curve_at(weights, terms, i, w->n), cap);
    return cost;
}

/* A variance that leans on one known better. */
static double leaning(double known, double own, size_t n)
{
    return (PRIOR_POINTS * known * known + (double)n * own * own) / (PRIOR_POINTS + (double)n);
}

static void measure_levels(const struct step_window *w, struct step *step)
{
    size_t left = w->at, right = w->n - w->at;
    double *residual = w->scratch, *spare = w->scratch + w->n, r = w->noise.correlation;
    step->before = robust_mean(w->x, left, w->noise.scale, spare);
    step->after = robust_mean(w->x + left, right, w->noise.scale, spare);
    for (size_t i = 0; i < w->n; i++)
        residual[i] = w->x[i] - (i < left ? step->before : step->after);
    double points = (double)w->n;
    double own = robust_scale(residual, w->n, spare) * sqrt(points / fmax(1, points - 2));
    step->scale = sqrt(leaning(w->noise.scale, own, w->n));
    /* The spread may be another one behind the cut. */
    double a = leaning(step->scale, robust_scale(residual, left, spare), left);
    double b = leaning(step->scale, robust_scale(residual + left, right, spare), right);
    step->error = sqrt(a * noise_mean_variance(r, left) / (double)left +
                       b * noise_mean_variance(r, right) / (double)right);
    double difference = fabs(step->after - step->before);
    step->evidence = difference / step->error;
    step->size = difference / step->scale;
}

/* What a point speaks against a level, in variances. Beyond the cap a little more, the farther out:
 * a point that is wild on either side belongs rather to the level that it is nearer to. */
static double against(double x, double cap, double scale)
{
    double square = x * x / (scale * scale), limit = cap * cap / (scale * scale);
    return square < limit ? square : limit + WILD_COST * (1 - limit / square);
}

/* The probability of each place into `out`, from 1 to n - 1, up to a factor; returns their sum. */
static double place_weights(const struct step_window *w, const struct step *step, double *out)
{
    double cap = w->cap * step->scale, gain = 0, most = -INFINITY, sum = 0;
    double unit = 2 * noise_long_run(w->noise.correlation);
    for (size_t i = 0; i < w->n; i++) {
        out[i] = gain;
        if (i && gain > most)
            most = gain;
        gain += (against(w->x[i] - step->after, cap, step->scale) -
                 against(w->x[i] - step->before, cap, step->scale)) /
                unit;
    }
    out[0] = 0;
    for (size_t i = 1; i < w->n; i++) {
        double below = out[i] - most;
        out[i] = below < -40 ? 0 : exp(below);
        sum += out[i];
    }
    return sum;
}

static void measure_place(const struct step_window *w, struct step *step)
{
    double *weight = w->scratch, best = 0, before = 0, sum = place_weights(w, step, weight);
    step->best = w->at;
    step->first = 0;
    for (size_t i = 1; i < w->n; i++) {
        double near = 1e-3 * weight[i]; /* between places equally near, the likelier */
        size_t from = i > NEAR + 1 ? i - NEAR : 1, till = i + NEAR < w->n ? i + NEAR : w->n - 1;
        for (size_t j = from; weight[i] > 0 && j <= till; j++)
            near += weight[j];
        if (near > best) {
            best = near;
            step->best = i;
        }
        if (!step->first && before + weight[i] > 0.025 * sum)
            step->first = i;
        if (before < 0.975 * sum)
            step->last = i;
        before += weight[i];
    }
    step->certainty = fmin(best / sum, 1);
}

struct step step_measure(const struct step_window *w)
{
    struct step step = {0};
    measure_levels(w, &step);
    measure_place(w, &step);
    return step;
}

struct step_drift step_against_drift(const struct step_window *w, const struct step *step)
{
    double cap = w->cap * step->scale, cost = 0;
    for (size_t i = 0; i < w->n; i++)
        cost += capped_square(w->x[i] - (i < w->at ? step->before : step->after), cap);
    double unit = step->scale * step->scale * noise_long_run(w->noise.correlation);
    return (struct step_drift){
        .over_line = (curve_cost(w, step, 2) - cost) / unit / 2,
        .over_cubic = (curve_cost(w, step, 4) - cost) / unit / 2,
    };
}

/* How many of these points are at the level `other` and away from their own. */
static size_t count_away(const double *x, size_t n, double own, double other, double scale)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += fabs(x[i] - other) < MODE_NEAR * scale && fabs(x[i] - own) > MODE_AWAY * scale;
    return count;
}

static bool visited_from(size_t away, size_t points, size_t other_points)
{
    return away >= VISITS_MIN && away * VISITS_SHARE >= points && other_points < VISIT_POINTS;
}

bool step_is_visit(const struct step_window *w, const struct step *step)
{
    size_t left = w->at, right = w->n - w->at;
    if (step->size <= MODE_AWAY)
        return false;
    size_t a = count_away(w->x, left, step->before, step->after, step->scale);
    size_t b = count_away(w->x + left, right, step->after, step->before, step->scale);
    return visited_from(a, left, right) || visited_from(b, right, left);
}
