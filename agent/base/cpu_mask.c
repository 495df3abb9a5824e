#include "base/cpu_mask.h"

#include "base/strbuf.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool read_id(const char **at, size_t *out)
{
    if (!isdigit((unsigned char)**at))
        return false;
    char *end = NULL;
    unsigned long value = strtoul(*at, &end, 10);
    *at = end;
    *out = value;
    return value < CPU_SETSIZE;
}

bool cpu_mask_parse_list(const char *text, cpu_set_t *out)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    while (isspace((unsigned char)*text))
        text++;
    while (isdigit((unsigned char)*text)) {
        size_t first, last;
        if (!read_id(&text, &first))
            return false;
        last = first;
        if (*text == '-') {
            text++;
            if (!read_id(&text, &last) || last < first)
                return false;
        }
        for (size_t cpu = first; cpu <= last; cpu++)
            CPU_SET(cpu, &cpus);
        if (*text != ',')
            break;
        text++;
        if (!isdigit((unsigned char)*text))
            return false;
    }
    while (isspace((unsigned char)*text))
        text++;
    if (*text)
        return false;
    *out = cpus;
    return true;
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

bool cpu_mask_parse_hex(const char *text, cpu_set_t *out)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    size_t len = strlen(text), bit = 0, digits = 0;
    while (len && isspace((unsigned char)text[len - 1]))
        len--;
    while (len--) {
        if (text[len] == ',')
            continue;
        if (!isxdigit((unsigned char)text[len]))
            return false;
        int digit = hex_digit(text[len]);
        digits++;
        for (size_t i = 0; i < 4; i++, bit++) {
            if (!((digit >> i) & 1))
                continue;
            if (bit >= CPU_SETSIZE)
                return false;
            CPU_SET(bit, &cpus);
        }
    }
    if (!digits)
        return false;
    *out = cpus;
    return true;
}

char *cpu_mask_hex(const cpu_set_t *cpus, int bits)
{
    struct strbuf text = STRBUF_INIT;
    size_t top = bits > 0 ? (size_t)bits : 1;
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, cpus) && cpu >= top)
            top = cpu + 1;
    size_t words = (top + 31) / 32;
    for (size_t word = words; word-- > 0;) {
        uint32_t value = 0;
        for (size_t i = 0; i < 32; i++)
            if (CPU_ISSET(word * 32 + i, cpus))
                value |= UINT32_C(1) << i;
        if (word == words - 1)
            strbuf_addf(&text, "%x", value);
        else
            strbuf_addf(&text, ",%08x", value);
    }
    return strbuf_detach(&text);
}

void cpu_mask_without(const cpu_set_t *a, const cpu_set_t *b, cpu_set_t *out)
{
    cpu_set_t both;
    CPU_AND(&both, a, b);
    CPU_XOR(out, a, &both);
}

int cpu_mask_first(const cpu_set_t *cpus)
{
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, cpus))
            return (int)cpu;
    return -1;
}
