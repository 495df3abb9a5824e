/* A comparison under way: shared by the files of pipeline/head_to_head/ and by nobody else. */
#pragma once

#include "config/policy.h"
#include "pipeline/head_to_head/head_to_head.h"
#include "pipeline/run/run_state.h"

enum { BASE, HEAD, SIDES };

/* One commit, built. Its job has a folder with copies of all that is run. */
struct side {
    const char *name; /* "base" or "head": of one length, as they stand in paths */
    struct run_request request;
    struct run_outcome outcome;
    struct run run;
    char *config;   /* HEAD's file, for BASE; may be NULL */
    int copies;     /* of the executables so far */
    char **layouts; /* of each target of the run: the folder of its programs (build/relink.h); NULL:
                       it has one */
};

/* One benchmark and what its pairs say. */
struct series {
    struct head_to_head_row row;
    char *base_name; /* BASE's name of it */
    struct paired_rule rule;
    struct paired paired;
    double *levels[SIDES]; /* of each process that counted */
    size_t level_cap;
    bool spoiled; /* a block counted although it was spoiled */
};

/* What one process measures: a benchmark of a Criterion executable, or all that a part has. */
struct unit {
    size_t parts[SIDES];    /* indices of the part in both outcomes */
    char *benchmark[SIDES]; /* its name; NULL: all of the part's */
    size_t *series;         /* indices; those that both sides have */
    size_t count, cap;
    size_t *layouts; /* their numbers, in the order they are drawn; NULL: there is one */
    size_t pairs;    /* measured so far */
};

/* What both processes of a pair find. */
struct setting {
    size_t padding; /* bytes that the environment is larger */
    size_t layout;  /* number of it */
};

struct match {
    const struct head_to_head_request *request;
    struct head_to_head *out;
    struct side sides[SIDES];
    struct series *series;
    size_t series_count, series_cap;
    struct policy policy;  /* of BASE */
    struct policy aliases; /* of HEAD, for its aliases */
    struct strlist seeds;  /* of the layouts; none: each program has one */
    struct test_bed test_bed;
    struct unit *units;
    size_t unit_count, unit_cap;
    uint64_t random;   /* state */
    cpu_set_t one_cpu; /* where both processes of a pair run when they run at once */
    double deadline_s; /* of the monotonic clock; 0: none */
};

/* What one process gave for one metric of one benchmark. */
struct reading {
    char *benchmark, *units;
    double value; /* the median of its values, or the mean where there are none */
};

struct readings {
    struct reading *items;
    size_t count, cap;
};

void readings_release(struct readings *readings);
#define AUTO_READINGS __attribute__((cleanup(readings_release)))
/* Reads what the part left. Where a benchmark has a wall time (with the CPU clock: a CPU time),
 * its other metrics are left out. */
int readings_read(const struct run *run, const struct run_part *part, struct readings *out,
                  struct error *err) MUST_CHECK;
/* NULL when there is none of this name. */
const struct reading *readings_find(const struct readings *readings, const char *benchmark);

/* Builds both sides. HEAD comes first: its configuration says what BASE is to run. */
int sides_build(struct match *match, struct error *err) MUST_CHECK;
/* Copies the executables to new files, and runs those from now on. */
int side_copy_executables(struct side *side, struct error *err) MUST_CHECK;

/* Finds the benchmarks that both sides have. */
int match_benchmarks(struct match *match, struct error *err) MUST_CHECK;
/* Adds to `paired` the names of what both have, and to the result's lists what one has alone. A
 * benchmark that would be in one of those is held against one in the other where an alias of
 * lance-bench.json says that it was renamed: an alias can add to what is compared, and take nothing
 * away. */
void match_names(struct match *match, const struct strlist *before, const struct strlist *after,
                 struct strlist paired[SIDES]);

/* Draws the seeds of the layouts. */
void match_draw_layouts(struct match *match);
/* Links the targets once for each seed. Their slot has to be theirs still. */
int side_link_layouts(struct match *match, struct side *side, struct error *err) MUST_CHECK;
void side_release_layouts(struct side *side);
/* Draws their order, where both sides have them. */
void unit_draw_layouts(struct match *match, struct unit *unit);
/* The layout of the unit's next pair but `pair`; 0 where there is one. */
size_t unit_layout(const struct match *match, const struct unit *unit, size_t pair);
/* What is run from now on. */
void unit_take_layout(struct match *match, const struct unit *unit, int side, size_t layout);

/* Runs one process of a unit. *spoiled is set where it was, and else left. */
int match_take(struct match *match, const struct unit *unit, int side, struct setting setting,
               struct readings *out, bool *spoiled, struct error *err) MUST_CHECK;
/* The same for one process of each side, both at once; `first` starts first. */
int match_take_both(struct match *match, const struct unit *unit, int first, struct setting setting,
                    struct readings out[SIDES], bool *spoiled, struct error *err) MUST_CHECK;
/* What these are made of: the live line, the process, and what it left. */
void match_show(struct match *match, const struct unit *unit);
int match_measure(struct match *match, const struct unit *unit, int side, struct setting setting,
                  bool *spoiled, struct error *err) MUST_CHECK;
int match_read(struct match *match, const struct unit *unit, int side, struct readings *out,
               struct error *err) MUST_CHECK;
/* Says which side it was that failed. */
int match_failed(const struct match *match, int side, int failed, struct error *err) MUST_CHECK;
struct run_part *match_part(struct match *match, const struct unit *unit, int side);
/* The sessions, until everything is decided or the budget has ended. */
int match_play(struct run *run, void *match, struct error *err) MUST_CHECK;
/* A number below `limit`. */
uint64_t match_draw(struct match *match, uint64_t limit);
void match_shuffle(struct match *match, size_t *order, size_t count);
