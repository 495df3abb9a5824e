/*
 * A report: what every writer (Markdown, HTML, JSON, CSV, …) is given. Plain data, filled by
 * pipeline/report/report.h out of the stored results, and changed by nobody afterwards.
 *
 * All texts are the report's, and foreign: a writer escapes each for its sink. Equal texts are
 * equal pointers. NULL is not known. NAN is a number that is not known. Commits are named by their
 * place in `commits`, which is the x axis of every chart.
 */
#pragma once

#include "base/strlist.h"
#include "base/text_pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPORT_NONE SIZE_MAX /* no commit, no series */

/* What is said of a series at the report's commit. In the order of report_worst_first(). */
enum report_outcome {
    REPORT_WORSE,
    REPORT_UNSURE,
    REPORT_NOT_COMPARABLE, /* another toolchain or processor than its history */
    REPORT_NO_HISTORY,     /* too little to hold it against */
    REPORT_BETTER,
    REPORT_SAME,
    REPORT_IGNORED,      /* the project's policy asks for no verdict */
    REPORT_NOT_MEASURED, /* the report's commit has no result in this series */
    REPORT_OUTCOMES,
};

struct report_commit {
    const char *id; /* 40 characters where known, else their beginning, else the version */
    const char *subject, *version;
    const char *url; /* of a page that shows it */
    int64_t time;    /* Unix seconds */
    bool main;       /* on the main line; only the report's own commit may be off it */
};

struct report_point {
    size_t commit;
    double value;     /* the median over the commit's runs of their medians (means: see `means`) */
    double low, high; /* the lowest and the highest of these runs */
    size_t first_run, runs; /* in the series' `runs` */
};

/* A stretch of points on one level. */
struct report_level {
    size_t first, last; /* points */
    double value;
    double low, high; /* value less and plus twice the noise from point to point; relative to the
                         value where all values of the series are above 0; NAN: not known */
};

struct report_verdict {
    enum report_outcome outcome;
    bool known;                /* the numbers below are there; else NAN and 0 */
    bool relative;             /* change, low, high, noise, smallest are: .05 is 5 % */
    double expected, measured; /* in the series' unit */
    double change, low, high;  /* measured against expected, with the 95 % interval */
    double noise;              /* from run to run, a standard deviation */
    double p;                  /* corrected for the number of series */
    double smallest;           /* the change for the worse that would most likely be called */
    size_t history, runs;      /* how many runs were held against how many */
    size_t runs_needed;        /* in all, to see a change that matters; 0: no number would */
    size_t oldest, newest;     /* commits of the history it is held against, or REPORT_NONE */
    struct strlist notes;      /* sentences: what is to be known, and what to do */
};

/* The values that one run measured, on demand. */
struct report_samples {
    size_t point;
    const char *run;
    double *values;
    size_t count;
};

struct report_series {
    const char *name;      /* as stored: "benchmark" or "benchmark#metric" */
    const char *benchmark; /* without the metric */
    const char *metric;    /* "wall_time" where the name says none */
    const char *test_bed, *units;
    bool higher_is_better;
    bool means;         /* the numbers are means: another writer kept no medians */
    bool has_namesakes; /* the same name on the same test bed in another unit: another series */
    struct report_point *points; /* the oldest first; never 0 of them */
    size_t count;
    double *runs; /* each run's number, those of a point together */
    size_t run_count;
    struct report_level *levels; /* over the points of the main line; the oldest first */
    size_t level_count;
    double base;                   /* its value at the report's base, or NAN */
    size_t at;                     /* the point of the report's commit, or REPORT_NONE */
    struct report_verdict verdict; /* REPORT_NOT_MEASURED where `at` is REPORT_NONE */
    struct report_samples *samples;
    size_t sample_count; /* 0 unless asked for */
};

enum report_cause {
    REPORT_BY_TOOLCHAIN = 1,
    REPORT_BY_TEST_BED = 2, /* another processor or kernel */
    REPORT_IN_GAP = 4,      /* commits in between were not measured */
};

/* A change of level in the history. */
struct report_change {
    size_t series;
    size_t before, after;     /* commits: the last on the old level, the first on the new one */
    size_t earliest, latest;  /* with 95 % the first on the new level is one of these */
    size_t commits;           /* from behind `before` up to `after`; 0: not known */
    double old_level, level;  /* in the series' unit */
    double change, low, high; /* relative, with the 95 % interval; NAN: values not above 0 */
    double confidence;
    unsigned causes; /* of enum report_cause; none: the code */
    bool worse;
    bool open;          /* worse, neither small nor expected, and no later level went back */
    const char *status; /* "open", "recovered", "better", "expected", "small" */
    const char *note;   /* why it was expected, or NULL */
};

struct report_test_bed {
    const char *name, *cpu, *os, *toolchain; /* of its newest results */
    size_t series;
};

struct report {
    const char *project;
    int64_t generated;     /* Unix seconds */
    const char *generator; /* "lance-bench 1.2.3" */
    size_t head;           /* the commit it is about */
    size_t base;           /* the commit it is set beside, or REPORT_NONE */
    bool pull_request;     /* the head's results are those of a pull request */
    enum report_outcome overall;
    size_t outcomes[REPORT_OUTCOMES]; /* how many series of each */
    double alpha, matters;            /* as in decide/verdict.h; `matters` is relative */
    const char *repository_url;       /* or NULL */
    struct report_commit *commits;    /* the oldest first; measured ones only */
    size_t commit_count;
    struct report_series *series; /* by name, test bed and unit */
    size_t series_count;
    struct report_change *changes; /* the newest first */
    size_t change_count;
    struct report_test_bed *test_beds; /* by name */
    size_t test_bed_count;
    struct strlist notes;   /* sentences on the whole */
    bool disturbed;         /* such results count too */
    size_t left_out;        /* results that were measured under conditions that spoil them */
    struct text_pool texts; /* owns every text */
};

void report_release(struct report *report);
#define AUTO_REPORT __attribute__((cleanup(report_release)))

/* "worse", "no history", "not measured"… */
const char *report_outcome_name(enum report_outcome outcome);
/* Its `status`. */
const char *report_change_status(const struct report_change *change);
/* The numbers of all series, those that need a look first: by outcome, then by how far they went
 * for the worse (for better ones: how far for the better), then by name. `order` has room for all.
 */
void report_worst_first(const struct report *report, size_t *order);
/* Whether the base has it, the commit measured others of its metric, and not this one. */
bool report_is_missing(const struct report *report, size_t series);
/* How far a verdict's change goes for the worse: above 0 is worse. NAN when not known. */
double report_badness(const struct report_series *series);
