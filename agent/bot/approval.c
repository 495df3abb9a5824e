#include "bot/approval.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "lance-bench/1/"
#define LETTERS_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

void bot_approval_print(const struct bot_approval *approval, char out[BOT_APPROVAL_MAX + 1])
{
    snprintf(out, BOT_APPROVAL_MAX + 1, PREFIX "%" PRId64 "/%s/%" PRId64 "/%s", approval->pull,
             approval->commit, approval->comment, approval->whole ? "all" : "part");
}

/* A positive number without a sign or leading zero; *text moves behind it. */
static bool take_number(const char **text, int64_t *out)
{
    size_t digits = strspn(*text, "0123456789");
    if (!digits || digits > 18 || **text == '0')
        return false;
    *out = 0;
    for (; digits; digits--)
        *out = *out * 10 + (*(*text)++ - '0');
    return true;
}

static bool take_commit(const char **text, char out[BOT_SHA_SIZE])
{
    if (strspn(*text, "0123456789abcdef") != BOT_SHA_SIZE - 1)
        return false;
    memcpy(out, *text, BOT_SHA_SIZE - 1);
    out[BOT_SHA_SIZE - 1] = '\0';
    *text += BOT_SHA_SIZE - 1;
    return true;
}

static bool take_slash(const char **text)
{
    return *(*text)++ == '/';
}

bool bot_approval_parse(const char *text, struct bot_approval *out)
{
    struct bot_approval a = {0};
    if (strncmp(text, PREFIX, strlen(PREFIX)))
        return false;
    text += strlen(PREFIX);
    if (!take_number(&text, &a.pull) || !take_slash(&text) || !take_commit(&text, a.commit) ||
        !take_slash(&text) || !take_number(&text, &a.comment) || !take_slash(&text))
        return false;
    a.whole = !strcmp(text, "all");
    if (!a.whole && strcmp(text, "part"))
        return false;
    *out = a;
    return true;
}

bool bot_run_title_parse(const char *title, int64_t *pull, char commit[BOT_SHA_SIZE])
{
    size_t numbers = 0, commits = 0;
    int64_t number = 0;
    char id[BOT_SHA_SIZE] = "";
    for (const char *at = title; *at;) {
        const char *word = at;
        size_t len = strspn(at, LETTERS_DIGITS);
        if (*at == '#' && (++word, take_number(&word, &number)) && !isalnum((unsigned char)*word)) {
            numbers++;
            at = word;
        } else if (len == BOT_SHA_SIZE - 1 && take_commit(&word, id)) {
            commits++;
            at = word;
        } else {
            at += len ? len : 1;
        }
    }
    if (numbers != 1 || commits != 1)
        return false;
    *pull = number;
    memcpy(commit, id, sizeof(id));
    return true;
}
