/*
 * Charts of one series as SVG or PNG, drawn by the Rust crate plotters; agent/native/charts/
 * implements it. No font of the machine is read: the labels of a PNG are drawn with a subset of
 * DejaVu Sans (Latin, Greek, Cyrillic) that is part of the agent, an SVG names "sans-serif".
 *
 * Texts are UTF-8 and may be foreign: what XML does not allow, or what turns the direction of
 * text, is left out, and a title that does not fit is cut.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NATIVE_CHART_SIZE_MIN 200 /* pixels, either way */
#define NATIVE_CHART_SIZE_MAX 4096

enum native_chart_kind { NATIVE_CHART_SVG, NATIVE_CHART_PNG };

/* Flags. */
enum native_chart_look {
    NATIVE_CHART_DARK = 1,
    NATIVE_CHART_LOG = 2, /* a logarithmic y axis; every number must be above 0 */
};

/* A stretch of points on one level. */
struct native_chart_level {
    size_t first, last; /* points */
    double value, low, high;
};

/* A change of level: a line in front of the point `at`. */
struct native_chart_mark {
    size_t at;
    int32_t worse; /* 0 or 1 */
};

struct native_chart {
    const char *title, *subtitle;
    const char *y_label; /* the unit */
    const double *values; /* finite, the oldest first, evenly spaced along the x axis */
    const char *const *labels; /* one for each value, for the x axis */
    size_t count; /* 1 or more */
    const struct native_chart_level *levels;
    size_t level_count;
    const struct native_chart_mark *marks;
    size_t mark_count;
    uint32_t width, height; /* pixels */
    uint32_t look;          /* flags of enum native_chart_look */
    uint32_t kind;          /* an enum native_chart_kind */
};

/* 0, with the bytes in `out` (native_free() of native.h takes them back), or 1 with the reason in
 * `err`. */
int32_t native_chart_draw(const struct native_chart *chart, char **out, size_t *len, char *err,
                          size_t err_len);

#ifdef __cplusplus
}
#endif
