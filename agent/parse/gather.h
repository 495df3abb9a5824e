/*
 * What a harness says of its benchmarks in pieces, put together: repetitions that stand apart in
 * the file become the values of one measurement.
 *
 *     AUTO_GATHER struct gather gather = GATHER_INIT;
 *     rc = gather_add(&gather, &piece, err);            for each piece
 *     rc = gather_hand_on(&gather, sink, report, err);  at the end, or after each benchmark
 *
 * Pieces of one benchmark, metric and variant are one measurement, in the order in which the first
 * piece of each came. A format whose benchmarks each stand in one place hands on after each of
 * them, so that its memory does not grow; one whose repetitions may be anywhere (Go, Google
 * Benchmark) hands on at the end, and may hold GATHER_MAX bytes.
 *
 * It also holds everybody to the rules of format.h: a name that is one; values that are finite and
 * not negative. Of wall time another value is an error; of another metric, which a benchmark's
 * author may have chosen freely, it is left out with a warning and counted as "without data".
 */
#pragma once

#include "base/strbuf.h"
#include "base/text_pool.h"
#include "parse/format.h"

#define GATHER_MAX ((size_t)256 << 20)   /* bytes of one file's results */
#define GATHER_METRIC_MAX ((size_t)1024) /* bytes of a metric's name, and of a unit's */

/* Everything is borrowed for the length of the call, but the names of the throughput: those are
 * constants. */
struct gather_piece {
    const struct strbuf *benchmark;
    const char *metric; /* NULL for wall time; a '#' in it is stored as '_' */
    const char *units;  /* "nanoseconds" for times */
    uint64_t variant;   /* tells benchmarks of one name apart */
    const double *values;
    size_t count;
    const uint64_t *iterations; /* NULL: not known, then for the whole measurement */
    bool mean_only;             /* the one value is a mean, of values that are not there */
    struct throughput throughput;
    const char *details; /* a JSON object, of the measurement's first piece; or NULL */
};

struct gathered;

struct gather {
    struct text_pool keys; /* number n is items[n] */
    struct gathered *items;
    size_t cap;
    size_t bytes;
    uint64_t left_out; /* values of metrics that were none */
    struct strbuf key; /* of the latest piece */
};

#define GATHER_INIT         \
    {                       \
        .key = STRBUF_INIT, \
    }

void gather_release(struct gather *gather);
#define AUTO_GATHER __attribute__((cleanup(gather_release)))

/* ERROR_INPUT for a wrong name or value, for another unit than the measurement has already, and
 * when GATHER_MAX is passed. A mean does not join values: what is more exact stays. */
int gather_add(struct gather *gather, const struct gather_piece *piece,
               struct error *err) MUST_CHECK;
/* Hands everything to the sink and empties the gather. */
int gather_hand_on(struct gather *gather, const struct measurement_sink *sink,
                   struct parse_report *report, struct error *err) MUST_CHECK;

/*
 * The work of one iteration out of a rate and a time that were printed with four or five digits:
 * a whole number where it is within a thousandth of one, as bytes and elements are.
 */
double gather_work(double per_second, double ns);
