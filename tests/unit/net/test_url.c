/* Addresses: made, compared, shown. */
#include "net/url.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <string.h>

Test(url, a_query_is_encoded_and_missing_values_are_left_out)
{
    struct http_pair query[] = {{"sha", "a/b c&d=e#f"}, {"since", NULL}, {"q", "ä+%"}};
    AUTO_FREE char *url = url_make("https://h/api/", "/repos/o/r", query, 3);
    cr_assert_str_eq(url, "https://h/api/repos/o/r?sha=a%2Fb%20c%26d%3De%23f&q=%C3%A4%2B%25");
}

Test(url, an_absolute_target_stands_alone)
{
    struct http_pair query = {"a", "1"};
    AUTO_FREE char *url = url_make("https://h", "https://g/x?page=2", &query, 1);
    cr_assert_str_eq(url, "https://g/x?page=2&a=1");
}

Test(url, a_path_from_a_stranger_stays_one_piece)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    url_escape(&out, "../x?y#z\r\nA: b");
    cr_assert_str_eq(out.buf, "..%2Fx%3Fy%23z%0D%0AA%3A%20b");
}

Test(url, the_same_origin_is_scheme_host_and_port)
{
    cr_assert(url_same_origin("https://h/a", "https://H:443/b?c"));
    cr_assert(url_same_origin("http://127.0.0.1:80/", "http://127.0.0.1/x"));
    cr_assert_not(url_same_origin("https://h/", "http://h/"));
    cr_assert_not(url_same_origin("https://h/", "https://h:444/"));
    cr_assert_not(url_same_origin("https://h/", "https://h.evil/"));
    cr_assert_not(url_same_origin("https://h/", "https://h@evil/"));
    cr_assert_not(url_same_origin("https://h/", "no url"));
}

Test(url, only_plain_web_addresses_are_a_base)
{
    static const char *const wrong[] = {
        "",         "api.github.com", "ftp://h",     "file:///x",  "https://h?x=1",   "https://h#x",
        "https://", "https://u:p@h",  "https://u@h", "http://a b", "javascript:alert"};
    struct error err = ERROR_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        cr_assert_eq(url_check_base(wrong[i], "X", &err), ERROR_USAGE, "%s", wrong[i]);
    cr_assert_eq(url_check_base("https://ghe.example.com/api/v3", "X", &err), 0);
    cr_assert_eq(url_check_base("http://127.0.0.1:8080", "X", &err), 0);
}

Test(url, a_password_in_a_base_is_not_repeated)
{
    struct error err = ERROR_INIT;
    cr_assert_eq(url_check_base("https://u:s3cret@h", "X", &err), ERROR_USAGE);
    cr_assert_null(strstr(err.message, "s3cret"));
}

Test(url, what_is_shown_has_no_query_and_no_password)
{
    AUTO_FREE char *shown = url_shown("https://u:p@h:99/a/b?sig=secret#f");
    cr_assert_str_eq(shown, "h/a/b");
    AUTO_FREE char *none = url_shown("\x01 nonsense?secret");
    cr_assert_null(strstr(none, "secret"));
}

Test(url, this_machine_is_known)
{
    cr_assert(url_is_loopback("http://127.0.0.1:1/"));
    cr_assert(url_is_loopback("http://localhost/"));
    cr_assert(url_is_loopback("http://[::1]/"));
    cr_assert_not(url_is_loopback("http://127.evil.example/"));
    cr_assert_not(url_is_loopback("http://10.0.0.1/"));
}
