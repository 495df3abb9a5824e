/*
 * Building what a pytest-benchmark suite needs: a virtual environment with its requirements, cached
 * by them; the package under test; generated data, cached by what generates it.
 *
 * Wheels alone are installed with the network: that runs no foreign code. Build backends (maturin,
 * setuptools…) run without it, from requirements that were fetched before.
 */
#pragma once

#include "base/error.h"
#include "build/cargo.h"
#include "build/slot.h"
#include "config/config.h"
#include "model/pytest_suite.h"
#include "sandbox/job.h"

#include <stdbool.h>

#define DATAGEN_TIMEOUT_S (2 * 3600.0)
#define PIP_TIMEOUT_S 3600.0

struct python {
    struct job *job;
    const struct slot *slot;
    const struct python_config *config;
    const struct cargo *cargo; /* for maturin: its folder is the Python package's; else NULL */
    const char *interpreter;   /* --python, or NULL: the configuration's, or python3 */
    bool throw_away;           /* nothing is cached: a pull request */
    bool keep_going;           /* data that cannot be generated is only a warning */
    struct shared_dir venv, data;
};

/* Builds everything and describes the suite. Fills in venv and data, which stay locked until
 * python_release(). */
int python_build(struct python *python, struct pytest_suite *out, struct error *err) MUST_CHECK;
void python_release(struct python *python);
#define AUTO_PYTHON __attribute__((cleanup(python_release)))
