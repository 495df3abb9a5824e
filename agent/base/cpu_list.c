#include "base/cpu_list.h"

#include "base/alloc.h"
#include "base/strbuf.h"

#include <ctype.h>
#include <stdlib.h>

/* Reads a number at *at and moves behind it; -1 when there is none. */
static long read_number(const char **at)
{
    char *end = NULL;
    if (!isdigit((unsigned char)**at))
        return -1;
    long value = strtol(*at, &end, 10);
    *at = end;
    return value < CPU_SETSIZE ? value : -1;
}

int cpu_list_parse_within(const char *text, const cpu_set_t *usable, cpu_set_t *out,
                          struct error *err)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    for (const char *at = text;; at++) {
        long first = read_number(&at), last = first;
        if (*at == '-') {
            at++;
            last = read_number(&at);
        }
        if (first < 0 || last < first || (*at && *at != ','))
            return error_set(err, ERROR_USAGE, "'%s' is no list of CPUs such as 1-3,5", text);
        for (long cpu = first; cpu <= last; cpu++) {
            if (usable && !CPU_ISSET((size_t)cpu, usable))
                return error_set(err, ERROR_USAGE,
                                 "'%s': there is no CPU %ld, or this process may not use it", text,
                                 cpu);
            CPU_SET((size_t)cpu, &cpus);
        }
        if (!*at)
            break;
    }
    *out = cpus;
    return 0;
}

char *cpu_list_text(const cpu_set_t *cpus)
{
    struct strbuf text = STRBUF_INIT;
    int left = CPU_COUNT(cpus);
    for (size_t cpu = 0; left > 0 && cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, cpus))
            continue;
        size_t last = cpu;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, cpus))
            last++;
        strbuf_addf(&text, "%s%zu", text.len ? "," : "", cpu);
        if (last > cpu)
            strbuf_addf(&text, "-%zu", last);
        left -= (int)(last - cpu + 1);
        cpu = last;
    }
    return strbuf_detach(&text);
}

bool cpu_list_default(cpu_set_t *out)
{
    cpu_set_t cpus;
    if (sched_getaffinity(0, sizeof(cpus), &cpus) || CPU_COUNT(&cpus) < 2)
        return false;
    size_t first = 0;
    while (!CPU_ISSET(first, &cpus))
        first++;
    CPU_CLR(first, &cpus);
    *out = cpus;
    return true;
}
