/* Numbers in the data of the HTML report: few bytes each, since there may be a million of them. */
#pragma once

#include "base/strbuf.h"

#include <stddef.h>

/* Seven significant digits as JSON; null for what is not finite. */
void html_number(struct strbuf *out, double value);

#define HTML_SPARK_COLUMNS 48

/* The values' course between their lowest and their highest, in 64 steps, a letter each in the
 * alphabet of base64url. Up to HTML_SPARK_COLUMNS values are a letter each; of more, each column is
 * the lowest and the highest of its share, so that none that stands out is lost. `values` are
 * `stride` bytes apart. */
void html_spark(struct strbuf *out, const double *values, size_t count, size_t stride);
