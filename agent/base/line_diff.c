#include "base/line_diff.h"

#include "base/alloc.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define CONTEXT 3
/* Entries of the table of lengths: 4 bytes each. */
#define TABLE_MAX ((size_t)16 << 20)

struct line {
    const char *text;
    size_t len; /* with its line break */
};

struct lines {
    struct line *items;
    size_t count, cap;
};

/* A line of the diff: ' ', '-' or '+'. */
struct edit {
    char kind;
    struct line line;
};

struct edits {
    struct edit *items;
    size_t count, cap;
};

static void split(const struct line_diff_side *side, struct lines *out)
{
    const char *at = side->text, *end = side->text + side->len;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline ? newline + 1 : end;
        ARRAY_RESERVE(out->items, out->cap, out->count + 1);
        out->items[out->count++] = (struct line){at, (size_t)(next - at)};
        at = next;
    }
}

static bool equal(struct line a, struct line b)
{
    return a.len == b.len && !memcmp(a.text, b.text, a.len);
}

static void add(struct edits *edits, char kind, struct line line)
{
    ARRAY_RESERVE(edits->items, edits->cap, edits->count + 1);
    edits->items[edits->count++] = (struct edit){kind, line};
}

static void add_all(struct edits *edits, char kind, const struct line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(edits, kind, lines[i]);
}

/* The middle, where neither the first nor the last lines are the same. */
static void compare(const struct line *a, size_t n, const struct line *b, size_t m,
                    struct edits *edits)
{
    if (n && m > TABLE_MAX / (n + 1) - 1) {
        add_all(edits, '-', a, n);
        add_all(edits, '+', b, m);
        return;
    }
    size_t width = m + 1;
    AUTO_FREE uint32_t *common = xcalloc((n + 1) * width, sizeof(*common));
    for (size_t i = n; i-- > 0;)
        for (size_t j = m; j-- > 0;) {
            uint32_t down = common[(i + 1) * width + j], right = common[i * width + j + 1];
            common[i * width + j] = equal(a[i], b[j]) ? common[(i + 1) * width + j + 1] + 1
                                    : down > right    ? down
                                                      : right;
        }
    size_t i = 0, j = 0;
    while (i < n && j < m) {
        if (equal(a[i], b[j])) {
            add(edits, ' ', a[i++]);
            j++;
        } else if (common[(i + 1) * width + j] >= common[i * width + j + 1]) {
            add(edits, '-', a[i++]);
        } else {
            add(edits, '+', b[j++]);
        }
    }
    add_all(edits, '-', a + i, n - i);
    add_all(edits, '+', b + j, m - j);
}

static void find_edits(const struct lines *a, const struct lines *b, struct edits *edits)
{
    size_t first = 0, last = 0;
    while (first < a->count && first < b->count && equal(a->items[first], b->items[first]))
        first++;
    while (last < a->count - first && last < b->count - first &&
           equal(a->items[a->count - 1 - last], b->items[b->count - 1 - last]))
        last++;
    add_all(edits, ' ', a->items, first);
    compare(a->items + first, a->count - first - last, b->items + first, b->count - first - last,
            edits);
    add_all(edits, ' ', a->items + (a->count - last), last);
}

/* The end of the hunk that begins at `at`: where more than twice the context is the same. */
static size_t hunk_end(const struct edits *edits, size_t at)
{
    size_t end = at, same = 0;
    for (size_t i = at; i < edits->count && same <= 2 * (size_t)CONTEXT; i++) {
        same = edits->items[i].kind == ' ' ? same + 1 : 0;
        if (!same)
            end = i + 1;
    }
    return end;
}

/* "12,3", as the format counts: no length for one line, the line before for none. */
static void add_range(struct strbuf *out, size_t before, size_t count)
{
    strbuf_addf(out, "%zu", count ? before + 1 : before);
    if (count != 1)
        strbuf_addf(out, ",%zu", count);
}

static void print_hunk(const struct edits *edits, size_t first, size_t end, const size_t before[2],
                       struct strbuf *out)
{
    size_t counts[2] = {0};
    for (size_t i = first; i < end; i++) {
        counts[0] += edits->items[i].kind != '+';
        counts[1] += edits->items[i].kind != '-';
    }
    strbuf_addstr(out, "@@ -");
    add_range(out, before[0], counts[0]);
    strbuf_addstr(out, " +");
    add_range(out, before[1], counts[1]);
    strbuf_addstr(out, " @@\n");
    for (size_t i = first; i < end; i++) {
        const struct line *line = &edits->items[i].line;
        strbuf_addch(out, edits->items[i].kind);
        strbuf_add(out, line->text, line->len);
        if (line->text[line->len - 1] != '\n')
            strbuf_addstr(out, "\n\\ No newline at end of file\n");
    }
}

static void print_edits(const struct edits *edits, struct strbuf *out)
{
    size_t printed = 0, seen[2] = {0};
    for (size_t at = 0; at < edits->count; at++) {
        if (edits->items[at].kind == ' ')
            continue;
        size_t first = at > printed + CONTEXT ? at - CONTEXT : printed, end = hunk_end(edits, at);
        for (size_t i = printed; i < first; i++, seen[0]++, seen[1]++)
            ;
        size_t last = end + CONTEXT < edits->count ? end + CONTEXT : edits->count;
        print_hunk(edits, first, last, seen, out);
        for (size_t i = first; i < last; i++) {
            seen[0] += edits->items[i].kind != '+';
            seen[1] += edits->items[i].kind != '-';
        }
        printed = last;
        at = last - 1;
    }
}

void line_diff(const struct line_diff_side *before, const struct line_diff_side *after,
               struct strbuf *out)
{
    if (before->len == after->len && !memcmp(before->text, after->text, after->len))
        return;
    struct lines a = {0}, b = {0};
    struct edits edits = {0};
    split(before, &a);
    split(after, &b);
    find_edits(&a, &b, &edits);
    strbuf_addf(out, "--- %s\n+++ %s\n", before->name, after->name);
    print_edits(&edits, out);
    free(a.items);
    free(b.items);
    free(edits.items);
}
