/*
 * Two versions of one benchmark, measured in pairs of processes side by side: does one take longer?
 *
 * A pair is one number, ln(B/A) of what the two processes gave. The pure step function
 *
 *     paired_add(&state, ln(B/A))
 *
 * says after each pair whether to go on. It decides after each whole block of two pairs (ABBA or
 * BAAB), so that neither the order in a pair nor a steady drift of the machine counts. Where
 * nothing has changed and blocks are drawn at random, pairs lie symmetrically around 0, whatever
 * their distribution.
 *
 * The test is Student's t of the mean with a twelfth of the pairs trimmed on either side and a
 * winsorised variance (Tukey and McLaughlin, Sankhya A 25, 1963; Yuen, Biometrika 61, 1974): a few
 * wild pairs cost little. It is repeated at each look; boundary.h says how strict it has to
 * be.
 *
 *   found       in the first session the test is below the limit for candidates: there the chance
 *               of a candidate where nothing changed is .2 over all benchmarks. Its first session
 *               ends; in a fresh one
 *   called      all pairs together are below the limit for calls, and those of the fresh session
 *               alone say the same at 5 %, one-sided. Both sessions count among `max_pairs`
 *   same        the interval lies within what does not matter, and there is no sign of a change:
 *               |t| < 1 after sixteen pairs or more, which a change as large as the noise shows
 *               in three comparisons of 1,000
 *   undecided   `max_pairs` are measured, or the caller ends it
 *
 * Pairs that share something which differs from pair to pair otherwise, such as where the linker
 * put the code of the two programs, are a group, and say less than as many pairs of their own:
 * however many they are, what they share stays. Their mean counts as one pair; groups are drawn
 * like pairs. (What is drawn is the unit of a test: Hurlbert, Ecological Monographs 54, 1984,
 * "Pseudoreplication and the design of ecological field experiments".)
 *
 * The limit for calls is Bonferroni's over the benchmarks: where nothing has changed, any of them
 * is called, up or down, in at most `alpha` of all comparisons. A quarter of alpha is kept back
 * for what the approximation of the limits leaves out (boundary.h).
 *
 * The interval is a repeated one (Jennison and Turnbull, JRSS B 51, 1989): it covers the true
 * change at all looks together with 95 %, so that stopping early does not spoil it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define PAIRED_ALPHA 0.01
#define PAIRED_BLOCK 2      /* pairs between two looks */
#define PAIRED_FIRST 6      /* pairs before the first look */
#define PAIRED_FRESH 4      /* pairs of the fresh session before its first look */
#define PAIRED_MAX_PAIRS 40 /* unless told */
#define PAIRED_LEAST_PAIRS (PAIRED_FIRST + PAIRED_FRESH) /* the least max_pairs may be */
#define PAIRED_POWER 0.8                                 /* of `smallest` and `needed` */

/* One for all benchmarks of a comparison; filled by paired_rule_init(). */
struct paired_rule {
    double matters; /* relative: a smaller change may be called "same" */
    size_t max_pairs;
    size_t groups; /* that there are; 0: each pair is its own. Few groups call nothing: a
                      t test of n of them has n - 1 degrees of freedom */
    double candidate, call, interval; /* limits for the two-sided p-value of a look */
};

/* `alpha` over all `benchmarks`, at least 1. max_pairs is rounded up to whole blocks. `groups` is
 * 0, and may be set afterwards. */
void paired_rule_init(struct paired_rule *rule, double alpha, double matters, size_t benchmarks,
                      size_t max_pairs);

enum paired_state {
    PAIRED_MEASURING,  /* further pairs are wanted */
    PAIRED_FOUND,      /* a fresh session is: paired_confirm() */
    PAIRED_CONFIRMING, /* further pairs of the fresh session are wanted */
    PAIRED_CALLED,     /* the rest are ends */
    PAIRED_SAME,
    PAIRED_UNDECIDED,
};

/* {.rule = …} begins one. */
struct paired {
    const struct paired_rule *rule; /* borrowed */
    enum paired_state state;
    double *pairs;  /* ln(B/A), in the order they came */
    size_t *groups; /* of each pair; not looked at where the rule has none */
    size_t count, cap, group_cap;
    size_t first_session; /* how many of them are of the first one, once it has ended */
    bool up;              /* what was found: B is the larger */
};

void paired_release(struct paired *paired);

/* Adds a pair, which is finite, to one that wants further ones, and says where that leads. Others
 * stay as they are. */
enum paired_state paired_add(struct paired *paired, double log_ratio);
/* The same for one of a group, a number below the rule's groups. */
enum paired_state paired_add_grouped(struct paired *paired, double log_ratio, size_t group);
/* The fresh session begins. Only in PAIRED_FOUND. */
void paired_confirm(struct paired *paired);
/* No further pair will come: an end is reached. */
enum paired_state paired_stop(struct paired *paired);
bool paired_wants_more(const struct paired *paired);

struct paired_estimate {
    size_t pairs;
    double change;    /* B against A: .05 is 5 % more */
    double low, high; /* its interval; infinite with fewer than two pairs */
    double noise;     /* standard deviation of a pair's ln(B/A), wild ones held down; of a group's
                         mean where groups have several */
    double p;         /* of all pairs, two-sided, as if there had been this one look */
    double smallest;  /* change that max_pairs would have called with PAIRED_POWER */
    size_t needed;    /* max_pairs (each in a group of its own, where there are groups) that would
                         call a change of `matters` so; 0: beyond a million */
};

void paired_estimate(const struct paired *paired, struct paired_estimate *out);
