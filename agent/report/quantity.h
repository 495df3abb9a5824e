/* Numbers of results for people. All append to `out`; NAN is "–". */
#pragma once

#include "base/strbuf.h"

#include <stddef.h>

/* A value with its unit: "12.35 ms", "1.5 GiB", "1,234,567 instructions". The unit is foreign text
 * and comes as it is: the caller escapes all of it. NULL units: the number alone. */
void quantity_add(struct strbuf *out, double value, const char *units);
/* A relative change: "+5.2 %", "-12 %". */
void quantity_percent(struct strbuf *out, double relative);
/* A share, which has no sign: "0.98 %". */
void quantity_share(struct strbuf *out, double relative);
/* Bars of eight heights, one for each value, from the lowest to the highest of them; a gap for
 * NAN. */
void quantity_sparkline(struct strbuf *out, const double *values, size_t count);

/* How far `value` lies on the way from `low` (0) to `high` (1), finite numbers in this order; .5
 * where they are one. No step of it is too large or too small for a double. */
double quantity_place(double value, double low, double high);
