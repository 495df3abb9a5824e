#include "pipeline/history/history_commits.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* An id that begins with two digits for `number`. */
static char *ident(int number)
{
    char *id = xasprintf("%02x", (unsigned)number);
    id = xrealloc(id, 41);
    memset(id + 2, 'a', 38);
    id[40] = '\0';
    return id;
}

static void know(struct stored_commits *known, int number, int parent, int64_t time)
{
    ARRAY_RESERVE(known->items, known->cap, known->count + 1);
    known->items[known->count++] = (struct stored_commit){
        .commit = {.id = ident(number), .parent = parent ? ident(parent) : NULL, .time = time},
        .project = xstrdup("lance"),
    };
}

static void measure(struct history_commits *commits, int number, int64_t time)
{
    AUTO_FREE char *id = ident(number);
    history_commits_add(commits, "lance", id, "1.0", time);
}

static struct history_commit *get(const struct history_commits *commits, int number)
{
    AUTO_FREE char *id = ident(number);
    return history_commits_find(commits, id, NULL);
}

Test(history_commits, a_commit_never_comes_before_its_first_parent)
{
    struct history_commits commits = {0};
    struct stored_commits known = {0};
    know(&known, 3, 2, 50); /* its clock is behind */
    know(&known, 1, 0, 100);
    know(&known, 2, 1, 200);
    measure(&commits, 3, 50);
    measure(&commits, 1, 100);
    history_commits_link(&commits, &known);
    cr_assert_eq(commits.count, 3);
    cr_assert_lt(history_commit_compare(get(&commits, 1), get(&commits, 2)), 0);
    cr_assert_lt(history_commit_compare(get(&commits, 2), get(&commits, 3)), 0);
    cr_assert_eq(get(&commits, 3)->depth, 3);
    cr_assert_not(get(&commits, 2)->measured);
    stored_commits_release(&known);
    history_commits_release(&commits);
}

Test(history_commits, the_beginning_of_one_id_is_that_commit_and_of_two_is_none)
{
    struct history_commits commits = {0};
    struct stored_commits known = {0};
    know(&known, 1, 0, 100);
    know(&known, 2, 0, 200);
    history_commits_add(&commits, "lance", "01aaaaa", NULL, 100);
    history_commits_link(&commits, &known);
    cr_assert_eq(commits.count, 2);
    cr_assert(get(&commits, 1)->measured);
    cr_assert_eq(strlen(get(&commits, 1)->id), 40);
    bool several = false;
    cr_assert_null(history_commits_find(&commits, "0", &several));
    cr_assert(several);
    cr_assert_null(history_commits_find(&commits, "ff", &several));
    cr_assert_not(several);
    stored_commits_release(&known);
    history_commits_release(&commits);
}

Test(history_commits, a_version_is_no_beginning_of_another)
{
    struct history_commits commits = {0};
    const struct stored_commits none = {0};
    history_commits_add(&commits, "lance", "1.0", "1.0", 100);
    history_commits_add(&commits, "lance", "1.0.1", "1.0.1", 200);
    history_commits_link(&commits, &none);
    cr_assert_eq(commits.count, 2);
    history_commits_release(&commits);
}

/* 1 - 2 - 3 - 4, and 5 - 6 from 2; 7 is linked to none. */
static void fork_of_two(struct history_commits *commits, struct stored_commits *known)
{
    static const int parents[] = {0, 0, 1, 2, 3, 2, 5, 0};
    for (int i = 1; i <= 7; i++) {
        know(known, i, parents[i], 100 * i);
        measure(commits, i, 100 * i);
    }
    history_commits_link(commits, known);
}

Test(history_commits, the_main_line_is_that_of_the_newest)
{
    static const bool wanted[] = {false, true, true, false, false, true, true, true};
    struct history_commits commits = {0};
    struct stored_commits known = {0};
    fork_of_two(&commits, &known);
    history_commits_choose_main(&commits);
    for (int i = 1; i <= 7; i++)
        cr_assert_eq(get(&commits, i)->chosen, wanted[i], "%d", i);
    stored_commits_release(&known);
    history_commits_release(&commits);
}

Test(history_commits, ancestors_are_first_parents_and_what_is_earlier_without_a_link)
{
    static const bool before_4[] = {false, true, true, true, false, false, false, false};
    struct history_commits commits = {0};
    struct stored_commits known = {0};
    fork_of_two(&commits, &known);
    history_commits_choose_before(&commits, get(&commits, 4));
    for (int i = 1; i <= 7; i++)
        cr_assert_eq(get(&commits, i)->chosen, before_4[i], "%d", i);
    history_commits_choose_before(&commits, get(&commits, 7));
    for (int i = 1; i <= 6; i++)
        cr_assert(get(&commits, i)->chosen);
    cr_assert_not(get(&commits, 7)->chosen);
    stored_commits_release(&known);
    history_commits_release(&commits);
}

Test(history_commits, a_circle_of_parents_ends)
{
    struct history_commits commits = {0};
    struct stored_commits known = {0};
    know(&known, 1, 2, 100);
    know(&known, 2, 1, 200);
    measure(&commits, 1, 100);
    measure(&commits, 2, 200);
    history_commits_link(&commits, &known);
    history_commits_choose_main(&commits);
    history_commits_choose_before(&commits, get(&commits, 2));
    stored_commits_release(&known);
    history_commits_release(&commits);
}
