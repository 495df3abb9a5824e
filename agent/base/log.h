/*
 * The chatter: what the program is doing, on stderr. stdout is the product and is written by
 * command/ alone. Lines are plain text, or one JSON object each with --log-format json.
 */
#pragma once

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };

struct log_options {
    enum log_level level; /* what is printed: this and anything graver */
    enum log_format format;
    bool color; /* only ever true on a terminal */
};

void log_configure(const struct log_options *options);

/* One line each. Control characters in it are shown escaped, so that a benchmark's name cannot
 * forge a line or a terminal sequence. */
void log_message(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_message(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_DEBUG, __VA_ARGS__)

/* The live line of a long job. On a terminal it is redrawn in place at most ten times a second and
 * wiped by the next message; elsewhere nothing is printed. */
void log_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_progress_clear(void);
/* Whether stderr is a terminal on which log_progress() draws. */
bool log_is_live(void);
