/* The commits of a bisection, and what is stored of them. */
#pragma once

#include "pipeline/bisect/bisect.h"
#include "pipeline/history/history.h"

/* The part of a branch that matters, the oldest first. */
struct bisect_line {
    struct commit_list list; /* the oldest first, also before GOOD and behind BAD */
    size_t good, bad;        /* in it */
};

void bisect_line_release(struct bisect_line *line);
#define AUTO_BISECT_LINE __attribute__((cleanup(bisect_line_release)))

/* Reads the branch as far back as GOOD and a little farther; ends as in bisect_end.h. ERROR_USAGE:
 * one is not there, or GOOD is not the older one. ERROR_NOT_FOUND: there is no such revision. */
int bisect_line_read(const struct source_request *source, const char *good, const char *bad,
                     struct bisect_line *out, struct error *err) MUST_CHECK;

/* What is stored of one benchmark. */
struct bisect_stored {
    struct bisect_run *runs; /* commits are numbered from GOOD, 0; those of the same level before it
                                and behind BAD stand for the ends */
    size_t count;
    size_t outside;        /* of these */
    size_t other;          /* more, that were measured on another processor and are left out */
    size_t spoiled;        /* results that are left out for how they were measured */
    char *project, *units; /* NULL where nothing is stored */
    char *harness;         /* NULL there too, and where it was not always the same */
};

void bisect_stored_release(struct bisect_stored *stored);
#define AUTO_BISECT_STORED __attribute__((cleanup(bisect_stored_release)))

struct bisect_series {
    const char *db, *project, *test_bed, *benchmark;
    const char *cpu;             /* that of this machine; NULL: any */
    bool disturbed;              /* as in bisect_request */
    const char *change_since;    /* as in bisect_request */
    const struct policy *policy; /* as in bisect_request */
};

/* Replaces what is in `out`. A database without results has none. */
int bisect_stored_read(const struct bisect_series *series, const struct bisect_line *line,
                       struct bisect_stored *out, struct error *err) MUST_CHECK;

/* The ends of a change that `changes` finds in this series, as fresh strings. `commit` as in
 * bisect_request. ERROR_NO_DATA: there is none. */
int bisect_find_change(const struct bisect_series *series, const char *commit, char **good,
                       char **bad, struct error *err) MUST_CHECK;
