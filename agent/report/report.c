#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void release_series(struct report_series *series)
{
    for (size_t i = 0; i < series->sample_count; i++)
        free(series->samples[i].values);
    free(series->samples);
    free(series->points);
    free(series->runs);
    free(series->levels);
    strlist_release(&series->verdict.notes);
}

void report_release(struct report *report)
{
    for (size_t i = 0; i < report->series_count; i++)
        release_series(&report->series[i]);
    free(report->commits);
    free(report->series);
    free(report->changes);
    free(report->test_beds);
    strlist_release(&report->notes);
    text_pool_release(&report->texts);
    *report = (struct report){0};
}

const char *report_outcome_name(enum report_outcome outcome)
{
    static const char *const names[REPORT_OUTCOMES] = {
        [REPORT_WORSE] = "worse",
        [REPORT_UNSURE] = "unsure",
        [REPORT_NOT_COMPARABLE] = "not comparable",
        [REPORT_NO_HISTORY] = "no history",
        [REPORT_BETTER] = "better",
        [REPORT_SAME] = "same",
        [REPORT_IGNORED] = "ignored",
        [REPORT_NOT_MEASURED] = "not measured",
    };
    return names[outcome];
}

const char *report_change_status(const struct report_change *change)
{
    return change->status;
}

double report_badness(const struct report_series *series)
{
    if (!series->verdict.known)
        return NAN;
    return series->higher_is_better ? -series->verdict.change : series->verdict.change;
}

/* Where a series stands among those of its outcome: the larger, the earlier. */
static double weight(const struct report_series *series)
{
    double badness = report_badness(series);
    if (isnan(badness))
        return -INFINITY;
    return series->verdict.outcome == REPORT_BETTER ? -badness : badness;
}

static int compare(const void *left, const void *right, void *context)
{
    const struct report *report = context;
    size_t i = *(const size_t *)left, j = *(const size_t *)right;
    const struct report_series *a = &report->series[i], *b = &report->series[j];
    if (a->verdict.outcome != b->verdict.outcome)
        return a->verdict.outcome < b->verdict.outcome ? -1 : 1;
    double first = weight(a), second = weight(b);
    if (first > second || first < second)
        return first > second ? -1 : 1;
    return i < j ? -1 : i > j;
}

void report_worst_first(const struct report *report, size_t *order)
{
    for (size_t i = 0; i < report->series_count; i++)
        order[i] = i;
    if (report->series_count)
        qsort_r(order, report->series_count, sizeof(*order), compare, (void *)report);
}

static bool same_name(const struct report_series *a, const struct report_series *b)
{
    return a->name == b->name && a->test_bed == b->test_bed;
}

bool report_is_missing(const struct report *report, size_t series)
{
    const struct report_series *missing = &report->series[series];
    if (isnan(missing->base) || missing->at != REPORT_NONE)
        return false;
    bool metric = false;
    for (size_t i = 0; i < report->series_count; i++) {
        const struct report_series *s = &report->series[i];
        if (s->at != REPORT_NONE && same_name(s, missing))
            return false; /* it has another unit now */
        metric |= s->at != REPORT_NONE && s->metric == missing->metric;
    }
    return metric;
}
