/*
 * An alert: one cause of results that have become worse, with all benchmarks that it shows in. It
 * is a row of the table `alerts`; pipeline/alerts/alerts.h has the rules by which it changes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum alert_state {
    ALERT_OPEN,
    ALERT_ACKNOWLEDGED, /* somebody knows of it; still open */
    ALERT_EXPECTED,     /* announced or accepted: the new level is the baseline */
    ALERT_FIXED,        /* the levels went back, or the change is not found any more */
    ALERT_REOPENED,     /* it was fixed or expected, and is open again */
};
/* "open", "acknowledged", "expected", "fixed", "reopened". */
const char *alert_state_name(enum alert_state state);
bool alert_state_parse(const char *text, enum alert_state *out);
/* Open, acknowledged or reopened: not over. */
bool alert_state_is_active(enum alert_state state);

/* Texts are owned; NULL where there is nothing to say. Times are Unix seconds, 0: never. */
struct alert {
    char *id;
    char *project;
    char *test_bed; /* where the machine itself is the cause; NULL: any */
    enum alert_state state;
    char *title; /* "3 benchmarks worse with 2f6a0c1, the worst scan by +12 %" */
    /* Commits: the last on the old level and the first on the new one. */
    char *last_before, *first_after;
    char *worst;         /* the benchmark that changed most */
    double worst_change; /* relative; NAN: not known */
    int64_t count;       /* of its series */
    int64_t open_count;  /* … that have not recovered */
    char *causes;        /* a JSON list: "code", "toolchain", "test bed", "gap" */
    char *benchmarks;    /* a JSON list of objects, the worst first: pipeline/alerts/alerts.h */
    char *note;          /* of the one who acknowledged or accepted it */
    char *reason;        /* why it is expected, or how it ended */
    char *fixed_by;      /* the commit with which the last level went back */
    int64_t reopened;    /* how often */
    int64_t opened_at, changed_at, acknowledged_at, closed_at;
    int64_t seen; /* the version of the table `results` that it was made from */
};

struct alerts {
    struct alert *items;
    size_t count, cap;
};

void alert_release(struct alert *alert);
void alerts_release(struct alerts *alerts);
#define AUTO_ALERTS __attribute__((cleanup(alerts_release)))
/* The alert whose id is, or begins with, `id` (4 characters or more); NULL: none, or *several. */
struct alert *alerts_find(const struct alerts *alerts, const char *id, bool *several);
