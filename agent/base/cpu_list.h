/* Sets of CPUs in the kernel's own notation: "1-3,5". */
#pragma once

#include "base/error.h"

#include <sched.h>
#include <stdbool.h>

/* For a process whose CPUs are `usable`; NULL: nothing is known of them. ERROR_USAGE names what is
 * wrong, also a CPU that is not among them. */
int cpu_list_parse_within(const char *text, const cpu_set_t *usable, cpu_set_t *out,
                          struct error *err) MUST_CHECK;
/* A fresh string; "" for the empty set. */
char *cpu_list_text(const cpu_set_t *cpus);
/* Where benchmarks run unless told: all CPUs of this process but the first, which keeps the
 * interrupts and the agent. False when there is only one: nothing to choose. */
bool cpu_list_default(cpu_set_t *out);
