/*
 * Under which circumstances the two sides of a comparison were measured, and whether they may be
 * held against each other: another toolchain, another processor under the same test bed's name and
 * sessions that the canary calls spoiled (evidence/canary.h) stand in the way; what others had a
 * part in is said.
 */
#pragma once

#include "store/results.h"
#include "store/sessions.h"

/* Of the results of one series on one side. */
struct circumstances {
    struct strlist toolchains, cpus, flags; /* each once; what is not known is not in it */
    size_t results, spoiled, drifting, beyond_limit;
};

void circumstances_release(struct circumstances *c);
#define AUTO_CIRCUMSTANCES __attribute__((cleanup(circumstances_release)))

/* The sessions of these results; `b` may be NULL. */
int circumstances_sessions(struct database *db, const struct stored_results *a,
                           const struct stored_results *b, struct stored_sessions *out,
                           struct error *err) MUST_CHECK;
void circumstances_add(struct circumstances *c, const struct stored_result *result,
                       const struct stored_sessions *sessions);
/* Whether B may be held against A; `notes` gets a line for each thing that a reader should know,
 * those that stand in the way first. */
bool circumstances_comparable(const struct circumstances *a, const struct circumstances *b,
                              struct strlist *notes);
/* Why two lists of results have no series in common although they have a benchmark in common: other
 * test beds, other clocks. A fresh string, or NULL: they have none. */
char *circumstances_apart(const struct stored_results *a, const struct stored_results *b);
