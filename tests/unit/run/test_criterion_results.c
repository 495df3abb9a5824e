#include "run/criterion_results.h"

#include "base/alloc.h"
#include "base/file.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(criterion_results, .init = test_folder_make, .fini = test_folder_remove);

static void add(const char *place, const char *json)
{
    AUTO_FREE char *name = xasprintf("%s/new/benchmark.json", place);
    test_folder_put(name, json);
}

static bool there(const char *place)
{
    AUTO_FREE char *file = xasprintf("%s/%s/new/benchmark.json", test_folder, place);
    return path_exists(file);
}

static bool is_not_bad(void *context, const char *title)
{
    (void)context;
    return strcmp(title, "bad") != 0;
}

Test(criterion_results, what_is_not_wanted_goes_and_what_lies_below_it_stays)
{
    add("bad", "{\"title\": \"bad\"}");
    add("bad/good", "{\"title\": \"bad/good\"}");
    add("new/good", "{\"title\": \"new/good\"}");
    size_t kept = 99;
    cr_assert_eq(criterion_results_sift(test_folder, is_not_bad, NULL, &kept, NULL), 0);
    cr_assert_eq(kept, 2);
    cr_assert_not(there("bad"));
    cr_assert(there("bad/good"));
    cr_assert(there("new/good"));
}

Test(criterion_results, a_result_without_a_title_is_an_error)
{
    static const char *const damaged[] = {"{}", "{\"title\": 3}", "no JSON", ""};
    for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
        struct error err = ERROR_INIT;
        size_t kept = 0;
        add("a", damaged[i]);
        cr_assert_eq(criterion_results_sift(test_folder, is_not_bad, NULL, &kept, &err),
                     ERROR_BUILD);
        cr_assert(strstr(err.message, "does not say what its benchmark is called"));
    }
}
