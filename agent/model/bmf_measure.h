/* The measures that Bencher has from the beginning, and the metrics that they are here. */
#pragma once

struct bmf_measure {
    const char *slug;
    const char *metric; /* NULL: wall time */
    const char *units;
    double factor; /* a value in `units` for each one of Bencher's unit */
};

/* NULL where it is none of them. */
const struct bmf_measure *bmf_measure_of_slug(const char *slug);
/* `metric` by its name, "wall_time" too; `units` may be NULL. */
const struct bmf_measure *bmf_measure_of_metric(const char *metric, const char *units);
