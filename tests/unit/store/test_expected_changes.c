#include "store/expected_changes.h"

#include "scratch.h"
#include "store/alerts.h"
#include "store/commits.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

TestSuite(expected_changes, .init = scratch_open, .fini = scratch_close);

static char id[] = "0123456789abcdef0123456789abcdef01234567";

Test(expected_changes, commits_bring_what_their_messages_say_and_once)
{
    struct error err = ERROR_INIT;
    AUTO_EXPECTED_CHANGES struct expected_changes found = {0};
    cr_assert_eq(expected_changes_read(scratch_db, &found, &err), 0, "%s", err.message);
    cr_assert_eq(found.count, 0);
    char subject[] = "s", said[] = "scan* why\ntake";
    const struct commit commit = {.id = id, .subject = subject, .expected = said, .time = 5};
    for (int i = 0; i < 2; i++)
        cr_assert_eq(commits_put(scratch_db, "lance", &commit, 1, &err), 0, "%s", err.message);
    cr_assert_eq(expected_changes_read(scratch_db, &found, &err), 0, "%s", err.message);
    cr_assert_eq(found.count, 2);
    bool first = !strcmp(found.items[0].benchmark, "scan*");
    const struct expected_change *scan = &found.items[first ? 0 : 1];
    cr_assert_str_eq(scan->reason, "why");
    cr_assert_str_eq(scan->commit, id);
    cr_assert_str_eq(scan->source, "trailer");
    cr_assert_gt(scan->created_at, 0);
    cr_assert_null(found.items[first ? 1 : 0].reason);
}

static int push(void *context, struct alerts *alerts, struct error *err)
{
    (void)err;
    ARRAY_RESERVE(alerts->items, alerts->cap, alerts->count + 1);
    alerts->items[alerts->count++] = (struct alert){
        .id = xstrdup(context),
        .project = xstrdup("lance"),
        .state = ALERT_REOPENED,
        .title = xstrdup("t"),
        .first_after = xstrdup(id),
        .benchmarks = xstrdup("[]"),
        .worst_change = NAN,
        .count = 3,
        .seen = 9,
    };
    return 1;
}

static int refuse(void *context, struct alerts *alerts, struct error *err)
{
    (void)context;
    (void)alerts;
    return error_set(err, ERROR_USAGE, "no");
}

Test(expected_changes, alerts_come_back_as_they_were_written)
{
    struct error err = ERROR_INIT;
    AUTO_ALERTS struct alerts alerts = {0};
    cr_assert_eq(alerts_update(scratch_db, push, (void *)(uintptr_t) "one", &err), 1, "%s",
                 err.message);
    cr_assert_eq(alerts_update(scratch_db, push, (void *)(uintptr_t) "two", &err), 1, "%s",
                 err.message);
    cr_assert_eq(alerts_update(scratch_db, refuse, NULL, &err), ERROR_USAGE);
    cr_assert_eq(alerts_read(scratch_db, &alerts, &err), 0, "%s", err.message);
    cr_assert_eq(alerts.count, 2);
    const struct alert *one = &alerts.items[strcmp(alerts.items[0].id, "one") ? 1 : 0];
    cr_assert(one->state == ALERT_REOPENED && one->count == 3 && one->seen == 9);
    cr_assert(isnan(one->worst_change) && !one->note && !one->last_before);
    cr_assert_str_eq(one->first_after, id);
}
