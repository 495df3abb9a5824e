/*
 * Memory: allocation that cannot fail, and cleanup at the end of a scope.
 *
 * Running out of memory ends the process with one line on stderr: nothing that this program does
 * can go on without it, and every write that matters is a temporary file and a rename.
 *
 * A variable marked AUTO_<NOUN> is released when its scope ends. It is initialised where it is
 * declared, and leaves its scope through take_ptr().
 */
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *ptr, size_t size) __attribute__((returns_nonnull));
/* count * size bytes, dying on overflow. */
void *xreallocarray(void *ptr, size_t count, size_t size) __attribute__((returns_nonnull));
/* NULL stays NULL; xstrndup copies up to `len` bytes, as far as the text goes. */
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t len);
/* printf into a fresh string; never NULL. */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2), returns_nonnull));

/* Grow `array` (an lvalue) so that it holds `want` elements; `cap` is its capacity in elements. */
#define ARRAY_RESERVE(array, cap, want)                                     \
    do {                                                                    \
        if ((size_t)(want) > (size_t)(cap)) {                               \
            size_t grown_ = (cap) ? (size_t)(cap) + (size_t)(cap) / 2 : 16; \
            if (grown_ < (size_t)(want))                                    \
                grown_ = (size_t)(want);                                    \
            (array) = xreallocarray((array), grown_, sizeof(*(array)));     \
            (cap) = grown_;                                                 \
        }                                                                   \
    } while (0)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline void cleanup_free(void *ptr)
{
    free(*(void **)ptr);
}

static inline void cleanup_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

#define AUTO_FREE __attribute__((cleanup(cleanup_free)))
#define AUTO_CLOSE __attribute__((cleanup(cleanup_close)))

/* Hands a pointer over: yields it and leaves NULL behind. */
#define take_ptr(p)                     \
    ({                                  \
        __typeof__(p) *taken_ = &(p);   \
        __typeof__(p) value_ = *taken_; \
        *taken_ = NULL;                 \
        value_;                         \
    })

static inline int take_fd(int *fd)
{
    int value = *fd;
    *fd = -1;
    return value;
}
