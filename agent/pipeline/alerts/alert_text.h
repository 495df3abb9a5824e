/* The texts of an alert: made from a cause, and read back. */
#pragma once

#include "base/strlist.h"
#include "model/alert.h"
#include "model/expected.h"
#include "pipeline/alerts/alert_causes.h"

/* Fresh strings: the title, and the JSON of the columns `benchmarks` and `causes`. */
char *alert_title(const struct alert_cause *cause);
char *alert_benchmarks(const struct alert_cause *cause);
char *alert_cause_names(const struct alert_cause *cause);

/* "benchmark\x1ftest bed" of a series; the texts of the column `benchmarks` as such keys, sorted.
 */
char *alert_series_key(const char *benchmark, const char *test_bed);
struct strlist alert_series_keys(const char *benchmarks_json);
/* Adds its changes as expected ones, each at its own place. `note` may be NULL. */
void alert_expected(const struct alert *alert, const char *note, struct expected_changes *out);
