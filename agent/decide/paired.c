#include "decide/paired.h"

#include "base/alloc.h"
#include "base/sort.h"
#include "decide/boundary.h"
#include "decide/distribution.h"

#include <math.h>
#include <string.h>

#define KEPT_BACK 0.75      /* of alpha that is spent */
#define CANDIDATES 0.2      /* over all benchmarks */
#define FRESH_LEVEL 0.1     /* two-sided: 5 % in the direction that was found */
#define INTERVAL_LEVEL 0.05 /* over all looks */
#define TRIM 12             /* one in so many, on either side */
#define RESOLUTION 2e-5     /* no measurement is finer, and exact counts have no noise */
#define SAME_PAIRS 16       /* before a lack of any sign means something */
#define SAME_T 1.0
#define NEEDED_MAX 1000000

void paired_rule_init(struct paired_rule *rule, double alpha, double matters, size_t benchmarks,
                      size_t max_pairs)
{
    size_t whole = (max_pairs + PAIRED_BLOCK - 1) / PAIRED_BLOCK * PAIRED_BLOCK;
    whole = whole < PAIRED_LEAST_PAIRS ? PAIRED_LEAST_PAIRS : whole;
    const struct boundary_looks all = {PAIRED_FIRST, whole, PAIRED_BLOCK};
    const struct boundary_looks last = {PAIRED_LEAST_PAIRS, whole, PAIRED_BLOCK};
    *rule = (struct paired_rule){
        .matters = matters,
        .max_pairs = whole,
        .candidate = boundary_nominal(CANDIDATES / (double)benchmarks, &all),
        .call = boundary_nominal(KEPT_BACK * alpha / (double)benchmarks, &last),
        .interval = boundary_nominal(INTERVAL_LEVEL, &all),
    };
}

void paired_release(struct paired *paired)
{
    free(paired->pairs);
    free(paired->groups);
    *paired = (struct paired){0};
}

struct mean {
    double mean, error; /* standard error */
    double freedom;
    double deviation; /* of one pair, or of a group's mean */
    size_t count;     /* of groups */
};

/* Fills `out` with the pairs from `from` on, or the means of their groups; returns how many. */
static size_t group_means(const struct paired *paired, size_t from, double *out)
{
    size_t count = 0, groups = paired->rule->groups;
    if (!groups) {
        memcpy(out, paired->pairs + from, (paired->count - from) * sizeof(*out));
        return paired->count - from;
    }
    AUTO_FREE double *sums = xcalloc(groups, sizeof(*sums));
    AUTO_FREE size_t *members = xcalloc(groups, sizeof(*members));
    for (size_t i = from; i < paired->count; i++) {
        sums[paired->groups[i]] += paired->pairs[i];
        members[paired->groups[i]]++;
    }
    for (size_t i = 0; i < groups; i++)
        if (members[i])
            out[count++] = sums[i] / (double)members[i];
    return count;
}

/* Trimmed mean and winsorised deviation of the pairs from `from` on, in at least two groups. */
static struct mean mean_of(const struct paired *paired, size_t from)
{
    AUTO_FREE double *x = xreallocarray(NULL, paired->count - from, sizeof(*x));
    size_t n = group_means(paired, from, x);
    size_t cut = n / TRIM, kept = n - 2 * cut;
    double sum = 0, all = 0, squares = 0;
    if (n < 2)
        return (struct mean){x[0], INFINITY, 1, INFINITY, n};
    sort_doubles(x, n);
    for (size_t i = cut; i < n - cut; i++)
        sum += x[i];
    for (size_t i = 0; i < cut; i++) {
        x[i] = x[cut];
        x[n - 1 - i] = x[n - 1 - cut];
    }
    for (size_t i = 0; i < n; i++)
        all += x[i];
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - all / (double)n) * (x[i] - all / (double)n);
    double deviation = sqrt(squares / (double)(n - 1)) * (double)n / (double)kept;
    deviation = fmax(deviation, RESOLUTION);
    return (struct mean){sum / (double)kept, deviation / sqrt((double)n), (double)kept - 1,
                         deviation, n};
}

static double two_sided(const struct mean *m)
{
    return 2 * student_upper(fabs(m->mean) / m->error, m->freedom);
}

/* Half the width of the repeated interval. */
static double reach_of(const struct mean *m, const struct paired_rule *rule)
{
    return student_quantile(1 - rule->interval / 2, m->freedom) * m->error;
}

static bool is_within(const struct mean *m, const struct paired_rule *rule)
{
    return fabs(m->mean) + reach_of(m, rule) < log1p(rule->matters);
}

/* Whether the fresh session alone agrees. */
static bool agrees(const struct paired *paired)
{
    struct mean fresh = mean_of(paired, paired->first_session);
    return (fresh.mean > 0) == paired->up && two_sided(&fresh) <= FRESH_LEVEL;
}

static enum paired_state look_first(struct paired *paired)
{
    const struct paired_rule *rule = paired->rule;
    size_t n = paired->count;
    struct mean m = mean_of(paired, 0);
    if (n + PAIRED_FRESH <= rule->max_pairs && two_sided(&m) <= rule->candidate) {
        paired->up = m.mean > 0;
        return PAIRED_FOUND;
    }
    if (m.count >= SAME_PAIRS && fabs(m.mean) < SAME_T * m.error && is_within(&m, rule))
        return PAIRED_SAME;
    return PAIRED_MEASURING;
}

static enum paired_state look_again(const struct paired *paired)
{
    struct mean m = mean_of(paired, 0);
    bool is_called = (m.mean > 0) == paired->up && two_sided(&m) <= paired->rule->call;
    return is_called && agrees(paired) ? PAIRED_CALLED : PAIRED_CONFIRMING;
}

bool paired_wants_more(const struct paired *paired)
{
    return paired->state == PAIRED_MEASURING || paired->state == PAIRED_CONFIRMING;
}

enum paired_state paired_add(struct paired *paired, double log_ratio)
{
    return paired_add_grouped(paired, log_ratio, 0);
}

enum paired_state paired_add_grouped(struct paired *paired, double log_ratio, size_t group)
{
    if (!paired_wants_more(paired))
        return paired->state;
    ARRAY_RESERVE(paired->pairs, paired->cap, paired->count + 1);
    ARRAY_RESERVE(paired->groups, paired->group_cap, paired->count + 1);
    paired->groups[paired->count] = group;
    paired->pairs[paired->count++] = log_ratio;
    size_t n = paired->count - paired->first_session;
    bool first = paired->state == PAIRED_MEASURING;
    if (n % PAIRED_BLOCK || n < (first ? PAIRED_FIRST : PAIRED_FRESH))
        return paired->state;
    paired->state = first ? look_first(paired) : look_again(paired);
    return paired_wants_more(paired) && paired->count >= paired->rule->max_pairs
               ? paired_stop(paired)
               : paired->state;
}

void paired_confirm(struct paired *paired)
{
    paired->first_session = paired->count;
    paired->state = PAIRED_CONFIRMING;
}

enum paired_state paired_stop(struct paired *paired)
{
    if (!paired_wants_more(paired) && paired->state != PAIRED_FOUND)
        return paired->state;
    bool same = false;
    if (paired->count >= PAIRED_FIRST) {
        struct mean m = mean_of(paired, 0);
        same = is_within(&m, paired->rule);
    }
    paired->state = same ? PAIRED_SAME : PAIRED_UNDECIDED;
    return paired->state;
}

/* The difference that `pairs` of this noise call with PAIRED_POWER; the noncentral t is taken for a
 * shifted one. */
static double smallest_difference(const struct paired_rule *rule, double noise, size_t pairs)
{
    double freedom = (double)(pairs - 2 * (pairs / TRIM)) - 1;
    return (student_quantile(1 - rule->call / 2, freedom) +
            student_quantile(PAIRED_POWER, freedom)) *
           noise / sqrt((double)pairs);
}

static size_t pairs_needed(const struct paired_rule *rule, double noise)
{
    double difference = log1p(rule->matters);
    size_t low = PAIRED_LEAST_PAIRS - PAIRED_BLOCK, high = PAIRED_LEAST_PAIRS;
    while (high <= NEEDED_MAX && smallest_difference(rule, noise, high) > difference) {
        low = high;
        high *= 2;
    }
    if (high > NEEDED_MAX)
        return 0;
    while (high - low > PAIRED_BLOCK) {
        size_t middle = low + (high - low) / (2 * PAIRED_BLOCK) * PAIRED_BLOCK;
        if (smallest_difference(rule, noise, middle) > difference)
            low = middle;
        else
            high = middle;
    }
    return high;
}

void paired_estimate(const struct paired *paired, struct paired_estimate *out)
{
    size_t n = paired->count;
    *out = (struct paired_estimate){
        .pairs = n,
        .change = n ? expm1(paired->pairs[0]) : NAN,
        .low = -1,
        .high = INFINITY,
        .noise = NAN,
        .p = 1,
        .smallest = NAN,
    };
    if (n < 2)
        return;
    struct mean m = mean_of(paired, 0);
    if (m.count < 2)
        return;
    const struct paired_rule *rule = paired->rule;
    size_t most = rule->groups && rule->groups < rule->max_pairs ? rule->groups : rule->max_pairs;
    double reach = reach_of(&m, rule);
    out->change = expm1(m.mean);
    out->low = expm1(m.mean - reach);
    out->high = expm1(m.mean + reach);
    out->noise = m.deviation;
    out->p = two_sided(&m);
    out->smallest = expm1(smallest_difference(rule, m.deviation, most));
    out->needed = pairs_needed(rule, m.deviation);
}
