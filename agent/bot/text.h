/*
 * The bot's one comment on a pull request, and how foreign words get into it.
 *
 * The comment has sections, between marks that readers do not see. Each event replaces the sections
 * that it has something to say about and keeps the others as they were, so that a question never
 * wipes out a result:
 *
 *     <!-- bench-bot -->              whose comment it is (github/comments.h)
 *     <!-- bench-bot:job … -->        the approval that is under way or was the last,
 * bot/approval.h
 *     <!-- bench-bot:state -->  …     where that job is
 *     <!-- bench-bot:result --> …     what was measured last
 *     <!-- bench-bot:answer --> …     the answer to the last command
 *     <!-- bench-bot:end -->
 *
 * Only people who may write to the repository could change these marks by hand; what is read back
 * is held to the same rules as every other text, and a job is believed only with its check run.
 */
#pragma once

#include "base/strbuf.h"

#include <stddef.h>

#define BOT_MARKER "bench-bot"
/* Bytes. GitHub takes 65,536 characters; what has to be cut is the result. */
#define BOT_TEXT_MAX ((size_t)65000)
#define BOT_RESULT_MAX ((size_t)30000) /* of a result or an answer that is never cut */
#define BOT_CODE_MAX 200               /* bytes of a foreign name or reason */

struct bot_text {
    char *job;    /* an approval as text, or NULL */
    char *state;  /* Markdown, or NULL */
    char *result; /* Markdown, or NULL */
    char *answer; /* Markdown, or NULL */
};

void bot_text_release(struct bot_text *text);
#define AUTO_BOT_TEXT __attribute__((cleanup(bot_text_release)))

/* Reads the sections back; a body without the marks gives an empty text. */
void bot_text_parse(const char *body, struct bot_text *out);
/* The comment's body, within BOT_TEXT_MAX. */
void bot_text_print(const struct bot_text *text, struct strbuf *out);
/* Replaces a section by a copy. */
void bot_text_set(char **section, const char *markdown);

/* base/code_span.h, of BOT_CODE_MAX bytes. */
void bot_code(struct strbuf *out, const char *words);
