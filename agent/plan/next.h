/*
 * Which commit of a range to measure next.
 *
 * By information: between two measured neighbours lies a gap, and across it the benchmarks have
 * moved by so much. The step of a gap is the largest |ln(newer / older)| over all
 * benchmarks that both ends have, each in units of its own noise. Noise is the largest of half a
 * percent, the standard error that both ends state, and, from five neighbours on, 1.4826 times the
 * median of all such ratios of the benchmark in the range (which a few steps do not move). Of B
 * benchmarks some reach sqrt(2 ln 2B) by chance (the expected maximum of 2B normal values), so a
 * step counts that exceeds this by one and is at least three; a smaller one is worth 1, as is the
 * unknown one behind the last measured commit at either end of the range.
 *
 * A gap with n commits that may be measured hides the place of its step among n + 1, which are
 * log2(n + 1) bits. The gap with the largest step times bits is halved: the commit in its middle is
 * next, or the last one of the range where the gap lies at its end. Where nothing is measured the
 * range is covered coarsely, then finely: each time the commit furthest from all that were tried.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define PLAN_NONE ((size_t)-1)

struct plan_value {
    const char *benchmark;
    double level; /* median or mean, in any unit; what is not above 0 is left out */
    double error; /* standard error of the mean, relative to it; 0: not known */
};

enum plan_status {
    PLAN_OPEN,     /* may be measured */
    PLAN_MEASURED, /* its values are below */
    PLAN_CLOSED,   /* is not to be measured: tried without a result, or not asked for */
};

/* A commit of the range. */
struct plan_point {
    enum plan_status status;
    bool tried;                      /* of a closed one: it failed, rather than was left out */
    const struct plan_value *values; /* sorted by benchmark, each once; borrowed */
    size_t value_count;
};

enum plan_order { PLAN_NEWEST_FIRST, PLAN_OLDEST_FIRST, PLAN_INFORMATION };

struct plan_choice {
    size_t index;        /* of the next commit, PLAN_NONE: there is none */
    size_t newer, older; /* the ends of the gap that it halves; PLAN_NONE: the end of the range */
    size_t open;         /* commits in it that may be measured */
    /* The step across the gap, where it counts: by which benchmark, and newer / older. */
    const char *benchmark;
    double ratio;
};

/* `points` are in the order of the branch, newest first. */
void plan_next(const struct plan_point *points, size_t count, enum plan_order order,
               struct plan_choice *out);
