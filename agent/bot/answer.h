/* What the bot says, as Markdown. Words of others go in as code (bot/text.h) and nowhere else. */
#pragma once

#include "base/strbuf.h"
#include "bot/grammar.h"

/* The commands. */
void bot_answer_help(struct strbuf *out, const char *mention);
/* "`login`, that was not done: why". `why` is a line of this program, or of GitHub. */
void bot_answer_refusal(struct strbuf *out, const char *login, const char *why);
/* A benchmark without a commit: the head's full id and the line that approves it, with the choices
 * that were made. */
void bot_answer_which(struct strbuf *out, const char *mention, const char *head,
                      const struct bot_command *command);
/* "benchmark <commit> --crate …": a command as it would be typed behind the mention. */
void bot_command_print(struct strbuf *out, const struct bot_command *command, const char *commit);
