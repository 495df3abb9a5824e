#include "pipeline/alerts/alerts.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { COMMITS = 40 };

static const struct alerts_request request = {.now_s = 1000};

/* A line of commits, and series on it; what was found in it. */
struct world {
    struct history history;
    struct found_changes found;
    struct alert_causes causes;
};

static char *ident(int number)
{
    char *id = xasprintf("%02x", (unsigned)number);
    id = xrealloc(id, 41);
    memset(id + 2, 'a', 38);
    id[40] = '\0';
    return id;
}

static void begin(struct world *w)
{
    *w = (struct world){0};
    struct stored_commits known = {0};
    for (int i = 1; i <= COMMITS; i++) {
        ARRAY_RESERVE(known.items, known.cap, known.count + 1);
        known.items[known.count++] = (struct stored_commit){
            .commit = {.id = ident(i), .parent = i > 1 ? ident(i - 1) : NULL, .time = i},
            .project = xstrdup("lance"),
        };
        AUTO_FREE char *id = ident(i);
        history_commits_add(&w->history.commits, "lance", id, "1", i);
    }
    history_commits_link(&w->history.commits, &known);
    stored_commits_release(&known);
}

/* 100 up to the commit `up`, 130 from there on, 100 again from `down` on; a little noise. */
static void add(struct world *w, const char *benchmark, int up, int down)
{
    struct history *h = &w->history;
    h->series = xreallocarray(h->series, h->count + 1, sizeof(*h->series));
    struct history_series *series = &h->series[h->count++];
    *series = (struct history_series){
        .project = "lance",
        .test_bed = "bed",
        .benchmark = benchmark,
        .units = "nanoseconds",
        .points = xcalloc(COMMITS, sizeof(*series->points)),
        .runs = xcalloc(COMMITS, sizeof(double)),
        .count = COMMITS,
    };
    for (int i = 1; i <= COMMITS; i++) {
        AUTO_FREE char *id = ident(i);
        double level = i >= up && i < down ? 130 : 100;
        series->points[i - 1] = (struct history_point){
            .commit = history_commits_find(&h->commits, id, NULL),
            .value = level + (double)((i * 7 + (int)h->count * 3) % 5) * 0.2,
            .runs = 1,
            .first_run = (size_t)i - 1,
        };
    }
}

static void look(struct world *w)
{
    changes_find(&w->history, &w->found);
    alert_causes_find(&w->history, &w->found, &w->causes);
}

static void end(struct world *w)
{
    alert_causes_release(&w->causes);
    found_changes_release(&w->found);
    history_release(&w->history);
}

/* One series alone, merged into the alerts. */
static struct alerts_outcome merge_one(struct alerts *alerts, int up, int down, int64_t seen)
{
    struct world w;
    struct alerts_outcome outcome;
    begin(&w);
    add(&w, "scan", up, down);
    look(&w);
    alerts_merge(alerts, &w.history, &w.causes, seen, &request, &outcome);
    end(&w);
    return outcome;
}

Test(alerts, changes_at_one_place_are_one_cause_and_at_two_places_two)
{
    struct world w;
    begin(&w);
    add(&w, "a", 20, COMMITS + 1);
    add(&w, "b", 20, COMMITS + 1);
    add(&w, "c", 30, COMMITS + 1);
    add(&w, "steady", COMMITS + 1, COMMITS + 1);
    look(&w);
    cr_assert_eq(w.causes.count, 2);
    cr_assert_eq(w.causes.items[0].count, 2);
    cr_assert_eq(w.causes.items[1].count, 1);
    AUTO_FREE char *id = ident(20);
    cr_assert_str_eq(w.causes.items[0].after->id, id);
    cr_assert_eq(w.causes.items[0].status, CAUSE_OPEN);
    cr_assert_lt(w.causes.items[0].chance, 1e-6);
    end(&w);
}

Test(alerts, one_is_opened_fixed_and_reopened)
{
    AUTO_ALERTS struct alerts alerts = {0};
    cr_assert_eq(merge_one(&alerts, 10, COMMITS + 1, 1).opened, 1);
    cr_assert_eq(alerts.count, 1);
    AUTO_FREE char *id = xstrdup(alerts.items[0].id);
    cr_assert_eq(merge_one(&alerts, 10, COMMITS + 1, 2).opened, 0);
    cr_assert_eq(merge_one(&alerts, 10, 25, 3).fixed, 1);
    cr_assert_eq(alerts.items[0].state, ALERT_FIXED);
    AUTO_FREE char *back = ident(25);
    cr_assert_str_eq(alerts.items[0].fixed_by, back);
    cr_assert_eq(merge_one(&alerts, 30, COMMITS + 1, 4).reopened, 1);
    cr_assert_eq(alerts.count, 1);
    cr_assert_str_eq(alerts.items[0].id, id);
    cr_assert(alerts.items[0].state == ALERT_REOPENED && alerts.items[0].reopened == 1);
    cr_assert_null(alerts.items[0].fixed_by);
}

Test(alerts, two_who_find_a_cause_at_once_call_it_the_same)
{
    AUTO_ALERTS struct alerts a = {0};
    AUTO_ALERTS struct alerts b = {0};
    (void)merge_one(&a, 10, COMMITS + 1, 1);
    (void)merge_one(&b, 10, COMMITS + 1, 1);
    cr_assert_str_eq(a.items[0].id, b.items[0].id);
}

Test(alerts, what_older_results_say_changes_nothing)
{
    AUTO_ALERTS struct alerts alerts = {0};
    (void)merge_one(&alerts, 10, COMMITS + 1, 5);
    struct alerts_outcome outcome = merge_one(&alerts, COMMITS + 1, COMMITS + 1, 4);
    cr_assert(outcome.stale && !outcome.fixed);
    cr_assert_eq(alerts.items[0].state, ALERT_OPEN);
    outcome = merge_one(&alerts, COMMITS + 1, COMMITS + 1, 6);
    cr_assert(!outcome.stale && outcome.fixed == 1);
    cr_assert_str_eq(alerts.items[0].reason, "the change is not found any more");
}

Test(alerts, an_acknowledged_one_stays_so_while_it_lasts)
{
    AUTO_ALERTS struct alerts alerts = {0};
    (void)merge_one(&alerts, 10, COMMITS + 1, 1);
    alerts.items[0].state = ALERT_ACKNOWLEDGED;
    struct alerts_outcome outcome = merge_one(&alerts, 10, COMMITS + 1, 2);
    cr_assert(outcome.active == 1 && outcome.waiting == 0);
    cr_assert_eq(alerts.items[0].state, ALERT_ACKNOWLEDGED);
    cr_assert_eq(merge_one(&alerts, 10, 25, 3).fixed, 1);
}

Test(alerts, ids_are_found_by_their_beginning)
{
    struct alert items[] = {{.id = (char *)(uintptr_t) "abcd-1"},
                            {.id = (char *)(uintptr_t) "abcd-2"},
                            {.id = (char *)(uintptr_t) "ef01-3"}};
    const struct alerts alerts = {.items = items, .count = 3};
    bool several = false;
    cr_assert_eq(alerts_find(&alerts, "ef01", &several), &items[2]);
    cr_assert_null(alerts_find(&alerts, "abcd", &several));
    cr_assert(several);
    cr_assert_null(alerts_find(&alerts, "ef0", &several));
    cr_assert_not(several);
}
