/*
 * A result: one row of the table `results`, one metric of one benchmark in one run. The schema is
 * upstream's; see docs/database.md for what each field means here.
 */
#pragma once

#include "model/measurement.h"
#include "model/summary.h"

#include <stddef.h>
#include <stdint.h>

/* The device under test: what was measured. */
struct dut {
    char *name;        /* the project, e.g. "lance" */
    char *version;     /* "<manifest version>+<7 characters of the commit>" */
    int64_t timestamp; /* of the commit, Unix seconds */
};

/* Where it was measured. */
struct test_bed {
    char *name;
    char *cpu;          /* the CPU's model name */
    int32_t memory_gb;  /* GiB, as host/machine.h rounds it; 0 when not known */
    char *os;           /* "Linux 6.1.0-18-amd64" */
    int64_t created_at; /* Unix seconds of the first time it was seen; stable; 0 when not known */
};

void dut_release(struct dut *dut);
void test_bed_release(struct test_bed *bed);

/* Borrows everything; NULL strings are null in the table. */
struct result {
    const char *id;
    const struct dut *dut;
    const struct test_bed *test_bed;
    const char *benchmark_name; /* "<benchmark>" or "<benchmark>#<metric>" */
    const double *values;
    size_t value_count;
    struct summary summary;
    const char *units;
    struct throughput throughput; /* null when its name is NULL */
    const char *metadata;         /* a JSON object */
    int64_t timestamp;            /* of the publishing, Unix seconds */
};
