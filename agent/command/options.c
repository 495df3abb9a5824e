#include "command/options.h"

#include "base/alloc.h"
#include "base/number.h"
#include "base/suggest.h"

#include <string.h>

#define GLOBAL(field, kind, name, value, help) \
    OPTION(struct global_options, field, kind, name, value, help)

const struct option_row global_option_rows[] = {
    GLOBAL(
        db, OPTION_STRING, "db", "URI",
        "the database: a folder or s3://bucket/prefix (default: $LANCE_BENCH_URI, ~/.lance-bench)"),
    GLOBAL(format, OPTION_STRING, "format", "FORMAT", "text, json or markdown"),
    GLOBAL(quiet, OPTION_FLAG, "quiet", NULL, "print errors and the result, nothing else"),
    GLOBAL(verbose, OPTION_FLAG, "verbose", NULL, "say more about what is going on"),
    GLOBAL(log_format, OPTION_STRING, "log-format", "FORMAT", "messages on stderr: text or json"),
    GLOBAL(config, OPTION_STRING, "config", "FILE",
           "the configuration (default: lance-bench.json of the target)"),
    GLOBAL(cacert, OPTION_STRING, "cacert", "FILE",
           "PEM bundle of trusted certificates (default: $SSL_CERT_FILE, the system's)"),
    GLOBAL(no_color, OPTION_FLAG, "no-color", NULL, "no color on a terminal; also $NO_COLOR"),
    GLOBAL(help, OPTION_FLAG, "help", NULL, "the help of the command"),
    GLOBAL(version, OPTION_FLAG, "version", NULL, "the version, and what it is made of"),
};
const size_t global_option_count = ARRAY_SIZE(global_option_rows);

static int unknown_option(const struct option_set *sets, size_t set_count, const char *name,
                          struct error *err)
{
    AUTO_FREE const char **known = NULL;
    size_t count = 0, cap = 0;
    for (size_t s = 0; s < set_count; s++)
        for (size_t i = 0; i < sets[s].count; i++) {
            ARRAY_RESERVE(known, cap, count + 1);
            known[count++] = sets[s].rows[i].name;
        }
    const char *near = suggest(name, known, count);
    if (near)
        return error_set(err, ERROR_USAGE, "unknown option --%s, did you mean --%s?", name, near);
    return error_set(err, ERROR_USAGE, "unknown option --%s", name);
}

static const struct option_row *find_option(const struct option_set *sets, size_t set_count,
                                            const char *name, char **target)
{
    for (size_t s = 0; s < set_count; s++)
        for (size_t i = 0; i < sets[s].count; i++)
            if (!strcmp(sets[s].rows[i].name, name)) {
                *target = (char *)sets[s].target + sets[s].rows[i].offset;
                return &sets[s].rows[i];
            }
    return NULL;
}

static int store_value(const struct option_row *row, void *field, const char *value,
                       struct error *err)
{
    const char *wanted = NULL;
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)field = true;
        break;
    case OPTION_STRING:
        *(const char **)field = value;
        break;
    case OPTION_LIST:
        strlist_push(field, value);
        break;
    case OPTION_INTEGER:
        wanted = parse_int64(value, field) ? NULL : "a whole number";
        break;
    case OPTION_NUMBER:
        wanted = parse_double(value, field) ? NULL : "a number";
        break;
    case OPTION_BYTES:
        wanted = parse_bytes(value, field) ? NULL : "a size such as 512M or 2G";
        break;
    case OPTION_DURATION:
        wanted = parse_duration(value, field) ? NULL : "a time such as 90s, 5m or 2h";
        break;
    }
    if (wanted)
        return error_set(err, ERROR_USAGE, "--%s takes %s, not '%s'", row->name, wanted, value);
    return 0;
}

/* Reads one "--name[=value]" at argv[*at] and moves *at behind it. */
static int parse_option(char *const *argv, size_t argc, size_t *at, const struct option_set *sets,
                        size_t set_count, struct error *err)
{
    const char *word = argv[*at] + 2;
    const char *equals = strchr(word, '=');
    AUTO_FREE char *name = equals ? xstrndup(word, (size_t)(equals - word)) : xstrdup(word);
    char *field = NULL;
    const struct option_row *row = find_option(sets, set_count, name, &field);
    if (!row)
        return unknown_option(sets, set_count, name, err);
    ++*at;
    const char *value = equals ? equals + 1 : NULL;
    if (row->kind == OPTION_FLAG && value)
        return error_set(err, ERROR_USAGE, "--%s takes no value", name);
    if (row->kind != OPTION_FLAG && !value) {
        if (*at >= argc)
            return error_set(err, ERROR_USAGE, "--%s needs a value: --%s %s", name, name,
                             row->value);
        value = argv[(*at)++];
    }
    return store_value(row, field, value, err);
}

int options_parse(char *const *argv, size_t argc, const struct option_set *sets, size_t set_count,
                  bool stop_at_word, struct strlist *args, size_t *used, struct error *err)
{
    size_t at = 0;
    bool only_words = false;
    while (at < argc) {
        const char *word = argv[at];
        if (only_words || word[0] != '-' || !word[1]) {
            if (stop_at_word)
                break;
            strlist_push(args, word);
            at++;
        } else if (!strcmp(word, "--")) {
            only_words = true;
            at++;
        } else if (!strcmp(word, "-h")) {
            AUTO_FREE char *help = xstrdup("--help");
            size_t zero = 0;
            int failed = parse_option(&help, 1, &zero, sets, set_count, err);
            if (failed)
                return failed;
            at++;
        } else if (word[1] != '-') {
            return error_set(err, ERROR_USAGE, "unknown option %s (options are written --name)",
                             word);
        } else {
            int failed = parse_option(argv, argc, &at, sets, set_count, err);
            if (failed)
                return failed;
        }
    }
    if (used)
        *used = at;
    return 0;
}

int options_choice(const char *option, const char *value, const char *const *choices, size_t count,
                   int *out, struct error *err)
{
    if (!value)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (!strcmp(choices[i], value)) {
            *out = (int)i;
            return 0;
        }
    AUTO_STRLIST struct strlist list = STRLIST_INIT;
    for (size_t i = 0; i < count; i++)
        strlist_push(&list, choices[i]);
    AUTO_FREE char *all = strlist_join(&list, ", ");
    return error_set(err, ERROR_USAGE, "--%s is one of %s, not '%s'", option, all, value);
}
