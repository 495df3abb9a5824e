#include "plan/due.h"

#include <criterion/criterion.h>

#define MISSING                 \
    {                           \
        .state = COMMIT_MISSING \
    }
#define COMPLETE                                  \
    {                                             \
        .state = COMMIT_COMPLETE, .settled = true \
    }
#define FAILED(n)                                                \
    {                                                            \
        .state = COMMIT_FAILED, .settled = true, .failures = (n) \
    }

static const struct due_rules usual = {DUE_NOWHERE, DUE_NOWHERE, 1, 0};

static void assert_due(const struct due_commit *commits, size_t count, struct due_rules rules,
                       size_t from, const enum due *wanted)
{
    enum due why[16];
    cr_assert_eq(due_decide(commits, count, &rules, why), from);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(why[i], wanted[i], "commit %zu is %d, not %d", i, why[i], wanted[i]);
}

Test(due, all_commits_since_the_last_measured_one)
{
    const struct due_commit commits[] = {MISSING, MISSING, COMPLETE, MISSING};
    assert_due(commits, 4, usual, 2, (enum due[]){DUE_NEW, DUE_NEW, DUE_NOT, DUE_NOT});
}

Test(due, nothing_is_due_when_the_newest_is_measured)
{
    const struct due_commit commits[] = {COMPLETE, MISSING, COMPLETE};
    assert_due(commits, 3, usual, 0, (enum due[]){DUE_NOT, DUE_NOT, DUE_NOT});
}

Test(due, where_nothing_was_measured_the_newest_few_are)
{
    const struct due_commit commits[] = {MISSING, MISSING, MISSING};
    struct due_rules rules = usual;
    assert_due(commits, 3, rules, DUE_NOWHERE, (enum due[]){DUE_NEW, DUE_NOT, DUE_NOT});
    rules.first = 2;
    assert_due(commits, 3, rules, DUE_NOWHERE, (enum due[]){DUE_NEW, DUE_NEW, DUE_NOT});
    rules.first = 99;
    assert_due(commits, 3, rules, DUE_NOWHERE, (enum due[]){DUE_NEW, DUE_NEW, DUE_NEW});
    rules.first = 0;
    assert_due(commits, 3, rules, DUE_NOWHERE, (enum due[]){DUE_NOT, DUE_NOT, DUE_NOT});
}

Test(due, a_commit_to_count_from_outweighs_the_last_measured_one)
{
    const struct due_commit commits[] = {COMPLETE, MISSING, MISSING, MISSING};
    struct due_rules rules = usual;
    rules.since = 3;
    assert_due(commits, 4, rules, 3, (enum due[]){DUE_NOT, DUE_NEW, DUE_NEW, DUE_NOT});
}

Test(due, the_merge_base_stands_in_for_a_commit_that_is_gone)
{
    const struct due_commit commits[] = {MISSING, MISSING, MISSING};
    struct due_rules rules = usual;
    rules.base = 2;
    assert_due(commits, 3, rules, 2, (enum due[]){DUE_NEW, DUE_NEW, DUE_NOT});
}

Test(due, what_was_begun_is_due_wherever_it_stands)
{
    const struct due_commit commits[] = {
        COMPLETE,
        {.state = COMMIT_INTERRUPTED},
        {.state = COMMIT_INVALIDATED},
        {.state = COMMIT_MISSING, .lost = true},
        {.state = COMMIT_PARTIAL},
        MISSING,
    };
    assert_due(commits, 6, usual, 0,
               (enum due[]){DUE_NOT, DUE_INTERRUPTED, DUE_INVALIDATED, DUE_LOST, DUE_INTERRUPTED,
                            DUE_NOT});
}

Test(due, a_commit_that_failed_is_due_again_as_often_as_asked)
{
    const struct due_commit commits[] = {FAILED(1), FAILED(2), COMPLETE};
    struct due_rules rules = usual;
    assert_due(commits, 3, rules, 0, (enum due[]){DUE_NOT, DUE_NOT, DUE_NOT});
    rules.retry_failed = 1;
    assert_due(commits, 3, rules, 0, (enum due[]){DUE_RETRY, DUE_NOT, DUE_NOT});
    rules.retry_failed = 2;
    assert_due(commits, 3, rules, 0, (enum due[]){DUE_RETRY, DUE_RETRY, DUE_NOT});
}

Test(due, an_empty_branch_has_nothing)
{
    cr_assert_eq(due_decide(NULL, 0, &usual, NULL), DUE_NOWHERE);
}
