#include "model/metric.h"

#include <criterion/criterion.h>

Test(metric, time_memory_and_counts_are_better_lower)
{
    cr_assert_not(metric_higher_is_better("scan", "nanoseconds"));
    cr_assert_not(metric_higher_is_better("scan#peak_memory", "bytes"));
    cr_assert_not(metric_higher_is_better("scan#allocations", "count"));
    cr_assert_not(metric_higher_is_better("scan", NULL));
}

Test(metric, rates_and_quality_are_better_higher)
{
    cr_assert(metric_higher_is_better("scan#throughput", "nanoseconds"));
    cr_assert(metric_higher_is_better("knn#Recall@10 recall", "1"));
    cr_assert(metric_higher_is_better("serve#read_qps", NULL));
    cr_assert(metric_higher_is_better("scan#x", "bytes/s"));
    cr_assert(metric_higher_is_better("scan", "queries per second"));
}

Test(metric, words_count_whole_and_behind_the_mark)
{
    cr_assert_not(metric_higher_is_better("recall of memory", "nanoseconds"));
    cr_assert_not(metric_higher_is_better("stops#drops", "count"));
    cr_assert_not(metric_higher_is_better("scan#whitespace", "bytes"));
}

Test(metric, counts_are_exact_and_times_and_rates_are_not)
{
    cr_assert(metric_is_exact("scan#read_bytes", "bytes"));
    cr_assert(metric_is_exact("scan#allocations", NULL));
    cr_assert(metric_is_exact("scan#read_iops", "count"));
    cr_assert(metric_is_exact("scan#x", "instructions"));
    cr_assert_not(metric_is_exact("scan#read_bytes", "bytes/s"));
    cr_assert_not(metric_is_exact("scan", "bytes"));
    cr_assert_not(metric_is_exact("scan#cpu_time", "nanoseconds"));
    cr_assert_not(metric_is_exact("count of allocations", "nanoseconds"));
}
