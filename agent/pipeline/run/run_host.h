/*
 * run: the machine while it is measured on.
 *
 * Where /etc/lance-bench/host.conf is there and this process may write the machine's settings, they
 * are set just before the first benchmark, when everything is built, and given back after the last:
 * after Ctrl-C and SIGTERM on the ordinary way, after a SIGKILL by a watcher, after a power cut by
 * the boot unit or the next run. Where a runner's job hook or somebody by hand has tuned it, or it
 * cannot be written (no root, a container), it is looked at instead. A machine without the file is
 * left alone. What was done stands in host_sessions.knobs.
 *
 * $LANCE_BENCH_HOST_ROOT puts a tree of files in the place of the machine: its settings, host.conf
 * and the state folder are looked for below it. It is for tests; whoever sets it has the rights of
 * the agent anyway, and the helper of the job hooks does not know it.
 */
#pragma once

#include "pipeline/run/run_state.h"

#define RUN_HOST_ROOT "LANCE_BENCH_HOST_ROOT"
#define RUN_HOST_NICE                                                       \
    (-10) /* of benchmarks with the profile bare-metal, where it is allowed \
           */

/* Reads the configuration. ERROR_USAGE: it is wrong; ERROR_FAILURE: --tune require and there is
 * none. */
int run_host_open(struct run *run, struct error *err) MUST_CHECK;
/* The CPUs that the configuration gives to benchmarks. False: it does not say. */
int run_host_cpus(const struct run *run, cpu_set_t *out, bool *found, struct error *err) MUST_CHECK;
/* The CPUs that benchmarks can be pinned to: more than the agent's own where CPUs are isolated. */
void run_host_usable_cpus(const struct run *run, cpu_set_t *out);
/* When run->pinned is settled: whether benchmarks are to have their CPUs to themselves. ERROR_USAGE
 * and ERROR_FAILURE: --isolate require, and that cannot be. */
int run_host_check_isolation(struct run *run, struct error *err) MUST_CHECK;
/* Around the measuring. Only with --tune require and --isolate require is it an error that the
 * machine stays as it is, and where the benchmark CPUs belong to a group that this process cannot
 * enter. Where they are isolated, run->placement has the group from here on. */
int run_host_begin(struct run *run, struct error *err) MUST_CHECK;
void run_host_end(struct run *run);
/* The object that stands in host_sessions.knobs, a fresh string; NULL where nothing was measured.
 */
char *run_host_json(const struct run *run);
/* Also ends what has begun. */
void run_host_free(struct run_host *host);
