#include "command/help.h"

#include "base/alloc.h"
#include "base/strbuf.h"
#include "command/exit_code.h"
#include "command/options.h"
#include "command/rows.h"
#include "native.h"

#include <curl/curl.h>
#include <git2.h>
#include <openssl/crypto.h>
#include <string.h>
#include <zlib.h>

static const struct {
    const char *name, *heading;
} groups[] = {
    {"measure", "Measure a commit"},
    {"results", "Store and read results"},
    {"database", "Look after the database"},
    {"github", "Work with GitHub"},
    {"machine", "This machine and this program"},
};

static void print_exit_codes(FILE *out, const char *row)
{
#define PRINT_EXIT_CODE(code, meaning) fprintf(out, row, code, meaning);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    EXIT_CODES(PRINT_EXIT_CODE)
#pragma GCC diagnostic pop
#undef PRINT_EXIT_CODE
}

static void print_options(FILE *out, const struct option_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO_FREE char *left = xasprintf("--%s%s%s", rows[i].name, rows[i].value ? " " : "",
                                         rows[i].value ? rows[i].value : "");
        fprintf(out, "  %-26s %s%s\n", left, rows[i].help,
                rows[i].kind == OPTION_LIST ? " (repeatable)" : "");
    }
}

void help_overview(FILE *out)
{
    fputs("lance-bench measures commits and keeps every number.\n\n"
          "usage: lance-bench [OPTIONS] COMMAND [ARGUMENTS]\n",
          out);
    for (size_t g = 0; g < ARRAY_SIZE(groups); g++) {
        fprintf(out, "\n%s\n", groups[g].heading);
        for (size_t i = 0; i < command_count; i++)
            if (!strcmp(commands[i]->group, groups[g].name))
                fprintf(out, "  %-32s %s\n", commands[i]->name, commands[i]->summary);
    }
    fputs("\nOptions of every command\n", out);
    print_options(out, global_option_rows, global_option_count);
    fputs("\nExit codes\n", out);
    print_exit_codes(out, "  %-5d %s\n");
    fputs("\n'lance-bench help COMMAND' says more about one of them.\n", out);
}

void help_command(FILE *out, const struct command *command)
{
    fprintf(out, "lance-bench %s: %s\n\nusage: lance-bench %s %s\n", command->name,
            command->summary, command->name, command->arguments);
    if (command->description)
        fprintf(out, "\n%s\n", command->description);
    if (command->option_count) {
        fputs("\nOptions\n", out);
        print_options(out, command->options, command->option_count);
    }
    fputs("\nOptions of every command\n", out);
    print_options(out, global_option_rows, global_option_count);
}

void help_version(FILE *out)
{
    int major = 0, minor = 0, patch = 0;
    git_libgit2_version(&major, &minor, &patch);
    fprintf(out, "lance-bench %s\nlance %s, libgit2 %d.%d.%d, libcurl %s, %s, zlib %s\n",
            LANCE_BENCH_VERSION, native_lance_version(), major, minor, patch,
            curl_version_info(CURLVERSION_NOW)->version, OpenSSL_version(OPENSSL_VERSION),
            zlibVersion());
}

char *help_verbs_of(const char *word)
{
    size_t len = strlen(word);
    AUTO_STRLIST struct strlist verbs = STRLIST_INIT;
    for (size_t i = 0; i < command_count; i++)
        if (!strncmp(commands[i]->name, word, len) && commands[i]->name[len] == ' ')
            strlist_push(&verbs, commands[i]->name + len + 1);
    return verbs.count ? strlist_join(&verbs, ", ") : NULL;
}

struct help_options {
    bool readme;
};

/* The tables that README.md carries; a test compares them. */
static void print_readme(FILE *out)
{
    fputs("| command | what it does |\n|---|---|\n", out);
    for (size_t i = 0; i < command_count; i++)
        fprintf(out, "| `%s` | %s |\n", commands[i]->name, commands[i]->summary);
    fputs("\n| exit code | meaning |\n|---|---|\n", out);
    print_exit_codes(out, "| %d | %s |\n");
}

static int run_help(const struct globals *globals, const void *raw, const struct strlist *args,
                    struct error *err)
{
    (void)globals;
    const struct help_options *options = raw;
    if (options->readme) {
        print_readme(stdout);
        return 0;
    }
    if (!args->count) {
        help_overview(stdout);
        return 0;
    }
    size_t used = 0;
    const struct command *command = command_find(args->items, args->count, &used);
    if (command && used == args->count) {
        help_command(stdout, command);
        return 0;
    }
    AUTO_FREE char *verbs = help_verbs_of(args->items[0]);
    if (verbs)
        return error_set(err, ERROR_USAGE, "'%s' is one of: %s", args->items[0], verbs);
    return error_set(err, ERROR_USAGE, "there is no command '%s'", args->items[0]);
}

static const struct option_row help_rows[] = {
    OPTION(struct help_options, readme, OPTION_FLAG, "readme", NULL,
           "print the tables of the README instead"),
};

const struct command command_help = {
    .name = "help",
    .group = "machine",
    .summary = "Say what the commands do, or all about one of them",
    .arguments = "[COMMAND]",
    .options = help_rows,
    .option_count = ARRAY_SIZE(help_rows),
    .options_size = sizeof(struct help_options),
    .max_args = 2,
    .run = run_help,
};

/* Every "--name" of the rows, with a space in front of each. */
static void add_option_words(struct strbuf *out, const struct option_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        strbuf_addf(out, " --%s", rows[i].name);
}

static void print_bash(FILE *out)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < command_count; i++) {
        strbuf_addf(&text, "        \"%s\") words=\"", commands[i]->name);
        add_option_words(&text, commands[i]->options, commands[i]->option_count);
        add_option_words(&text, global_option_rows, global_option_count);
        strbuf_addstr(&text, "\" ;;\n");
    }
    fputs(
        "_lance_bench() {\n    local words current=${COMP_WORDS[COMP_CWORD]} i command=\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        case ${COMP_WORDS[i]} in -*) ;; *) command=\"$command ${COMP_WORDS[i]}\" ;; esac\n"
        "    done\n    command=${command# }\n    case $command in\n        \"\") words=\"",
        out);
    for (size_t i = 0; i < command_count; i++) {
        const char *name = commands[i]->name;
        size_t len = strcspn(name, " ");
        bool repeated = i && !strncmp(commands[i - 1]->name, name, len + 1) && name[len] == ' ';
        if (!repeated)
            fprintf(out, "%s%.*s", i ? " " : "", (int)len, name);
    }
    fputs("\" ;;\n", out);
    const char *last = "";
    for (size_t i = 0; i < command_count; i++) {
        const char *name = commands[i]->name;
        size_t len = strcspn(name, " ");
        AUTO_FREE char *word = xstrndup(name, len);
        if (name[len] != ' ' || (!strncmp(last, name, len) && last[len] == ' '))
            continue;
        AUTO_FREE char *verbs = help_verbs_of(word);
        for (char *comma = verbs; (comma = strchr(comma, ','));)
            *comma = ' ';
        fprintf(out, "        \"%s\") words=\"%s\" ;;\n", word, verbs);
        last = name;
    }
    fprintf(out,
            "%s    esac\n"
            "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n}\n"
            "complete -o default -F _lance_bench lance-bench\n",
            text.buf);
}

static void print_fish(FILE *out)
{
    for (size_t i = 0; i < command_count; i++) {
        const char *name = commands[i]->name;
        const char *space = strchr(name, ' ');
        if (space)
            fprintf(
                out,
                "complete -c lance-bench -n '__fish_seen_subcommand_from %.*s' -a %s -d \"%s\"\n",
                (int)(space - name), name, space + 1, commands[i]->summary);
        else
            fprintf(out, "complete -c lance-bench -n __fish_use_subcommand -a %s -d \"%s\"\n", name,
                    commands[i]->summary);
        for (size_t k = 0; k < commands[i]->option_count; k++)
            fprintf(
                out,
                "complete -c lance-bench -n '__fish_seen_subcommand_from %.*s' -l %s -d \"%s\"\n",
                (int)strcspn(name, " "), name, commands[i]->options[k].name,
                commands[i]->options[k].help);
    }
}

static int run_completion(const struct globals *globals, const void *options,
                          const struct strlist *args, struct error *err)
{
    (void)globals;
    (void)options;
    if (!strcmp(args->items[0], "bash")) {
        print_bash(stdout);
    } else if (!strcmp(args->items[0], "zsh")) {
        fputs("autoload -U +X bashcompinit && bashcompinit\n", stdout);
        print_bash(stdout);
    } else if (!strcmp(args->items[0], "fish")) {
        print_fish(stdout);
    } else {
        return error_set(err, ERROR_USAGE, "completion is for bash, zsh or fish, not '%s'",
                         args->items[0]);
    }
    return 0;
}

const struct command command_completion = {
    .name = "completion",
    .group = "machine",
    .summary = "Print the completion script of a shell",
    .arguments = "bash|zsh|fish",
    .description = "Load it with: source <(lance-bench completion bash)",
    .min_args = 1,
    .max_args = 1,
    .run = run_completion,
};
