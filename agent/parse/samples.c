#include "parse/samples.h"

#include <inttypes.h>
#include <string.h>

void samples_release(struct samples *samples)
{
    free(samples->totals.items);
    free(samples->iterations.items);
}

static int check_lists(const struct samples *s, const char *totals_name,
                       const char *iterations_name, struct error *err)
{
    if (!s->totals.count)
        return error_set(err, ERROR_INPUT, "%s is missing or empty", totals_name);
    if (!s->iterations.count)
        return error_set(err, ERROR_INPUT, "%s is missing or empty", iterations_name);
    if (s->totals.count != s->iterations.count)
        return error_set(err, ERROR_INPUT, "%s has %zu entries and %s %zu", iterations_name,
                         s->iterations.count, totals_name, s->totals.count);
    return 0;
}

int samples_per_iteration(struct samples *samples, const struct time_unit *unit,
                          const char *totals_name, const char *iterations_name, struct error *err)
{
    int rc = check_lists(samples, totals_name, iterations_name, err);
    if (rc < 0)
        return rc;
    double *totals = samples->totals.items;
    for (size_t i = 0; i < samples->totals.count; i++) {
        uint64_t iterations = samples->iterations.items[i];
        if (!iterations)
            return error_set(err, ERROR_INPUT, "%s[%zu] is 0", iterations_name, i);
        if (totals[i] < 0)
            return error_set(err, ERROR_INPUT, "%s[%zu] is %g, which is no time", totals_name, i,
                             totals[i]);
        double value = time_unit_to_ns(unit, totals[i]) / (double)iterations;
        if (!(value <= TIME_NS_MAX))
            return error_set(err, ERROR_INPUT, "%s[%zu] is too large", totals_name, i);
        totals[i] = value;
    }
    return 0;
}

struct throughput samples_throughput(double per_iteration, const char *unit)
{
    return (struct throughput){
        .multiplier = per_iteration,
        .name = unit,
        .unit_system = strcmp(unit, "bytes") ? "decimal" : "binary",
    };
}
