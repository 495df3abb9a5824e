/*
 * Which commits of a branch are due.
 *
 * The branch is counted from the newest settled commit: every commit behind it that is not settled
 * is due. So is an older one whose run was stopped or taken back, and one that somebody set out to
 * measure without a trace of a run; what nobody ever took up stays as it is, that is backfill's.
 */
#pragma once

#include "plan/coverage.h"

#define DUE_NOWHERE ((size_t)-1)

struct due_commit {
    enum commit_state state;
    bool settled;
    size_t failures;
    bool lost; /* it was noted as due before, and no run of it was ever recorded */
};

struct due_rules {
    size_t since; /* index of the commit to count from, DUE_NOWHERE: the newest settled one */
    size_t base;  /* where that is not on the branch: count from here; DUE_NOWHERE: by `first` */
    size_t first; /* so many of the newest are due where there is nothing to count from */
    size_t retry_failed; /* so often is a commit due again that failed */
};

enum due {
    DUE_NOT,
    DUE_NEW,
    DUE_INTERRUPTED,
    DUE_INVALIDATED,
    DUE_LOST,
    DUE_RETRY,
};
/* "new", "interrupted", …; NULL for DUE_NOT. */
const char *due_name(enum due due);

/* Says for each commit (newest first) whether it is due: why[i]. Returns the index that was counted
 * from: that commit, and what is older, is not new. DUE_NOWHERE when there is none. */
size_t due_decide(const struct due_commit *commits, size_t count, const struct due_rules *rules,
                  enum due *why);
