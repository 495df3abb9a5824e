/* Regressions as annotations of a workflow, on the line of the benchmark's source where that is in
 * the workspace. */
#pragma once

#include "base/strbuf.h"

struct cJSON;

/* GitHub shows no more warnings of a step. */
#define ACTION_ANNOTATIONS_MAX 10

/* Appends a warning for each regression that `command` (changes, compare or report) tells of in
 * `json`, which may be NULL. Where there are more than ACTION_ANNOTATIONS_MAX, the last says how
 * many it stands for. `workspace` is the folder of the checkout, if there is one. */
void action_annotate_regressions(const char *command, const struct cJSON *json,
                                 const char *workspace, struct strbuf *out);
