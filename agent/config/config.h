/*
 * What to run: `lance-bench.json` of the target, or --config FILE. The format is documented by its
 * JSON Schema, docs/lance-bench.schema.json. Where the target has no such file the built-in
 * defaults know Lance, and any Cargo workspace or Python project with benchmarks.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "config/policy.h"

#include <stdbool.h>
#include <stddef.h>

#define CONFIG_FILE "lance-bench.json"
#define COMMAND_NAME_MAX 100
#define CONFIG_MAX_BYTES ((size_t)1 << 20)

enum config_page_cache {
    CONFIG_PAGE_CACHE_KEEP,
    CONFIG_PAGE_CACHE_DROP, /* emptied before each process: what is read comes from the disk */
};

struct crate_config {
    char *name;              /* the package's name */
    struct strlist benches;  /* bench targets; empty: all of them */
    struct strlist features; /* beside the default ones */
    bool default_features;
    char *filter; /* a regular expression on benchmark names, as Criterion takes it; may be NULL */
    int page_cache; /* enum config_page_cache */
};

struct rust_config {
    bool present;
    char *folder;    /* of the workspace's or package's Cargo.toml, from the target's root */
    char *toolchain; /* NULL: the one that rust-toolchain(.toml) asks for */
    struct crate_config *crates; /* none: every package of the workspace that has benches */
    size_t crate_count;
    int page_cache;   /* enum config_page_cache: DROP is for all crates */
    double timeout_s; /* of one bench executable; 0: the default */
};

enum python_build {
    PYTHON_MATURIN, /* `maturin build --release`, its wheel installed */
    PYTHON_WHEEL,   /* a published wheel of `package` in `version` */
    PYTHON_PIP,     /* `pip install` of the folder */
    PYTHON_NONE,    /* nothing: the suite finds what it needs by itself */
};

struct datagen_config {
    struct strlist command; /* empty: the suite needs no data; "python" is that of the venv */
    struct strlist inputs;  /* files and folders whose content decides whether to run it again */
    bool network;           /* may download */
    double timeout_s;       /* 0: the default */
};

struct python_config {
    bool present;
    char *folder;            /* of the package, from the target's root */
    char *suite;             /* folder or file of the benchmarks, from `folder` */
    int build;               /* enum python_build */
    char *package;           /* the wheel's name on the package index */
    char *version;           /* the wheel's version */
    char *interpreter;       /* "python3.11" or a path; NULL: python3 */
    struct strlist features; /* Cargo features for maturin */
    struct strlist requirements;
    struct datagen_config datagen;
    struct strlist pytest_args;
    char *filter;     /* pytest -k; may be NULL */
    int page_cache;   /* enum config_page_cache */
    double timeout_s; /* of the whole suite; 0: the default */
};

/* A program that writes its results in a format that `publish` reads. */
struct command_config {
    char *name;           /* letters, digits and "._-"; no two have the same */
    char *folder;         /* where it is built and run, from the target's root */
    struct strlist build; /* program and arguments; empty: nothing is to be built */
    struct strlist run;   /* program and arguments */
    char *format;         /* as parse/format.h calls it; not checked here */
    char *output;         /* the file that it writes, from `folder`; NULL: standard output */
    double timeout_s;     /* of the run; 0: the default */
};

enum config_clock {
    CONFIG_CLOCK_WALL,
    CONFIG_CLOCK_CPU, /* CPU time of benchmarks of one thread: the metric cpu_time */
};

struct config {
    char *project; /* NULL: the target's own name */
    struct rust_config rust;
    struct python_config python;
    struct command_config *commands;
    size_t command_count;
    struct strlist env;       /* "NAME=value" for builds and benchmarks */
    struct strlist env_names; /* names that are handed on from the agent's own environment */
    char *cpus;               /* "1-3,5": where benchmarks run; NULL: all but the first */
    int clock;                /* enum config_clock */
    struct policy policy;     /* "verdicts" and "aliases" */
    char *source; /* where this came from, for the log: a path, or "built-in defaults" */
};

void config_release(struct config *config);
#define AUTO_CONFIG __attribute__((cleanup(config_release)))

void config_drop_commands(struct config *config);

/* Reads `text`. `name` stands for it in messages. ERROR_USAGE names the place in the document. */
int config_parse(const char *text, size_t len, const char *name, struct config *out,
                 struct error *err) MUST_CHECK;
/* The same for a document that may name nothing to run. */
int config_parse_any(const char *text, size_t len, const char *name, struct config *out,
                     struct error *err) MUST_CHECK;
/* What is to be run in the checkout `root`: `file` where it is not NULL, else the target's own
 * CONFIG_FILE, else config_default(). A document that speaks of verdicts and aliases alone leaves
 * what is to be run to config_default(). */
int config_load(const char *file, const char *root, struct config *out,
                struct error *err) MUST_CHECK;
/* The built-in defaults for what lies in `root`. ERROR_NO_DATA when nothing there looks like a
 * benchmark. */
int config_default(const char *root, struct config *out, struct error *err) MUST_CHECK;
/* Whether a variable of this name must never reach foreign code, whoever asks for it. */
bool config_env_is_secret(const char *name);
