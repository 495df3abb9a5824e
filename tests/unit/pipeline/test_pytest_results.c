#include "pipeline/run/pytest_results.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char results[] = "{\"benchmarks\": [{\"fullname\": \"t.py::a\", \"stats\": {\"data\": "
                              "[1.2345678901234567e-05]}}, {\"fullname\": \"t.py::b[x - y]\"}]}";

static char *from, *to;

static void setup(void)
{
    test_folder_make();
    from = path_join(test_folder, "from.json");
    to = path_join(test_folder, "to.json");
}

static void teardown(void)
{
    test_folder_remove();
    free(from);
    free(to);
}

static int without(const char *text, const char *name, struct error *err)
{
    AUTO_STRLIST struct strlist failed = STRLIST_INIT;
    if (name)
        strlist_push(&failed, name);
    cr_assert_eq(file_write_atomic(from, text, strlen(text), NULL), 0);
    return pytest_results_without(from, &failed, to, err);
}

Test(pytest_results, without_failures_it_is_a_copy, .init = setup, .fini = teardown)
{
    AUTO_STRBUF struct strbuf got = STRBUF_INIT;
    cr_assert_eq(without(results, NULL, NULL), 0);
    cr_assert_eq(file_read(to, 1 << 20, &got, NULL), 0);
    cr_assert_str_eq(got.buf, results);
    /* NaN is Python's, not JSON's: nothing is parsed where nothing is to be left out. */
    cr_assert_eq(without("{\"x\": NaN}", NULL, NULL), 0);
}

Test(pytest_results, a_failed_test_is_left_out_and_values_keep_every_digit, .init = setup,
     .fini = teardown)
{
    AUTO_STRBUF struct strbuf got = STRBUF_INIT;
    cr_assert_eq(without(results, "t.py::b[x - y]", NULL), 0);
    cr_assert_eq(file_read(to, 1 << 20, &got, NULL), 0);
    cr_assert(strstr(got.buf, "t.py::a"));
    cr_assert_null(strstr(got.buf, "t.py::b"));
    char *value = strstr(got.buf, "[1.");
    cr_assert(value);
    cr_assert_eq(strtod(value + 1, NULL), 1.2345678901234567e-05);
}

Test(pytest_results, nothing_left_or_unreadable_is_a_failure, .init = setup, .fini = teardown)
{
    struct error err = ERROR_INIT;
    static const char one[] = "{\"benchmarks\": [{\"fullname\": \"t.py::a\"}]}";
    cr_assert_eq(without(one, "t.py::a", &err), ERROR_BUILD);
    cr_assert(strstr(err.message, "every benchmark failed: t.py::a"));
    cr_assert_eq(without("{\"benchmarks\": [NaN", "t.py::a", &err), ERROR_BUILD);
    cr_assert(strstr(err.message, "cannot be read to leave their results out"));
    cr_assert_not(path_exists(to));
}
