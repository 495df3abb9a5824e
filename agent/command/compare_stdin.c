#include "command/compare_stdin.h"

#include "base/alloc.h"
#include "command/series_input.h"
#include "decide/verdict.h"
#include "report/table.h"

#include <math.h>
#include <stdio.h>

struct test {
    bool possible; /* there is enough to test */
    struct prediction prediction;
};

struct tests {
    double alpha;
    bool together;
    struct double_list history, values; /* of the test at hand */
    struct test *items;
    size_t count, cap;
};

static int read_test(struct json_reader *r, void *context, struct error *err)
{
    struct tests *tests = context;
    bool more = false;
    int failed = 0;
    tests->history.count = tests->values.count = 0;
    while (!failed && !(failed = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "history"))
            failed = series_input_values(r, &tests->history, err);
        else if (json_text_is(r, "values"))
            failed = series_input_values(r, &tests->values, err);
        else
            failed = json_skip(r, err);
    }
    if (failed)
        return failed;
    ARRAY_RESERVE(tests->items, tests->cap, tests->count + 1);
    struct test *test = &tests->items[tests->count++];
    *test = (struct test){0};
    test->possible = predict(tests->history.items, tests->history.count, tests->values.items,
                             tests->values.count, &test->prediction);
    return 0;
}

static int read_setting(struct json_reader *r, void *context, struct error *err)
{
    struct tests *tests = context;
    if (json_text_is(r, "together"))
        return json_read_bool(r, &tests->together, err);
    if (!json_text_is(r, "alpha"))
        return json_skip(r, err);
    int failed = json_read_double(r, &tests->alpha, err);
    if (!failed && !(tests->alpha > 0 && tests->alpha < 0.5))
        return json_fail(r, err, "alpha is above 0 and below .5");
    return failed;
}

static void print_number(const char *name, double value)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (isfinite(value))
        format_double(&text, value);
    else
        strbuf_addstr(&text, "null");
    printf(", \"%s\": %s", name, text.buf);
}

static void print_test(const struct test *test, const struct verdict *verdict)
{
    printf("{\"verdict\": \"%s\"", verdict_name(verdict->kind));
    if (test->possible) {
        const struct prediction *p = &test->prediction;
        printf(", \"history\": %zu, \"since\": %zu, \"runs\": %zu", p->history, p->since, p->runs);
        print_number("noise", p->noise);
        print_number("effect", p->effect);
        print_number("low", p->low);
        print_number("high", p->high);
        print_number("p_higher", p->p_higher);
        print_number("p_lower", p->p_lower);
        print_number("p_adjusted", verdict->p);
        print_number("smallest", verdict->smallest);
        printf(", \"runs_needed\": %zu", verdict->runs_needed);
    }
    putchar('}');
}

int compare_stdin(struct error *err)
{
    struct tests tests = {.alpha = VERDICT_ALPHA, .together = true};
    int failed = series_input_read("tests", read_test, read_setting, &tests, err);
    size_t count = failed ? 0 : tests.count;
    AUTO_FREE struct verdict *verdicts = xcalloc(count + 1, sizeof(*verdicts));
    AUTO_FREE struct verdict_test *asked = xcalloc(count + 1, sizeof(*asked));
    for (size_t i = 0; i < count; i++)
        asked[i] = (struct verdict_test){
            .prediction = tests.items[i].possible ? &tests.items[i].prediction : NULL,
            .higher_is_worse = true,
        };
    const struct verdict_rule rule = {
        .alpha = tests.alpha, .alone = !tests.together, .matters = VERDICT_MATTERS};
    verdicts_of(asked, count, &rule, verdicts);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? ",\n " : "[", stdout);
        print_test(&tests.items[i], &verdicts[i]);
    }
    if (!failed)
        puts(count ? "]" : "[]");
    free(tests.items);
    free(tests.history.items);
    free(tests.values.items);
    return failed;
}
