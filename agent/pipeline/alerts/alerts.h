/*
 * Alerts: what is open, and what became of it.
 *
 *     open ──► acknowledged ──► fixed ◄──► reopened
 *       └──────► expected
 *
 * An update holds the causes found in the history (alert_causes.h) against the alerts that are
 * there. A cause is that of an alert with which it shares a series, at a place that may be the same
 * (their ranges touch, two measured commits allowed), or else one whose place is the same. One that
 * is open and nobody's reopens a fixed alert in which at least half of its series were, else opens
 * one, where it is more than chance (ALERT_CHANCE, over all series together). Where no series is
 * open any more the alert is fixed, by the commit with which the last level went back half of the
 * way; where all that is left was expected it is expected; and where its change is not found any
 * more (results were invalidated, a rule ignores it) it is fixed too, and says so.
 *
 * Any number of updates may run at once: the table is written on top of the version that was read
 * (store/alerts.h), ids follow from the cause, and one that has seen older results than the alerts
 * were made from changes nothing.
 *
 * `benchmarks` of an alert: [{"benchmark", "test_bed", "units", "before", "after", "change",
 * "status", "last_before", "first_after"}], numbers null where not known; status as `changes` has
 * it.
 */
#pragma once

#include "model/alert.h"
#include "pipeline/alerts/alert_causes.h"
#include "store/database.h"

#define ALERT_CHANCE 0.05 /* a cause that chance brings more often than this opens nothing */

struct alerts_outcome {
    size_t opened, reopened, expected, fixed;
    size_t active;  /* open, acknowledged or reopened, after it */
    size_t waiting; /* of them those that nobody has acknowledged */
    bool stale;     /* somebody had seen newer results: nothing was changed */
};

struct alerts_request {
    const char *project;         /* NULL: all */
    const struct policy *policy; /* NULL: none */
    int64_t now_s;
};

/* ERROR_NOT_FOUND when the database has no results. */
int alerts_refresh(struct database *db, const struct alerts_request *request,
                   struct alerts_outcome *out, struct error *err) MUST_CHECK;

/* The same without a database: the causes of a history that was made from the version `seen` of the
 * results. Whether there is something to write. */
bool alerts_merge(struct alerts *alerts, const struct history *history,
                  const struct alert_causes *causes, int64_t seen,
                  const struct alerts_request *request, struct alerts_outcome *out);

/* Somebody knows of it. ERROR_USAGE for one that is not active, or an id that several begin with;
 * ERROR_NOT_FOUND. `note` may be NULL. */
int alerts_acknowledge(struct database *db, const char *id, const char *note,
                       struct error *err) MUST_CHECK;
/* Its new level is the baseline: each of its series gets a row of `expected_changes`. Errors as
 * above. */
int alerts_expect(struct database *db, const char *id, const char *note,
                  struct error *err) MUST_CHECK;
