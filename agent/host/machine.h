/* This machine as a test bed. */
#pragma once

#include "base/error.h"
#include <stdbool.h>
#include "model/result.h"

#define TEST_BED_FILE "/etc/lance-bench/testbed" /* or $LANCE_BENCH_TESTBED_FILE */

/* The model's name without what changes from one reading to the next: a frequency with more than
 * two decimals ("@ 3.701GHz", measured by a hypervisor or firmware; a maker's own has two) is
 * rounded to 25 MHz, so that those which processors are sold with lie in the middle of their
 * bucket. A fresh string. */
char *machine_cpu_name(const char *model);
/* GiB of the memory that is built in, from what the kernel has left of it. That changes a little
 * with each kernel, so it is rounded up to the next sixteenth of a power of two: 15.4 and 15.6 GiB
 * are 16, 62.7 are 64, 188 are 192. */
int32_t machine_memory_gib(double total_kib);

/*
 * Fills the test bed: the CPU's model name, memory in GiB, kernel release; its name is `name` where
 * that is given, else the first line of TEST_BED_FILE, else the host name, and *from_host_name says
 * so. created_at is the time of TEST_BED_FILE, or of a file that the first call leaves below
 * $XDG_STATE_HOME/lance-bench (~/.local/state).
 */
int machine_describe(const char *name, struct test_bed *out, bool *from_host_name,
                     struct error *err) MUST_CHECK;
/* The same, with a warning where the name is the host's, which may change with the machine. */
int machine_test_bed(const char *name, struct test_bed *out, struct error *err) MUST_CHECK;
