/*
 * A list of strings, each owned by the list. It is also NULL-terminated behind the last item, so
 * `items` serves as an argument or environment vector.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct strlist {
    char **items; /* NULL until the first push */
    size_t count;
    size_t cap;
};

#define STRLIST_INIT \
    {                \
        0            \
    }

void strlist_release(struct strlist *list);
#define AUTO_STRLIST __attribute__((cleanup(strlist_release)))

void strlist_clear(struct strlist *list);
void strlist_push(struct strlist *list, const char *s);
/* Takes the string over. */
void strlist_push_owned(struct strlist *list, char *s);
void strlist_pushf(struct strlist *list, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
bool strlist_contains(const struct strlist *list, const char *s);
/* Byte order. */
void strlist_sort(struct strlist *list);
/* Adds the non-empty pieces of `s` between `separator`s. */
void strlist_split(struct strlist *list, const char *s, char separator);
/* A fresh string: the items with `separator` between them. */
char *strlist_join(const struct strlist *list, const char *separator);
