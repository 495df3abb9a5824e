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

enum {
    HELP_COLUMNS = 100,
    OPTION_COLUMN = 29,  /* where the text of an option begins */
    SUMMARY_COLUMN = 35, /* and the summary of a command in a list */
};

/* Columns of the first `len` bytes, each character taken for one. */
static size_t columns_of(const char *text, size_t len)
{
    size_t columns = 0;
    for (size_t i = 0; i < len; i++)
        columns += ((unsigned char)text[i] & 0xc0) != 0x80;
    return columns;
}

/* `text` from column `at` on, broken between words before HELP_COLUMNS; further lines begin at
 * column `indent`. Ends the line. */
static void print_wrapped(FILE *out, const char *text, size_t at, size_t indent)
{
    bool first = true;
    while (*text) {
        size_t len = strcspn(text, " \n");
        size_t columns = columns_of(text, len);
        if (!first && at + 1 + columns > HELP_COLUMNS) {
            fprintf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!first) {
            fputc(' ', out);
            at++;
        }
        fwrite(text, 1, len, out);
        at += columns;
        first = false;
        text += len;
        text += strspn(text, " \n");
    }
    fputc('\n', out);
}

/* Paragraphs stand between empty lines; one that begins with a blank is printed as it is. */
static void print_description(FILE *out, const char *text)
{
    while (text) {
        const char *end = strstr(text, "\n\n");
        AUTO_FREE char *paragraph = end ? xstrndup(text, (size_t)(end - text)) : xstrdup(text);
        fputc('\n', out);
        if (*paragraph == ' ')
            fprintf(out, "%s\n", paragraph);
        else
            print_wrapped(out, paragraph, 0, 0);
        text = end ? end + 2 : NULL;
    }
}

static void print_options(FILE *out, const struct option_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO_FREE char *left = xasprintf("--%s%s%s", rows[i].name, rows[i].value ? " " : "",
                                         rows[i].value ? rows[i].value : "");
        AUTO_FREE char *help =
            xasprintf("%s%s", rows[i].help, rows[i].kind == OPTION_LIST ? " (repeatable)" : "");
        int printed = fprintf(out, "  %-26s ", left);
        print_wrapped(out, help, (size_t)printed, OPTION_COLUMN);
    }
}

static void print_summary(FILE *out, const struct command *command)
{
    int printed = fprintf(out, "  %-32s ", command->name);
    print_wrapped(out, command->summary, (size_t)printed, SUMMARY_COLUMN);
}

/* The commands of two words that begin with `word`. */
static void print_verbs(FILE *out, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i < command_count; i++)
        if (!strncmp(commands[i]->name, word, len) && commands[i]->name[len] == ' ')
            print_summary(out, commands[i]);
}

void help_group(FILE *out, const char *word)
{
    fprintf(out, "usage: lance-bench %s VERB [ARGUMENTS]\n\n", word);
    print_verbs(out, word);
    fprintf(out, "\n'lance-bench help %s VERB' says more about one of them.\n", word);
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
                print_summary(out, commands[i]);
    }
    fputs("\nOptions of every command\n", out);
    print_options(out, global_option_rows, global_option_count);
    fputs("\nExit codes\n", out);
    print_exit_codes(out, "  %-5d %s\n");
    fputs("\n'lance-bench help COMMAND' says more about one of them.\n", out);
}

void help_command(FILE *out, const struct command *command)
{
    AUTO_FREE char *title = xasprintf("lance-bench %s: %s", command->name, command->summary);
    AUTO_FREE char *usage =
        xasprintf("usage: lance-bench %s %s", command->name, command->arguments);
    print_wrapped(out, title, 0, 0);
    fputc('\n', out);
    print_wrapped(out, usage, 0, strlen("usage: lance-bench "));
    print_description(out, command->description);
    if (command->option_count) {
        fputs("\nOptions\n", out);
        print_options(out, command->options, command->option_count);
    }
    fputs("\nOptions of every command\n", out);
    print_options(out, global_option_rows, global_option_count);
    AUTO_FREE char *verbs = help_verbs_of(command->name);
    if (verbs) {
        fputs("\nFurther commands\n", out);
        print_verbs(out, command->name);
    }
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
    if (verbs && args->count == 1) {
        help_group(stdout, args->items[0]);
        return 0;
    }
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
