#include "collect.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <string.h>

#define LINE(more) \
    "{\"calibration\":1,\"name\":\"n\",\"units\":\"ratio\",\"values\":[0.5]" more "}\n"

Test(calibration, lines_carry_their_units)
{
    AUTO_COLLECTION struct collection c =
        collect_text("auto",
                     LINE(",\"details\":{\"rounds\":2}") "\n"
                                                         "{\"values\":[1.5,2e3],\"units\":"
                                                         "\"hertz\",\"more\":[{}],\"name\":\"f\","
                                                         "\"calibration\":1,\"details\":null}",
                     SIZE_MAX);
    cr_assert_eq(c.rc, 0, "%s", c.err.message);
    cr_assert_eq(c.count, 2);
    cr_assert_eq(c.report.found, 2);
    cr_assert_str_eq(c.items[0].benchmark, "n");
    cr_assert_str_eq(c.items[0].details, "{\"rounds\":2}");
    cr_assert_eq(c.items[0].values[0], 0.5);
    cr_assert_str_eq(c.items[0].units, "ratio");
    cr_assert_str_eq(c.items[1].units, "hertz");
    cr_assert_eq(c.items[1].value_count, 2);
    cr_assert_eq(c.items[1].values[1], 2000);
    cr_assert_null(c.items[1].details);
    cr_assert_null(c.items[1].iterations);
}

Test(calibration, what_is_wrong_is_named_with_its_line)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"{\"calibration\":2,\"name\":\"n\"}", "version 2"},
        {"{\"name\":\"n\",\"units\":\"s\",\"values\":[1]}", "version 0"},
        {"{\"calibration\":1,\"units\":\"s\",\"values\":[1]}", "name"},
        {"{\"calibration\":1,\"name\":\"n\",\"values\":[1]}", "benchmark n: its units"},
        {"{\"calibration\":1,\"name\":\"n\",\"units\":\"a\\u0000b\",\"values\":[1]}", "its units"},
        {"{\"calibration\":1,\"name\":\"n\",\"units\":\"s\"}", "no values"},
        {"{\"calibration\":1,\"name\":\"n\",\"units\":\"s\",\"values\":[]}", "no values"},
        {"{\"calibration\":1,\"name\":\"n\",\"units\":\"s\",\"values\":[1,-2]}", "-2 is no value"},
        {"{\"calibration\":1,\"name\":\"n\",\"units\":\"s\",\"values\":[NaN]}", "line 2"},
        {"{\"calibration\":1,\"name\":\"n\",\"units\":\"s\",\"values\":[1],\"details\":[]}",
         "no object"},
        {"{\"calibration\":1,\"name\":\"n\"", "line 2"},
        {"plain text", "line 2"},
        {"{\"calibration\":-1}", "line 2"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO_FREE char *text = xasprintf("%s%s\n", LINE(""), cases[i].text);
        AUTO_COLLECTION struct collection c = collect_text("calibration", text, SIZE_MAX);
        assert_fails(&c, ERROR_INPUT, cases[i].words);
        assert_fails(&c, ERROR_INPUT, "line 2");
    }
}
