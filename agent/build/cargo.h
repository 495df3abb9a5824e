/*
 * Building Rust benchmarks: dependencies are fetched with the network, then everything is compiled
 * without it.
 */
#pragma once

#include "base/error.h"
#include "build/slot.h"
#include "build/toolchain.h"
#include "config/config.h"
#include "model/bench_target.h"
#include "sandbox/job.h"

#include <stdbool.h>
#include <stddef.h>

#define CARGO_TIMEOUT_S (4 * 3600.0) /* of one cargo command */

struct cargo {
    struct job *job;
    const struct slot *slot;
    const struct toolchain *toolchain;
    const struct rust_config *config;
    const char *home;   /* CARGO_HOME; written while fetching only */
    const char *folder; /* of the Cargo.toml, in the slot's source folder */
    int jobs;           /* --jobs, 0: as many as CPUs */
    double timeout_s;   /* of one cargo command; 0: CARGO_TIMEOUT_S */
    /* Called as crates are built, and each second on a terminal; may be NULL. */
    void (*on_progress)(void *context, size_t crates_built, double elapsed_s);
    void *context;
};

/* Downloads what Cargo.lock names, for this machine's target. A target without a Cargo.lock gets
 * one, with a warning: its dependencies are not those of the commit. */
int cargo_fetch(const struct cargo *cargo, struct error *err) MUST_CHECK;

/* The bench targets that the configuration selects, in its order; else in the order of the
 * workspace. ERROR_USAGE names a package or bench that does not exist, with a suggestion;
 * ERROR_NO_DATA: no bench at all. Needs cargo_fetch() first. */
int cargo_targets(const struct cargo *cargo, struct bench_targets *out,
                  struct error *err) MUST_CHECK;

/* Compiles the targets of one package, which all stand in `targets`, and fills in their
 * executables. ERROR_BUILD with the compiler's first error and the path of its log. */
int cargo_build(const struct cargo *cargo, const char *package, struct bench_targets *targets,
                struct error *err) MUST_CHECK;

/* The arguments by which cargo builds the benches of one package: which crates, with what features,
 * and what it says of it (cargo_message.h). */
void cargo_package_arguments(const struct cargo *cargo, const char *package, struct strlist *argv);

/* What cargo sets for a benchmark that it runs: CARGO_MANIFEST_DIR and its kin, the library path.
 */
void cargo_bench_env(const struct cargo *cargo, const struct bench_target *target,
                     struct strlist *env);
/* PATH, CARGO_HOME, CARGO_TARGET_DIR: what every Rust build needs, maturin's too. */
void cargo_env(const struct toolchain *toolchain, const char *home, const char *target_dir,
               struct strlist *env);
