#include "model/bmf_measure.h"

#include "base/alloc.h"

#include <string.h>

static const struct bmf_measure known[] = {
    {"latency", NULL, "nanoseconds", 1},
    {"throughput", "throughput", "operations/s", 1},
    {"file-size", "file_size", "bytes", 1},
    {"build-time", "build_time", "nanoseconds", 1e9},
    {"instructions", "instructions", "instructions", 1},
    {"estimated-cycles", "estimated_cycles", "cycles", 1},
    {"l1-hits", "l1_hits", "hits", 1},
    {"l2-hits", "l2_hits", "hits", 1},
    {"ram-hits", "ram_hits", "hits", 1},
    {"total-read-write", "total_read_write", "accesses", 1},
};

const struct bmf_measure *bmf_measure_of_slug(const char *slug)
{
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (!strcmp(known[i].slug, slug))
            return &known[i];
    return NULL;
}

const struct bmf_measure *bmf_measure_of_metric(const char *metric, const char *units)
{
    for (size_t i = 0; i < ARRAY_SIZE(known) && units; i++)
        if (!strcmp(known[i].metric ? known[i].metric : "wall_time", metric) &&
            !strcmp(known[i].units, units))
            return &known[i];
    return NULL;
}
