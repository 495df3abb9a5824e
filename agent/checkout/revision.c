#include "checkout/revision.h"

#include "base/alloc.h"

#include <stdint.h>
#include <string.h>

enum { FULL_ID_LEN = 40, SHORT_ID_MIN = 4 };

static size_t hex_length(const char *text)
{
    size_t len = strspn(text, "0123456789abcdefABCDEF");
    return text[len] ? 0 : len;
}

bool revision_is_full_id(const char *text)
{
    return hex_length(text) == FULL_ID_LEN;
}

bool revision_is_short_id(const char *text)
{
    size_t len = hex_length(text);
    return len >= SHORT_ID_MIN && len < FULL_ID_LEN;
}

/* The rules of git-check-ref-format that matter here, and no control characters. */
static int check_base(const char *base, const char *text, struct error *err)
{
    bool wrong = *base == '-' || *base == '/' || strstr(base, "..") || strstr(base, "@{") ||
                 strpbrk(base, " :?*[\\^~\177");
    for (const char *at = base; *at; at++)
        wrong |= (unsigned char)*at < ' ';
    if (wrong)
        return error_set(err, ERROR_USAGE,
                         "'%s' is not a revision: give a branch, a tag or a commit id, and ~N or ^ "
                         "behind it for an ancestor",
                         text);
    return 0;
}

/* Reads the digits at *at; `otherwise` where there are none. False when there are too many. */
static bool read_count(const char **at, unsigned otherwise, unsigned *out)
{
    if (**at < '0' || **at > '9') {
        *out = otherwise;
        return true;
    }
    uint64_t value = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        value = value * 10 + (uint64_t)(**at - '0');
        if (value > REVISION_MAX_STEPS)
            return false;
    }
    *out = (unsigned)value;
    return true;
}

static bool add_steps(struct revision *revision, size_t *cap, unsigned parent, size_t count)
{
    if (revision->step_count + count > REVISION_MAX_STEPS)
        return false;
    ARRAY_RESERVE(revision->steps, *cap, revision->step_count + count);
    for (size_t i = 0; i < count; i++)
        revision->steps[revision->step_count++] = parent;
    return true;
}

static int read_steps(const char *at, struct revision *revision, const char *text,
                      struct error *err)
{
    size_t cap = 0;
    while (*at) {
        char kind = *at++;
        unsigned count = 0;
        bool fine = true;
        if (kind == '^' && (!strncmp(at, "{}", 2) || !strncmp(at, "{commit}", 8)))
            at += *(at + 1) == '}' ? 2 : 8; /* every name is peeled to its commit anyway */
        else if (kind == '^')
            fine = read_count(&at, 1, &count) && add_steps(revision, &cap, count, count > 0);
        else if (kind == '~')
            fine = read_count(&at, 1, &count) && add_steps(revision, &cap, 1, count);
        else
            return error_set(err, ERROR_USAGE, "'%s' is not a revision: '%s' does not belong there",
                             text, at - 1);
        if (!fine)
            return error_set(err, ERROR_USAGE, "'%s' goes back further than %d commits", text,
                             REVISION_MAX_STEPS);
    }
    return 0;
}

int revision_parse(const char *text, struct revision *out, struct error *err)
{
    if (!text || !*text)
        text = "HEAD";
    size_t len = strcspn(text, "~^");
    AUTO_REVISION struct revision parsed = {.base = xstrndup(text, len)};
    if (!len || !strcmp(parsed.base, "@")) {
        free(parsed.base);
        parsed.base = xstrdup("HEAD");
    }
    int failed = check_base(parsed.base, text, err);
    if (!failed)
        failed = read_steps(text + len, &parsed, text, err);
    if (failed)
        return failed;
    *out = parsed;
    parsed = (struct revision){0};
    return 0;
}

void revision_release(struct revision *revision)
{
    free(revision->base);
    free(revision->steps);
    *revision = (struct revision){0};
}
