#include "report/quantity.h"

#include "report/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NOTHING "–"

/* A whole number with commas between its thousands. */
static void add_whole(struct strbuf *out, double value)
{
    char digits[40];
    int len = snprintf(digits, sizeof(digits), "%.0f", fabs(value));
    if (value < 0)
        strbuf_addch(out, '-');
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            strbuf_addch(out, ',');
        strbuf_addch(out, digits[i]);
    }
}

static void add_number(struct strbuf *out, double value)
{
    double size = fabs(value);
    if (size < 1e15 && (value == round(value) || size >= 1e4))
        add_whole(out, value);
    else
        strbuf_addf(out, "%.5g", value);
}

void quantity_add(struct strbuf *out, double value, const char *units)
{
    if (!isfinite(value)) {
        strbuf_addstr(out, NOTHING);
    } else if (units && (!strcmp(units, "nanoseconds") || !strcmp(units, "ns"))) {
        format_nanoseconds(out, value);
    } else if (units && !strcmp(units, "bytes") && value >= 1024 && value < 1e18) {
        format_bytes(out, (uint64_t)value);
    } else {
        add_number(out, value);
        if (units && strcmp(units, "number"))
            strbuf_addf(out, " %s", units);
    }
}

void quantity_percent(struct strbuf *out, double relative)
{
    if (!isfinite(relative)) {
        strbuf_addstr(out, NOTHING);
        return;
    }
    format_percent(out, 100 * relative);
    strbuf_addstr(out, " %");
}

void quantity_share(struct strbuf *out, double relative)
{
    if (!isfinite(relative))
        strbuf_addstr(out, NOTHING);
    else
        strbuf_addf(out, fabs(relative) < 0.0995 ? "%.2g %%" : "%.0f %%", 100 * relative);
}

double quantity_place(double value, double low, double high)
{
    if (!(high > low))
        return .5;
    /* The span of 1e308 and -1e308 is no double. */
    double by = isfinite(high - low) ? 1 : .5;
    return (value * by - low * by) / (high * by - low * by);
}

void quantity_sparkline(struct strbuf *out, const double *values, size_t count)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const int heights = sizeof(bars) / sizeof(bars[0]);
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            continue;
        low = fmin(low, values[i]);
        high = fmax(high, values[i]);
    }
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) {
            strbuf_addch(out, ' ');
            continue;
        }
        int height = (int)(quantity_place(values[i], low, high) * heights);
        strbuf_addstr(out, bars[height < heights ? height : heights - 1]);
    }
}
