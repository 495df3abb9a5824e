/* A report's verdicts, and the values behind the newest results. */
#include "base/alloc.h"
#include "pipeline/report/report_state.h"

#include <math.h>
#include <string.h>

static enum report_outcome outcome_of(const struct history_verdict *v)
{
    static const enum report_outcome outcomes[] = {
        [VERDICT_NO_HISTORY] = REPORT_NO_HISTORY, [VERDICT_SAME] = REPORT_SAME,
        [VERDICT_UNSURE] = REPORT_UNSURE,         [VERDICT_BETTER] = REPORT_BETTER,
        [VERDICT_WORSE] = REPORT_WORSE,
    };
    return v->comparable ? outcomes[v->verdict.kind] : REPORT_NOT_COMPARABLE;
}

static size_t number_of(const struct history_commit *commit)
{
    return commit ? commit->number : REPORT_NONE;
}

static struct report_verdict no_verdict(enum report_outcome outcome)
{
    return (struct report_verdict){
        .outcome = outcome,
        .expected = NAN,
        .measured = NAN,
        .change = NAN,
        .low = NAN,
        .high = NAN,
        .noise = NAN,
        .p = NAN,
        .smallest = NAN,
        .oldest = REPORT_NONE,
        .newest = REPORT_NONE,
    };
}

static void set_numbers(struct report_verdict *to, const struct history_verdict *from)
{
    const struct prediction *p = &from->prediction;
    to->known = true;
    to->relative = p->relative;
    to->expected = p->expected;
    to->measured = p->measured;
    to->change = p->effect;
    to->low = p->low;
    to->high = p->high;
    to->noise = p->noise;
    to->p = from->verdict.p;
    to->smallest = from->verdict.smallest;
    to->history = p->history;
    to->runs = p->runs;
    to->runs_needed = from->verdict.runs_needed;
}

static void add_notes(const struct history_verdict *from, const struct report_series *series,
                      struct strlist *notes)
{
    AUTO_FREE char *advice = history_verdict_advice(from, from->verdict.matters);
    if (from->comparable && !from->possible && series->has_namesakes)
        strlist_push(notes, "it had another unit before: that is another series");
    else if (advice)
        strlist_push(notes, advice);
    for (size_t i = 0; i < from->notes.count; i++)
        strlist_push(notes, from->notes.items[i]);
}

static void set_verdict(const struct history_verdict *from, struct report_series *series)
{
    struct report_verdict *verdict = &series->verdict;
    *verdict = no_verdict(outcome_of(from));
    verdict->measured = series->points[series->at].value;
    verdict->runs = from->runs;
    if (from->possible)
        set_numbers(verdict, from);
    verdict->oldest = number_of(from->oldest);
    verdict->newest = number_of(from->newest);
    add_notes(from, series, &verdict->notes);
}

static enum report_outcome overall(const struct report *report)
{
    static const enum report_outcome order[] = {REPORT_WORSE, REPORT_UNSURE, REPORT_BETTER,
                                                REPORT_SAME, REPORT_NOT_COMPARABLE};
    for (size_t i = 0; i < ARRAY_SIZE(order); i++)
        if (report->outcomes[order[i]])
            return order[i];
    return REPORT_NO_HISTORY;
}

void report_add_verdicts(struct report_state *state)
{
    struct report *report = &state->report;
    for (size_t i = 0; i < report->series_count; i++) {
        struct report_series *series = &report->series[i];
        series->verdict =
            no_verdict(series->at == REPORT_NONE ? REPORT_NOT_MEASURED : REPORT_IGNORED);
    }
    for (size_t i = 0; i < state->verdicts.count; i++) {
        const struct history_verdict *from = &state->verdicts.items[i];
        size_t place = state->places[from->series - state->history.series];
        if (place != REPORT_NONE)
            set_verdict(from, &report->series[place]);
    }
    for (size_t i = 0; i < report->series_count; i++)
        report->outcomes[report->series[i].verdict.outcome]++;
    report->overall = overall(report);
}

static struct report_series *find_series(struct report *report, const struct stored_result *r)
{
    size_t low = 0, high = report->series_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(report->series[middle].name, r->benchmark_name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < report->series_count && !strcmp(report->series[low].name, r->benchmark_name);
         low++) {
        const char *bed = report->series[low].test_bed, *units = report->series[low].units;
        if (!strcmp(bed ? bed : "", r->test_bed.name ? r->test_bed.name : "") &&
            !strcmp(units ? units : "", r->units ? r->units : ""))
            return &report->series[low];
    }
    return NULL;
}

static size_t point_of(const struct report_series *series, size_t commit)
{
    for (size_t i = series->count; i-- > 0;)
        if (series->points[i].commit == commit)
            return i;
    return REPORT_NONE;
}

/* Takes the values out of the result. */
static void add_sample(struct report_state *state, struct stored_result *r, size_t commit)
{
    struct report_series *series = find_series(&state->report, r);
    size_t point = series ? point_of(series, commit) : REPORT_NONE;
    if (point == REPORT_NONE || !r->value_count || r->beyond_limit)
        return;
    series->samples =
        xreallocarray(series->samples, series->sample_count + 1, sizeof(*series->samples));
    series->samples[series->sample_count++] = (struct report_samples){
        .point = point,
        .run = report_text(state, r->run ? r->run : r->id),
        .values = take_ptr(r->values),
        .count = r->value_count,
    };
}

static int read_samples(struct report_state *state, const char *table, size_t commit,
                        struct error *err)
{
    AUTO_STORED_RESULTS struct stored_results results = {0};
    struct result_query query = state->request->query;
    query.table = table;
    query.commit = state->commits[commit]->id;
    query.without_values = query.without_any_values = false;
    int failed = results_read(state->db, &query, &results, err);
    if (failed == ERROR_NOT_FOUND)
        return 0;
    for (size_t i = 0; i < results.count; i++)
        if (results.items[i].benchmark_name)
            add_sample(state, &results.items[i], commit);
    return failed;
}

int report_add_samples(struct report_state *state, struct error *err)
{
    const struct report *report = &state->report;
    int failed = 0;
    size_t first = report->commit_count > state->request->samples
                       ? report->commit_count - state->request->samples
                       : 0;
    for (size_t i = 0; i < report->commit_count && !failed; i++) {
        if ((i < first && i != report->head) || strlen(report->commits[i].id) != 40)
            continue;
        failed = read_samples(state, RESULTS_TABLE, i, err);
        if (!failed && i == report->head && report->pull_request)
            failed = read_samples(state, RESULTS_PR_TABLE, i, err);
    }
    return failed;
}
