#include "decide/change.h"

#include "base/alloc.h"
#include "decide/distribution.h"
#include "decide/noise.h"
#include "decide/partition.h"
#include "decide/step.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define POINTS_MIN 6 /* fewer show no change */
#define BEFORE_MIN 2 /* points on the level before a change */
#define AFTER_MIN 3  /* points on the new one */
#define TURNS_MAX 3
#define MEMORY 256      /* cuts; a power of 2 */
#define NEARBY 2048     /* points on either side of a cut that say something of it */
#define RESOLUTION 2e-5 /* relative: no measurement is finer, and exact counts have no noise */

const struct change_rule change_rule_default = {
    .cap = 3,
    .penalty = 3,
    .penalty_log = 2.5,
    .first_penalty = 0.5,
    .turns = 3,
    .evidence = 1,
    .size = 0.95,
    .over_line = 0.5,
    .over_cubic = -2,
    .drift_below = 2.2,
    .certainty = 0.47,
};

/* What step.h says of a cut between two others, kept for the next time it is asked: a further point
 * changes the last one alone, while the noise stays the same. */
struct remembered {
    size_t begin, at, end; /* end 0: a free place */
    struct noise noise;
    struct step step;
    struct step_drift drift;
    bool drift_known;
};

struct cut {
    struct step step;
    double standing; /* 1 and more: it stands; the lower, the less credible */
    bool judged;
};

/* A partition of the first `fed` points, and what it was made with. */
struct turn {
    struct partition *partition;
    double scale, penalty;
    size_t fed;
};

struct change_finder {
    struct change_rule rule;
    double *values; /* without gaps */
    size_t *places; /* of each value among all */
    size_t count, values_cap, places_cap, seen;
    bool positive;
    double *x; /* logarithms, or the values */
    size_t x_count, x_cap;
    double *residual; /* of the cuts that the noise was last computed of */
    size_t residual_cap;
    double *scratch;
    size_t scratch_cap;
    size_t *starts; /* the cuts */
    size_t start_count, starts_cap;
    struct cut *cuts;
    size_t cuts_cap;
    struct turn turns[TURNS_MAX];
    struct noise noise;
    struct remembered *memory; /* MEMORY places, found by hash; NULL until the first cut */
    /* The cuts and points that residual noise was last computed of, and that noise. */
    size_t *noise_starts;
    size_t noise_start_count, noise_starts_cap, noise_points;
    struct noise residual_noise;
    struct change *changes;
    size_t changes_cap;
};

struct change_finder *change_finder_new(const struct change_rule *rule)
{
    struct change_finder *f = xcalloc(1, sizeof(*f));
    f->rule = rule ? *rule : change_rule_default;
    f->positive = true;
    return f;
}

void change_finder_free(struct change_finder *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < TURNS_MAX; i++)
        partition_free(f->turns[i].partition);
    free(f->values);
    free(f->places);
    free(f->x);
    free(f->residual);
    free(f->scratch);
    free(f->starts);
    free(f->cuts);
    free(f->changes);
    free(f->memory);
    free(f->noise_starts);
    free(f);
}

static void forget_points(struct change_finder *f)
{
    f->x_count = 0;
    f->noise_points = 0;
    if (f->memory)
        memset(f->memory, 0, MEMORY * sizeof(*f->memory));
    for (size_t i = 0; i < TURNS_MAX; i++)
        f->turns[i].fed = 0;
}

void change_finder_clear(struct change_finder *f)
{
    f->count = f->seen = 0;
    f->positive = true;
    f->noise = (struct noise){0};
    forget_points(f);
}

void change_finder_add(struct change_finder *f, double value)
{
    size_t place = f->seen++;
    if (!isfinite(value))
        return;
    if (f->positive && value <= 0) {
        f->positive = false;
        forget_points(f);
    }
    ARRAY_RESERVE(f->values, f->values_cap, f->count + 1);
    ARRAY_RESERVE(f->places, f->places_cap, f->count + 1);
    f->values[f->count] = value;
    f->places[f->count++] = place;
}

double change_finder_noise(const struct change_finder *f)
{
    return f->noise.scale;
}

static void prepare(struct change_finder *f)
{
    ARRAY_RESERVE(f->x, f->x_cap, f->count);
    ARRAY_RESERVE(f->residual, f->residual_cap, f->count);
    ARRAY_RESERVE(f->scratch, f->scratch_cap, 3 * f->count + 2 * NOISE_NEARBY);
    ARRAY_RESERVE(f->starts, f->starts_cap, f->count);
    for (; f->x_count < f->count; f->x_count++)
        f->x[f->x_count] = f->positive ? log(f->values[f->x_count]) : f->values[f->x_count];
    f->start_count = 0;
}

/* The least scale: of what the values are, where they are no logarithms. */
static double resolution(struct change_finder *f)
{
    if (f->positive)
        return RESOLUTION;
    double largest = 0;
    for (size_t i = 0; i < f->count; i++)
        largest = fmax(largest, fabs(f->values[i]));
    return largest > 0 ? RESOLUTION * largest : RESOLUTION;
}

/* ln(n), rounded up to powers of 1.2, so that a price holds for many further points. */
static double log_length(size_t n)
{
    return ceil(log((double)n) / log(1.2)) * log(1.2);
}

static double penalty_of(const struct change_finder *f, int number)
{
    double price = f->rule.penalty + f->rule.penalty_log * log_length(f->count);
    price *= number ? noise_long_run(f->noise.correlation) : f->rule.first_penalty;
    return price * f->noise.scale * f->noise.scale;
}

/* Another turn would find what the last one found. */
static bool settled(const struct change_finder *f, int number)
{
    const struct turn *before = &f->turns[number - 1];
    return before->scale == f->noise.scale && before->penalty == penalty_of(f, number);
}

static void cut(struct change_finder *f, int number)
{
    struct turn *turn = &f->turns[number];
    const struct change_rule *rule = &f->rule;
    double penalty = penalty_of(f, number);
    if (!turn->partition)
        turn->partition = partition_new(rule->cap * f->noise.scale, penalty);
    else if (!turn->fed || turn->scale != f->noise.scale || turn->penalty != penalty) {
        partition_clear(turn->partition, rule->cap * f->noise.scale, penalty);
        turn->fed = 0;
    }
    turn->scale = f->noise.scale;
    turn->penalty = penalty;
    for (; turn->fed < f->count; turn->fed++)
        partition_add(turn->partition, f->x[turn->fed]);
    f->start_count = partition_cuts(turn->partition, f->starts);
    ARRAY_RESERVE(f->cuts, f->cuts_cap, f->start_count);
    for (size_t i = 0; i < f->start_count; i++)
        f->cuts[i].judged = false;
}

/* Whether these cuts are those of the time before. */
static bool same_cuts(const struct change_finder *f)
{
    return f->noise_points == f->count && f->noise_start_count == f->start_count &&
           !memcmp(f->noise_starts, f->starts, f->start_count * sizeof(*f->starts));
}

static void measure_noise(struct change_finder *f, double floor)
{
    const struct noise_stretches stretches = {f->x, f->count, f->starts, f->start_count};
    if (!f->noise_points || !same_cuts(f)) {
        noise_residuals(&stretches, f->residual, f->scratch);
        f->residual_noise = noise_of_residuals(&stretches, f->residual, floor, f->scratch);
        ARRAY_RESERVE(f->noise_starts, f->noise_starts_cap, f->start_count + 1);
        memcpy(f->noise_starts, f->starts, f->start_count * sizeof(*f->starts));
        f->noise_start_count = f->start_count;
        f->noise_points = f->count;
    }
    f->noise = f->residual_noise;
}

static struct step_window window_of(const struct change_finder *f, const struct remembered *cut)
{
    return (struct step_window){
        .x = f->x + cut->begin,
        .n = cut->end - cut->begin,
        .at = cut->at - cut->begin,
        .noise = cut->noise,
        .cap = f->rule.cap,
        .scratch = f->scratch,
    };
}

static bool is_cut(const struct remembered *a, const struct remembered *b)
{
    return a->begin == b->begin && a->at == b->at && a->end == b->end &&
           a->noise.scale == b->noise.scale && a->noise.correlation == b->noise.correlation;
}

/* Of the stretch before the cut `i`, or of what of it is near. */
static size_t begin_before(const struct change_finder *f, size_t i)
{
    size_t begin = i ? f->starts[i - 1] : 0;
    return f->starts[i] - begin > NEARBY ? f->starts[i] - NEARBY : begin;
}

static size_t end_behind(const struct change_finder *f, size_t i)
{
    size_t end = i + 1 < f->start_count ? f->starts[i + 1] : f->count;
    return end - f->starts[i] > NEARBY ? f->starts[i] + NEARBY : end;
}

/* The cut `i` between the one before it and the one behind. */
static struct remembered *measure_cut(struct change_finder *f, size_t i)
{
    const struct remembered asked = {
        .begin = begin_before(f, i),
        .at = f->starts[i],
        .end = end_behind(f, i),
        .noise = noise_nearby(&f->noise, f->residual, f->count, f->starts[i], f->scratch),
    };
    if (!f->memory)
        f->memory = xcalloc(MEMORY, sizeof(*f->memory));
    uint64_t hash = (asked.begin * 31 + asked.at) * 0x9e3779b97f4a7c15 + asked.end * 0x85ebca6b;
    struct remembered *kept = &f->memory[(hash >> 32) & (MEMORY - 1)];
    if (is_cut(kept, &asked))
        return kept;
    *kept = asked;
    struct step_window window = window_of(f, kept);
    kept->step = step_measure(&window);
    return kept;
}

static void measure_drift(struct change_finder *f, struct remembered *cut)
{
    struct step_window window = window_of(f, cut);
    if (!cut->drift_known)
        cut->drift = step_against_drift(&window, &cut->step);
    cut->drift_known = true;
}

static void judge(struct change_finder *f, size_t i)
{
    const struct change_rule *rule = &f->rule;
    struct cut *cut = &f->cuts[i];
    size_t begin = begin_before(f, i), end = end_behind(f, i);
    cut->judged = true;
    cut->standing = 0;
    if (f->starts[i] < begin + BEFORE_MIN || end < f->starts[i] + AFTER_MIN)
        return;
    struct remembered *known = measure_cut(f, i);
    const struct step *step = &known->step;
    double least = rule->evidence + sqrt(log((double)f->count));
    double standing = fmin(step->evidence / least, step->size / rule->size);
    standing = fmin(standing, step->certainty / rule->certainty);
    if (standing >= 1 && step->size <= rule->drift_below) {
        measure_drift(f, known);
        standing = fmin(standing, known->drift.over_line / rule->over_line);
        if (known->drift.over_cubic < rule->over_cubic)
            standing = fmin(standing, 0.5);
    }
    if (standing >= 1) {
        struct step_window window = window_of(f, known);
        if (step_is_visit(&window, step))
            standing = 0.5;
    }
    cut->step = *step;
    cut->standing = standing;
}

static void remove_cut(struct change_finder *f, size_t i)
{
    size_t behind = --f->start_count - i;
    memmove(f->starts + i, f->starts + i + 1, behind * sizeof(*f->starts));
    memmove(f->cuts + i, f->cuts + i + 1, behind * sizeof(*f->cuts));
    if (i)
        f->cuts[i - 1].judged = false;
    if (i < f->start_count)
        f->cuts[i].judged = false;
}

/* Takes the least credible cut back until all that are left stand. */
static void prune(struct change_finder *f)
{
    for (;;) {
        size_t worst = 0;
        for (size_t i = 0; i < f->start_count; i++) {
            if (!f->cuts[i].judged)
                judge(f, i);
            if (f->cuts[i].standing < f->cuts[worst].standing)
                worst = i;
        }
        if (!f->start_count || f->cuts[worst].standing >= 1)
            return;
        remove_cut(f, worst);
    }
}

static void judge_again(struct change_finder *f)
{
    for (size_t i = 0; i < f->start_count; i++)
        f->cuts[i].judged = false;
}

/* Whether one moved. */
static bool settle_places(struct change_finder *f)
{
    bool moved = false;
    for (size_t i = 0; i < f->start_count; i++) {
        const struct remembered *cut = measure_cut(f, i);
        size_t best = cut->begin + cut->step.best;
        if (best == cut->at || best < cut->begin + BEFORE_MIN || best + 2 > cut->end)
            continue;
        f->starts[i] = best;
        moved = true;
    }
    return moved;
}

static struct change change_of(const struct change_finder *f, size_t i)
{
    const struct step *step = &f->cuts[i].step;
    size_t begin = begin_before(f, i), end = end_behind(f, i);
    double difference = step->after - step->before, freedom = fmax((double)(end - begin) - 2, 1);
    double reach = student_quantile(0.975, freedom) * step->error;
    double p = 2 * student_upper(step->evidence, freedom);
    return (struct change){
        .index = f->places[f->starts[i]],
        .previous = f->places[f->starts[i] - 1],
        .first = f->places[begin + step->first],
        .last = f->places[begin + step->last],
        .before = f->positive ? exp(step->before) : step->before,
        .after = f->positive ? exp(step->after) : step->after,
        .relative = f->positive ? expm1(difference) : NAN,
        .relative_low = f->positive ? expm1(difference - reach) : NAN,
        .relative_high = f->positive ? expm1(difference + reach) : NAN,
        .size = step->size,
        .evidence = step->evidence,
        .confidence = fmax(1 - p * (double)f->count, 0),
    };
}

size_t change_finder_find(struct change_finder *f, const struct change **out)
{
    *out = f->changes;
    f->noise = (struct noise){0};
    if (f->count < POINTS_MIN)
        return 0;
    prepare(f);
    double floor = resolution(f);
    f->noise.scale = fmax(noise_of_differences(f->x, f->count, f->scratch), floor);
    for (int turn = 0; turn < f->rule.turns && !(turn && settled(f, turn)); turn++) {
        cut(f, turn);
        measure_noise(f, floor);
        prune(f);
        measure_noise(f, floor);
    }
    if (settle_places(f))
        (void)settle_places(f);
    judge_again(f);
    prune(f);
    ARRAY_RESERVE(f->changes, f->changes_cap, f->start_count);
    for (size_t i = 0; i < f->start_count; i++)
        f->changes[i] = change_of(f, i);
    *out = f->changes;
    return f->start_count;
}
