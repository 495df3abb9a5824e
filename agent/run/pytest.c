#include "run/pytest.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"

#include <string.h>
#include <sys/stat.h>

#define LIST_MAX ((size_t)64 << 20)
#define LOG_MAX ((size_t)512 << 20)
#define LIST_TIMEOUT_S 600.0

/* pytest's exit codes. */
enum { PYTEST_OK = 0, PYTEST_TESTS_FAILED = 1, PYTEST_NOTHING_SELECTED = 5 };

void pytest_outcome_release(struct pytest_outcome *outcome)
{
    free(outcome->results);
    strlist_release(&outcome->failed);
    *outcome = (struct pytest_outcome){0};
}

static void arguments_of(const struct pytest_suite *suite, struct strlist *argv)
{
    /* A suite that is part of a project's tests often has --benchmark-disable in its settings. */
    static const char *const words[] = {"-m",
                                        "pytest",
                                        "-p",
                                        "no:cacheprovider",
                                        "--color=no",
                                        "--benchmark-enable",
                                        "--benchmark-only"};
    strlist_push(argv, suite->python);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        strlist_push(argv, words[i]);
    if (suite->filter) {
        strlist_push(argv, "-k");
        strlist_push(argv, suite->filter);
    }
    for (size_t i = 0; i < suite->arguments.count; i++)
        strlist_push(argv, suite->arguments.items[i]);
}

static struct job_step step_of(const struct harness *harness, const struct pytest_suite *suite,
                               const char *name, const struct strlist *argv,
                               const struct strlist *env)
{
    return (struct job_step){
        .name = name,
        .argv = argv,
        .env = env,
        .cwd = suite->folder,
        .timeout_s = harness->timeout_s > 0 ? harness->timeout_s : HARNESS_TIMEOUT_S,
        .output_limit = harness->output_limit,
    };
}

static struct strlist environment_of(const struct harness *harness,
                                     const struct pytest_suite *suite)
{
    struct strlist env = STRLIST_INIT;
    for (size_t i = 0; harness->env && i < harness->env->count; i++)
        strlist_push(&env, harness->env->items[i]);
    for (size_t i = 0; i < suite->env.count; i++)
        strlist_push(&env, suite->env.items[i]);
    return env;
}

static int nothing_selected(const struct pytest_suite *suite, struct error *err)
{
    return error_set(err, ERROR_NO_DATA, "pytest selects no benchmark in %s%s%s", suite->path,
                     suite->filter ? " with the filter " : "", suite->filter ? suite->filter : "");
}

int pytest_list(const struct harness *harness, const struct pytest_suite *suite,
                struct strlist *names, struct error *err)
{
    AUTO_STRLIST struct strlist argv = STRLIST_INIT, env = environment_of(harness, suite);
    AUTO_STRLIST struct strlist lines = STRLIST_INIT;
    arguments_of(suite, &argv);
    strlist_push(&argv, "--collect-only");
    strlist_push(&argv, "-q");
    strlist_push(&argv, suite->path);
    struct job_step step = step_of(harness, suite, "pytest-list", &argv, &env);
    step.timeout_s = LIST_TIMEOUT_S;
    struct process_result result;
    AUTO_JOB_LOGS struct job_logs logs = {0};
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    int failed = job_run(harness->job, &step, &result, &logs, err);
    if (failed)
        return failed;
    if (result.end == PROCESS_EXITED && result.code == PYTEST_NOTHING_SELECTED)
        return nothing_selected(suite, err);
    if (!process_succeeded(&result))
        return job_step_error(harness->job, &step, &result, &logs, err);
    failed = file_read(logs.out, LIST_MAX, &text, err);
    if (failed)
        return failed;
    strlist_split(&lines, text.buf, '\n');
    for (size_t i = 0; i < lines.count; i++)
        if (strstr(lines.items[i], "::"))
            strlist_push(names, lines.items[i]);
    return 0;
}

/* "path::test[param] PASSED       [ 33%]", as -v prints it. */
static bool is_done(const char *text)
{
    return strstr(text, "::") && (strstr(text, " PASSED") || strstr(text, " FAILED"));
}

/* "FAILED path::test - reason" and "ERROR path::test - reason" of the short summary. */
static void take_failed(const char *log, struct strlist *failed)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (file_read(log, LOG_MAX, &text, NULL))
        return;
    AUTO_STRLIST struct strlist lines = STRLIST_INIT;
    strlist_split(&lines, text.buf, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        const char *line = lines.items[i];
        const char *id = !strncmp(line, "FAILED ", 7)  ? line + 7
                         : !strncmp(line, "ERROR ", 6) ? line + 6
                                                       : NULL;
        if (!id || !strstr(id, "::"))
            continue;
        const char *reason = strstr(id, " - ");
        AUTO_FREE char *name = reason ? xstrndup(id, (size_t)(reason - id)) : xstrdup(id);
        if (!strlist_contains(failed, name))
            strlist_push(failed, name);
    }
}

/* `path` lies in `folder`, which foreign code could have replaced by a link to another one. */
static int check_results(const char *folder, const char *path, struct error *err)
{
    struct stat st;
    int failed = job_check_output(folder, HARNESS_OUTPUT_MAX, err);
    if (failed)
        return failed;
    /* Without a file, and with an empty one, nothing was measured. */
    if (lstat(path, &st) || !S_ISREG(st.st_mode) || !st.st_size)
        return error_set(err, ERROR_NO_DATA, "pytest ended well and measured nothing");
    return 0;
}

/* pytest-benchmark is told which timer to use, and watched while it does. */
static int set_clock(const struct harness *harness, struct strlist *argv, struct strlist *env,
                     struct error *err)
{
    if (!harness->cpu_clock)
        return 0;
    strlist_push(argv, "-p");
    strlist_push(argv, CPU_CLOCK_PLUGIN);
    strlist_push(argv, "--benchmark-timer=" CPU_CLOCK_TIMER);
    return cpu_clock_plug_in(harness->job, env, err);
}

/* Tests that CPU time does not fit fail for that reason, and for no other. */
static int judge_clock(const struct harness *harness, struct strlist *failed_tests,
                       struct error *err)
{
    if (!harness->cpu_clock)
        return 0;
    int failed = cpu_clock_read(harness->job, harness->cpu_clock, err);
    struct strlist others = STRLIST_INIT;
    for (size_t i = 0; !failed && i < failed_tests->count; i++)
        if (!strlist_contains(&harness->cpu_clock->refused, failed_tests->items[i]))
            strlist_push(&others, failed_tests->items[i]);
    if (failed)
        return failed;
    strlist_release(failed_tests);
    *failed_tests = others;
    return 0;
}

/* Without a result: whether the clock is the reason. */
static int refused_all(const struct harness *harness, int failed, struct error *err)
{
    struct cpu_clock *clock = harness->cpu_clock;
    if (cpu_clock_read(harness->job, clock, NULL) || !clock->refused.count)
        return failed;
    return cpu_clock_nothing_left(clock, err);
}

int pytest_run(const struct harness *harness, const struct pytest_suite *suite,
               struct pytest_outcome *out, struct error *err)
{
    AUTO_FREE char *folder = NULL;
    int failed = job_output_dir(harness->job, "pytest", &folder, err);
    if (failed)
        return failed;
    AUTO_PYTEST_OUTCOME struct pytest_outcome outcome = {.results =
                                                             path_join(folder, "results.json")};
    AUTO_STRLIST struct strlist argv = STRLIST_INIT, env = environment_of(harness, suite);
    arguments_of(suite, &argv);
    strlist_push(&argv, "-v");
    strlist_push(&argv, "-rfE");
    strlist_pushf(&argv, "--benchmark-json=%s", outcome.results);
    strlist_push(&argv, suite->path);
    failed = set_clock(harness, &argv, &env, err);
    if (failed)
        return failed;

    struct harness_watch watch;
    harness_watch_init(&watch, harness, is_done);
    struct job_step step = step_of(harness, suite, "pytest", &argv, &env);
    step.placement = harness->placement;
    step.count_events = harness->result;
    step.on_stdout = harness_watch_output;
    step.on_tick = harness_watch_tick;
    step.context = &watch;
    struct process_result result;
    AUTO_JOB_LOGS struct job_logs logs = {0};
    failed = job_run(harness->job, &step, &result, &logs, err);
    if (failed)
        return failed;
    if (harness->result)
        *harness->result = result;
    if (result.end == PROCESS_EXITED && result.code == PYTEST_NOTHING_SELECTED)
        return nothing_selected(suite, err);
    if (result.end != PROCESS_EXITED || result.code > PYTEST_TESTS_FAILED)
        return job_step_error(harness->job, &step, &result, &logs, err);
    failed = check_results(folder, outcome.results, err);
    if (failed == ERROR_NO_DATA && harness->cpu_clock)
        failed = refused_all(harness, failed, err);
    if (failed == ERROR_NO_DATA && !process_succeeded(&result))
        return job_step_error(harness->job, &step, &result, &logs, err);
    if (failed == ERROR_NO_DATA)
        return error_set(err, ERROR_BUILD, "pytest ended well and measured nothing; the log: %s",
                         logs.out);
    if (failed)
        return failed;
    take_failed(logs.out, &outcome.failed);
    failed = judge_clock(harness, &outcome.failed, err);
    if (failed)
        return failed;
    *out = outcome;
    outcome = (struct pytest_outcome){0};
    return 0;
}
