/* A report as JSON: everything that report.h has. docs/report.md describes its members; "schema"
 * changes when one is taken away or means something else. */
#pragma once

#include "base/strbuf.h"
#include "report/report.h"

#define REPORT_JSON_SCHEMA 1

void report_json(const struct report *report, struct strbuf *out);
