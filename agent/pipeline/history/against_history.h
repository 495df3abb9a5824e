/* The results of one commit held against the stored results of its ancestors on the same test bed:
 * decide/verdict.h over every series that has both. */
#pragma once

#include "base/strlist.h"
#include "decide/verdict.h"
#include "pipeline/history/series_policy.h"

struct history_verdict {
    const struct history_series *series;
    struct series_policy policy;
    bool possible; /* there is history enough; else `prediction` is empty */
    struct prediction prediction;
    struct verdict verdict;
    size_t runs; /* of the commit */
    /* The oldest and the newest ancestor of the level it is held against; NULL: none. */
    const struct history_commit *oldest, *newest;
    const struct history_expected *reset; /* the history begins with this change; NULL: none */
    struct strlist notes;                 /* a line for each thing to know */
    bool comparable;                      /* the newest of the history was measured the same way */
};

struct history_verdicts {
    struct history_verdict *items; /* in the order of the series */
    size_t count;
    size_t ignored; /* more, that the policy leaves out */
    const struct history_commit *commit;
};

void history_verdicts_release(struct history_verdicts *verdicts);
#define AUTO_HISTORY_VERDICTS __attribute__((cleanup(history_verdicts_release)))

/* `commit` is an id or the beginning of one; NULL is the newest that was measured. Where it was
 * measured with another toolchain or on another processor than the newest of its history, that
 * series is not comparable and is no part of the family of tests. ERROR_NO_DATA when nothing is
 * stored of it, ERROR_USAGE when several commits begin so. Borrows the history and chooses the
 * commit's ancestors in it. */
int against_history(struct history *history, const char *commit, const struct verdict_rule *rule,
                    struct history_verdicts *out, struct error *err) MUST_CHECK;

/* What to do about a verdict that is none, as a fresh string; NULL where there is nothing to do.
 * `matters` is relative, as in struct verdict_rule. */
char *history_verdict_advice(const struct history_verdict *verdict, double matters);
