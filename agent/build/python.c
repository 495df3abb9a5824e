#include "build/python.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/program.h"
#include "base/strbuf.h"
#include "base/toml.h"
#include "build/interpreter.h"
#include "build/tree_digest.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROJECT_FILE_BYTES ((size_t)1 << 20)
#define KEY_LEN 16

void python_release(struct python *python)
{
    shared_dir_release(&python->venv);
    shared_dir_release(&python->data);
}

static void push_all(struct strlist *argv, const char *const *words)
{
    for (; *words; words++)
        strlist_push(argv, *words);
}

static char *package_folder(const struct python *python)
{
    const char *folder = python->config->folder;
    return folder && strcmp(folder, ".") ? path_join(python->slot->source, folder)
                                         : xstrdup(python->slot->source);
}

/* A pull request reads what is complete in the cache, and makes its own of what is not. */
static int open_shared(const struct python *python, const char *kind, const char *identity,
                       struct shared_dir *out, struct error *err)
{
    const struct sandbox_report *report = &python->job->sandbox.report;
    char digest[SHA256_HEX_SIZE];
    sha256_hex_of(identity, strlen(identity), digest);
    AUTO_FREE char *name = xasprintf("%s-%.*s", kind, KEY_LEN, digest);
    AUTO_SHARED_DIR struct shared_dir found = {.lock = -1};
    int failed = shared_dir_open(name, report, &found, err);
    if (failed)
        return failed;
    bool written_later = !strcmp(kind, "data");
    if (python->throw_away && (!found.complete || written_later))
        return shared_dir_open_private(python->job->path, kind, report, out, err);
    *out = found;
    found = (struct shared_dir){.lock = -1};
    return 0;
}

/* Runs a step that may write `tree`; the tree is read-only for all later ones. */
static int run_writing(const struct python *python, const char *tree, const struct job_step *step,
                       struct error *err)
{
    struct strlist *writable = &python->job->sandbox.writable;
    size_t before = writable->count;
    if (tree)
        sandbox_add_writable(&python->job->sandbox, tree);
    int failed = job_run_checked(python->job, step, err);
    while (writable->count > before) {
        free(writable->items[--writable->count]);
        writable->items[writable->count] = NULL;
    }
    return failed;
}

/* What the package's build backend needs: [build-system] requires. */
static int build_requirements(const struct python *python, struct strlist *out, struct error *err)
{
    if (python->config->build != PYTHON_MATURIN && python->config->build != PYTHON_PIP)
        return 0;
    AUTO_FREE char *folder = package_folder(python);
    AUTO_FREE char *path = path_join(folder, "pyproject.toml");
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    struct cJSON *document = NULL;
    struct stat st;
    size_t before = out->count;
    if (!lstat(path, &st) && S_ISREG(st.st_mode)) {
        int failed = file_read(path, PROJECT_FILE_BYTES, &text, err);
        if (!failed)
            failed = toml_parse(text.buf, text.len, &document, err);
        if (failed)
            return error_wrap(err, "%s", path);
    }
    const cJSON *system = cJSON_GetObjectItemCaseSensitive(document, "build-system"), *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(system, "requires"))
    {
        /* Neither an option of pip nor a file of this machine. */
        if (cJSON_IsString(item) && *item->valuestring != '-' && !strchr(item->valuestring, '/'))
            strlist_push(out, item->valuestring);
    }
    cJSON_Delete(document);
    if (out->count == before)
        strlist_push(out, python->config->build == PYTHON_MATURIN ? "maturin>=1,<2" : "setuptools");
    if (python->config->build == PYTHON_PIP)
        strlist_push(out, "wheel");
    return 0;
}

static int all_requirements(const struct python *python, struct strlist *out, struct error *err)
{
    const struct python_config *config = python->config;
    for (size_t i = 0; i < config->requirements.count; i++)
        strlist_push(out, config->requirements.items[i]);
    if (!out->count) {
        strlist_push(out, "pytest");
        strlist_push(out, "pytest-benchmark");
    }
    if (config->build == PYTHON_WHEEL) {
        if (!config->version)
            return error_set(err, ERROR_USAGE,
                             "which version of %s? python.version in the configuration, or "
                             "--wheel VERSION",
                             config->package);
        strlist_pushf(out, "%s==%s", config->package, config->version);
    }
    return build_requirements(python, out, err);
}

static struct job_step step_of(const char *name, const struct strlist *argv,
                               const struct strlist *env, const char *cwd, double timeout_s)
{
    return (struct job_step){
        .name = name, .argv = argv, .env = env, .cwd = cwd, .timeout_s = timeout_s};
}

static int install_requirements(const struct python *python, const struct interpreter *interpreter,
                                const struct strlist *requirements, struct error *err)
{
    const char *tree = python->venv.tree;
    AUTO_STRLIST struct strlist create = STRLIST_INIT, install = STRLIST_INIT;
    push_all(&create,
             (const char *const[]){interpreter->path, "-m", "venv", "--clear", tree, NULL});
    struct job_step step = step_of("venv", &create, NULL, python->job->home, PIP_TIMEOUT_S);
    int failed = run_writing(python, tree, &step, err);
    if (failed)
        return failed;
    AUTO_FREE char *pip = path_join(tree, "bin/python");
    push_all(&install, (const char *const[]){pip, "-m", "pip", "install", "--no-input",
                                             "--disable-pip-version-check", "--no-cache-dir",
                                             "--only-binary=:all:", NULL});
    for (size_t i = 0; i < requirements->count; i++)
        strlist_push(&install, requirements->items[i]);
    step = step_of("pip-install", &install, NULL, python->job->home, PIP_TIMEOUT_S);
    step.network = true;
    return run_writing(python, tree, &step, err);
}

static int make_venv(struct python *python, const struct interpreter *interpreter,
                     struct error *err)
{
    AUTO_STRLIST struct strlist requirements = STRLIST_INIT;
    int failed = all_requirements(python, &requirements, err);
    if (failed)
        return failed;
    AUTO_FREE char *list = strlist_join(&requirements, " ");
    AUTO_FREE char *identity =
        xasprintf("%s %s: %s", interpreter->path, interpreter->version, list);
    failed = open_shared(python, "venv", identity, &python->venv, err);
    if (failed)
        return failed;
    if (!python->venv.complete) {
        log_info("creating the Python environment: %s", list);
        failed = shared_dir_clear(&python->venv, &python->job->sandbox.report, err);
        if (!failed)
            failed = install_requirements(python, interpreter, &requirements, err);
        if (failed)
            return failed;
    }
    sandbox_add_readable(&python->job->sandbox, python->venv.tree);
    return shared_dir_mark(&python->venv, identity, err);
}

/* `maturin build` or `pip wheel`, both without the network. */
static int build_wheel(const struct python *python, const char *folder, const char *wheels,
                       struct error *err)
{
    AUTO_STRLIST struct strlist argv = STRLIST_INIT, env = STRLIST_INIT;
    AUTO_FREE char *program = path_join(python->venv.tree, "bin/python");
    strlist_push(&argv, program);
    if (python->config->build == PYTHON_MATURIN) {
        cargo_env(python->cargo->toolchain, python->cargo->home, python->slot->target, &env);
        push_all(&argv, (const char *const[]){"-m", "maturin", "build", "--release", "--offline",
                                              "--locked", "--interpreter", program, "--out", wheels,
                                              NULL});
        if (python->config->features.count) {
            strlist_push(&argv, "--features");
            strlist_push_owned(&argv, strlist_join(&python->config->features, ","));
        }
        if (python->cargo->jobs > 0)
            strlist_pushf(&argv, "--jobs=%d", python->cargo->jobs);
    } else {
        push_all(&argv,
                 (const char *const[]){"-m", "pip", "wheel", "--no-input",
                                       "--disable-pip-version-check", "--no-deps", "--no-index",
                                       "--no-build-isolation", "--wheel-dir", wheels, ".", NULL});
    }
    struct job_step step =
        step_of(python->config->build == PYTHON_MATURIN ? "maturin" : "pip-wheel", &argv, &env,
                folder, CARGO_TIMEOUT_S);
    return job_run_checked(python->job, &step, err);
}

static int install_wheel(const struct python *python, const char *wheels, const char *site,
                         struct error *err)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT, argv = STRLIST_INIT;
    int failed = dir_list(wheels, &names, err);
    if (failed)
        return failed;
    AUTO_FREE char *program = path_join(python->venv.tree, "bin/python");
    push_all(&argv, (const char *const[]){program, "-m", "pip", "install", "--no-input",
                                          "--disable-pip-version-check", "--no-cache-dir",
                                          "--only-binary=:all:", "--target", site, NULL});
    size_t options = argv.count;
    for (size_t i = 0; i < names.count; i++)
        if (strstr(names.items[i], ".whl"))
            strlist_push_owned(&argv, path_join(wheels, names.items[i]));
    if (argv.count == options)
        return error_set(err, ERROR_BUILD, "the build of the Python package left no wheel");
    struct job_step step = step_of("pip-install", &argv, NULL, python->job->home, PIP_TIMEOUT_S);
    step.network = true;
    return job_run_checked(python->job, &step, err);
}

/* Builds the package into a folder of its own, which PYTHONPATH then names. */
static int build_package(const struct python *python, const char *folder, char **site,
                         struct error *err)
{
    if (python->config->build == PYTHON_WHEEL || python->config->build == PYTHON_NONE)
        return 0;
    AUTO_FREE char *wheels = NULL, *packages = NULL;
    int failed = job_output_dir(python->job, "wheels", &wheels, err);
    if (!failed)
        failed = job_output_dir(python->job, "site-packages", &packages, err);
    if (!failed && python->config->build == PYTHON_MATURIN)
        failed = cargo_fetch(python->cargo, err);
    if (!failed)
        failed = build_wheel(python, folder, wheels, err);
    if (!failed)
        failed = install_wheel(python, wheels, packages, err);
    if (!failed)
        *site = take_ptr(packages);
    return failed;
}

/* Whether the environment or the wheel that was built has a package of that name. */
static bool is_installed(const struct python *python, const char *site, const char *name)
{
    AUTO_FREE char *built = site ? path_join(site, name) : NULL;
    if (built && path_exists(built))
        return true;
    AUTO_FREE char *libraries = path_join(python->venv.tree, "lib");
    AUTO_STRLIST struct strlist versions = STRLIST_INIT;
    if (dir_list(libraries, &versions, NULL))
        return false;
    for (size_t i = 0; i < versions.count; i++) {
        AUTO_FREE char *path =
            xasprintf("%s/%s/site-packages/%s", libraries, versions.items[i], name);
        if (path_exists(path))
            return true;
    }
    return false;
}

static bool has_file(const char *folder, const char *name)
{
    AUTO_FREE char *path = path_join(folder, name);
    return path_exists(path);
}

/* The length of the part of the suite's path that is copied with all below it: up to the outermost
 * folder that is a package, or has a conftest.py, and so may be imported by the suite. Never the
 * package that is measured. */
static size_t copied_length(const struct python *python, const char *folder, const char *site)
{
    const char *suite = python->config->suite;
    for (const char *slash = suite; (slash = strchr(slash, '/')); slash++) {
        AUTO_FREE char *part = xstrndup(suite, (size_t)(slash - suite));
        AUTO_FREE char *at = path_join(folder, part);
        if ((has_file(at, "__init__.py") || has_file(at, "conftest.py")) &&
            !is_installed(python, site, path_basename(part)))
            return strlen(part);
    }
    return strlen(suite);
}

/* Whether a package of the wheel stands in `folder` as well, whose sources would be imported. */
static bool has_sources_of(const char *folder, const char *site)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (!site || dir_list(site, &names, NULL))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        AUTO_FREE char *package = path_join(folder, names.items[i]);
        if (has_file(package, "__init__.py"))
            return true;
    }
    return false;
}

/* Where the suite stands beside the package's sources, which would be imported instead of the
 * wheel, it is copied to a folder of its own. */
static int place_suite(const struct python *python, const char *folder, const char *site,
                       struct pytest_suite *suite, struct error *err)
{
    const char *path = python->config->suite;
    bool apart = python->config->build == PYTHON_MATURIN || python->config->build == PYTHON_WHEEL ||
                 has_sources_of(folder, site);
    if (!apart) {
        suite->folder = xstrdup(folder);
        suite->path = xstrdup(path);
        return 0;
    }
    AUTO_FREE char *dest = NULL;
    int failed = job_output_dir(python->job, "suite", &dest, err);
    if (failed)
        return failed;
    size_t len = copied_length(python, folder, site);
    AUTO_FREE char *top = xstrndup(path, len);
    AUTO_FREE char *from = path_join(folder, top);
    AUTO_STRLIST struct strlist argv = STRLIST_INIT;
    /* Copied by the sandbox's user: what is in there, links too, is foreign. */
    push_all(&argv, (const char *const[]){"/bin/cp", "-R", "-P", from, NULL});
    AUTO_FREE char *ini = path_join(folder, "pyproject.toml");
    if (path_exists(ini))
        strlist_push(&argv, ini);
    strlist_push(&argv, dest);
    struct job_step step = step_of("copy-suite", &argv, NULL, folder, PIP_TIMEOUT_S);
    failed = job_run_checked(python->job, &step, err);
    if (failed)
        return failed;
    suite->path = xasprintf("%s%s", path_basename(top), path + len);
    suite->folder = take_ptr(dest);
    return 0;
}

static void set_environment(const struct python *python, const char *site,
                            struct pytest_suite *suite)
{
    AUTO_FREE char *path =
        xasprintf("%s/bin:%s", python->venv.tree, env_get(&python->job->env, "PATH"));
    env_set(&suite->env, "PATH", path);
    env_set(&suite->env, "VIRTUAL_ENV", python->venv.tree);
    env_set(&suite->env, "PYTHONDONTWRITEBYTECODE", "1");
    env_set(&suite->env, "PYTHONUNBUFFERED", "1");
    env_set(&suite->env, "PYTHONHASHSEED", "0");
    AUTO_FREE char *imports =
        site ? xasprintf("%s:%s", suite->folder, site) : xstrdup(suite->folder);
    env_set(&suite->env, "PYTHONPATH", imports);
    suite->python = path_join(python->venv.tree, "bin/python");
}

static int generate_data(struct python *python, const char *folder, struct pytest_suite *suite,
                         struct error *err)
{
    const struct datagen_config *datagen = &python->config->datagen;
    if (!datagen->command.count)
        return 0;
    AUTO_FREE char *identity = NULL;
    int failed = tree_digest(folder, &datagen->inputs, &datagen->command, &identity, err);
    if (!failed)
        failed = open_shared(python, "data", identity, &python->data, err);
    if (failed)
        return failed;
    /* Suites keep their data below the home folder. */
    env_set(&suite->env, "HOME", python->data.tree);
    sandbox_add_writable(&python->job->sandbox, python->data.tree);
    if (python->data.complete)
        return shared_dir_mark(&python->data, identity, err);
    AUTO_STRLIST struct strlist argv = STRLIST_INIT;
    for (size_t i = 0; i < datagen->command.count; i++)
        strlist_push(&argv, datagen->command.items[i]);
    AUTO_FREE char *program = !strcmp(argv.items[0], "python")
                                  ? xstrdup(suite->python)
                                  : program_find(argv.items[0], env_get(&suite->env, "PATH"));
    if (!program)
        return error_set(err, ERROR_NOT_FOUND, "python.datagen: there is no program %s",
                         argv.items[0]);
    free(argv.items[0]);
    argv.items[0] = take_ptr(program);
    log_info("generating the suite's data");
    struct job_step step = step_of("datagen", &argv, &suite->env, folder,
                                   datagen->timeout_s > 0 ? datagen->timeout_s : DATAGEN_TIMEOUT_S);
    step.network = datagen->network;
    failed = job_run_checked(python->job, &step, err);
    if (failed == ERROR_BUILD && python->keep_going) {
        log_warning("some of the suite's data could not be generated: %s",
                    err ? err->message : "see the log");
        return 0;
    }
    return failed ? failed : shared_dir_mark(&python->data, identity, err);
}

static void copy_list(struct strlist *to, const struct strlist *from)
{
    for (size_t i = 0; i < from->count; i++)
        strlist_push(to, from->items[i]);
}

int python_build(struct python *python, struct pytest_suite *out, struct error *err)
{
    AUTO_INTERPRETER struct interpreter interpreter = {0};
    AUTO_PYTEST_SUITE struct pytest_suite suite = {0};
    AUTO_FREE char *folder = package_folder(python), *site = NULL;
    const char *wanted = python->interpreter ? python->interpreter : python->config->interpreter;
    int failed = interpreter_find(wanted, &interpreter, err);
    if (failed)
        return failed;
    sandbox_add_readable(&python->job->sandbox, interpreter.prefix);
    failed = make_venv(python, &interpreter, err);
    if (!failed)
        failed = build_package(python, folder, &site, err);
    if (!failed)
        failed = place_suite(python, folder, site, &suite, err);
    if (failed)
        return failed;
    set_environment(python, site, &suite);
    failed = generate_data(python, folder, &suite, err);
    if (failed)
        return failed;
    suite.filter = xstrdup(python->config->filter);
    suite.wheel = python->config->build == PYTHON_WHEEL ? xstrdup(python->config->version) : NULL;
    copy_list(&suite.arguments, &python->config->pytest_args);
    *out = suite;
    suite = (struct pytest_suite){0};
    return 0;
}
