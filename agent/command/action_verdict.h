/* What a step's outputs say of a command, from its exit code and from what it printed as JSON. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cJSON;

/* ok, regression, unsure, no-data, failed or not-comparable; "" where the command gives no verdict.
 * `json` may be NULL. */
const char *action_verdict(const char *command, int exit_code, const struct cJSON *json);

/* How many benchmarks regressed. False where the command does not say. */
bool action_regressions(const char *command, const struct cJSON *json, size_t *out);
