#include "pipeline/report/report.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "pipeline/report/report_state.h"

#include <stdlib.h>
#include <string.h>

const char *report_text(struct report_state *state, const char *text)
{
    struct text_pool *texts = &state->report.texts;
    return text && *text ? text_pool_get(texts, text_pool_add(texts, text)) : NULL;
}

static void release_state(struct report_state *state)
{
    history_verdicts_release(&state->verdicts);
    found_changes_release(&state->found);
    history_release(&state->history);
    report_release(&state->report);
    free(state->commits);
    free(state->places);
    free(state->change_first);
    free(state->change_order);
}

/* The series are in the order of their projects. */
static int check_project(const struct report_state *state, struct error *err)
{
    const struct history *history = &state->history;
    if (!history->count && history->left_out)
        return error_set(
            err, ERROR_NO_DATA,
            "none of the %zu results that match can be judged: others took too large a "
            "part or the canary calls their sessions spoiled; --disturbed shows them",
            history->left_out);
    if (!history->count)
        return error_set(err, ERROR_NO_DATA, "no stored result matches");
    const char *first = history->series[0].project;
    const char *last = history->series[history->count - 1].project;
    if (strcmp(first, last))
        return error_set(err, ERROR_USAGE,
                         "results of several projects match, '%s' and '%s' among them: name one "
                         "with --project",
                         first, last);
    return 0;
}

/* The changes along the main line; its commits are marked by a number. What a pull request changes
 * is on no main line. */
static void find_changes(struct report_state *state)
{
    const struct report_request *request = state->request;
    struct history_commits *commits = &state->history.commits;
    struct history_commit *pull =
        request->pull_request ? history_commits_find(commits, request->commit, NULL) : NULL;
    if (pull)
        pull->measured = false;
    changes_find(&state->history, &state->found);
    if (pull)
        pull->measured = true;
    for (size_t i = 0; i < commits->count; i++)
        commits->items[i]->number = commits->items[i]->chosen ? 0 : REPORT_NONE;
}

static const struct history_commit *newest_before(const struct history_commits *commits,
                                                  int64_t time)
{
    const struct history_commit *newest = NULL;
    for (size_t i = 0; i < commits->count; i++) {
        const struct history_commit *c = commits->items[i];
        if (c->measured && c->number != REPORT_NONE && c->time <= time &&
            (!newest || history_commit_compare(newest, c) < 0))
            newest = c;
    }
    return newest;
}

static int find_base(struct report_state *state, struct error *err)
{
    const struct report_request *request = state->request;
    struct history_commits *commits = &state->history.commits;
    bool several = false;
    const struct history_commit *base =
        request->base ? history_commits_find(commits, request->base, &several) : NULL;
    if (several)
        return error_set(err, ERROR_USAGE, "several commits begin with %s: give more of the id",
                         request->base);
    if (base && !base->measured)
        base = NULL;
    if (!base && request->base_before_s)
        base = newest_before(commits, request->base_before_s);
    else if (!base && request->base && !request->base_optional)
        return error_set(err, ERROR_NO_DATA, "no results of commit %s to set beside it",
                         request->base);
    state->base = base == state->head ? NULL : base;
    return 0;
}

static int compare_commits(const void *left, const void *right)
{
    return history_commit_compare(*(const struct history_commit *const *)left,
                                  *(const struct history_commit *const *)right);
}

static void set_repository(struct report_state *state)
{
    const char *url = state->request->repository_url;
    const char *project = state->report.project;
    if (url && state->request->repository_guessed &&
        (!project || strcmp(path_basename(url), project)))
        url = NULL;
    state->report.repository_url = report_text(state, url);
}

/* A page's address, where the id is one and not a version that stands for it. */
static const char *commit_url(struct report_state *state, const char *id)
{
    static const char place[] = "{commit}";
    const char *template = state->request->commit_url;
    const char *repository = state->report.repository_url;
    if (strlen(id) != 40 || strspn(id, "0123456789abcdef") != 40)
        return NULL;
    if (!template && repository) {
        AUTO_FREE char *page = xasprintf("%s/commit/%s", repository, id);
        return report_text(state, page);
    }
    const char *at = template ? strstr(template, place) : NULL;
    if (!at)
        return NULL;
    AUTO_FREE char *url =
        xasprintf("%.*s%s%s", (int)(at - template), template, id, at + sizeof(place) - 1);
    return report_text(state, url);
}

static void add_commit(struct report_state *state, struct history_commit *commit, bool main)
{
    struct report *report = &state->report;
    commit->number = report->commit_count++;
    report->commits[commit->number] = (struct report_commit){
        .id = report_text(state, commit->id),
        .subject = report_text(state, commit->subject),
        .version = report_text(state, commit->version),
        .url = commit_url(state, commit->id),
        .time = commit->time,
        .main = main,
    };
    if (!report->commits[commit->number].id)
        report->commits[commit->number].id = report_text(state, "unknown");
}

/* Numbers the commits that are shown. */
static void add_commits(struct report_state *state)
{
    struct history_commits *commits = &state->history.commits;
    struct report *report = &state->report;
    AUTO_FREE bool *main = xcalloc(commits->count + 1, sizeof(*main));
    state->commits = xcalloc(commits->count + 1, sizeof(*state->commits));
    size_t count = 0;
    for (size_t i = 0; i < commits->count; i++) {
        struct history_commit *c = commits->items[i];
        bool on_main = c->number != REPORT_NONE;
        bool shown =
            c == state->head || c == state->base || (on_main && c->time >= state->request->since_s);
        c->number = REPORT_NONE;
        if (!c->measured || !shown)
            continue;
        state->commits[count++] = c;
        c->chosen = on_main;
    }
    if (count)
        qsort(state->commits, count, sizeof(*state->commits), compare_commits);
    report->commits = xcalloc(count + 1, sizeof(*report->commits));
    for (size_t i = 0; i < count; i++)
        add_commit(state, (struct history_commit *)state->commits[i], state->commits[i]->chosen);
    report->head = state->head->number;
    report->base = state->base ? state->base->number : REPORT_NONE;
}

static size_t test_bed_number(struct report *report, const char *name)
{
    size_t i = 0;
    while (i < report->test_bed_count && report->test_beds[i].name != name)
        i++;
    return i;
}

static int compare_test_beds(const void *left, const void *right)
{
    const struct report_test_bed *a = left, *b = right;
    return strcmp(a->name ? a->name : "", b->name ? b->name : "");
}

/* What each test bed was when it was seen last. */
static void add_test_beds(struct report_state *state)
{
    struct report *report = &state->report;
    size_t cap = 0;
    AUTO_FREE size_t *newest = xcalloc(report->series_count + 1, sizeof(*newest));
    for (size_t i = 0; i < state->history.count; i++) {
        if (state->places[i] == REPORT_NONE)
            continue;
        const struct report_series *series = &report->series[state->places[i]];
        const struct history_series *from = &state->history.series[i];
        size_t at = test_bed_number(report, series->test_bed);
        ARRAY_RESERVE(report->test_beds, cap, at + 1);
        if (at == report->test_bed_count)
            report->test_beds[report->test_bed_count++] =
                (struct report_test_bed){.name = series->test_bed};
        struct report_test_bed *bed = &report->test_beds[at];
        const struct history_point *last = &from->points[from->count - 1];
        size_t commit = series->points[series->count - 1].commit;
        if (!bed->series++ || commit > newest[at]) {
            newest[at] = commit;
            bed->cpu = report_text(state, last->setting.cpu);
            bed->os = report_text(state, last->setting.os);
            bed->toolchain = report_text(state, last->setting.toolchain);
        }
    }
    if (report->test_bed_count)
        qsort(report->test_beds, report->test_bed_count, sizeof(*report->test_beds),
              compare_test_beds);
}

static int fill(struct report_state *state, struct error *err)
{
    const struct report_request *request = state->request;
    const struct verdict_rule rule = {
        .alpha = request->alpha > 0 ? request->alpha : policy_alpha(request->policy, VERDICT_ALPHA),
        .matters = VERDICT_MATTERS,
    };
    find_changes(state);
    int failed = against_history(&state->history, request->commit, &rule, &state->verdicts, err);
    if (failed)
        return failed;
    state->head = state->verdicts.commit;
    failed = find_base(state, err);
    if (failed)
        return failed;
    state->report.project = report_text(state, state->history.series[0].project);
    state->report.generated = clock_unix_s();
    state->report.generator = report_text(state, "lance-bench " LANCE_BENCH_VERSION);
    state->report.pull_request = request->pull_request;
    state->report.alpha = rule.alpha;
    if (request->policy && request->policy->matters > 0)
        state->report.matters = request->policy->matters;
    else
        state->report.matters = rule.matters;
    set_repository(state);
    state->report.left_out = state->history.left_out;
    state->report.disturbed = request->disturbed;
    for (size_t i = 0; i < state->history.notes.count; i++)
        strlist_push(&state->report.notes, state->history.notes.items[i]);
    add_commits(state);
    report_add_series(state);
    add_test_beds(state);
    report_add_changes(state);
    report_add_verdicts(state);
    return request->samples ? report_add_samples(state, err) : 0;
}

int report_build(struct database *db, const struct report_request *request, struct report *out,
                 struct error *err)
{
    struct report_state state = {.request = request, .db = db};
    const struct history_request wanted = {
        .query = request->query,
        .pull_request = request->pull_request ? request->commit : NULL,
        .policy = request->policy,
        .disturbed = request->disturbed,
    };
    int failed = history_read(db, &wanted, &state.history, err);
    if (!failed)
        failed = check_project(&state, err);
    if (!failed)
        failed = fill(&state, err);
    if (!failed) {
        *out = state.report;
        state.report = (struct report){0};
    }
    release_state(&state);
    return failed;
}
