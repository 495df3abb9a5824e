#include "run/bench_command.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "run/executable.h"

#include <fcntl.h>
#include <string.h>

#define OUTPUT_MAX ((size_t)512 << 20)
#define LIST_TIMEOUT_S 120.0
#define REMOVE_TIMEOUT_S 60.0

static void arguments_of(const struct bench_command *command, const struct strlist *more,
                         struct strlist *argv)
{
    for (size_t i = 0; i < command->argv.count; i++)
        strlist_push(argv, command->argv.items[i]);
    for (size_t i = 0; i < more->count; i++)
        strlist_push(argv, more->items[i]);
}

int bench_command_list(const struct harness *harness, const struct bench_command *command,
                       const struct strlist *arguments, struct strlist *names, struct error *err)
{
    AUTO_STRLIST struct strlist argv = STRLIST_INIT, lines = STRLIST_INIT;
    arguments_of(command, arguments, &argv);
    AUTO_FREE char *name = xasprintf("list-%s", command->name);
    const struct job_step step = {.name = name,
                                  .argv = &argv,
                                  .env = harness->env,
                                  .cwd = command->folder,
                                  .timeout_s = LIST_TIMEOUT_S};
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    int failed = executable_output(harness, &step, OUTPUT_MAX, &text, err);
    if (failed)
        return failed;
    strlist_split(&lines, text.buf, '\n');
    for (size_t i = 0; i < lines.count; i++)
        if (*lines.items[i])
            strlist_push(names, lines.items[i]);
    return 0;
}

/* What an attempt before has left is not to count. The file is foreign: a process that may do no
 * more than whoever wrote it removes it. */
static int remove_output(const struct harness *harness, const struct bench_command *command,
                         struct error *err)
{
    AUTO_STRLIST struct strlist argv = STRLIST_INIT;
    AUTO_FREE char *program = program_find("rm", env_get(&harness->job->env, "PATH"));
    if (!command->output)
        return 0;
    if (!program)
        return error_set(err, ERROR_NOT_FOUND, "there is no program rm");
    strlist_push(&argv, program);
    strlist_push(&argv, "-f");
    strlist_push(&argv, "--");
    strlist_push(&argv, command->output);
    const struct job_step step = {.name = "remove-output",
                                  .argv = &argv,
                                  .cwd = command->folder,
                                  .timeout_s = REMOVE_TIMEOUT_S};
    return job_run_checked(harness->job, &step, err);
}

static int set_clock(const struct harness *harness, const struct bench_command *command,
                     struct strlist *env, struct error *err)
{
    const char *program = command->argv.items[0];
    if (!harness->cpu_clock)
        return 0;
    AUTO_CLOSE int fd = command->foreign ? sandbox_open_foreign(&harness->job->sandbox, program)
                                         : open(program, O_RDONLY | O_CLOEXEC);
    int failed = cpu_clock_check(fd, command->name, err);
    return failed ? failed : cpu_clock_preload(harness->job, CPU_CLOCK_PROGRAM, env, err);
}

/* Nothing says which benchmark a read of the clock belongs to: one that does not fit is a reason
 * against all of them. */
static int judge_clock(const struct harness *harness, struct error *err)
{
    struct cpu_clock *clock = harness->cpu_clock;
    int failed = clock ? cpu_clock_read(harness->job, clock, err) : 0;
    if (failed || !clock || (clock->count && !clock->refused.count))
        return failed;
    return cpu_clock_nothing_left(clock, err);
}

/* Copies what it wrote to a file of the agent's. */
static int keep_results(const struct harness *harness, const struct bench_command *command,
                        const struct job_logs *logs, char **results, struct error *err)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    AUTO_CLOSE int fd =
        command->output ? sandbox_open_foreign(&harness->job->sandbox, command->output) : -1;
    if (command->output && fd < 0)
        return error_set(err, ERROR_BUILD,
                         "%s ended well and left no plain file %s; its output: %s", command->name,
                         command->output, logs->out);
    AUTO_FREE char *from = fd < 0 ? xstrdup(logs->out) : xasprintf("/proc/self/fd/%d", fd);
    int failed = file_read(from, OUTPUT_MAX, &text, err);
    if (failed)
        return error_wrap(err, "the results of %s", command->name);
    if (!text.len)
        return error_set(err, ERROR_BUILD, "%s ended well and wrote nothing to %s", command->name,
                         command->output ? command->output : "standard output");
    AUTO_FREE char *path = xasprintf("%s/command-%s", harness->job->path, command->name);
    failed = file_write_atomic(path, text.buf, text.len, err);
    if (!failed)
        *results = take_ptr(path);
    return failed;
}

static int run_program(const struct harness *harness, const struct bench_command *command,
                       const struct job_step *step, char **results, struct error *err)
{
    struct process_result result;
    AUTO_JOB_LOGS struct job_logs logs = {0};
    int failed = job_run(harness->job, step, &result, &logs, err);
    if (failed)
        return failed;
    if (harness->result)
        *harness->result = result;
    if (!process_succeeded(&result))
        return job_step_error(harness->job, step, &result, &logs, err);
    failed = judge_clock(harness, err);
    return failed ? failed : keep_results(harness, command, &logs, results, err);
}

static bool never_done(const char *line)
{
    (void)line;
    return false;
}

int bench_command_run(const struct harness *harness, const struct bench_command *command,
                      const struct strlist *arguments, char **results, struct error *err)
{
    AUTO_STRLIST struct strlist argv = STRLIST_INIT, env = STRLIST_INIT;
    arguments_of(command, arguments, &argv);
    for (size_t i = 0; i < harness->env->count; i++)
        strlist_push(&env, harness->env->items[i]);
    int failed = remove_output(harness, command, err);
    if (!failed)
        failed = set_clock(harness, command, &env, err);
    if (failed)
        return failed;
    struct harness_watch watch;
    harness_watch_init(&watch, harness, never_done);
    const struct job_step step = {
        .name = command->name,
        .argv = &argv,
        .env = &env,
        .cwd = command->folder,
        .timeout_s = harness->timeout_s > 0 ? harness->timeout_s : HARNESS_TIMEOUT_S,
        .output_limit = harness->output_limit,
        .placement = harness->placement,
        .count_events = harness->result,
        .on_tick = harness_watch_tick,
        .context = &watch,
    };
    return run_program(harness, command, &step, results, err);
}
