/* What the units of a Go benchmark's line mean; the table is in go_benchmark.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define GO_UNIT_MAX 256 /* bytes of a unit */

struct go_metric {
    bool is_wall_time; /* ns/op */
    bool is_rate;      /* MB/s, which becomes the throughput */
    char name[GO_UNIT_MAX + 1], units[GO_UNIT_MAX + 1];
};

/* False for a unit that is too long. */
bool go_metric_of(const char *unit, size_t len, struct go_metric *out);
/* A number as Go prints it; NaN and the infinities are some. */
bool go_number(const char *text, size_t len, double *out);
/* Of the pairs of a line: bytes per second, and the ns/op; 0 where the line does not say. */
double go_rate(const char *pairs, double *ns);
