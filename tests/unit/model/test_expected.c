#include "model/expected.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <string.h>

static void trailers(const char *message, const char *wanted)
{
    AUTO_FREE char *found = expected_trailers(message);
    if (wanted)
        cr_assert(found && !strcmp(found, wanted), "'%s' is not '%s'", found ? found : "(none)",
                  wanted);
    else
        cr_assert_null(found);
}

Test(expected, trailers_stand_on_lines_of_their_own_in_the_body)
{
    trailers("subject", NULL);
    trailers("Perf-Expected: subject", NULL);
    trailers("subject\n\nPerf-Expected: scan* why so", "scan* why so");
    trailers("subject\n\nperf-expected:scan*\r\n\n * one\n\nPerf-Expected: \"a b\" x  \nend",
             "scan*\n\"a b\" x");
    trailers("subject\n\n see Perf-Expected: scan\n", NULL);
    trailers("subject\n\nPerf-Expected:\nPerf-Expected:   \n", NULL);
    trailers("subject\n\nPerf-Expected: a\xff", "a\xef\xbf\xbd");
}

Test(expected, the_first_word_is_the_glob)
{
    AUTO_EXPECTED_CHANGES struct expected_changes all = {0};
    expected_parse("scan* why so\n\"a b*\" x\nalone\n\"open", "lance", "0123", &all);
    cr_assert_eq(all.count, 4);
    cr_assert_str_eq(all.items[0].benchmark, "scan*");
    cr_assert_str_eq(all.items[0].reason, "why so");
    cr_assert_str_eq(all.items[1].benchmark, "a b*");
    cr_assert_str_eq(all.items[1].reason, "x");
    cr_assert_str_eq(all.items[2].benchmark, "alone");
    cr_assert_null(all.items[2].reason);
    cr_assert_str_eq(all.items[3].benchmark, "\"open");
    cr_assert_str_eq(all.items[3].project, "lance");
    expected_parse(NULL, "lance", "0123", &all);
    cr_assert_eq(all.count, 4);
}

Test(expected, a_glob_is_for_names_with_and_without_the_metric)
{
    cr_assert(expected_matches("scan", "scan#recall"));
    cr_assert(expected_matches("sc*", "scan"));
    cr_assert(expected_matches("scan#rec*", "scan#recall"));
    cr_assert_not(expected_matches("scan#rec", "scan#recall"));
    cr_assert_not(expected_matches("can", "scan"));
    AUTO_FREE char *glob = expected_glob("a[1]*?\\b");
    cr_assert(expected_matches(glob, "a[1]*?\\b"));
    cr_assert_not(expected_matches(glob, "a1*?\\b"));
}
