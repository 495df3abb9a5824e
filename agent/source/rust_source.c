#include "source/rust_source.h"

#include "base/alloc.h"

#include <stdbool.h>
#include <string.h>

#define BLANK " \t\r\n"

static bool is_word(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static bool commented(const char *text, const char *at)
{
    const char *line = at;
    while (line > text && line[-1] != '\n')
        line--;
    for (; line + 1 < at; line++)
        if (line[0] == '/' && line[1] == '/')
            return true;
    return false;
}

/* Whether the string at `quote` is the first argument of a call that names a benchmark. */
static bool names_benchmark(const char *text, const char *quote)
{
    static const char *const calls[] = {"benchmark_group", "bench_function", "bench_with_input",
                                        "BenchmarkId::new"};
    const char *end = quote;
    while (end > text && strchr(BLANK, end[-1]))
        end--;
    if (end == text || *--end != '(')
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        size_t len = strlen(calls[i]);
        if ((size_t)(end - text) >= len && !strncmp(end - len, calls[i], len) &&
            (end - len == text || !is_word(end[-(ptrdiff_t)len - 1])))
            return !commented(text, quote);
    }
    return false;
}

/* The literal of `len` bytes of `name` that names a benchmark, from `from` on. */
static const char *find_literal(const char *text, const char *from, const char *name, size_t len)
{
    AUTO_FREE char *literal = xasprintf("\"%.*s\"", (int)len, name);
    while ((from = strstr(from, literal)) && !names_benchmark(text, from))
        from++;
    return from;
}

/* The longest beginning of `name` that stands there as a literal. */
static const char *find_longest(const char *text, const char *from, const char *name, size_t *len)
{
    for (*len = strlen(name); *len;) {
        const char *found = find_literal(text, from, name, *len);
        if (found)
            return found;
        while (*len && name[--*len] != '/')
            ;
    }
    return NULL;
}

struct rust_place rust_benchmark(const char *text, const char *name)
{
    struct rust_place place = {0};
    size_t len = 0, rest = 0;
    const char *found = find_longest(text, text, name, &len);
    if (!found)
        return place;
    const char *behind = name[len] ? find_longest(text, found + 1, name + len + 1, &rest) : NULL;
    place.matched = len + (behind ? rest : 0);
    place.line = 1;
    for (const char *at = text; at < (behind ? behind : found); at++)
        place.line += *at == '\n';
    return place;
}
