#include "report/html.h"

#include "base/alloc.h"
#include "base/file.h"
#include "report/chart.h"
#include "report/html_number.h"
#include "report/site.h"

#include <criterion/criterion.h>
#include <cjson/cJSON.h>
#include <float.h>
#include <math.h>
#include <string.h>

#define POINTS 60

/* A report whose texts and lists are the test's. */
struct example {
    struct report report;
    struct report_series series[3];
    struct report_commit commits[POINTS];
    struct report_change change;
    struct report_level level;
    struct report_test_bed bed;
    char ids[POINTS][41];
};

static void add_points(struct report_series *series, double level)
{
    series->points = xcalloc(POINTS, sizeof(*series->points));
    series->runs = xcalloc(POINTS, sizeof(*series->runs));
    series->count = series->run_count = POINTS;
    for (size_t i = 0; i < POINTS; i++) {
        double value = level * (i < 30 ? 1 : 1.1) + (double)(i % 7);
        series->runs[i] = value;
        series->points[i] = (struct report_point){i, value, value, value, i, 1};
    }
}

static struct example *example_new(const char *name)
{
    struct example *e = xcalloc(1, sizeof(*e));
    for (size_t i = 0; i < POINTS; i++) {
        snprintf(e->ids[i], sizeof(e->ids[i]), "%040zx", i);
        e->commits[i] = (struct report_commit){.id = e->ids[i], .time = 1700000000, .main = true};
    }
    const char *const names[] = {"a", name, "z"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        e->series[i] = (struct report_series){
            .name = names[i],
            .benchmark = names[i],
            .metric = "wall_time",
            .test_bed = "bed",
            .units = "nanoseconds",
            .base = NAN,
            .at = POINTS - 1,
            .verdict = {.outcome = REPORT_NO_HISTORY, .change = NAN},
        };
        add_points(&e->series[i], 1000.0 * (double)(i + 1));
    }
    e->level = (struct report_level){0, 29, 1003, 990, 1016};
    e->series[0].levels = &e->level;
    e->series[0].level_count = 1;
    e->change = (struct report_change){.series = 0,
                                       .before = 29,
                                       .after = 30,
                                       .earliest = 30,
                                       .latest = 31,
                                       .old_level = 1000,
                                       .level = 1100,
                                       .change = .1,
                                       .low = NAN,
                                       .high = NAN,
                                       .worse = true,
                                       .open = true};
    e->bed = (struct report_test_bed){.name = "bed"};
    e->report = (struct report){
        .project = "lance",
        .generator = "lance-bench",
        .head = POINTS - 1,
        .base = REPORT_NONE,
        .commits = e->commits,
        .commit_count = POINTS,
        .series = e->series,
        .series_count = ARRAY_SIZE(names),
        .changes = &e->change,
        .change_count = 1,
        .test_beds = &e->bed,
        .test_bed_count = 1,
    };
    return e;
}

static void example_free(struct example **e)
{
    for (size_t i = 0; i < ARRAY_SIZE((*e)->series); i++) {
        free((*e)->series[i].points);
        free((*e)->series[i].runs);
    }
    free(*e);
}
#define AUTO_EXAMPLE __attribute__((cleanup(example_free)))

/* -- numbers */

static void reads(double value, const char *want)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    html_number(&out, value);
    cr_assert_str_eq(out.buf, want, "%.17g became %s", value, out.buf);
}

Test(html_number, a_number_has_seven_digits_and_no_more_bytes_than_it_needs)
{
    reads(0, "0");
    reads(1, "1");
    reads(-1.5, "-1.5");
    reads(1234567, "1234567");
    reads(12345678, "12345680");
    reads(0.1, "0.1");
    reads(0.00012345678, "0.0001234568");
    reads(9999999.6, "10000000");
    reads(99999.999, "100000");
    reads(100, "100");
    reads(NAN, "null");
    reads(INFINITY, "null");
    reads(1e-9, "1e-09");
    reads(1.5e22, "1.5e+22");
}

Test(html_number, every_number_reads_back_to_seven_digits)
{
    for (int exponent = -300; exponent <= 300; exponent++) {
        for (int i = 0; i < 50; i++) {
            double value = (1 + i * 0.1799999) * pow(10, exponent);
            AUTO_STRBUF struct strbuf out = STRBUF_INIT;
            html_number(&out, value);
            cr_assert_float_eq(strtod(out.buf, NULL) / value, 1, 1e-6, "%.17g: %s", value, out.buf);
            cJSON *number = cJSON_Parse(out.buf);
            cr_assert(cJSON_IsNumber(number), "%s", out.buf);
            cJSON_Delete(number);
        }
    }
    reads(DBL_MAX, "1.797693e+308");
}

static void spark_is(const double *values, size_t count, const char *want)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    html_spark(&out, values, count, sizeof(*values));
    cr_assert_str_eq(out.buf, want);
}

Test(html_number, a_spark_goes_from_the_lowest_to_the_highest)
{
    spark_is((double[]){1, 2, 3}, 3, "Ag_");
    spark_is((double[]){5, 5}, 2, "gg");
    spark_is((double[]){-DBL_MAX, 0, DBL_MAX}, 3, "Ag_");
    spark_is((double[]){0, DBL_TRUE_MIN}, 2, "A_");
    spark_is(NULL, 0, "");
}

Test(html_number, an_outlier_among_many_reaches_the_top_of_its_spark)
{
    double values[5000];
    for (size_t i = 0; i < ARRAY_SIZE(values); i++)
        values[i] = i == 3777 ? 100 : 1;
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    html_spark(&out, values, ARRAY_SIZE(values), sizeof(*values));
    cr_assert_eq(out.len, 2 * HTML_SPARK_COLUMNS);
    cr_assert_eq(strchr(out.buf, '_') - out.buf, 2 * (3777 * HTML_SPARK_COLUMNS / 5000) + 1);
}

/* -- the data */

Test(html_data, parcels_and_overview_are_json_that_belongs_together)
{
    AUTO_EXAMPLE struct example *e = example_new("</script>\xff");
    AUTO_HTML_PARCELS struct html_parcels parcels = {0};
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    html_parcels_make(&e->report, &parcels);
    html_overview(&e->report, &parcels, NULL, &out);
    cJSON *overview = cJSON_Parse(out.buf);
    cr_assert(overview, "%s", out.buf);
    const cJSON *series = cJSON_GetObjectItem(overview, "series"), *column = NULL;
    cJSON_ArrayForEach(column, series)
        cr_assert_eq(cJSON_GetArraySize(column), 3, "%s", column->string);
    cr_assert(cJSON_IsNull(cJSON_GetObjectItem(overview, "base")));
    for (size_t i = 0; i < parcels.count; i++) {
        cJSON *parcel = cJSON_Parse(parcels.items[i].buf);
        cr_assert(cJSON_IsArray(parcel), "%s", parcels.items[i].buf);
        cJSON_Delete(parcel);
    }
    cJSON_Delete(overview);
}

Test(html_data, a_parcel_stays_the_same_when_the_verdict_or_another_series_changes)
{
    AUTO_EXAMPLE struct example *e = example_new("name");
    AUTO_HTML_PARCELS struct html_parcels before = {0}, after = {0};
    html_parcels_make(&e->report, &before);
    e->series[0].verdict.outcome = REPORT_WORSE;
    e->series[0].name = "another name in the same parcel";
    e->report.generated = 1;
    html_parcels_make(&e->report, &after);
    cr_assert_str_eq(before.items[0].buf, after.items[0].buf);
}

Test(html, no_text_ends_the_script_element_it_stands_in)
{
    AUTO_EXAMPLE struct example *e = example_new("</script><!--<script>");
    AUTO_STRBUF struct strbuf page = STRBUF_INIT;
    html_report(&e->report, &page);
    cr_assert(!strstr(page.buf, "</script><!--"));
    cr_assert(strstr(page.buf, "\\u003c/script>\\u003c!--\\u003cscript>"));
    size_t opened = 0, closed = 0;
    for (const char *at = page.buf; (at = strstr(at, "<script")); at++)
        opened++;
    for (const char *at = page.buf; (at = strstr(at, "</script>")); at++)
        closed++;
    cr_assert_eq(opened, closed);
    cr_assert(strstr(page.buf, html_generator));
}

/* -- pictures */

Test(chart, a_picture_is_what_its_kind_says)
{
    AUTO_EXAMPLE struct example *e = example_new("a <b> & \x01 c");
    AUTO_STRBUF struct strbuf svg = STRBUF_INIT, png = STRBUF_INIT;
    struct error err = ERROR_INIT;
    cr_assert_eq(chart_draw(&e->report, 1, (struct chart_look){CHART_SVG, false}, &svg, &err), 0,
                 "%s", err.message);
    cr_assert(!strncmp(svg.buf, "<svg", 4));
    cr_assert(strstr(svg.buf, "a &lt;b&gt; &amp;  c"), "%.900s", svg.buf);
    cr_assert_eq(chart_draw(&e->report, 0, (struct chart_look){CHART_PNG, true}, &png, &err), 0,
                 "%s", err.message);
    cr_assert(png.len > 1000 && !memcmp(png.buf, "\x89PNG\r\n\x1a\n", 8));
}

Test(chart, a_number_that_is_none_is_an_error_with_the_name)
{
    AUTO_EXAMPLE struct example *e = example_new("odd");
    AUTO_STRBUF struct strbuf svg = STRBUF_INIT;
    struct error err = ERROR_INIT;
    e->series[1].points[3].value = NAN;
    cr_assert_eq(chart_draw(&e->report, 1, (struct chart_look){CHART_SVG, false}, &svg, &err),
                 ERROR_FAILURE);
    cr_assert(strstr(err.message, "odd: a chart needs finite numbers"), "%s", err.message);
    cr_assert_eq(svg.len, 0);
}

Test(chart, file_names_are_safe_and_tell_series_apart)
{
    AUTO_EXAMPLE struct example *e = example_new("../../etc/passwd\n\xe2\x80\xae");
    AUTO_FREE char *name = chart_file_name(&e->series[1], CHART_SVG);
    cr_assert(!strchr(name, '/') && name[0] != '.' && strstr(name, ".svg"), "%s", name);
    AUTO_FREE char *first = chart_file_name(&e->series[0], CHART_PNG);
    e->series[0].units = "bytes";
    AUTO_FREE char *second = chart_file_name(&e->series[0], CHART_PNG);
    cr_assert_str_neq(first, second);
}

/* -- the site */

Test(site, writing_it_again_writes_what_has_changed_and_removes_what_is_not_named)
{
    AUTO_EXAMPLE struct example *e = example_new("name");
    char dir[] = "/tmp/lance-bench-site.XXXXXX";
    cr_assert(mkdtemp(dir));
    struct site_outcome out = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(site_write(&e->report, dir, &out, &err), 0, "%s", err.message);
    cr_assert(out.written == 3 && !out.kept && !out.removed);
    e->report.generated++;
    cr_assert_eq(site_write(&e->report, dir, &out, &err), 0, "%s", err.message);
    cr_assert(!out.written && out.kept == 3 && !out.removed);
    e->series[0].points[3].value++;
    cr_assert_eq(site_write(&e->report, dir, &out, &err), 0, "%s", err.message);
    cr_assert(out.written == 3 && !out.kept && out.removed == 1);
    cr_assert_eq(tree_remove(dir, &err), 0);
}

Test(site, another_page_in_the_folder_is_left_alone)
{
    AUTO_EXAMPLE struct example *e = example_new("name");
    char dir[] = "/tmp/lance-bench-site.XXXXXX";
    cr_assert(mkdtemp(dir));
    AUTO_FREE char *page = path_join(dir, "index.html");
    struct site_outcome out = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(file_write_atomic(page, "mine", 4, &err), 0);
    cr_assert_eq(site_write(&e->report, dir, &out, &err), ERROR_USAGE);
    cr_assert(strstr(err.message, page));
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    cr_assert_eq(file_read(page, 100, &text, &err), 0);
    cr_assert_str_eq(text.buf, "mine");
    cr_assert_eq(tree_remove(dir, &err), 0);
}
