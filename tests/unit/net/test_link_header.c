/* The link to the next page. */
#include "net/link_header.h"

#include "base/alloc.h"

#include <criterion/criterion.h>

static void expect(const char *header, const char *wanted)
{
    AUTO_FREE char *found = link_header_next(header);
    if (wanted)
        cr_assert_str_eq(found, wanted, "%s", header);
    else
        cr_assert_null(found, "%s", header);
}

Test(link_header, next_is_found_wherever_it_stands)
{
    expect("<https://a/x?page=2>; rel=\"next\", <https://a/x?page=9>; rel=\"last\"",
           "https://a/x?page=2");
    expect("<https://a/1>; rel=\"prev\", <https://a/3>; rel=\"next\"", "https://a/3");
    expect("<https://a/1>; title=\"x, y; rel=next\"; rel=next", "https://a/1");
    expect("<https://a/1>;rel=\"last next\"", "https://a/1");
    expect("<https://a/1>; REL=NEXT", "https://a/1");
}

Test(link_header, a_comma_or_semicolon_in_the_address_ends_nothing)
{
    expect("<https://a/x?a=1,2;3>; rel=\"next\"", "https://a/x?a=1,2;3");
}

Test(link_header, without_a_next_there_is_none)
{
    expect(NULL, NULL);
    expect("", NULL);
    expect("<https://a/1>; rel=\"prev\"", NULL);
    expect("<https://a/1>; rel=\"nextish\"", NULL);
    expect("<https://a/1>; norel=\"next\"", NULL);
    expect("<https://a/1; rel=\"next\"", NULL);
    expect("<https://a/1>; rel=\"next", "https://a/1");
    expect(";;;,,<>", NULL);
}
