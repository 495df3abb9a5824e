/* Reading the command line. */
#pragma once

#include "command/command.h"

/* The rows of the global options, over struct global_options. */
extern const struct option_row global_option_rows[];
extern const size_t global_option_count;

struct global_options {
    const char *db, *format, *log_format, *config, *cacert;
    bool quiet, verbose, no_color, help, version;
};

struct option_set {
    const struct option_row *rows;
    size_t count;
    void *target;
};

/* Sorts `argv` into the options of `sets` and the positional arguments `args`. An option stands in
 * the first set that has it. "--" ends the options; "--name=value" and "--name value" are the same.
 * With stop_at_word, reading ends at the first positional argument and *used says where.
 * ERROR_USAGE names the option and what is wrong with it. */
int options_parse(char *const *argv, size_t argc, const struct option_set *sets, size_t set_count,
                  bool stop_at_word, struct strlist *args, size_t *used,
                  struct error *err) MUST_CHECK;

/* The place of an option's value among the words that it takes; NULL, not given, leaves *out as it
 * is. ERROR_USAGE lists the words. */
int options_choice(const char *option, const char *value, const char *const *choices, size_t count,
                   int *out, struct error *err) MUST_CHECK;
