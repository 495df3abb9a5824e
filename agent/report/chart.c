#include "report/chart.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"
#include "charts.h"
#include "native.h"
#include "report/report.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define WIDTH 960
#define HEIGHT 420
#define LOG_FROM 100 /* highest over lowest */
#define LOG_TO 1e60  /* where the library's search for ticks still ends */
#define NAME_MAX_CHARS 100
#define LARGE_COUNT 1e6
#define VALUE_MAX 1e305 /* either way: the axis is longer than what is on it, and a double too */

/* How values are shown: divided by `by`, in `unit`. */
struct scale {
    double by;
    const char *unit;
};

/* Ticks have three digits or four: those of large counts would not differ. `room` is for the unit.
 */
static struct scale scale_of_count(const char *units, double size, struct strbuf *room)
{
    int exponent = size >= LARGE_COUNT && size < VALUE_MAX ? 3 * (int)(log10(size) / 3) : 0;
    strbuf_addf(room, "1e%d %s", exponent, units);
    return exponent ? (struct scale){pow(10, exponent), room->buf} : (struct scale){1, units};
}

static struct scale scale_of(const char *units, double size, struct strbuf *room)
{
    static const struct scale times[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}};
    static const struct scale bytes[] = {
        {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {1, "bytes"}};
    bool is_time = units && (!strcmp(units, "nanoseconds") || !strcmp(units, "ns"));
    const struct scale *scales = is_time ? times : bytes;
    if (!is_time && !(units && !strcmp(units, "bytes")))
        return scale_of_count(units ? units : "", size, room);
    size_t i = 0;
    while (i + 1 < ARRAY_SIZE(times) && size < scales[i].by)
        i++;
    return scales[i];
}

/* What a chart borrows while it is drawn. */
struct drawing {
    double *values;
    char **labels;
    struct native_chart_level *levels;
    struct native_chart_mark *marks;
    size_t count, level_count, mark_count;
    double low, high;
};

static void drawing_release(struct drawing *drawing)
{
    for (size_t i = 0; drawing->labels && i < drawing->count; i++)
        free(drawing->labels[i]);
    free(drawing->labels);
    free(drawing->values);
    free(drawing->levels);
    free(drawing->marks);
}

static char *day_of(int64_t seconds)
{
    time_t time = (time_t)seconds;
    struct tm tm;
    char text[32] = "";
    if (gmtime_r(&time, &tm))
        strftime(text, sizeof(text), "%Y-%m-%d", &tm);
    return xstrdup(text);
}

static double drawable(double value)
{
    return value > VALUE_MAX ? VALUE_MAX : value < -VALUE_MAX ? -VALUE_MAX : value;
}

static void fill_points(const struct report *report, const struct report_series *series, double by,
                        struct drawing *out)
{
    out->count = series->count;
    out->values = xcalloc(series->count, sizeof(*out->values));
    out->labels = xcalloc(series->count, sizeof(*out->labels));
    for (size_t i = 0; i < series->count; i++) {
        double value = drawable(series->points[i].value / by);
        out->values[i] = value;
        out->labels[i] = day_of(report->commits[series->points[i].commit].time);
        out->low = i ? fmin(out->low, value) : value;
        out->high = i ? fmax(out->high, value) : value;
    }
}

static void fill_levels(const struct report_series *series, double by, struct drawing *out)
{
    out->levels = xcalloc(series->level_count + 1, sizeof(*out->levels));
    for (size_t i = 0; i < series->level_count; i++) {
        const struct report_level *level = &series->levels[i];
        if (isfinite(level->value))
            out->levels[out->level_count++] =
                (struct native_chart_level){level->first, level->last, drawable(level->value / by),
                                            level->low / by, level->high / by};
    }
}

static void fill_marks(const struct report *report, size_t number, struct drawing *out)
{
    const struct report_series *series = &report->series[number];
    out->marks = xcalloc(report->change_count + 1, sizeof(*out->marks));
    for (size_t i = 0; i < report->change_count; i++) {
        const struct report_change *change = &report->changes[i];
        if (change->series != number)
            continue;
        for (size_t at = 0; at < series->count; at++)
            if (series->points[at].commit == change->after)
                out->marks[out->mark_count++] = (struct native_chart_mark){at, change->worse};
    }
}

static char *subtitle_of(const struct report *report, const struct report_series *series)
{
    const struct report_commit *newest = &report->commits[series->points[series->count - 1].commit];
    AUTO_FREE char *day = day_of(newest->time);
    return xasprintf("%s%s%s · %zu commits to %.7s, %s",
                     strcmp(series->metric, "wall_time") ? series->metric : "",
                     strcmp(series->metric, "wall_time") ? " on " : "",
                     series->test_bed ? series->test_bed : "", series->count, newest->id, day);
}

int chart_draw(const struct report *report, size_t series_number, struct chart_look look,
               struct strbuf *out, struct error *err)
{
    const struct report_series *series = &report->series[series_number];
    __attribute__((cleanup(drawing_release))) struct drawing drawing = {0};
    AUTO_FREE char *subtitle = subtitle_of(report, series);
    AUTO_STRBUF struct strbuf room = STRBUF_INIT;
    double newest = fabs(series->points[series->count - 1].value);
    struct scale scale = scale_of(series->units, newest, &room);
    fill_points(report, series, scale.by, &drawing);
    fill_levels(series, scale.by, &drawing);
    fill_marks(report, series_number, &drawing);
    bool logarithmic = drawing.low > 0 && drawing.high >= LOG_FROM * drawing.low &&
                       drawing.high <= LOG_TO * drawing.low;
    const struct native_chart chart = {
        .title = series->benchmark,
        .subtitle = subtitle,
        .y_label = scale.unit,
        .values = drawing.values,
        .labels = (const char *const *)drawing.labels,
        .count = drawing.count,
        .levels = drawing.levels,
        .level_count = drawing.level_count,
        .marks = drawing.marks,
        .mark_count = drawing.mark_count,
        .width = WIDTH,
        .height = HEIGHT,
        .look = (logarithmic ? NATIVE_CHART_LOG : 0U) | (look.dark ? NATIVE_CHART_DARK : 0U),
        .kind = look.kind == CHART_PNG ? NATIVE_CHART_PNG : NATIVE_CHART_SVG,
    };
    char *bytes = NULL, reason[256];
    size_t len = 0;
    if (native_chart_draw(&chart, &bytes, &len, reason, sizeof(reason)))
        return error_set(err, ERROR_FAILURE, "the chart of %s: %s", series->name, reason);
    strbuf_add(out, bytes, len);
    native_free(bytes, len);
    return 0;
}

static const char *suffix_of(enum chart_kind kind)
{
    return kind == CHART_PNG ? ".png" : ".svg";
}

/* A name of other letters leaves nothing, and no file's name begins with a dash. */
static void add_dash(struct strbuf *out)
{
    if (out->len && out->buf[out->len - 1] != '-')
        strbuf_addch(out, '-');
}

/* Other characters than those that are safe in a file's name everywhere become one dash. */
static void add_safe(struct strbuf *out, const char *text, size_t most)
{
    for (const char *c = text; *c && out->len < most; c++) {
        bool safe = isascii(*c) && (isalnum((unsigned char)*c) || *c == '_' || *c == '.');
        if (safe && (out->len || *c != '.'))
            strbuf_addch(out, *c);
        else
            add_dash(out);
    }
}

char *chart_file_name(const struct report_series *series, enum chart_kind kind)
{
    AUTO_STRBUF struct strbuf key = STRBUF_INIT;
    AUTO_STRBUF struct strbuf name = STRBUF_INIT;
    const char *bed = series->test_bed ? series->test_bed : "";
    char digest[SHA256_HEX_SIZE];
    strbuf_addf(&key, "%s\n%s\n%s", series->name, bed, series->units ? series->units : "");
    sha256_hex_of(key.buf, key.len, digest);
    add_safe(&name, series->name, NAME_MAX_CHARS * 3 / 4);
    add_dash(&name);
    add_safe(&name, bed, NAME_MAX_CHARS);
    add_dash(&name);
    return xasprintf("%s%.8s%s", name.buf, digest, suffix_of(kind));
}

static int write_one(const struct report *report, size_t series, const char *path,
                     struct chart_look look, struct error *err)
{
    AUTO_STRBUF struct strbuf picture = STRBUF_INIT;
    int failed = chart_draw(report, series, look, &picture, err);
    return failed ? failed : file_write_atomic(path, picture.buf, picture.len, err);
}

int chart_write_all(const struct report *report, const char *path, struct chart_look look,
                    size_t *written, struct error *err)
{
    if (text_ends_with(path, suffix_of(look.kind))) {
        if (report->series_count != 1)
            return error_set(err, ERROR_USAGE,
                             "%s is one picture and the report has %zu series: choose one with "
                             "--benchmark and --test-bed, or name a folder",
                             path, report->series_count);
        *written = 1;
        return write_one(report, 0, path, look, err);
    }
    int failed = dir_make(path, err);
    for (size_t i = 0; i < report->series_count && !failed; i++) {
        AUTO_FREE char *name = chart_file_name(&report->series[i], look.kind);
        AUTO_FREE char *file = path_join(path, name);
        failed = write_one(report, i, file, look, err);
    }
    if (!failed)
        *written = report->series_count;
    return failed;
}
