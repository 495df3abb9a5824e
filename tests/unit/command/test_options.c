#include "command/options.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <string.h>

struct options {
    bool flag;
    const char *text;
    int64_t integer;
    double number, duration;
    uint64_t bytes;
    struct strlist list;
};

static const struct option_row rows[] = {
    OPTION(struct options, flag, OPTION_FLAG, "flag", NULL, ""),
    OPTION(struct options, text, OPTION_STRING, "text", "TEXT", ""),
    OPTION(struct options, integer, OPTION_INTEGER, "integer", "N", ""),
    OPTION(struct options, number, OPTION_NUMBER, "number", "X", ""),
    OPTION(struct options, duration, OPTION_DURATION, "duration", "TIME", ""),
    OPTION(struct options, bytes, OPTION_BYTES, "bytes", "SIZE", ""),
    OPTION(struct options, list, OPTION_LIST, "list", "ITEM", ""),
};

#define WORDS(...)                        \
    ((const char *const[]){__VA_ARGS__}), \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

struct parsed {
    struct options options;
    struct strlist args;
    struct error err;
    size_t used;
    int rc;
};

static struct parsed parse(const char *const *words, size_t count, bool stop_at_word)
{
    struct parsed p = {0};
    const struct option_set set = {rows, ARRAY_SIZE(rows), &p.options};
    p.rc = options_parse((char *const *)(uintptr_t)words, count, &set, 1, stop_at_word, &p.args,
                         &p.used, &p.err);
    return p;
}

static void release(struct parsed *p)
{
    strlist_release(&p->options.list);
    strlist_release(&p->args);
}

Test(options, of_every_kind_are_read_with_a_space_or_an_equals_sign)
{
    struct parsed p =
        parse(WORDS("--flag", "--text", "--flag", "a", "--integer=-3", "--number", "1.5",
                    "--duration=2m", "--bytes", "1K", "--list", "x", "b", "--list=y"),
              false);
    cr_assert_eq(p.rc, 0, "%s", p.err.message);
    cr_assert(p.options.flag);
    cr_assert_str_eq(p.options.text, "--flag");
    cr_assert_eq(p.options.integer, -3);
    cr_assert_eq(p.options.number, 1.5);
    cr_assert_eq(p.options.duration, 120);
    cr_assert_eq(p.options.bytes, 1024);
    cr_assert(p.options.list.count == 2 && !strcmp(p.options.list.items[1], "y"));
    cr_assert(p.args.count == 2 && !strcmp(p.args.items[0], "a") && !strcmp(p.args.items[1], "b"));
    release(&p);
}

Test(options, the_last_use_counts_and_an_empty_value_is_one)
{
    struct parsed p = parse(WORDS("--text=a", "--text="), false);
    cr_assert_eq(p.rc, 0);
    cr_assert_str_eq(p.options.text, "");
    release(&p);
}

Test(options, end_at_two_dashes_and_a_single_dash_is_a_word)
{
    struct parsed p = parse(WORDS("-", "--", "--flag", "--nonsense", "-x"), false);
    cr_assert_eq(p.rc, 0, "%s", p.err.message);
    cr_assert_not(p.options.flag);
    cr_assert_eq(p.args.count, 4);
    release(&p);
}

Test(options, reading_stops_at_the_first_word_where_asked_to)
{
    struct parsed p = parse(WORDS("--flag", "command", "--nonsense"), true);
    cr_assert_eq(p.rc, 0, "%s", p.err.message);
    cr_assert_eq(p.used, 1);
    cr_assert_eq(p.args.count, 0);
    release(&p);
}

static void fails(const char *const *words, size_t count, const char *said)
{
    struct parsed p = parse(words, count, false);
    cr_assert_eq(p.rc, ERROR_USAGE, "%s", words[0]);
    cr_assert(strstr(p.err.message, said), "\"%s\" says %s", p.err.message, said);
    release(&p);
}

Test(options, what_is_wrong_is_named)
{
    fails(WORDS("--tetx", "a"), "did you mean --text?");
    fails(WORDS("--zzzzzz"), "unknown option --zzzzzz");
    fails(WORDS("--text"), "--text needs a value: --text TEXT");
    fails(WORDS("--flag=1"), "--flag takes no value");
    fails(WORDS("--integer", "1.5"), "--integer takes a whole number, not '1.5'");
    fails(WORDS("--number=x"), "--number takes a number, not 'x'");
    fails(WORDS("--bytes", "-1"), "--bytes takes a size");
    fails(WORDS("--duration", "1y"), "--duration takes a time");
    fails(WORDS("-f"), "unknown option -f");
}
