/*
 * What people may say to the bot in a comment of a pull request:
 *
 *     @bench-bot benchmark [FULL-SHA] [--rust-only | --python-only | --crate NAME…]
 *     @bench-bot compare BASE
 *     @bench-bot status
 *     @bench-bot cancel
 *     @bench-bot help
 *
 * A command is one line that begins, without white space in front, with the mention and a blank, in
 * any mixture of cases. What readers see as quoted or as code is none: block quotes with the lines
 * that continue them, fenced and indented code, <pre>, and HTML comments. A comment has one
 * command; more than one is refused, since no order of them is what everybody would expect. Prose
 * that mentions the bot inside a line is left alone.
 *
 * Every word of a command is of plain ASCII from a list of allowed characters, so that no
 * look-alike letter, invisible character or control reaches anything behind this; a NUL ends
 * nothing.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>

#define BOT_MENTION "@bench-bot"
#define BOT_COMMENT_MAX ((size_t)1 << 20) /* bytes that are looked at; longer is refused */
#define BOT_CRATES_MAX 32
#define BOT_WORD_MAX 100 /* bytes of a crate's name or of BASE */
#define BOT_SHA_SIZE 41

enum bot_verb {
    BOT_NOTHING, /* the comment is not for the bot */
    BOT_BENCHMARK,
    BOT_COMPARE,
    BOT_STATUS,
    BOT_CANCEL,
    BOT_HELP,
};

struct bot_command {
    enum bot_verb verb;
    char commit[BOT_SHA_SIZE]; /* benchmark: as it was given, in lower case; "" without */
    /* benchmark without a commit: the one full id that the quoted lines name, as a reply to the
     * bot's message does; "" where they name none, or several. Whose words they are is not known
     * here. */
    char quoted[BOT_SHA_SIZE];
    bool rust_only, python_only;
    struct strlist crates;
    char *base; /* compare */
};

void bot_command_release(struct bot_command *command);
#define AUTO_BOT_COMMAND __attribute__((cleanup(bot_command_release)))

/* `mention` is BOT_MENTION or another "@name". 0 also when there is nothing for the bot.
 * ERROR_INPUT: it is addressed, and the line of `err` tells the commenter what is wrong; that line
 * is of this program's own words and allowed characters. */
int bot_command_parse(const char *text, size_t len, const char *mention, struct bot_command *out,
                      struct error *err) MUST_CHECK;

/* The word of a verb: "benchmark"… */
const char *bot_verb_name(enum bot_verb verb);
/* 40 hexadecimal characters and nothing else. */
bool bot_is_full_sha(const char *text, size_t len);
/* Letters, digits, "_" and "-", the first no "-". */
bool bot_is_crate(const char *text);
/* A commit id, branch or tag that is safe as an argument: letters, digits, "._/-", no "..", "//",
 * leading "-", "." or "/", and no ".lock" or "/" at the end. */
bool bot_is_revision(const char *text);
/* "owner/name" as GitHub allows it. */
bool bot_is_repository(const char *text);
/* A user's login, also an app's with "[bot]" behind it. */
bool bot_is_login(const char *text);
