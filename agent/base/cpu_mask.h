/* Sets of CPUs as the kernel writes them in its files: lists ("0-3,8") and masks ("ff,00000003").
 * Unlike base/cpu_list.h nothing is held against what this process may use. */
#pragma once

#include <sched.h>
#include <stdbool.h>

/* White space around it and an empty list are fine. False: it is no such text, or names a CPU
 * beyond CPU_SETSIZE. */
bool cpu_mask_parse_list(const char *text, cpu_set_t *out);
bool cpu_mask_parse_hex(const char *text, cpu_set_t *out);
/* A fresh string: groups of 32 bits with commas between them, for `bits` CPUs or as many as needed.
 */
char *cpu_mask_hex(const cpu_set_t *cpus, int bits);
/* The CPUs of `a` that are not in `b`. */
void cpu_mask_without(const cpu_set_t *a, const cpu_set_t *b, cpu_set_t *out);
/* The lowest CPU, or -1. */
int cpu_mask_first(const cpu_set_t *cpus);
