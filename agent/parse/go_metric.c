#include "parse/go_metric.h"

#include "parse/text_number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool cut_end(char *text, const char *end)
{
    size_t len = strlen(text), cut = strlen(end);
    if (len <= cut || strcmp(text + len - cut, end))
        return false;
    text[len - cut] = '\0';
    return true;
}

bool go_metric_of(const char *unit, size_t len, struct go_metric *out)
{
    static const struct {
        const char *unit, *name, *units;
    } known[] = {{"B/op", "allocated_bytes", "bytes"}, {"allocs/op", "allocations", "allocations"}};
    if (!len || len > GO_UNIT_MAX)
        return false;
    out->units[len] = out->name[len] = '\0';
    memcpy(out->units, unit, len);
    memcpy(out->name, unit, len);
    out->is_rate = !strcmp(out->units, "MB/s");
    out->is_wall_time = !strcmp(out->units, "ns/op");
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (!strcmp(known[i].unit, out->units)) {
            snprintf(out->name, sizeof(out->name), "%s", known[i].name);
            snprintf(out->units, sizeof(out->units), "%s", known[i].units);
            return true;
        }
    (void)cut_end(out->name, "/op");
    if (out->is_wall_time || cut_end(out->name, "-ns"))
        snprintf(out->units, sizeof(out->units), "nanoseconds");
    return true;
}

bool go_number(const char *text, size_t len, double *out)
{
    static const struct {
        const char *text;
        double value;
    } special[] = {{"NaN", NAN}, {"+Inf", INFINITY}, {"-Inf", -INFINITY}, {"Inf", INFINITY}};
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
        if (strlen(special[i].text) == len && !strncmp(special[i].text, text, len)) {
            *out = special[i].value;
            return true;
        }
    return !memchr(text, ',', len) && text_number(text, len, out);
}

double go_rate(const char *pairs, double *ns)
{
    double rate = 0;
    for (;;) {
        size_t value_len = 0, unit_len = 0;
        const char *number = text_word(&pairs, &value_len), *unit = text_word(&pairs, &unit_len);
        double value = 0;
        if (!unit || !go_number(number, value_len, &value))
            return rate;
        if (unit_len == 4 && !strncmp(unit, "MB/s", 4))
            rate = value * 1e6;
        else if (unit_len == 5 && !strncmp(unit, "ns/op", 5))
            *ns = value;
    }
}
