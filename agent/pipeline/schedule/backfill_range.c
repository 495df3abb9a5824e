#include "pipeline/schedule/backfill_range.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

/* How far back is looked, in turns. */
static const size_t looks[] = {100, 1000, SOURCE_MAX};

/* Commit times need not grow along a branch: a rebase or a clock that was wrong. A list is long
 * enough for a date when it goes back this much further. */
enum { DAY_S = 86400, CLOCKS_APART_S = 30 * DAY_S };

struct end {
    const char *text;
    char *id;       /* lower case; NULL: a date */
    int64_t from_s; /* the first and the last second that a date stands for */
    int64_t to_s;
};

struct ends {
    struct end since, until; /* text NULL: not given */
};

static void ends_release(struct ends *ends)
{
    free(ends->since.id);
    free(ends->until.id);
}
#define AUTO_ENDS __attribute__((cleanup(ends_release)))

static bool is_id(const char *text)
{
    size_t len = strlen(text);
    return len >= COMMIT_SHORT_LEN && len <= 40 && strspn(text, "0123456789abcdefABCDEF") == len;
}

static int read_end(const char *option, const char *text, struct end *out, struct error *err)
{
    *out = (struct end){.text = text};
    if (!text)
        return 0;
    /* Eight digits are an id: dates have hyphens. */
    if (is_id(text)) {
        out->id = commit_id_lower(text);
        return 0;
    }
    if (!time_parse_iso(text, &out->from_s))
        return error_set(err, ERROR_USAGE,
                         "--%s takes a commit id of 7 to 40 characters or a date such as "
                         "2026-01-31, not '%s'",
                         option, text);
    bool day = !strpbrk(text, "Tt ");
    out->to_s = out->from_s + (day ? DAY_S - 1 : 0);
    return 0;
}

static bool matches(const struct commit *commit, const struct end *end)
{
    return end->id && !strncmp(commit->id, end->id, strlen(end->id));
}

/* Index of the commit that is named; list->count: it is not there. */
static size_t find(const struct commit_list *list, const struct end *end)
{
    size_t at = 0;
    while (at < list->count && !matches(&list->items[at], end))
        at++;
    return at;
}

static bool reaches(const struct commit_list *list, const struct end *end)
{
    if (end->id)
        return find(list, end) < list->count;
    return list->items[list->count - 1].time < end->from_s - CLOCKS_APART_S;
}

static int read_list(const struct backfill_request *request, const struct ends *ends,
                     struct commit_list *out, struct error *err)
{
    size_t window = request->max_commits * request->interval;
    const struct end *furthest = ends->since.text ? &ends->since : &ends->until;
    if (!furthest->text)
        return source_list(&request->source, window, out, err);
    for (size_t i = 0; i < ARRAY_SIZE(looks); i++) {
        int failed = source_list(&request->source, looks[i], out, err);
        if (failed)
            return failed;
        bool all = out->count < looks[i];
        /* Without a beginning the window is behind the end. */
        if (all || (reaches(out, furthest) &&
                    (ends->since.text || out->count >= find(out, &ends->until) + window)))
            break;
    }
    return 0;
}

static int check_ends(const struct commit_list *list, const struct ends *ends, struct error *err)
{
    const struct end *both[] = {&ends->since, &ends->until};
    for (size_t i = 0; i < ARRAY_SIZE(both); i++)
        if (both[i]->id && find(list, both[i]) == list->count)
            return error_set(err, ERROR_USAGE,
                             "--%s %s is not among the %zu commits of the branch that can be seen",
                             i ? "until" : "since", both[i]->text, list->count);
    bool ids = ends->since.id && ends->until.id;
    bool dates = ends->since.text && ends->until.text && !ends->since.id && !ends->until.id;
    if ((ids && find(list, &ends->since) < find(list, &ends->until)) ||
        (dates && ends->since.from_s > ends->until.to_s))
        return error_set(err, ERROR_USAGE, "--since %s is newer than --until %s", ends->since.text,
                         ends->until.text);
    return 0;
}

static bool in_range(const struct commit_list *list, size_t at, const struct ends *ends)
{
    const struct commit *commit = &list->items[at];
    const struct end *since = &ends->since, *until = &ends->until;
    bool late_enough =
        !since->text || (since->id ? at <= find(list, since) : commit->time >= since->from_s);
    bool early_enough =
        !until->text || (until->id ? at >= find(list, until) : commit->time <= until->to_s);
    return late_enough && early_enough;
}

static void take_range(struct commit_list *list, const struct ends *ends, size_t window,
                       struct commit_list *out)
{
    out->items = xcalloc(list->count + 1, sizeof(*out->items));
    out->cut = list->cut;
    size_t max = ends->since.text ? list->count : window;
    for (size_t i = 0; i < list->count && out->count < max; i++)
        if (in_range(list, i, ends)) {
            out->items[out->count++] = list->items[i];
            /* The id is still looked for by in_range(). */
            list->items[i].id = xstrdup(out->items[out->count - 1].id);
            list->items[i].parent = list->items[i].subject = list->items[i].branch = NULL;
            list->items[i].expected = NULL;
        }
}

int backfill_range(const struct backfill_request *request, struct commit_list *out,
                   struct error *err)
{
    AUTO_ENDS struct ends ends = {0};
    AUTO_COMMIT_LIST struct commit_list list = {0};
    int failed = read_end("since", request->since, &ends.since, err);
    if (!failed)
        failed = read_end("until", request->until, &ends.until, err);
    if (!failed)
        failed = read_list(request, &ends, &list, err);
    if (!failed)
        failed = check_ends(&list, &ends, err);
    if (failed)
        return failed;
    struct commit_list range = {0};
    take_range(&list, &ends, request->max_commits * request->interval, &range);
    if (!range.count) {
        commit_list_release(&range);
        return error_set(err, ERROR_NO_DATA, "no commit of the branch lies between %s and %s",
                         request->since ? request->since : "its beginning",
                         request->until ? request->until : "its end");
    }
    commit_list_release(out);
    *out = range;
    return 0;
}
