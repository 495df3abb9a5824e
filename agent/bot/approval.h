/*
 * An approval: somebody who may has named a commit of a pull request to be run. It stands in the
 * external_id of the check run that the bot makes for it, where only a token with checks: write can
 * put it, and is where the commit comes from that results are published for:
 *
 *     lance-bench/1/<pull request>/<commit>/<comment>/<scope>
 *
 * The same comment is always the same approval, so whatever was begun for it is found again.
 */
#pragma once

#include "base/error.h"
#include "bot/grammar.h"

#include <stdbool.h>
#include <stdint.h>

#define BOT_CHECK_NAME "lance-bench"
#define BOT_APPROVAL_MAX 255 /* bytes, GitHub's limit for an external_id */

struct bot_approval {
    int64_t pull;
    char commit[BOT_SHA_SIZE]; /* lower case */
    int64_t comment;           /* that approved it: the job's id */
    bool whole;                /* everything is run; else what the comment has chosen */
};

void bot_approval_print(const struct bot_approval *approval, char out[BOT_APPROVAL_MAX + 1]);
/* False when the text is no approval. */
bool bot_approval_parse(const char *text, struct bot_approval *out);

/* What the title of a workflow run says that was dispatched for a pull request: its `run-name` has
 * the number as "#7" and the full commit id, each once, whatever stands around them. False when one
 * of them is missing or comes twice. */
bool bot_run_title_parse(const char *title, int64_t *pull, char commit[BOT_SHA_SIZE]);
