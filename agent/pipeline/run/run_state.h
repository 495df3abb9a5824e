/* A run under way: shared by the files of pipeline/run/ and by nobody else. */
#pragma once

#include "build/cargo.h"
#include "build/python.h"
#include "build/relink.h"
#include "build/slot.h"
#include "build/sync.h"
#include "build/toolchain.h"
#include "checkout/checkout.h"
#include "config/config.h"
#include "evidence/canary.h"
#include "host/io.h"
#include "model/bench_target.h"
#include "model/pytest_suite.h"
#include "pipeline/publish/publish.h"
#include "pipeline/run/run.h"
#include "pipeline/run/run_times.h"
#include "sandbox/job.h"

struct run_host;

struct run {
    const struct run_request *request;
    struct run_outcome *out;
    struct checkout checkout;
    struct config config;
    struct job job;
    struct slot slot;
    struct shared_dir crates; /* CARGO_HOME */
    struct toolchain toolchain;
    char *rust_folder; /* of the Cargo.toml that is built */
    struct bench_targets targets;
    struct python python;
    struct cargo python_cargo; /* for maturin */
    char *python_folder;
    struct pytest_suite suite;
    bool has_suite;
    cpu_set_t cpus;
    bool pinned;
    struct placement placement; /* of benchmarks; its descriptor is run_host's */
    char *memory_nodes;         /* that benchmarks get their memory from; NULL: from anywhere */
    bool cpu_clock;             /* measures CPU time */
    struct run_times times;
    struct run_host *host; /* run_host.h */
    struct host_io io;     /* this machine, for the evidence */
    struct canary canary;
    char *machine_state; /* JSON of the machine as it was measured on; NULL before that */
    const char *stage;   /* for the live line */
    size_t part;         /* index of the one under way */
    size_t names_before; /* benchmarks of the parts before it */
    double started_s, measuring_since_s;
    int64_t started_at;
};

void run_init(struct run *run, const struct run_request *request, struct run_outcome *out);
void run_release(struct run *run);
#define AUTO_RUN __attribute__((cleanup(run_release)))

/* All up to the first foreign code: the checkout, the configuration, the toolchain, the job with
 * its caches. With RUN_DRY the job is not opened. run_close() follows, whatever it returns. */
int run_open(struct run *run, struct error *err) MUST_CHECK;
/* Builds everything and lists it. */
int run_build(struct run *run, struct error *err) MUST_CHECK;
/* Ends the job. `failed` is how the run went: its logs are kept where that was badly. */
void run_close(struct run *run, int failed);
/* Opens the job and its part of the caches, with the commit's files in it. Takes `report` over. */
int run_open_job(struct run *run, struct sandbox_report *report, struct error *err) MUST_CHECK;
/* The Rust half: toolchain, dependencies, executables. Failures of single packages are noted in
 * their parts where keep_going allows. */
int run_build_rust(struct run *run, struct error *err) MUST_CHECK;
/* relink() with what the run builds by, as long as its slot has its files. */
int run_relink(struct run *run, const struct relink *asked, bool *out,
               struct error *err) MUST_CHECK;
int run_build_python(struct run *run, struct error *err) MUST_CHECK;
/* Fills in what each part is expected to measure. */
int run_list_parts(struct run *run, struct error *err) MUST_CHECK;
int run_measure(struct run *run, struct error *err) MUST_CHECK;
/* Calls `measure` between the first canary and the last, with the agent off the benchmark CPUs. */
int run_measure_with(struct run *run,
                     int (*measure)(struct run *run, void *context, struct error *err),
                     void *context, struct error *err) MUST_CHECK;
/* One process of the part, with `variables` beside its own: part->results, and part->problem where
 * some of it failed. It is not measured once more; *spoiled: the evidence says that others had too
 * large a part in it, or the CPU was throttled. */
int run_measure_once(struct run *run, struct run_part *part, const struct strlist *variables,
                     bool *spoiled, struct error *err) MUST_CHECK;
/* Stores the parts that are complete, and the run's own record. `failed` is how the run went, `why`
 * the reason. */
int run_store(struct run *run, int failed, const struct error *why, struct error *err) MUST_CHECK;
/* The steps of --dry-run. */
void run_plan(struct run *run);

/* The bench target of a part, or NULL for pytest's. */
struct bench_target *run_target_of(struct run *run, const struct run_part *part);
struct run_part *run_add_part(struct run *run, const char *name, const char *format);
/* Notes that a part failed. Returns 0 where the run goes on, else the code. */
int run_part_failed(struct run *run, struct run_part *part, int failed, struct error *err);
void run_show_progress(struct run *run, const char *what, double elapsed_s);
