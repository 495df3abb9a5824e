#include "model/metric.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define SEPARATORS "_-/. "

/* Whole words of a metric's name. */
static const char *const better_higher[] = {
    "throughput", "recall", "precision", "ops",     "qps",   "rps",
    "bandwidth",  "hit",    "hits",      "speedup", "score",
};

/* Whole words of a metric's name or unit. */
static const char *const counted[] = {
    "bytes",        "byte", "b",        "kib",      "mib",    "gib",   "allocations",
    "allocs",       "iops", "ios",      "reads",    "writes", "count", "counts",
    "instructions", "ir",   "branches", "syscalls", "rows",
};

/* "bytes/s", "queries per second". */
static bool is_rate(const char *units)
{
    size_t len = strlen(units);
    return (len >= 2 && !strcmp(units + len - 2, "/s")) || strcasestr(units, "per second") ||
           strcasestr(units, "/sec");
}

static bool has_word(const char *text, const char *word)
{
    while (*text) {
        size_t len = strcspn(text, SEPARATORS);
        if (len == strlen(word) && !strncasecmp(text, word, len))
            return true;
        text += len;
        text += strspn(text, SEPARATORS);
    }
    return false;
}

bool metric_higher_is_better(const char *benchmark_name, const char *units)
{
    const char *hash = strrchr(benchmark_name, '#');
    for (size_t i = 0; hash && i < sizeof(better_higher) / sizeof(better_higher[0]); i++)
        if (has_word(hash + 1, better_higher[i]))
            return true;
    return units && is_rate(units);
}

bool metric_is_exact(const char *benchmark_name, const char *units)
{
    const char *hash = strrchr(benchmark_name, '#');
    if (!hash || (units && is_rate(units)))
        return false;
    for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
        if (has_word(hash + 1, counted[i]) || (units && has_word(units, counted[i])))
            return true;
    return false;
}
