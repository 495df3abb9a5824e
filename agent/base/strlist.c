#include "base/strlist.h"

#include "base/alloc.h"
#include "base/strbuf.h"

#include <stdarg.h>
#include <string.h>

void strlist_release(struct strlist *list)
{
    strlist_clear(list);
    free(list->items);
    *list = (struct strlist)STRLIST_INIT;
}

void strlist_clear(struct strlist *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    list->count = 0;
    if (list->items)
        list->items[0] = NULL;
}

void strlist_push(struct strlist *list, const char *s)
{
    strlist_push_owned(list, xstrdup(s));
}

void strlist_push_owned(struct strlist *list, char *s)
{
    ARRAY_RESERVE(list->items, list->cap, list->count + 2);
    list->items[list->count++] = s;
    list->items[list->count] = NULL;
}

void strlist_pushf(struct strlist *list, const char *fmt, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list args;
    va_start(args, fmt);
    strbuf_vaddf(&text, fmt, args);
    va_end(args);
    strlist_push_owned(list, strbuf_detach(&text));
}

bool strlist_contains(const struct strlist *list, const char *s)
{
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->items[i], s))
            return true;
    return false;
}

static int compare_items(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void strlist_sort(struct strlist *list)
{
    if (list->count)
        qsort(list->items, list->count, sizeof(*list->items), compare_items);
}

void strlist_split(struct strlist *list, const char *s, char separator)
{
    while (*s) {
        const char *end = strchrnul(s, separator);
        if (end > s)
            strlist_push_owned(list, xstrndup(s, (size_t)(end - s)));
        s = *end ? end + 1 : end;
    }
}

char *strlist_join(const struct strlist *list, const char *separator)
{
    struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            strbuf_addstr(&text, separator);
        strbuf_addstr(&text, list->items[i]);
    }
    return strbuf_detach(&text);
}
