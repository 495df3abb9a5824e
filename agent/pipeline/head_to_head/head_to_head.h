/*
 * Two commits of one target held against each other by measuring both, process by process side by
 * side: what `compare --measure` does. decide/paired.h says what is concluded from the pairs; here
 * they are made.
 *
 * Both commits are built at one and the same place, one after the other, and what is to be run is
 * copied from there: paths that compilers write into programs do not differ, and equal sources give
 * equal programs. What to run is what HEAD's configuration says, for both.
 *
 * One session is rounds. In each round every benchmark that is still undecided gets a block of two
 * pairs, in an order drawn anew: its processes run as ABBA or BAAB, which of the two a coin says.
 * Both processes of a pair find the same environment, whose size is drawn for each pair: it moves
 * the stack, and with it what a program's speed may depend on. A Criterion benchmark is measured
 * alone, in processes of its own; programs that cannot be told to (a #[bench] harness, a suite, a
 * command) give all their benchmarks a pair at once.
 *
 * Where the linker puts the code of a program is drawn too, for it shifts times by several per cent
 * and any change of source moves it (Mytkowicz, Diwan, Hauswirth and Sweeney, ASPLOS 2009,
 * "Producing wrong data without doing anything obviously wrong!"; Curtsinger and Berger, ASPLOS
 * 2013, "Stabilizer"). Each Rust executable of either side is linked in as many layouts as there
 * may be pairs, or hardly fewer (build/relink.h), and each pair takes the next of them in an order
 * that is drawn: a change of layout then is noise of the pairs, and not in the difference of their
 * means. BASE's k-th layout and HEAD's have the same seed. For two programs of different functions
 * those are as good as drawn apart; for programs that differ little they differ little too, and for
 * equal ones not at all, which takes noise away and no bias in: over all orders the layouts of
 * either side are those of any other. Few layouts, drawn again and again, would not do: what they
 * have in common stays in the difference, however many pairs there are (with 4 of them and a
 * layout's effect of 5 %, something is called in nine of ten comparisons of ten unchanged
 * benchmarks). So pairs of one layout count once, by their mean (decide/paired.h).
 *
 * With the CPU clock, where benchmarks are pinned, both processes of a pair run at once on one CPU:
 * CPU time does not count what the other one had, and whatever slows that CPU for a while slows
 * both of them alike, so that it drops out of their ratio.
 *
 * A block in which others had too large a part (evidence/evidence.h), or the CPU was throttled, is
 * measured again, up to `retakes` times in a row; what is still spoiled then counts, and is said.
 *
 * What was found is confirmed in a second session: the programs are copied to new files, so that
 * they lie elsewhere in memory, and order and environments are drawn anew. Programs of many layouts
 * are files of their own already: there it goes on with those that the first has not had.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "decide/paired.h"
#include "decide/verdict.h"
#include "pipeline/run/run.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of each program, unless told. With as many as a comparison has pairs they cost no power, and so
 * many cost hardly any: of changes as large as the noise of a pair 92 % are found in place of 95 %
 * (tests/perf/head_to_head.py). */
#define HEAD_TO_HEAD_LAYOUTS 32
/* A smaller number than this, but for 1, could not call anything. */
#define HEAD_TO_HEAD_LAYOUTS_LEAST PAIRED_LEAST_PAIRS
#define HEAD_TO_HEAD_LAYOUTS_MOST 1000

/* How the two processes of a pair take turns. */
enum head_to_head_order {
    PAIRS_BY_CLOCK, /* together with the CPU clock where benchmarks are pinned, else in turn */
    PAIRS_TOGETHER, /* at once, on one CPU */
    PAIRS_IN_TURN,
};

/* Everything is borrowed. */
struct head_to_head_request {
    const struct run_request *run; /* its revision is not looked at; nothing is stored */
    const char *base, *head;       /* revisions, as checkout has them */
    const char *benchmark;         /* names that contain this; NULL: all */
    /* NAN: what BASE's lance-bench.json (config/policy.h) says of all benchmarks, else
     * PAIRED_ALPHA, VERDICT_MATTERS and 0. Its rules for some of them stand before these. */
    double alpha;          /* of any false alarm over all benchmarks, up or down */
    double matters;        /* relative; see paired.h */
    double minimum_effect; /* relative; what is estimated smaller is called "same" */
    size_t max_pairs;
    size_t layouts;  /* of each Rust program; 1: the linker's; 0: HEAD_TO_HEAD_LAYOUTS, at most
                        max_pairs */
    double budget_s; /* of measuring; 0: none. What is undecided then is unsure */
    /* Seconds that Criterion and pytest-benchmark measure one benchmark in one process; 0: as the
     * benchmark itself says. */
    double measurement_s;
    enum head_to_head_order order;
    uint64_t seed;
};

struct head_to_head_row {
    char *benchmark; /* as in the table `results`; HEAD's name */
    char *base_name; /* BASE's; another one where an alias says that it was renamed */
    char *units;
    bool higher_is_better;
    bool possible; /* false: `notes` say why it cannot be held against the other */
    enum verdict_kind verdict;
    double matters, minimum_effect; /* that it was held against; relative */
    double base, head; /* medians of what the processes gave, in `units`; NAN without any */
    struct paired_estimate estimate;
    double *log_ratios; /* of the pairs, in the order they were measured */
    size_t pairs;
    size_t first_session; /* how many of them came before what was found was to be confirmed; 0:
                             nothing was found */
    size_t layouts;       /* that its processes had; 1: that of the build */
    struct strlist notes;
};

struct head_to_head {
    char *base, *head; /* full ids */
    char *project, *cpus, *sandbox;
    const char *clock, *canary; /* as struct run_outcome has them */
    struct head_to_head_row *rows;
    size_t count, cap;
    struct strlist only_base, only_head; /* benchmarks that one side alone has */
    size_t ignored;                      /* benchmarks that the policy leaves out */
    double alpha;                        /* that was used */
    bool same_programs;  /* the executables of both sides are equal, byte for byte */
    size_t layouts;      /* the most that a program had */
    size_t processes;    /* that were measured */
    size_t blocks_again; /* that were measured again because they were spoiled */
    double build_s, measure_s;
    bool budget_ended;
    bool confirmed; /* there was a second session */
    bool together;  /* both processes of a pair ran at once */
};

/*
 * ERROR_BUILD: one side does not build, or a benchmark fails. ERROR_NOT_COMPARABLE: they have no
 * benchmark in common. ERROR_INTERRUPTED: after Ctrl-C; nothing is left running, and the machine is
 * as it was. *out is to be released, on failure too.
 */
int head_to_head(const struct head_to_head_request *request, struct head_to_head *out,
                 struct error *err) MUST_CHECK;
void head_to_head_release(struct head_to_head *result);
#define AUTO_HEAD_TO_HEAD __attribute__((cleanup(head_to_head_release)))
