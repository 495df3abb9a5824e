/* A report that is being filled: shared by the files of pipeline/report/ and by nobody else. */
#pragma once

#include "pipeline/history/against_history.h"
#include "pipeline/history/changes.h"
#include "pipeline/report/report.h"

struct report_state {
    const struct report_request *request;
    struct database *db;
    struct history history;
    struct found_changes found;
    struct history_verdicts verdicts;
    const struct history_commit *head, *base; /* base NULL: none */
    const struct history_commit **commits;    /* those of the report, by their number */
    size_t *places;                           /* of the history's series in the report */
    size_t *change_first; /* of each of the history's series, where it begins in change_order */
    size_t *change_order; /* numbers of found changes by series, the oldest first */
    struct report report;
};

/* The report's copy of a text; NULL for NULL and for "". */
const char *report_text(struct report_state *state, const char *text);

/* Points, levels and the value at the base, for every series that has something to show; then the
 * changes between commits that are shown. */
void report_add_series(struct report_state *state);
void report_add_changes(struct report_state *state);
/* Verdicts, how many of each there are, and what is said over all. Behind report_add_series(). */
void report_add_verdicts(struct report_state *state);
/* The values of the newest commits. Behind report_add_series(). */
int report_add_samples(struct report_state *state, struct error *err) MUST_CHECK;
