#include "command/run_options.h"

#include "base/alloc.h"
#include "command/options.h"
#include "command/rows.h"

#include <string.h>

void run_words_release(struct run_words *words)
{
    for (size_t i = 0; words->options && i < command_run.option_count; i++)
        if (command_run.options[i].kind == OPTION_LIST)
            strlist_release(
                (struct strlist *)(void *)(words->options + command_run.options[i].offset));
    free(words->options);
    *words = (struct run_words){0};
}

static int check_words(const struct strlist *words, const struct strlist *args,
                       const struct run_request *request, struct error *err)
{
    static const char *const refused[] = {"--rev",          "--list",        "--dry-run",
                                          "--pull-request", "--results-dir", "--job"};
    if (args->count)
        return error_set(err, ERROR_USAGE,
                         "'%s' does not belong there: options of run go behind --", args->items[0]);
    for (size_t i = 0; i < words->count; i++)
        for (size_t j = 0; j < ARRAY_SIZE(refused); j++) {
            size_t len = strlen(refused[j]);
            const char *word = words->items[i];
            if (!strncmp(word, refused[j], len) && (!word[len] || word[len] == '='))
                return error_set(err, ERROR_USAGE, "%s has no place behind --", refused[j]);
        }
    if (request->run)
        return error_set(err, ERROR_USAGE,
                         "--run has no place behind --: each commit's run has a name of its own");
    return 0;
}

int run_words_read(const struct globals *globals, const struct strlist *words,
                   struct run_words *out, struct error *err)
{
    AUTO_STRLIST struct strlist args = STRLIST_INIT;
    AUTO_RUN_WORDS struct run_words read = {.options = xcalloc(1, command_run.options_size)};
    if (command_run.defaults)
        memcpy(read.options, command_run.defaults, command_run.options_size);
    const struct option_set set = {command_run.options, command_run.option_count, read.options};
    int failed = options_parse(words->items, words->count, &set, 1, false, &args, NULL, err);
    if (!failed)
        failed = run_request_of(globals, read.options, &read.request, err);
    if (!failed)
        failed = check_words(words, &args, &read.request, err);
    if (failed)
        return failed;
    *out = read;
    read = (struct run_words){0};
    return 0;
}
