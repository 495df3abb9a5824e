/* Long random histories, held against what alerts.h says of each state. */
#include "decide/random.h"
#include "model/expected.h"
#include "pipeline/alerts/alert_text.h"
#include "pipeline/alerts/alerts.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <string.h>

enum { SERIES = 4, PARTS = 9, LENGTH = 8, EVENTS = 40, HISTORIES = 150 };

static const char *const names[SERIES] = {"a", "b[1]", "c", "d#cpu_time"};
static const double levels[] = {100, 130, 169};

/* Levels of the series in parts of the history, between which they change; part 0 is all alike. */
struct past {
    double level[SERIES][PARTS];
    int parts;
    bool expected[SERIES][PARTS]; /* the change with which a part begins */
};

struct play {
    uint64_t random;
    struct past past;
    struct alerts alerts;
    int64_t seen, now_s;
};

static int choose(struct play *p, int count)
{
    return (int)(random_uniform(&p->random) * count);
}

static char *ident(int number)
{
    char *id = xasprintf("%02x%038d", (unsigned)number, 0);
    cr_assert_eq(strlen(id), 40);
    return id;
}

/* --- the history as the agent reads it -------------------------------------------------------- */

static void add_commits(struct history *h, int count)
{
    struct stored_commits known = {0};
    for (int i = 0; i < count; i++) {
        ARRAY_RESERVE(known.items, known.cap, known.count + 1);
        known.items[known.count++] = (struct stored_commit){
            .commit = {.id = ident(i), .parent = i ? ident(i - 1) : NULL, .time = i + 1},
            .project = xstrdup("lance"),
        };
        AUTO_FREE char *id = ident(i);
        history_commits_add(&h->commits, "lance", id, "1", i + 1);
    }
    history_commits_link(&h->commits, &known);
    stored_commits_release(&known);
}

static void add_series(struct play *p, struct history *h, int number)
{
    int count = p->past.parts * LENGTH;
    struct history_series *series = &h->series[h->count++];
    *series = (struct history_series){
        .project = "lance",
        .test_bed = "bed",
        .benchmark = names[number],
        .units = "nanoseconds",
        .points = xcalloc((size_t)count, sizeof(*series->points)),
        .runs = xcalloc((size_t)count, sizeof(double)),
        .count = (size_t)count,
    };
    for (int i = 0; i < count; i++) {
        AUTO_FREE char *id = ident(i);
        series->points[i] = (struct history_point){
            .commit = history_commits_find(&h->commits, id, NULL),
            .value = p->past.level[number][i / LENGTH] *
                     (1 + 0.006 * (random_uniform(&p->random) - 0.5)),
            .runs = 1,
            .first_run = (size_t)i,
        };
    }
}

static void add_expected(struct play *p, struct history *h, struct expected_changes *all)
{
    for (int s = 0; s < SERIES; s++)
        for (int part = 1; part < p->past.parts; part++) {
            AUTO_FREE char *glob = expected_glob(names[s]), *id = ident(part * LENGTH);
            const struct expected_change change = {
                .project = (char *)(uintptr_t) "lance", .commit = id, .benchmark = glob};
            if (p->past.expected[s][part])
                expected_changes_add(all, &change);
        }
    h->expected = xcalloc(all->count + 1, sizeof(*h->expected));
    for (size_t i = 0; i < all->count; i++)
        h->expected[h->expected_count++] = (struct history_expected){
            .commit = history_commits_find(&h->commits, all->items[i].commit, NULL),
            .benchmark = all->items[i].benchmark,
        };
}

static bool update(struct play *p, struct alerts_outcome *outcome)
{
    /* What noise brings is not looked at here. */
    const struct policy policy = {.minimum_effect = 0.05};
    AUTO_HISTORY struct history h = {.policy = &policy,
                                     .series = xcalloc(SERIES, sizeof(*h.series))};
    AUTO_FOUND_CHANGES struct found_changes found = {0};
    AUTO_ALERT_CAUSES struct alert_causes causes = {0};
    AUTO_EXPECTED_CHANGES struct expected_changes expected = {0};
    const struct alerts_request request = {.now_s = p->now_s++};
    add_commits(&h, p->past.parts * LENGTH);
    for (int s = 0; s < SERIES; s++)
        add_series(p, &h, s);
    add_expected(p, &h, &expected);
    changes_find(&h, &found);
    alert_causes_find(&h, &found, &causes);
    return alerts_merge(&p->alerts, &h, &causes, ++p->seen, &request, outcome);
}

/* --- what is true of it ----------------------------------------------------------------------- */

static bool is_worse(const struct past *past, int s, int part)
{
    return past->level[s][part] > past->level[s][part - 1];
}

static bool is_open(const struct past *past, int s, int part)
{
    double half = (past->level[s][part] + past->level[s][part - 1]) / 2;
    for (int later = part + 1; later < past->parts; later++)
        if (past->level[s][later] <= half)
            return false;
    return is_worse(past, s, part) && !past->expected[s][part];
}

/* The series that became worse with this part; of them those that are open, and expected. */
static int members(const struct past *past, int part, int *open, int *expected)
{
    int count = *open = *expected = 0;
    for (int s = 0; part && part < past->parts && s < SERIES; s++) {
        count += is_worse(past, s, part);
        *open += is_open(past, s, part);
        *expected += is_worse(past, s, part) && past->expected[s][part];
    }
    return count;
}

/* The part with which the alert's change came. */
static int part_of(const struct alert *alert)
{
    int number = 0;
    cr_assert_eq(sscanf(alert->first_after, "%2x", (unsigned *)&number), 1);
    cr_assert_eq(number % LENGTH, 0, "%s", alert->title);
    return number / LENGTH;
}

static const struct alert *alert_at(const struct alerts *alerts, int part)
{
    const struct alert *found = NULL;
    for (size_t i = 0; i < alerts->count; i++)
        if (part_of(&alerts->items[i]) == part) {
            cr_assert_null(found, "two alerts of one cause");
            found = &alerts->items[i];
        }
    return found;
}

/* One alert for each cause that is open, and none that is active without one. */
static void check_whole(const struct play *p)
{
    int open, expected;
    size_t causes = 0, active = 0;
    for (int part = 1; part < p->past.parts; part++) {
        int count = members(&p->past, part, &open, &expected);
        const struct alert *alert = alert_at(&p->alerts, part);
        causes += open > 0;
        if (!open)
            continue;
        cr_assert(alert && alert_state_is_active(alert->state), "part %d", part);
        cr_assert(alert->count == count && alert->open_count == open);
        cr_assert(!alert->fixed_by && !alert->closed_at);
    }
    for (size_t i = 0; i < p->alerts.count; i++) {
        const struct alert *alert = &p->alerts.items[i];
        bool over = !alert_state_is_active(alert->state);
        active += !over;
        cr_assert_eq(over, alert->closed_at > 0);
        cr_assert_eq(alert->state == ALERT_ACKNOWLEDGED, !over && alert->acknowledged_at > 0);
        cr_assert(!over || alert->reason);
        cr_assert(alert->state != ALERT_REOPENED || alert->reopened > 0);
    }
    cr_assert_eq(active, causes);
}

/* What became of an alert that was in that state at that part. */
static void check_step(const struct play *p, enum alert_state was, int part,
                       const struct alert *now)
{
    int open, expected, count = members(&p->past, part, &open, &expected);
    bool moved = part_of(now) != part, active = alert_state_is_active(was);
    if (moved)
        cr_assert(now->state == ALERT_REOPENED && (active || was == ALERT_FIXED) && !open);
    else if (open)
        cr_assert_eq(now->state, active ? was : ALERT_REOPENED);
    else if (!active)
        cr_assert_eq(now->state, was);
    else
        cr_assert_eq(now->state, count && expected ? ALERT_EXPECTED : ALERT_FIXED);
}

static void update_and_check(struct play *p)
{
    struct alerts_outcome outcome;
    size_t before = p->alerts.count;
    AUTO_FREE enum alert_state *was = xcalloc(before + 1, sizeof(*was));
    AUTO_FREE int *parts = xcalloc(before + 1, sizeof(*parts));
    for (size_t i = 0; i < before; i++) {
        was[i] = p->alerts.items[i].state;
        parts[i] = part_of(&p->alerts.items[i]);
    }
    (void)update(p, &outcome);
    cr_assert_eq(p->alerts.count, before + outcome.opened);
    for (size_t i = 0; i < before; i++)
        check_step(p, was[i], parts[i], &p->alerts.items[i]);
    check_whole(p);
    uint64_t random = p->random;
    (void)update(p, &outcome);
    cr_assert(!outcome.opened && !outcome.reopened && !outcome.fixed && !outcome.expected);
    p->random = random;
}

/* --- what happens ----------------------------------------------------------------------------- */

/* Most stay on their level. */
static void grow(struct play *p)
{
    struct past *past = &p->past;
    if (past->parts == PARTS)
        return;
    for (int s = 0; s < SERIES; s++) {
        bool stays = choose(p, 3) > 0;
        past->level[s][past->parts] =
            stays ? past->level[s][past->parts - 1] : levels[choose(p, 3)];
        past->expected[s][past->parts] = false;
    }
    past->parts++;
}

static void say(struct play *p, bool accept)
{
    if (!p->alerts.count)
        return;
    struct alert *alert = &p->alerts.items[choose(p, (int)p->alerts.count)];
    if (!alert_state_is_active(alert->state))
        return;
    alert->state = accept ? ALERT_EXPECTED : ALERT_ACKNOWLEDGED;
    alert->acknowledged_at = accept ? alert->acknowledged_at : p->now_s;
    if (!accept)
        return;
    AUTO_EXPECTED_CHANGES struct expected_changes all = {0};
    alert->closed_at = p->now_s;
    free(alert->reason);
    alert->reason = xstrdup("accepted");
    alert_expected(alert, NULL, &all);
    for (size_t i = 0; i < all.count; i++)
        for (int s = 0; s < SERIES; s++)
            if (expected_matches(all.items[i].benchmark, names[s]))
                p->past.expected[s][part_of(alert)] = true;
}

static void play(uint64_t seed)
{
    struct play p = {.random = seed, .now_s = 1000, .past = {.parts = 1}};
    for (int s = 0; s < SERIES; s++)
        p.past.level[s][0] = 100;
    for (int i = 0; i < EVENTS; i++) {
        int event = choose(&p, 12);
        if (event < 4)
            grow(&p);
        else if (event < 5 && p.past.parts > 1)
            p.past.parts--; /* its results were invalidated, or the branch was rewritten */
        else if (event < 7)
            say(&p, event == 6);
        else
            update_and_check(&p);
    }
    alerts_release(&p.alerts);
}

Test(alert_histories, each_state_follows_from_what_is_open)
{
    for (uint64_t seed = 1; seed <= HISTORIES; seed++)
        play(seed);
}
