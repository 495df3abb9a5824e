/* What to run where the target does not say. */
#include "config/config.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/strlist.h"

#include <string.h>
#include <sys/stat.h>

#define SCAN_FILE_BYTES ((size_t)1 << 20)

static bool exists_below(const char *root, const char *name)
{
    AUTO_FREE char *path = path_join(root, name);
    return path_exists(path);
}

static bool mentions(const char *path, const char *what)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    struct stat st;
    return !lstat(path, &st) && S_ISREG(st.st_mode) &&
           !file_read(path, SCAN_FILE_BYTES, &text, NULL) && strstr(text.buf, what);
}

/* Upstream's suite: three crates and the pytest suite of the Python package. */
static void lance_defaults(struct config *config)
{
    static const char *const crates[] = {"lance-io", "lance-linalg", "lance-encoding"};
    config->project = xstrdup("lance");
    struct rust_config *rust = &config->rust;
    rust->present = true;
    rust->crates = xcalloc(ARRAY_SIZE(crates), sizeof(*rust->crates));
    rust->crate_count = ARRAY_SIZE(crates);
    for (size_t i = 0; i < ARRAY_SIZE(crates); i++) {
        rust->crates[i].name = xstrdup(crates[i]);
        rust->crates[i].default_features = true;
    }
    static const char *const requirements[] = {"pytest",   "pytest-benchmark", "duckdb",
                                               "requests", "datasets",         "numpy"};
    struct python_config *python = &config->python;
    python->present = true;
    python->folder = xstrdup("python");
    python->suite = xstrdup("python/ci_benchmarks");
    python->build = PYTHON_MATURIN;
    python->package = xstrdup("pylance");
    strlist_push(&python->features, "datagen");
    for (size_t i = 0; i < ARRAY_SIZE(requirements); i++)
        strlist_push(&python->requirements, requirements[i]);
    strlist_push(&python->datagen.command, "python");
    strlist_push(&python->datagen.command, "python/ci_benchmarks/datagen/gen_all.py");
    strlist_push(&python->datagen.inputs, "python/ci_benchmarks/datagen");
    strlist_push(&python->datagen.inputs, "python/ci_benchmarks/datasets.py");
    python->datagen.network = true;
}

static bool is_benchmark_file(const char *path)
{
    size_t len = strlen(path);
    return len > 3 && !strcmp(path + len - 3, ".py") &&
           (mentions(path, "(benchmark") || mentions(path, ", benchmark"));
}

/* Whether a test file in `folder` takes pytest-benchmark's fixture. */
static bool has_benchmarks(const char *folder, int depth)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (depth > 3 || dir_list(folder, &names, NULL))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        AUTO_FREE char *path = path_join(folder, names.items[i]);
        struct stat st;
        if (lstat(path, &st))
            continue;
        if (S_ISDIR(st.st_mode) ? has_benchmarks(path, depth + 1) : is_benchmark_file(path))
            return true;
    }
    return false;
}

static int build_of(const char *root)
{
    AUTO_FREE char *project = path_join(root, "pyproject.toml");
    if (mentions(project, "maturin"))
        return PYTHON_MATURIN;
    if (mentions(project, "[build-system]") || exists_below(root, "setup.py"))
        return PYTHON_PIP;
    return PYTHON_NONE;
}

static void python_defaults(const char *root, struct config *config)
{
    static const char *const suites[] = {"benchmarks", "tests"};
    for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
        AUTO_FREE char *folder = path_join(root, suites[i]);
        if (!has_benchmarks(folder, 0))
            continue;
        struct python_config *python = &config->python;
        python->present = true;
        python->suite = xstrdup(suites[i]);
        python->build = build_of(root);
        strlist_push(&python->requirements, "pytest");
        strlist_push(&python->requirements, "pytest-benchmark");
        return;
    }
}

int config_default(const char *root, struct config *out, struct error *err)
{
    AUTO_CONFIG struct config config = {.source = xstrdup("built-in defaults")};
    if (exists_below(root, "rust/lance-encoding/Cargo.toml") &&
        exists_below(root, "python/python/ci_benchmarks")) {
        lance_defaults(&config);
    } else {
        config.rust.present = exists_below(root, "Cargo.toml");
        python_defaults(root, &config);
    }
    if (!config.rust.present && !config.python.present)
        return error_set(err, ERROR_NO_DATA,
                         "nothing to run: the target has neither a " CONFIG_FILE
                         ", nor a Cargo.toml, nor a benchmarks/ or tests/ folder that uses "
                         "pytest-benchmark");
    *out = config;
    config = (struct config){0};
    return 0;
}
