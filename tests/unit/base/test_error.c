#include "base/error.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(error, keeps_code_and_reason)
{
    struct error err = ERROR_INIT;
    cr_assert_eq(error_set(&err, ERROR_INPUT, "%s: line %d", "file", 3), ERROR_INPUT);
    cr_assert_eq(err.code, ERROR_INPUT);
    cr_assert_str_eq(err.message, "file: line 3");
}

Test(error, wrapping_puts_the_context_in_front_and_keeps_the_code)
{
    struct error err = ERROR_INIT;
    (void)error_errno(&err, ERROR_NOT_FOUND, ENOENT, "cannot open %s", "x");
    cr_assert_eq(error_wrap(&err, "reading the %s", "spool"), ERROR_NOT_FOUND);
    cr_assert_str_eq(err.message, "reading the spool: cannot open x: No such file or directory");
}

Test(error, may_be_null)
{
    cr_assert_eq(error_set(NULL, ERROR_BUILD, "x"), ERROR_BUILD);
    cr_assert_eq(error_errno(NULL, ERROR_BUILD, EIO, "x"), ERROR_BUILD);
    cr_assert_lt(error_wrap(NULL, "x"), 0);
}

Test(error, can_be_set_from_its_own_message)
{
    struct error err = ERROR_INIT;
    (void)error_set(&err, ERROR_FAILURE, "inner");
    (void)error_set(&err, ERROR_FAILURE, "outer: %s", err.message);
    cr_assert_str_eq(err.message, "outer: inner");
}

Test(error, a_reason_that_is_too_long_ends_in_dots)
{
    char text[5000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    struct error err = ERROR_INIT;
    (void)error_set(&err, ERROR_FAILURE, "%s", text);
    size_t len = strlen(err.message);
    cr_assert_eq(len, sizeof(err.message) - 1);
    cr_assert_str_eq(err.message + len - 3, "...");
    (void)error_wrap(&err, "%s", text);
    cr_assert_eq(strlen(err.message), sizeof(err.message) - 1);
}
