/* This machine as a test bed. */
#pragma once

#include "base/error.h"
#include <stdbool.h>
#include "model/result.h"

#define TEST_BED_FILE "/etc/lance-bench/testbed" /* or $LANCE_BENCH_TESTBED_FILE */

/*
 * Fills the test bed: the CPU's model name, memory in GiB, kernel release; its name is `name` where
 * that is given, else the first line of TEST_BED_FILE, else the host name, and *from_host_name says
 * so (a host name changes with the machine; the caller warns). created_at is the time of
 * TEST_BED_FILE, or of a file that the first call leaves below $XDG_STATE_HOME/lance-bench
 * (~/.local/state).
 */
int machine_test_bed(const char *name, struct test_bed *out, bool *from_host_name,
                     struct error *err) MUST_CHECK;
