#include "pipeline/alerts/alerts.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "pipeline/alerts/alert_text.h"
#include "store/alerts.h"
#include "store/expected_changes.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

#define TOUCHING 2 /* measured commits between two places that may be the same */

/* An alert and a cause that may be its own. */
struct match {
    size_t alert, cause;
    size_t shared; /* series */
    bool same_place;
};

struct merge {
    struct alerts *alerts;
    const struct history *history;
    const struct alert_causes *causes;
    const struct alerts_request *request;
    struct alerts_outcome *out;
    int64_t seen;
    struct strlist *alert_keys, *cause_keys; /* sorted series of each */
    size_t alert_count;                      /* before the merge */
    bool *alert_taken, *cause_taken;
    bool changed;
};

/* Both are sorted. */
static size_t count_shared(const struct strlist *a, const struct strlist *b)
{
    size_t shared = 0;
    for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
        int order = strcmp(a->items[i], b->items[j]);
        shared += !order;
        i += order <= 0;
        j += order >= 0;
    }
    return shared;
}

static struct strlist keys_of(const struct alert_cause *cause)
{
    struct strlist keys = STRLIST_INIT;
    for (size_t i = 0; i < cause->count; i++)
        strlist_push_owned(&keys, alert_series_key(cause->changes[i]->series->benchmark,
                                                   cause->changes[i]->series->test_bed));
    if (keys.count)
        strlist_sort(&keys);
    return keys;
}

/* How far the alert's place lies from the cause's, in measured commits; SIZE_MAX: not to be said.
 */
static size_t distance(const struct merge *m, const struct alert *alert,
                       const struct alert_cause *cause)
{
    const struct history_commit *after =
        history_commits_find(&m->history->commits, alert->first_after, NULL);
    const struct history_commit *before =
        alert->last_before ? history_commits_find(&m->history->commits, alert->last_before, NULL)
                           : after;
    if (!after || !before)
        return SIZE_MAX;
    if (after->number <= cause->first)
        return cause->first + 1 - after->number;
    return before->number >= cause->last ? before->number + 1 - cause->last : 0;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : !a && !b;
}

static bool may_match(const struct merge *m, size_t a, size_t c, struct match *out)
{
    const struct alert *alert = &m->alerts->items[a];
    const struct alert_cause *cause = &m->causes->items[c];
    if (strcmp(alert->project, cause->project) || !same_text(alert->test_bed, cause->test_bed))
        return false;
    size_t apart = distance(m, alert, cause);
    *out = (struct match){
        .alert = a,
        .cause = c,
        .shared = count_shared(&m->alert_keys[a], &m->cause_keys[c]),
        .same_place = !strcmp(alert->first_after, cause->after->id),
    };
    return (out->shared && apart <= TOUCHING) || out->same_place;
}

static int best_first(const void *left, const void *right)
{
    const struct match *a = left, *b = right;
    if (a->same_place != b->same_place)
        return a->same_place ? -1 : 1;
    if (a->shared != b->shared)
        return a->shared > b->shared ? -1 : 1;
    return a->cause != b->cause ? (a->cause < b->cause ? -1 : 1)
                                : (a->alert > b->alert) - (a->alert < b->alert);
}

static void replace(char **text, char *by, bool *changed)
{
    *changed |= !same_text(*text, by);
    free(*text);
    *text = by;
}

static void describe(struct merge *m, struct alert *alert, const struct alert_cause *cause)
{
    const struct found_change *worst = cause->changes[0];
    bool changed =
        alert->count != (int64_t)cause->count || alert->open_count != (int64_t)cause->open;
    replace(&alert->title, alert_title(cause), &changed);
    replace(&alert->last_before, xstrdup(cause->before->id), &changed);
    replace(&alert->first_after, xstrdup(cause->after->id), &changed);
    replace(&alert->worst, xstrdup(worst->series->benchmark), &changed);
    replace(&alert->causes, alert_cause_names(cause), &changed);
    replace(&alert->benchmarks, alert_benchmarks(cause), &changed);
    alert->worst_change = worst->change.relative;
    alert->count = (int64_t)cause->count;
    alert->open_count = (int64_t)cause->open;
    if (changed)
        alert->seen = m->seen;
    m->changed |= changed;
}

static void enter(struct merge *m, struct alert *alert, enum alert_state state, char *reason)
{
    alert->state = state;
    alert->changed_at = m->request->now_s;
    alert->closed_at = alert_state_is_active(state) ? 0 : m->request->now_s;
    alert->seen = m->seen;
    free(alert->reason);
    alert->reason = reason;
    free(take_ptr(alert->fixed_by));
    m->changed = true;
    m->out->reopened += state == ALERT_REOPENED;
    m->out->fixed += state == ALERT_FIXED;
    m->out->expected += state == ALERT_EXPECTED;
}

static void reopen(struct merge *m, struct alert *alert)
{
    enter(m, alert, ALERT_REOPENED, NULL);
    alert->reopened++;
    alert->acknowledged_at = 0;
}

/* An alert whose cause was found. One that is over keeps what it said when it ended. */
static void go_on(struct merge *m, struct alert *alert, const struct alert_cause *cause)
{
    bool active = alert_state_is_active(alert->state);
    if (!active && (cause->status != CAUSE_OPEN || cause->chance > ALERT_CHANCE))
        return;
    describe(m, alert, cause);
    if (cause->status == CAUSE_OPEN) {
        if (!active)
            reopen(m, alert);
    } else if (cause->status == CAUSE_EXPECTED) {
        const char *why = cause->expected->reason;
        enter(m, alert, ALERT_EXPECTED,
              why ? xasprintf("expected at %.12s: %s", cause->expected->commit->id, why)
                  : xasprintf("expected at %.12s", cause->expected->commit->id));
    } else {
        enter(m, alert, ALERT_FIXED, xstrdup("the results went back"));
        alert->fixed_by = cause->recovered ? xstrdup(cause->recovered->id) : NULL;
    }
}

static void match_all(struct merge *m)
{
    struct match *matches = NULL;
    size_t count = 0, cap = 0;
    for (size_t a = 0; a < m->alert_count; a++)
        for (size_t c = 0; c < m->causes->count; c++) {
            struct match match;
            if (!may_match(m, a, c, &match))
                continue;
            ARRAY_RESERVE(matches, cap, count + 1);
            matches[count++] = match;
        }
    if (count)
        qsort(matches, count, sizeof(*matches), best_first);
    for (size_t i = 0; i < count; i++) {
        const struct match *match = &matches[i];
        if (m->alert_taken[match->alert] || m->cause_taken[match->cause])
            continue;
        m->alert_taken[match->alert] = m->cause_taken[match->cause] = true;
        go_on(m, &m->alerts->items[match->alert], &m->causes->items[match->cause]);
    }
    free(matches);
}

/* The fixed alert that the cause brings back: the latest in which at least half of its series were.
 */
static struct alert *find_former(const struct merge *m, size_t c)
{
    struct alert *former = NULL;
    const struct alert_cause *cause = &m->causes->items[c];
    for (size_t a = 0; a < m->alert_count; a++) {
        struct alert *alert = &m->alerts->items[a];
        if (alert->state != ALERT_FIXED || strcmp(alert->project, cause->project) ||
            !same_text(alert->test_bed, cause->test_bed))
            continue;
        size_t shared = count_shared(&m->alert_keys[a], &m->cause_keys[c]);
        if (shared && 2 * shared >= cause->count &&
            (!former || alert->closed_at > former->closed_at))
            former = alert;
    }
    return former;
}

static bool is_known(const struct alerts *alerts, const char *id)
{
    for (size_t i = 0; i < alerts->count; i++)
        if (!strcmp(alerts->items[i].id, id))
            return true;
    return false;
}

/* Of the cause alone, so that two who find it at once make one alert of it. */
static char *make_id(const struct merge *m, size_t c)
{
    const struct alert_cause *cause = &m->causes->items[c];
    char id[UUID_TEXT_SIZE];
    for (int again = 0;; again++) {
        AUTO_FREE char *name = xasprintf("alert\x1f%s\x1f%s\x1f%s\x1f%s\x1f%d", cause->project,
                                         cause->test_bed ? cause->test_bed : "", cause->after->id,
                                         m->cause_keys[c].items[0], again);
        uuid5_text(name, strlen(name), id);
        if (!is_known(m->alerts, id))
            return xstrdup(id);
    }
}

static void open_new(struct merge *m, size_t c)
{
    const struct alert_cause *cause = &m->causes->items[c];
    char *id = make_id(m, c);
    ARRAY_RESERVE(m->alerts->items, m->alerts->cap, m->alerts->count + 1);
    struct alert *alert = &m->alerts->items[m->alerts->count++];
    *alert = (struct alert){
        .id = id,
        .project = xstrdup(cause->project),
        .test_bed = xstrdup(cause->test_bed),
        .state = ALERT_OPEN,
        .worst_change = NAN,
        .opened_at = m->request->now_s,
        .changed_at = m->request->now_s,
    };
    describe(m, alert, cause);
    m->out->opened++;
}

static void open_rest(struct merge *m)
{
    for (size_t c = 0; c < m->causes->count; c++) {
        const struct alert_cause *cause = &m->causes->items[c];
        if (m->cause_taken[c] || cause->status != CAUSE_OPEN || cause->chance > ALERT_CHANCE)
            continue;
        struct alert *former = find_former(m, c);
        if (!former) {
            open_new(m, c);
            continue;
        }
        m->alert_taken[former - m->alerts->items] = true;
        describe(m, former, cause);
        reopen(m, former);
    }
}

/* Alerts whose change is in the history no more. */
static void close_rest(struct merge *m)
{
    const char *project = m->request->project;
    for (size_t a = 0; a < m->alert_count; a++) {
        struct alert *alert = &m->alerts->items[a];
        if (!m->alert_taken[a] && alert_state_is_active(alert->state) &&
            (!project || !strcmp(project, alert->project)))
            enter(m, alert, ALERT_FIXED, xstrdup("the change is not found any more"));
    }
}

static void count_active(const struct alerts *alerts, const char *project,
                         struct alerts_outcome *out)
{
    out->active = out->waiting = 0;
    for (size_t i = 0; i < alerts->count; i++) {
        const struct alert *alert = &alerts->items[i];
        if (project && strcmp(project, alert->project) != 0)
            continue;
        out->active += alert_state_is_active(alert->state);
        out->waiting += alert->state == ALERT_OPEN || alert->state == ALERT_REOPENED;
    }
}

static bool is_stale(const struct alerts *alerts, int64_t seen)
{
    for (size_t i = 0; i < alerts->count; i++)
        if (alerts->items[i].seen > seen)
            return true;
    return false;
}

static void merge_release(struct merge *m)
{
    for (size_t i = 0; i < m->alert_count; i++)
        strlist_release(&m->alert_keys[i]);
    for (size_t i = 0; i < m->causes->count; i++)
        strlist_release(&m->cause_keys[i]);
    free(m->alert_keys);
    free(m->cause_keys);
    free(m->alert_taken);
    free(m->cause_taken);
}

bool alerts_merge(struct alerts *alerts, const struct history *history,
                  const struct alert_causes *causes, int64_t seen,
                  const struct alerts_request *request, struct alerts_outcome *out)
{
    *out = (struct alerts_outcome){.stale = is_stale(alerts, seen)};
    struct merge m = {
        .alerts = alerts,
        .history = history,
        .causes = causes,
        .request = request,
        .out = out,
        .seen = seen,
        .alert_count = alerts->count,
        .alert_keys = xcalloc(alerts->count + 1, sizeof(*m.alert_keys)),
        .cause_keys = xcalloc(causes->count + 1, sizeof(*m.cause_keys)),
        .alert_taken = xcalloc(alerts->count + 1, sizeof(bool)),
        .cause_taken = xcalloc(causes->count + 1, sizeof(bool)),
    };
    for (size_t i = 0; i < alerts->count; i++)
        m.alert_keys[i] = alert_series_keys(alerts->items[i].benchmarks);
    for (size_t i = 0; i < causes->count; i++)
        m.cause_keys[i] = keys_of(&causes->items[i]);
    if (!out->stale) {
        match_all(&m);
        open_rest(&m);
        close_rest(&m);
    }
    count_active(alerts, request->project, out);
    merge_release(&m);
    return m.changed;
}

/* What an update has found, for as often as the table has to be looked at again. */
struct refresh {
    struct database *db;
    struct history history;
    struct found_changes found;
    struct alert_causes causes;
    int64_t seen;
    const struct alerts_request *request;
    struct alerts_outcome out;
};

static void refresh_release(struct refresh *refresh)
{
    alert_causes_release(&refresh->causes);
    found_changes_release(&refresh->found);
    history_release(&refresh->history);
}
#define AUTO_REFRESH __attribute__((cleanup(refresh_release)))

/* A table of results that was made anew counts its versions from the beginning. */
static int forget_lost_versions(struct database *db, struct alerts *alerts, struct error *err)
{
    struct lance_table_info info;
    int failed = database_table_info(db, RESULTS_TABLE, &info, err);
    for (size_t i = 0; !failed && i < alerts->count; i++)
        if (alerts->items[i].seen > (int64_t)info.version)
            alerts->items[i].seen = 0;
    return failed;
}

static int merge_into(void *context, struct alerts *alerts, struct error *err)
{
    struct refresh *refresh = context;
    int failed = forget_lost_versions(refresh->db, alerts, err);
    if (failed)
        return failed;
    return alerts_merge(alerts, &refresh->history, &refresh->causes, refresh->seen,
                        refresh->request, &refresh->out);
}

int alerts_refresh(struct database *db, const struct alerts_request *request,
                   struct alerts_outcome *out, struct error *err)
{
    AUTO_REFRESH struct refresh refresh = {.db = db, .request = request};
    struct lance_table_info info;
    const struct history_request wanted = {
        .query = {.project = request->project},
        .policy = request->policy,
    };
    int failed = database_table_info(db, RESULTS_TABLE, &info, err);
    if (!failed)
        failed = history_read(db, &wanted, &refresh.history, err);
    if (failed)
        return failed;
    for (size_t i = 0; i < refresh.history.notes.count; i++)
        log_warning("%s", refresh.history.notes.items[i]);
    refresh.seen = (int64_t)info.version;
    changes_find(&refresh.history, &refresh.found);
    alert_causes_find(&refresh.history, &refresh.found, &refresh.causes);
    failed = alerts_update(db, merge_into, &refresh, err);
    if (failed < 0)
        return failed;
    *out = refresh.out;
    return 0;
}

/* What a person says of an alert. */
struct word {
    const char *id, *note;
    enum alert_state state;
    struct expected_changes *expected; /* filled, where it becomes expected */
};

static int say(void *context, struct alerts *alerts, struct error *err)
{
    const struct word *word = context;
    bool several = false;
    struct alert *alert = alerts_find(alerts, word->id, &several);
    if (several)
        return error_set(err, ERROR_USAGE, "several alerts begin with '%s': give more of it",
                         word->id);
    if (!alert)
        return error_set(err, ERROR_NOT_FOUND,
                         "there is no alert '%s': 'lance-bench alerts list' has them", word->id);
    if (!alert_state_is_active(alert->state))
        return error_set(err, ERROR_USAGE, "alert %.8s is %s already: it is over", alert->id,
                         alert_state_name(alert->state));
    alert->state = word->state;
    alert->changed_at = clock_unix_s();
    if (word->note) {
        free(alert->note);
        alert->note = xstrdup(word->note);
    }
    if (word->state == ALERT_ACKNOWLEDGED) {
        alert->acknowledged_at = alert->changed_at;
        return 1;
    }
    alert->closed_at = alert->changed_at;
    free(alert->reason);
    alert->reason = xstrdup("accepted");
    expected_changes_release(word->expected);
    alert_expected(alert, word->note, word->expected);
    return 1;
}

int alerts_acknowledge(struct database *db, const char *id, const char *note, struct error *err)
{
    struct word word = {.id = id, .note = note, .state = ALERT_ACKNOWLEDGED};
    int failed = alerts_update(db, say, &word, err);
    return failed < 0 ? failed : 0;
}

static int say_nothing(void *context, struct alerts *alerts, struct error *err)
{
    int said = say(context, alerts, err);
    return said < 0 ? said : 0;
}

int alerts_expect(struct database *db, const char *id, const char *note, struct error *err)
{
    AUTO_EXPECTED_CHANGES struct expected_changes expected = {0};
    struct word word = {.id = id, .note = note, .state = ALERT_EXPECTED, .expected = &expected};
    /* The baseline first: an alert that is over while its change is not would open again. */
    int failed = alerts_update(db, say_nothing, &word, err);
    if (failed >= 0)
        failed = expected_changes_put(db, &expected, err);
    if (failed >= 0)
        failed = alerts_update(db, say, &word, err);
    return failed < 0 ? failed : 0;
}
