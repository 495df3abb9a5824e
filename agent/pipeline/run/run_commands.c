#include "pipeline/run/run_commands.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/suggest.h"
#include "parse/format.h"
#include "run/bench_command.h"

#include <string.h>

#define GOOGLE_BENCHMARK "google-benchmark"
#define BUILD_TIMEOUT_S (4 * 3600.0)

static bool is_google(const struct command_config *command)
{
    return !strcmp(command->format, GOOGLE_BENCHMARK);
}

static int check_format(const struct run *run, const struct command_config *command,
                        struct error *err)
{
    AUTO_STRLIST struct strlist known = STRLIST_INIT;
    for (size_t i = 0; i < parse_format_count; i++) {
        const struct parse_format *format = parse_formats[i];
        if (format->kind != INPUT_FILE || !format->parse)
            continue;
        strlist_push(&known, format->name);
        if (!strcmp(format->name, command->format))
            return 0;
    }
    const char *near = suggest(command->format, (const char *const *)known.items, known.count);
    AUTO_FREE char *all = strlist_join(&known, ", ");
    return error_set(err, ERROR_USAGE, "%s: commands, %s: no format is called \"%s\"%s%s%s",
                     run->config.source, command->name, command->format,
                     near ? ", did you mean \"" : ": ", near ? near : all, near ? "\"?" : "");
}

int run_commands_choose(struct run *run, struct error *err)
{
    const struct run_request *request = run->request;
    for (size_t i = 0; i < run->config.command_count; i++) {
        int failed = check_format(run, &run->config.commands[i], err);
        if (failed)
            return failed;
    }
    if (request->rust_only || request->python_only || request->crates.count ||
        request->benches.count || request->wheel)
        config_drop_commands(&run->config);
    return 0;
}

static char *folder_of(const struct run *run, const struct command_config *command)
{
    return command->folder && strcmp(command->folder, ".")
               ? path_join(run->slot.source, command->folder)
               : xstrdup(run->slot.source);
}

/* A name is looked for in PATH, a path from the command's folder. NULL: there is none. */
static char *program_of(const struct run *run, const char *folder, const char *name)
{
    if (!strchr(name, '/'))
        return program_find(name, env_get(&run->job.env, "PATH"));
    return *name == '/' ? xstrdup(name) : path_join(folder, name);
}

static int take_argv(const struct run *run, const struct command_config *command,
                     const struct strlist *from, const char *folder, struct strlist *argv,
                     struct error *err)
{
    AUTO_FREE char *program = program_of(run, folder, from->items[0]);
    if (!program)
        return error_set(err, ERROR_BUILD, "%s: there is no program %s", command->name,
                         from->items[0]);
    strlist_push(argv, program);
    for (size_t i = 1; i < from->count; i++)
        strlist_push(argv, from->items[i]);
    return 0;
}

static int build(struct run *run, const struct command_config *command, struct error *err)
{
    AUTO_FREE char *folder = folder_of(run, command);
    AUTO_STRLIST struct strlist argv = STRLIST_INIT;
    double start = clock_monotonic_s(), limit = run->request->build_timeout_s;
    if (!command->build.count)
        return 0;
    int failed = take_argv(run, command, &command->build, folder, &argv, err);
    if (failed)
        return failed;
    AUTO_FREE char *name = xasprintf("build-%s", command->name);
    const struct job_step step = {.name = name,
                                  .argv = &argv,
                                  .cwd = folder,
                                  .timeout_s = limit > 0 ? limit : BUILD_TIMEOUT_S};
    log_info("building %s", command->name);
    failed = job_run_checked(&run->job, &step, err);
    if (failed)
        return failed;
    char took[TIME_ISO_SIZE];
    duration_format(clock_monotonic_s() - start, took);
    log_info("built %s in %s", command->name, took);
    return 0;
}

int run_commands_build(struct run *run, struct error *err)
{
    for (size_t i = 0; i < run->config.command_count; i++) {
        const struct command_config *command = &run->config.commands[i];
        if (run->request->filter && !is_google(command)) {
            log_info("%s is left out: --filter cannot be told to what writes %s", command->name,
                     command->format);
            strlist_pushf(&run->out->skipped, "%s: --filter cannot be told to it", command->name);
            continue;
        }
        struct run_part *part = run_add_part(run, command->name, command->format);
        int failed = build(run, command, err);
        if (failed)
            failed = run_part_failed(run, part, failed, err);
        if (failed)
            return failed;
    }
    return 0;
}

void run_commands_plan(const struct run *run)
{
    for (size_t i = 0; i < run->config.command_count; i++) {
        const struct command_config *command = &run->config.commands[i];
        AUTO_FREE char *build_line = strlist_join(&command->build, " ");
        AUTO_FREE char *run_line = strlist_join(&command->run, " ");
        if (command->build.count)
            strlist_pushf(&run->out->plan, "build %s: %s", command->name, build_line);
        strlist_pushf(&run->out->plan, "run %s: %s, and read %s as %s", command->name, run_line,
                      command->output ? command->output : "what it prints", command->format);
    }
}

const struct command_config *run_command_of(const struct run *run, const struct run_part *part)
{
    for (size_t i = 0; i < run->config.command_count; i++)
        if (!strcmp(run->config.commands[i].name, part->name))
            return &run->config.commands[i];
    return NULL;
}

static int prepare(const struct run *run, const struct command_config *command,
                   struct bench_command *out, struct error *err)
{
    AUTO_BENCH_COMMAND struct bench_command prepared = {.name = xstrdup(command->name),
                                                        .folder = folder_of(run, command)};
    int failed = take_argv(run, command, &command->run, prepared.folder, &prepared.argv, err);
    if (failed)
        return failed;
    prepared.foreign = strchr(command->run.items[0], '/') && *command->run.items[0] != '/';
    prepared.output = command->output ? path_join(prepared.folder, command->output) : NULL;
    *out = prepared;
    prepared = (struct bench_command){0};
    return 0;
}

/* Google Benchmark takes a filter. */
static struct strlist arguments_of(const struct run *run, const struct command_config *command)
{
    struct strlist arguments = STRLIST_INIT;
    if (run->request->filter && is_google(command))
        strlist_pushf(&arguments, "--benchmark_filter=%s", run->request->filter);
    return arguments;
}

int run_command_list(struct run *run, const struct harness *harness, struct run_part *part,
                     struct error *err)
{
    const struct command_config *command = run_command_of(run, part);
    AUTO_BENCH_COMMAND struct bench_command prepared = {0};
    AUTO_STRLIST struct strlist arguments = arguments_of(run, command);
    if (run->request->mode != RUN_LIST)
        return 0;
    if (!is_google(command)) {
        log_info("which benchmarks %s has is not known before it has run", command->name);
        return 0;
    }
    strlist_push(&arguments, "--benchmark_list_tests=true");
    int failed = prepare(run, command, &prepared, err);
    return failed ? failed
                  : bench_command_list(harness, &prepared, &arguments, &part->expected, err);
}

int run_command_measure(struct run *run, const struct harness *harness, struct run_part *part,
                        struct error *err)
{
    const struct command_config *command = run_command_of(run, part);
    AUTO_BENCH_COMMAND struct bench_command prepared = {0};
    AUTO_STRLIST struct strlist arguments = arguments_of(run, command);
    int failed = prepare(run, command, &prepared, err);
    return failed ? failed : bench_command_run(harness, &prepared, &arguments, &part->results, err);
}

char *run_command_executable(const struct run *run, const struct run_part *part)
{
    const struct command_config *command = run_command_of(run, part);
    AUTO_BENCH_COMMAND struct bench_command prepared = {0};
    if (!command || prepare(run, command, &prepared, NULL) || !prepared.foreign)
        return NULL;
    return xstrdup(prepared.argv.items[0]);
}
