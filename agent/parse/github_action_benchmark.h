/*
 * What github-action-benchmark reads from any tool, and what it keeps.
 *
 * The array that its customSmallerIsBetter and customBiggerIsBetter read, format
 * "github-action-benchmark":
 *
 *     [{"name": "parse", "unit": "ms", "value": 1.5, "range": "± 0.1", "extra": "…"}]
 *
 * A unit of time, also with "/iter" or "/op", makes the value a wall time. A rate ("ops/sec") is
 * the metric "throughput", any other unit the metric "value"; both keep the unit as it is written.
 * `range` and `extra` go to the details. The value is stored as a mean without values.
 *
 * Its history, data.js or the JSON file of `external-data-json-path`, is for import-history: each
 * entry has its commit. Benchmarks of a suite that is not called "Benchmark" get the suite's name
 * in front: `suite/name`.
 */
#pragma once

#include "parse/history.h"

extern const struct parse_format github_action_benchmark_format;
extern const struct parse_format github_action_history_format;

/* As history_parse(), which calls it. */
int github_action_history_parse(struct input *input, const struct history_sink *sink,
                                struct parse_report *report, struct error *err) MUST_CHECK;
/* Whether the first bytes of a file look like its history. */
bool github_action_history_recognise(const char *head, size_t len);
