/*
 * The changes of level in the stored history: decide/change.h over every series of history.h along
 * its main line, and what else changed at the same place.
 */
#pragma once

#include "decide/change.h"
#include "pipeline/history/history.h"

/* What may have made a change: flags. */
enum change_cause {
    CHANGE_BY_TOOLCHAIN = 1, /* another toolchain built what was measured from there on */
    CHANGE_BY_TEST_BED = 2,  /* another processor or kernel under the test bed's name */
    CHANGE_IN_GAP = 4,       /* commits in between were not measured: it may be any of them */
};

struct found_change {
    const struct history_series *series;
    struct change change; /* its indices are of no use here */
    /* The last commit on the old level and the first on the new one. With 95 % the first on the new
     * level lies from `earliest` to `latest`. */
    const struct history_commit *before, *after, *earliest, *latest;
    const struct history_commit *behind; /* the last one of the series before `earliest` */
    size_t commits;  /* from behind `before` up to `after`: 1 names the culprit; 0: not known */
    unsigned causes; /* none of the flags: the code */
    bool worse;
    bool small; /* below the minimum effect of the policy */
    /* For the worse, neither small nor expected, and no later level has gone half of the way back.
     */
    bool open;
    const struct history_commit *recovered;  /* the first on a level that has; NULL: none */
    const struct history_expected *expected; /* somebody announced or accepted it; NULL: nobody */
};

struct found_changes {
    struct found_change *items; /* the newest first */
    size_t count, cap;
    size_t series;  /* looked at */
    size_t ignored; /* more, that the policy leaves out */
    double *noise;  /* of each series, as change_finder_noise() has it */
};

void found_changes_release(struct found_changes *found);
#define AUTO_FOUND_CHANGES __attribute__((cleanup(found_changes_release)))

/* Borrows the history, and chooses its main line. Counts without spread: decide/exact.h. */
void changes_find(struct history *history, struct found_changes *out);
/* "open", "expected", "small", "recovered", "better". */
const char *change_status(const struct found_change *found);
