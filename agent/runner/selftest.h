/* Trying out what runner/install.h has written, on this machine, as the runner would use it. */
#pragma once

#include "base/error.h"
#include "runner/install.h"

struct selftest {
    struct strlist passed, skipped; /* one line each; a skipped one with its reason */
};

void selftest_release(struct selftest *test);
#define AUTO_SELFTEST __attribute__((cleanup(selftest_release)))

/*
 * The agent starts; systemd accepts the unit; sudo lets each account call the helper's two verbs
 * and nothing else of it, and no shell; both hooks work as that account, which tunes the machine
 * and restores it. ERROR_FAILURE: the first that does not hold. What cannot be tried, because there
 * is no systemd, or because a job is on the machine, is skipped.
 */
int selftest_run(const struct install_plan *plan, struct selftest *out,
                 struct error *err) MUST_CHECK;
