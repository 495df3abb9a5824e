#include "net/link_header.h"

#include "base/alloc.h"

#include <stdbool.h>
#include <string.h>

/* Whether the words of a rel parameter's value have "next" among them. */
static bool names_next(const char *words, size_t len)
{
    const char *end = words + len;
    while (words < end) {
        size_t word = strcspn(words, " \t");
        if (word > (size_t)(end - words))
            word = (size_t)(end - words);
        if (word == 4 && !strncasecmp(words, "next", 4))
            return true;
        words += word + (words + word < end);
    }
    return false;
}

/* Reads one parameter, "; name=value" or "; name=\"value\"", at *at; true when it is rel=next. */
static bool take_parameter(const char **at)
{
    const char *s = *at + 1 + strspn(*at + 1, " \t");
    const char *name = s;
    s += strcspn(s, "=;, \t");
    bool is_rel = s - name == 3 && !strncasecmp(name, "rel", 3);
    s += strspn(s, " \t");
    bool next = false;
    if (*s == '=') {
        s += 1 + strspn(s + 1, " \t");
        bool quoted = *s == '"';
        const char *value = s + quoted;
        size_t len = strcspn(value, quoted ? "\"" : ";, \t");
        next = is_rel && names_next(value, len);
        s = value + len + (quoted && value[len] == '"');
    }
    *at = s + strspn(s, " \t");
    return next;
}

char *link_header_next(const char *value)
{
    const char *s = value;
    while (s && (s = strchr(s, '<'))) {
        const char *target = s + 1;
        size_t len = strcspn(target, ">");
        if (!target[len])
            return NULL;
        s = target + len + 1;
        s += strspn(s, " \t");
        bool next = false;
        while (*s == ';')
            next |= take_parameter(&s);
        if (next)
            return xstrndup(target, len);
    }
    return NULL;
}
