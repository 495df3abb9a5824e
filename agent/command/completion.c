#include "base/alloc.h"
#include "base/strbuf.h"
#include "command/help.h"
#include "command/options.h"
#include "command/rows.h"

#include <string.h>

/* The first words of all commands, each once. */
static void first_words(struct strlist *out)
{
    for (size_t i = 0; i < command_count; i++) {
        AUTO_FREE char *word = xstrndup(commands[i]->name, strcspn(commands[i]->name, " "));
        if (!strlist_contains(out, word))
            strlist_push(out, word);
    }
}

/* " --db --format …": the options of `rows`, or those of them that take a value. */
static void add_option_words(struct strbuf *out, const struct option_row *rows, size_t count,
                             bool with_value)
{
    for (size_t i = 0; i < count; i++)
        if (!with_value || rows[i].value)
            strbuf_addf(out, " --%s", rows[i].name);
}

/* Every option of any command that takes a value: the word behind it is no command. */
static char *value_options(const char *between)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    for (size_t i = 0; i <= command_count; i++) {
        bool global = i == command_count;
        const struct option_row *rows = global ? global_option_rows : commands[i]->options;
        size_t count = global ? global_option_count : commands[i]->option_count;
        for (size_t k = 0; k < count; k++) {
            AUTO_FREE char *name = xasprintf("--%s", rows[k].name);
            if (rows[k].value && !strlist_contains(&names, name))
                strlist_push(&names, name);
        }
    }
    return strlist_join(&names, between);
}

/* One line for each command and each group of commands: what may follow it, and its options. */
static void add_bash_cases(struct strbuf *out, const struct strlist *words)
{
    AUTO_FREE char *all = strlist_join(words, " ");
    strbuf_addf(out, "        '') verbs='%s' ;;\n        help) verbs='%s' ;;\n", all, all);
    for (size_t i = 0; i < words->count; i++) {
        AUTO_FREE char *verbs = help_verbs_of(words->items[i]);
        for (char *comma = verbs; comma && (comma = strchr(comma, ','));)
            *comma = ' ';
        if (verbs)
            strbuf_addf(out, "        '%s') verbs='%s' ;;\n", words->items[i], verbs);
    }
    strbuf_addstr(out, "    esac\n    case $command in\n");
    for (size_t i = 0; i < command_count; i++) {
        if (!commands[i]->option_count)
            continue;
        strbuf_addf(out, "        '%s') options+='", commands[i]->name);
        add_option_words(out, commands[i]->options, commands[i]->option_count, false);
        strbuf_addstr(out, "' ;;\n");
    }
}

/* zsh runs the same function by bashcompinit: nothing in it may be of bash alone. */
static void print_bash(FILE *out)
{
    AUTO_STRLIST struct strlist words = STRLIST_INIT;
    AUTO_STRBUF struct strbuf cases = STRBUF_INIT;
    AUTO_STRBUF struct strbuf names = STRBUF_INIT;
    AUTO_STRBUF struct strbuf globals = STRBUF_INIT;
    AUTO_FREE char *values = value_options("|");
    first_words(&words);
    for (size_t i = 0; i < words.count; i++)
        strbuf_addf(&names, "%s'%s'", i ? "|" : "", words.items[i]);
    for (size_t i = 0; i < command_count; i++)
        if (strchr(commands[i]->name, ' '))
            strbuf_addf(&names, "|'%s'", commands[i]->name);
    add_option_words(&globals, global_option_rows, global_option_count, false);
    add_bash_cases(&cases, &words);
    fprintf(
        out,
        "_lance_bench() {\n"
        "    local current=${COMP_WORDS[COMP_CWORD]} command= verbs= options='%s' word= skip= i\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        word=${COMP_WORDS[i]}\n"
        "        if [ \"$skip\" ] && [ \"$word\" != = ]; then skip=; continue; fi\n"
        "        case $word in\n"
        "            --) COMPREPLY=(); return ;;\n"
        "            %s) skip=1; continue ;;\n"
        "        esac\n"
        "        case \"${command:+$command }$word\" in\n"
        "            %s) command=\"${command:+$command }$word\" ;;\n"
        "        esac\n"
        "    done\n"
        "    case $command in\n"
        "%s"
        "    esac\n"
        "    COMPREPLY=()\n"
        "    if [ \"$skip\" ]; then return; fi\n"
        "    case $current in -*) verbs=$options ;; esac\n"
        "    COMPREPLY=($(compgen -W \"$verbs\" -- \"$current\"))\n"
        "}\n"
        "complete -o default -F _lance_bench lance-bench\n",
        globals.buf + 1, values, names.buf, cases.buf);
}

/* A word between single quotes, as fish reads it. */
static char *fish_quoted(const char *text)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    strbuf_addch(&out, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            strbuf_addch(&out, '\\');
        strbuf_addch(&out, *text);
    }
    strbuf_addch(&out, '\'');
    return strbuf_detach(&out);
}

static void print_fish_options(FILE *out, const char *condition, const struct option_row *rows,
                               size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO_FREE char *help = fish_quoted(rows[i].help);
        fprintf(out, "complete -c lance-bench%s -l %s%s -d %s\n", condition, rows[i].name,
                rows[i].value ? " -r" : "", help);
    }
}

static void print_fish_word(FILE *out, const char *behind, const char *word, const char *summary)
{
    AUTO_FREE char *text = fish_quoted(summary);
    fprintf(out, "complete -c lance-bench -n '__lance_bench_at \"%s\"' -f -a %s -d %s\n", behind,
            word, text);
}

static void print_fish_command(FILE *out, const struct command *command)
{
    const char *space = strchr(command->name, ' ');
    AUTO_FREE char *group = space ? xstrndup(command->name, (size_t)(space - command->name)) : NULL;
    AUTO_FREE char *condition = xasprintf(" -n '__lance_bench_at \"%s\"'", command->name);
    print_fish_word(out, group ? group : "", space ? space + 1 : command->name, command->summary);
    print_fish_options(out, condition, command->options, command->option_count);
}

static void print_fish(FILE *out)
{
    AUTO_STRLIST struct strlist words = STRLIST_INIT;
    AUTO_FREE char *values = value_options(" ");
    first_words(&words);
    fputs("function __lance_bench_at --argument-names wanted\n"
          "    set -l names",
          out);
    for (size_t i = 0; i < words.count; i++)
        fprintf(out, " %s", words.items[i]);
    for (size_t i = 0; i < command_count; i++)
        if (strchr(commands[i]->name, ' '))
            fprintf(out, " '%s'", commands[i]->name);
    fprintf(out,
            "\n"
            "    set -l found\n"
            "    set -l skip 0\n"
            "    for word in (commandline -opc)[2..-1]\n"
            "        if test $skip = 1\n"
            "            set skip 0\n"
            "        else if contains -- $word %s\n"
            "            set skip 1\n"
            "        else if contains -- (string join ' ' $found $word) $names\n"
            "            set found $found $word\n"
            "        end\n"
            "    end\n"
            "    test \"$found\" = \"$wanted\"\n"
            "end\n",
            values);
    for (size_t i = 0; i < words.count; i++) {
        AUTO_FREE char *verbs = help_verbs_of(words.items[i]);
        size_t used = 0;
        if (!command_find(&words.items[i], 1, &used))
            print_fish_word(out, "", words.items[i], verbs ? verbs : "");
    }
    for (size_t i = 0; i < command_count; i++)
        print_fish_command(out, commands[i]);
    print_fish_options(out, "", global_option_rows, global_option_count);
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
    .description = "Load it in bash and zsh (there behind compinit) with: source <(lance-bench "
                   "completion bash), in fish with: lance-bench completion fish | source",
    .min_args = 1,
    .max_args = 1,
    .run = run_completion,
};
