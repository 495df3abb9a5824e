#include "parse/history.h"

#include "base/alloc.h"
#include "base/file.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define COMMIT "3980deaffe48c67f440187537f668ceb583f4038"
#define ITEM(more) \
    "{\"name\":\"n\",\"commit\":\"" COMMIT "\",\"datetime\":\"2023-05-22 16:13:59\"" more "}"
#define MEAN ",\"mean_duration_ns\":1.5"

struct kept {
    size_t count;
    double means[8], errors[8];
    int64_t times[8];
    char names[8][64], commits[8][64], details[8][64];
    bool has_os[8];
};

static int keep(void *context, const struct history_item *item, struct error *err)
{
    (void)err;
    struct kept *kept = context;
    size_t i = kept->count++;
    const struct measurement *m = &item->measurement;
    cr_assert_lt(i, 8);
    cr_assert_eq(m->value_count, 1);
    cr_assert_eq(m->summary->mean, m->values[0]);
    cr_assert(isnan(m->summary->min) && isnan(m->summary->standard_deviation));
    cr_assert_null(m->iterations);
    kept->means[i] = m->values[0];
    kept->errors[i] = item->standard_error;
    kept->times[i] = item->time;
    kept->has_os[i] = item->os && item->arch;
    snprintf(kept->names[i], 64, "%s", m->benchmark);
    snprintf(kept->commits[i], 64, "%s", item->commit);
    snprintf(kept->details[i], 64, "%s", m->details ? m->details : "");
    return 0;
}

static int read_text(const char *text, struct kept *kept, struct error *err)
{
    AUTO_INPUT struct input *input = input_from_memory("input", text, strlen(text));
    const struct history_sink sink = {keep, kept};
    struct parse_report report = PARSE_REPORT_INIT;
    int rc = history_parse(input, &sink, &report, err);
    if (!rc)
        cr_assert_eq(report.found, kept->count);
    return rc;
}

Test(history, items_carry_their_commit_time_and_mean)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    struct error err = ERROR_INIT;
    struct kept kept = {0};
    cr_assert_eq(file_read(FIXTURES "/parse/history.json", 1 << 20, &text, &err), 0);
    cr_assert_eq(read_text(text.buf, &kept, &err), 0, "%s", err.message);
    cr_assert_eq(kept.count, 3);
    cr_assert_str_eq(kept.names[0], "train_128d_4k");
    cr_assert_eq(kept.means[0], 21931241.253174603);
    cr_assert_eq(kept.errors[0], 166705.99001928256);
    cr_assert_eq(kept.times[0], 1684772039);
    cr_assert(kept.has_os[0]);
    cr_assert_str_eq(kept.details[0], "{\"standard_error\":166705.99001928256}");
    cr_assert(isnan(kept.errors[1]));
    cr_assert_str_eq(kept.details[1], "");
    cr_assert_not(kept.has_os[2]);
}

Test(history, lines_are_read_like_an_array)
{
    struct kept kept = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(read_text(ITEM(MEAN) "\n\n" ITEM(MEAN) "\n", &kept, &err), 0, "%s", err.message);
    cr_assert_eq(kept.count, 2);
    cr_assert_str_eq(kept.commits[1], COMMIT);
}

Test(history, wrong_items_are_errors)
{
    static const struct {
        const char *text, *words;
        int code;
    } cases[] = {
        {"", "No benchmark results found in the input file (input)", ERROR_NO_DATA},
        {"[]", "No benchmark results found in the input file (input)", ERROR_NO_DATA},
        {"[" ITEM("") "]", "benchmark n: mean_duration_ns is missing", ERROR_INPUT},
        {"[" ITEM(",\"mean_duration_ns\":-1") "]", "mean_duration_ns is -1", ERROR_INPUT},
        {"[" ITEM(",\"mean_duration_ns\":NaN") "]", "expected a number, found NaN", ERROR_INPUT},
        {"[" ITEM(",\"mean_duration_ns\":null") "]", "expected a number, found null", ERROR_INPUT},
        {"[" ITEM(MEAN ",\"commit\":\"abc\"") "]",
         "its commit \"abc\" is not 40 hexadecimal characters", ERROR_INPUT},
        {"[" ITEM(MEAN ",\"datetime\":\"yesterday\"") "]", "its datetime \"yesterday\" is none",
         ERROR_INPUT},
        {"[" ITEM(MEAN ",\"name\":null") "]", "name is empty", ERROR_INPUT},
        {"[" ITEM(MEAN), "found the end of the file", ERROR_INPUT},
        {"[1]", "expected an object, found a number", ERROR_INPUT},
        {"text", "expected a value, found \"t\"", ERROR_INPUT},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct kept kept = {0};
        struct error err = ERROR_INIT;
        cr_assert_eq(read_text(cases[i].text, &kept, &err), cases[i].code, "%s: %s", cases[i].text,
                     err.message);
        cr_assert(strstr(err.message, cases[i].words), "%s", err.message);
    }
}

Test(history, commits_are_made_lower_case)
{
    struct kept kept = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(
        read_text("[" ITEM(MEAN ",\"commit\":\"ABCDEFABCDEFABCDEFABCDEFABCDEFABCDEF0123\"") "]",
                  &kept, &err),
        0, "%s", err.message);
    cr_assert_str_eq(kept.commits[0], "abcdefabcdefabcdefabcdefabcdefabcdef0123");
}
