/*
 * What a step tells GitHub Actions: commands on stdout, and the files that $GITHUB_OUTPUT,
 * $GITHUB_ENV and $GITHUB_STEP_SUMMARY name. Text goes in as data: line breaks, "::" and "%" cannot
 * end a command or start another one, and marks that turn the direction of text are taken out.
 *
 * The functions that append to `out` make a command for stdout, its line break included: command/
 * prints it.
 */
#pragma once

#include "base/error.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether this process is a step of a workflow ($GITHUB_ACTIONS is "true"). */
bool workflow_is_running(void);

enum workflow_level { WORKFLOW_NOTICE, WORKFLOW_WARNING, WORKFLOW_ERROR };

struct workflow_annotation {
    enum workflow_level level;
    const char *message;
    const char *title;      /* NULL: none */
    const char *file;       /* relative to the repository; NULL: none */
    int64_t line, end_line; /* 0: none */
};

void workflow_annotate(struct strbuf *out, const struct workflow_annotation *annotation);
void workflow_group(struct strbuf *out, const char *title);
void workflow_end_group(struct strbuf *out);

#define WORKFLOW_FENCE_SIZE 65
/* A token that nobody can guess: commands are off from workflow_fence() to workflow_end_fence(), so
 * that what foreign code prints in between is only text. */
int workflow_fence_new(char token[WORKFLOW_FENCE_SIZE], struct error *err) MUST_CHECK;
void workflow_fence(struct strbuf *out, const char *token);
void workflow_end_fence(struct strbuf *out, const char *token);

/* Appends an output of the step to $GITHUB_OUTPUT, between random delimiters, so that no value can
 * forge another output. Outside a workflow (no such variable) it does nothing. ERROR_USAGE: a name
 * with other characters than letters, digits, "_" and "-". */
int workflow_output(const char *name, const char *value, struct error *err) MUST_CHECK;
/* One record of that file, for tests and for other such files. */
int workflow_record(struct strbuf *out, const char *name, const char *value,
                    struct error *err) MUST_CHECK;

/* GitHub shows nothing of a summary above this. */
#define WORKFLOW_SUMMARY_MAX ((size_t)1 << 20)
/* Appends Markdown to $GITHUB_STEP_SUMMARY; what does not fit is cut at a line, with a note.
 * Outside a workflow it does nothing. */
int workflow_summary(const char *markdown, struct error *err) MUST_CHECK;
