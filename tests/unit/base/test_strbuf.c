#include "base/strbuf.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(strbuf, is_an_empty_string_before_the_first_write)
{
    struct strbuf sb = STRBUF_INIT;
    cr_assert_str_eq(sb.buf, "");
    cr_assert_eq(sb.len, 0);
    strbuf_clear(&sb);
    strbuf_release(&sb);
    cr_assert_str_eq(sb.buf, "");
}

Test(strbuf, grows_by_one_byte_at_a_time_and_stays_terminated)
{
    AUTO_STRBUF struct strbuf sb = STRBUF_INIT;
    for (size_t i = 0; i < 10000; i++) {
        strbuf_addch(&sb, (char)('a' + i % 26));
        cr_assert_eq(sb.len, i + 1);
        cr_assert_eq(sb.buf[sb.len], '\0');
    }
    for (size_t i = 0; i < sb.len; i++)
        cr_assert_eq(sb.buf[i], (char)('a' + i % 26));
}

Test(strbuf, keeps_bytes_that_are_nul)
{
    AUTO_STRBUF struct strbuf sb = STRBUF_INIT;
    strbuf_add(&sb, "a\0b", 3);
    strbuf_addstr(&sb, "c");
    cr_assert_eq(sb.len, 4);
    cr_assert_arr_eq(sb.buf, "a\0bc", 5);
}

Test(strbuf, formats_text_longer_than_any_guess)
{
    AUTO_STRBUF struct strbuf sb = STRBUF_INIT;
    char *text = malloc(100001);
    cr_assert(text);
    memset(text, 'x', 100000);
    text[100000] = '\0';
    strbuf_addf(&sb, "<%s|%d>", text, 42);
    cr_assert_eq(sb.len, 100005);
    cr_assert_eq(sb.buf[0], '<');
    cr_assert_str_eq(sb.buf + 100001, "|42>");
    free(text);
}

Test(strbuf, detached_text_is_the_callers_and_leaves_nothing_behind)
{
    struct strbuf sb = STRBUF_INIT;
    char *empty = strbuf_detach(&sb);
    cr_assert_str_eq(empty, "");
    free(empty);
    strbuf_addstr(&sb, "mine");
    char *text = strbuf_detach(&sb);
    cr_assert_str_eq(text, "mine");
    cr_assert_eq(sb.len, 0);
    cr_assert_eq(sb.cap, 0);
    free(text);
}

Test(strbuf, cuts_off_white_space_at_the_end_only)
{
    AUTO_STRBUF struct strbuf sb = STRBUF_INIT;
    strbuf_addstr(&sb, " a b \t\r\n ");
    strbuf_rtrim(&sb);
    cr_assert_str_eq(sb.buf, " a b");
    strbuf_truncate(&sb, 2);
    cr_assert_str_eq(sb.buf, " a");
    strbuf_clear(&sb);
    strbuf_addstr(&sb, "  \n");
    strbuf_rtrim(&sb);
    cr_assert_str_eq(sb.buf, "");
}
