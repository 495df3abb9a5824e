/* A report as CSV (RFC 4180): a row for each commit of each series, and a first row of names. It
 * may be hundreds of megabytes, so that it comes in pieces. */
#pragma once

#include "base/error.h"
#include "report/report.h"

/* Takes the next bytes. 0, or a negative code with `err` filled, which stops the writing. */
typedef int report_sink(const char *bytes, size_t len, void *context, struct error *err);

int report_csv(const struct report *report, report_sink *sink, void *context,
               struct error *err) MUST_CHECK;
