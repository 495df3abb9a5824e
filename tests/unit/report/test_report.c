#include "report/report.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <math.h>

static struct report_series series(const char *name, enum report_outcome outcome, double change)
{
    return (struct report_series){
        .name = name,
        .metric = "wall_time",
        .base = NAN,
        .at = outcome == REPORT_NOT_MEASURED ? REPORT_NONE : 0,
        .verdict = {.outcome = outcome, .known = !isnan(change), .change = change},
    };
}

Test(report, the_worst_series_come_first)
{
    struct report_series all[] = {
        series("same", REPORT_SAME, .01),
        series("slow", REPORT_WORSE, .05),
        series("fresh", REPORT_NO_HISTORY, NAN),
        series("throughput", REPORT_WORSE, -.3),
        series("unsure", REPORT_UNSURE, .2),
        series("fast", REPORT_BETTER, -.1),
        series("faster", REPORT_BETTER, -.4),
        series("old", REPORT_NOT_MEASURED, NAN),
        series("fresh too", REPORT_NO_HISTORY, NAN),
    };
    all[3].higher_is_better = true;
    const size_t expected[] = {3, 1, 4, 2, 8, 6, 5, 0, 7};
    struct report report = {.series = all, .series_count = ARRAY_SIZE(all)};
    size_t order[ARRAY_SIZE(all)];
    report_worst_first(&report, order);
    cr_expect_arr_eq(order, expected, sizeof(expected));
    cr_expect_float_eq(report_badness(&all[3]), .3, 1e-12);
    cr_expect(isnan(report_badness(&all[2])));
}

Test(report, missing_is_what_the_base_has_of_a_metric_that_was_measured)
{
    static const char bed[] = "bed", time[] = "wall_time", memory[] = "peak_memory", name[] = "x";
    struct report_series all[] = {
        series("here", REPORT_SAME, 0),
        series("gone", REPORT_NOT_MEASURED, NAN),
        series("older", REPORT_NOT_MEASURED, NAN),
        series("other", REPORT_NOT_MEASURED, NAN),
        series(name, REPORT_NOT_MEASURED, NAN),
        series(name, REPORT_NO_HISTORY, NAN),
    };
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        all[i].test_bed = bed;
        all[i].metric = i == 3 ? memory : time;
        all[i].base = i == 2 ? NAN : 1;
    }
    struct report report = {.series = all, .series_count = ARRAY_SIZE(all)};
    cr_expect_not(report_is_missing(&report, 0), "it is there");
    cr_expect(report_is_missing(&report, 1));
    cr_expect_not(report_is_missing(&report, 2), "the base has none");
    cr_expect_not(report_is_missing(&report, 3), "that metric was not measured at all");
    cr_expect_not(report_is_missing(&report, 4), "it has another unit now");
}
