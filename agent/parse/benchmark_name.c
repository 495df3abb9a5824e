#include "parse/benchmark_name.h"

#include "parse/format.h"

#include <stdio.h>
#include <string.h>

int benchmark_name_check(const struct strbuf *name, struct error *err)
{
    char label[BENCHMARK_LABEL_SIZE];
    if (name->len && name->len <= BENCHMARK_NAME_MAX && !memchr(name->buf, '\0', name->len))
        return 0;
    benchmark_label(name, label);
    if (!name->len)
        return error_set(err, ERROR_INPUT, "a benchmark's name is empty");
    if (name->len > BENCHMARK_NAME_MAX)
        return error_set(err, ERROR_INPUT, "%s: its name has %zu bytes, %zu are allowed", label,
                         name->len, BENCHMARK_NAME_MAX);
    return error_set(err, ERROR_INPUT, "%s: its name has a NUL character", label);
}

void benchmark_label(const struct strbuf *name, char out[BENCHMARK_LABEL_SIZE])
{
    const size_t most = BENCHMARK_LABEL_SIZE - sizeof("benchmark ...");
    size_t len = name->len;
    if (len > most) {
        len = most;
        while (len > 0 && ((unsigned char)name->buf[len] & 0xc0) == 0x80)
            len--;
    }
    if (name->len)
        snprintf(out, BENCHMARK_LABEL_SIZE, "benchmark %.*s%s", (int)len, name->buf,
                 len < name->len ? "..." : "");
    else
        snprintf(out, BENCHMARK_LABEL_SIZE, "a benchmark");
}
