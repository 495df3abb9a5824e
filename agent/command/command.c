#include "command/command.h"

#include "base/alloc.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/suggest.h"
#include "command/exit_code.h"
#include "command/help.h"
#include "command/options.h"
#include "net/ca.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct command *command_find(char *const *words, size_t count, size_t *used)
{
    const struct command *found = NULL;
    for (size_t i = 0; i < command_count; i++) {
        const char *name = commands[i]->name, *space = strchr(name, ' ');
        size_t first = space ? (size_t)(space - name) : strlen(name);
        if (!count || strlen(words[0]) != first || strncmp(words[0], name, first))
            continue;
        if (!space && !found) {
            found = commands[i];
            *used = 1;
        }
        if (space && count > 1 && !strcmp(words[1], space + 1)) {
            *used = 2;
            return commands[i];
        }
    }
    return found;
}

/* `host --help`: a group of commands, and nothing else is asked. */
static bool asks_for_group(char *const *words, size_t count)
{
    AUTO_FREE char *verbs = help_verbs_of(words[0]);
    return verbs && count == 2 && (!strcmp(words[1], "--help") || !strcmp(words[1], "-h"));
}

static int unknown_command(char *const *words, size_t count, struct error *err)
{
    AUTO_FREE const char **names = xreallocarray(NULL, command_count, sizeof(*names));
    for (size_t i = 0; i < command_count; i++)
        names[i] = commands[i]->name;
    AUTO_FREE char *verbs = help_verbs_of(words[0]);
    if (verbs)
        return error_set(err, ERROR_USAGE, "%s needs one of: %s", words[0], verbs);
    AUTO_FREE char *two = count > 1 ? xasprintf("%s %s", words[0], words[1]) : NULL;
    const char *near = suggest(words[0], names, command_count);
    if (!near && two)
        near = suggest(two, names, command_count);
    if (near)
        return error_set(err, ERROR_USAGE, "unknown command '%s', did you mean '%s'?", words[0],
                         near);
    return error_set(err, ERROR_USAGE, "unknown command '%s': 'lance-bench help' lists them",
                     words[0]);
}

/* Where results live when nobody says so, as upstream has it. */
static char *default_database(void)
{
    const char *uri = getenv("LANCE_BENCH_URI");
    if (uri && *uri)
        return xstrdup(uri);
    const char *home = getenv("HOME");
    return xasprintf("%s/.lance-bench", home && *home ? home : ".");
}

static int apply_globals(const struct global_options *options, struct globals *globals,
                         struct error *err)
{
    static const char *const formats[] = {"text", "json", "markdown"};
    static const char *const log_formats[] = {"text", "json"};
    int format = FORMAT_TEXT, log_format = LOG_TEXT;
    int failed = options_choice("format", options->format, formats, 3, &format, err);
    if (!failed)
        failed =
            options_choice("log-format", options->log_format, log_formats, 2, &log_format, err);
    if (failed)
        return failed;
    if (options->quiet && options->verbose)
        return error_set(err, ERROR_USAGE, "--quiet and --verbose exclude each other");
    const char *no_color = getenv("NO_COLOR");
    globals->format = (enum output_format)format;
    globals->quiet = options->quiet;
    globals->verbose = options->verbose;
    globals->config = options->config;
    globals->cacert = options->cacert;
    globals->color = !options->no_color && !(no_color && *no_color) && isatty(STDERR_FILENO);
    log_configure(&(struct log_options){
        .level = options->quiet     ? LOG_ERROR
                 : options->verbose ? LOG_DEBUG
                                    : LOG_INFO,
        .format = (enum log_format)log_format,
        .color = globals->color,
    });
    return options->cacert ? ca_use_file(options->cacert, err) : 0;
}

static void release_lists(const struct command *command, char *options)
{
    for (size_t i = 0; i < command->option_count; i++)
        if (command->options[i].kind == OPTION_LIST)
            strlist_release((struct strlist *)(void *)(options + command->options[i].offset));
}

static int check_arguments(const struct command *command, const struct strlist *args,
                           struct error *err)
{
    if (args->count < command->min_args)
        return error_set(err, ERROR_USAGE, "%s needs more: lance-bench %s %s", command->name,
                         command->name, command->arguments);
    AUTO_FREE char *verbs = help_verbs_of(command->name);
    if (args->count > command->max_args && verbs)
        return error_set(err, ERROR_USAGE, "%s has no '%s', it needs one of: %s", command->name,
                         args->items[command->max_args], verbs);
    if (args->count > command->max_args)
        return error_set(err, ERROR_USAGE, "%s takes no '%s': lance-bench %s %s", command->name,
                         args->items[command->max_args], command->name, command->arguments);
    return 0;
}

static int run_command(const struct command *command, char *const *argv, size_t argc,
                       struct global_options *global, struct error *err)
{
    AUTO_FREE char *options = xcalloc(1, command->options_size);
    if (command->defaults)
        memcpy(options, command->defaults, command->options_size);
    AUTO_STRLIST struct strlist args = STRLIST_INIT;
    const struct option_set sets[] = {
        {command->options, command->option_count, options},
        {global_option_rows, global_option_count, global},
    };
    int result = options_parse(argv, argc, sets, ARRAY_SIZE(sets), false, &args, NULL, err);
    struct globals globals = {0};
    if (!result)
        result = apply_globals(global, &globals, err);
    if (!result && global->help) {
        help_command(stdout, command);
    } else if (!result) {
        result = check_arguments(command, &args, err);
        AUTO_FREE char *db = global->db ? xstrdup(global->db) : default_database();
        globals.db = db;
        if (!result && global->db && !*global->db)
            result =
                error_set(err, ERROR_USAGE, "--db is empty: give a folder or s3://bucket/prefix");
        if (!result)
            result = command->run(&globals, options, &args, err);
    }
    release_lists(command, options);
    return result;
}

static int dispatch(char *const *argv, size_t argc, struct error *err)
{
    struct global_options global = {0};
    const struct option_set set = {global_option_rows, global_option_count, &global};
    size_t used = 0, words = 0;
    int failed = options_parse(argv, argc, &set, 1, true, NULL, &used, err);
    if (failed)
        return failed;
    if (global.version) {
        help_version(stdout);
        return 0;
    }
    if (used == argc) {
        help_overview(global.help ? stdout : stderr);
        return global.help ? 0 : error_set(err, ERROR_USAGE, "no command given");
    }
    const struct command *command = command_find(argv + used, argc - used, &words);
    if (!command && asks_for_group(argv + used, argc - used)) {
        help_group(stdout, argv[used]);
        return 0;
    }
    if (!command)
        return unknown_command(argv + used, argc - used, err);
    used += words;
    return run_command(command, argv + used, argc - used, &global, err);
}

/* A reader of a pipe that has gone, such as `head`, has what it wanted. */
static bool reader_has_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) > 0 && (out.revents & POLLERR);
}

int command_execute(int argc, char **argv, struct error *err)
{
    int result = dispatch(argv + 1, argc > 0 ? (size_t)argc - 1 : 0, err);
    log_progress_clear();
    if (result >= 0 && (fflush(stdout) || ferror(stdout)) && !reader_has_gone())
        result = error_errno(err, ERROR_FAILURE, errno, "cannot write to stdout");
    return result;
}

int command_main(int argc, char **argv)
{
    struct error err = ERROR_INIT;
    interrupt_install();
    int result = command_execute(argc, argv, &err);
    if (result < 0)
        log_error("%s", err.message);
    return result < 0 ? exit_code_of(result) : result;
}
