/* compare --measure: what one process gave. */
#include "pipeline/head_to_head/head_to_head_state.h"

#include "base/alloc.h"
#include "model/metric.h"
#include "parse/format.h"

#include <math.h>
#include <string.h>

void readings_release(struct readings *readings)
{
    for (size_t i = 0; i < readings->count; i++) {
        free(readings->items[i].benchmark);
        free(readings->items[i].units);
    }
    free(readings->items);
    *readings = (struct readings){0};
}

const struct reading *readings_find(const struct readings *readings, const char *benchmark)
{
    for (size_t i = 0; i < readings->count; i++)
        if (!strcmp(readings->items[i].benchmark, benchmark))
            return &readings->items[i];
    return NULL;
}

struct reader {
    struct readings *readings;
    const char *wall_metric; /* what wall time is called; NULL: as it is */
};

/* Of two benchmarks of one name in one process the first counts. */
static int add(void *context, const struct measurement *m, struct error *err)
{
    (void)err;
    struct reader *reader = context;
    struct readings *readings = reader->readings;
    if (reader->wall_metric && m->metric)
        return 0;
    const char *metric = reader->wall_metric ? reader->wall_metric : m->metric;
    AUTO_FREE char *name =
        metric ? xasprintf("%s#%s", m->benchmark, metric) : xstrdup(m->benchmark);
    if (readings_find(readings, name))
        return 0;
    struct summary summary = m->summary ? *m->summary : summary_of(m->values, m->value_count);
    ARRAY_RESERVE(readings->items, readings->cap, readings->count + 1);
    readings->items[readings->count++] = (struct reading){
        .benchmark = take_ptr(name),
        .units = m->units ? xstrdup(m->units) : NULL,
        .value = isnan(summary.median) ? summary.mean : summary.median,
    };
    return 0;
}

/* Whether the name is that of another metric of a benchmark whose time is there. */
static bool is_beside_time(const struct readings *readings, const char *name, bool cpu_clock)
{
    const char *metric = strrchr(name, '#');
    if (!metric || (cpu_clock && !strcmp(metric + 1, CPU_TIME_METRIC)))
        return false;
    AUTO_FREE char *plain = xstrndup(name, (size_t)(metric - name));
    AUTO_FREE char *cpu = xasprintf("%s#" CPU_TIME_METRIC, plain);
    return readings_find(readings, cpu_clock ? cpu : plain);
}

static void keep_times(struct readings *readings, bool cpu_clock)
{
    struct readings kept = {0};
    for (size_t i = 0; i < readings->count; i++) {
        if (is_beside_time(readings, readings->items[i].benchmark, cpu_clock))
            continue;
        ARRAY_RESERVE(kept.items, kept.cap, kept.count + 1);
        struct reading *to = &kept.items[kept.count++];
        *to = readings->items[i];
        to->benchmark = xstrdup(to->benchmark);
        to->units = xstrdup(to->units);
    }
    readings_release(readings);
    *readings = kept;
}

int readings_read(const struct run *run, const struct run_part *part, struct readings *out,
                  struct error *err)
{
    AUTO_READINGS struct readings readings = {0};
    AUTO_INPUT struct input *input = NULL;
    const struct parse_format *format = NULL;
    struct parse_report report = PARSE_REPORT_INIT;
    struct reader reader = {
        .readings = &readings,
        .wall_metric =
            run->cpu_clock && !format_names_its_metric(part->format) ? CPU_TIME_METRIC : NULL,
    };
    const struct measurement_sink sink = {add, &reader};
    int failed = input_open(part->results, INPUT_MAX_DEFAULT, &input, err);
    if (!failed)
        failed = format_select(part->format, input, &format, err);
    if (!failed)
        failed = format_parse(format, input, &sink, &report, err);
    if (failed)
        return failed == ERROR_NO_DATA || failed == ERROR_INPUT
                   ? error_set(err, ERROR_BUILD, "%s measured nothing that can be read", part->name)
                   : failed;
    keep_times(&readings, run->cpu_clock);
    *out = readings;
    readings = (struct readings){0};
    return 0;
}
