/* What the commands of the group `github` share. */
#pragma once

#include "command/command.h"
#include "github/field.h"
#include "github/github.h"

struct github_where {
    const char *repo, *token_file;
    double max_wait;
};

#define GITHUB_WHERE_DEFAULTS \
    {                         \
        .max_wait = 120       \
    }

/* The rows of the options that every one of them has; `type` has a struct github_where `where`. */
#define GITHUB_WHERE_OPTIONS(type)                                                          \
    OPTION(type, where.repo, OPTION_STRING, "repo", "OWNER/NAME",                           \
           "the repository (default: $GITHUB_REPOSITORY)"),                                 \
        OPTION(type, where.token_file, OPTION_STRING, "token-file", "FILE",                 \
               "the token (default: $GITHUB_TOKEN, $GH_TOKEN or $SCHEDULER_GITHUB_TOKEN)"), \
        OPTION(type, where.max_wait, OPTION_DURATION, "max-wait", "TIME",                   \
               "wait so long in all for a rate limit or a server that fails (default: 2m)")

/* `need_token`: without one it is an error at once, and not only when GitHub says so. */
int command_github_open(const struct github_where *where, bool need_token, struct github **out,
                        struct error *err) MUST_CHECK;

/* A number above 0 in a positional argument; `what` names it in the message. */
int command_github_number(const char *text, const char *what, int64_t *out,
                          struct error *err) MUST_CHECK;
/* A whole text file; "-" is stdin. Appended to `out`. */
int command_github_text(const char *option, const char *path, struct strbuf *out,
                        struct error *err) MUST_CHECK;
/* One object on stdout: JSON for programs, a line for each member for people. */
void command_github_object(const struct globals *globals, const cJSON *object);
/* Adds an ISO time, or null for 0. */
void command_github_add_time(cJSON *object, const char *name, int64_t unix_s);

struct table;
void command_github_time_cell(struct table *table, int64_t unix_s);
