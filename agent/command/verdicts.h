/* What commands that judge benchmarks have in common. */
#pragma once

#include "base/error.h"
#include "decide/verdict.h"

#include <stdbool.h>
#include <stddef.h>

struct verdict_tally {
    enum verdict_kind overall;
    size_t of[VERDICT_WORSE + 1]; /* by verdict, of what could be judged */
    size_t count, ignored;        /* all; what the policy leaves out of them */
    bool history;                 /* some may have none: their number is said too */
};

/* Fills in `overall` and `of`; the rest is the caller's. */
void verdict_tally_of(const struct verdict *verdicts, size_t judged, struct verdict_tally *tally);

/* For people, on stdout: "WHAT: worse. 1 worse, 2 better, …, of 9; CHANCE". */
void verdict_tally_print(const char *what, const struct verdict_tally *tally, const char *chance);

/* --alpha, and --matters in per cent; NAN is one that was not given. ERROR_USAGE. */
int command_check_rule(double alpha, double matters, struct error *err) MUST_CHECK;
