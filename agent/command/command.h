/*
 * A command of the agent is one const row. Help, shell completion, the usage error and the README's
 * table are printed from the rows, so that they cannot disagree with what the program does.
 *
 * A row's options parse into a struct of the command's own: `defaults` is copied, then each option
 * writes the field at its `offset`. A field of kind OPTION_LIST is a struct strlist and collects
 * every use; the others keep the last. A wrong option is one line on stderr and exit code 129.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum output_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_MARKDOWN };

/* The options that every command takes, in front of its name or behind it. */
struct globals {
    const char *db;     /* --db, else $LANCE_BENCH_URI, else ~/.lance-bench; never NULL */
    const char *config; /* NULL: `lance-bench.json` of the target, where it has one */
    const char *cacert; /* NULL: SSL_CERT_FILE, the system's bundle, or the embedded one */
    enum output_format format;
    bool quiet, verbose, color;
};

enum option_kind {
    OPTION_FLAG,     /* bool */
    OPTION_STRING,   /* const char * */
    OPTION_INTEGER,  /* int64_t */
    OPTION_NUMBER,   /* double */
    OPTION_BYTES,    /* uint64_t: "2G", "512M" */
    OPTION_DURATION, /* double, seconds: "90", "1.5h" */
    OPTION_LIST,     /* struct strlist */
};

struct option_row {
    const char *name; /* without the dashes */
    enum option_kind kind;
    size_t offset;     /* of the field in the command's options struct */
    const char *value; /* its value's name in the help, NULL for a flag */
    const char *help;
};

/* OPTION(struct run_options, timeout, OPTION_DURATION, "timeout", "TIME", "…") */
#define OPTION(type, field, kind, name, value, help)           \
    {                                                          \
        (name), (kind), offsetof(type, field), (value), (help) \
    }

struct command {
    const char *name;    /* "run", or "db info": a verb of a group of verbs */
    const char *group;   /* its heading in the help: "measure", "results", "database", "machine" */
    const char *summary; /* one line, no full stop */
    const char *arguments;   /* "REPO [--rev REV]", without the name; "" for none */
    const char *description; /* paragraphs behind the usage line in `help CMD`; may be NULL */
    const struct option_row *options;
    size_t option_count;
    const void *defaults; /* of options_size bytes, NULL for all zero */
    size_t options_size;
    size_t min_args, max_args; /* positional arguments; SIZE_MAX for any number */
    /* 0, a negative error code with `err` filled, or a positive exit code of its own. */
    int (*run)(const struct globals *globals, const void *options, const struct strlist *args,
               struct error *err);
};

extern const struct command *const commands[]; /* in the order of the help */
extern const size_t command_count;

/* The row whose name is the first one or two words of `words`; *used says how many. NULL: none. */
const struct command *command_find(char *const *words, size_t count, size_t *used);

/* Reads `argv` behind the program's name into globals, the command and its options, and runs it.
 * What it printed is flushed. 0, a negative error code with `err` filled, or a positive exit code.
 */
int command_execute(int argc, char **argv, struct error *err);
/* The same for a whole process: returns the exit code; the one error line has been printed. */
int command_main(int argc, char **argv);
