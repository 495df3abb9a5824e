/* A report as CSV (RFC 4180): a row for each commit of each series, and a first row of names. */
#pragma once

#include "base/strbuf.h"
#include "report/report.h"

void report_csv(const struct report *report, struct strbuf *out);
