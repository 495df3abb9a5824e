#include "command/command.h"

#include "base/error.h"
#include "command/exit_code.h"
#include "command/help.h"
#include "command/options.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(command, is_found_by_its_one_or_two_words)
{
    size_t used = 0;
    char *two[] = {(char *)"db", (char *)"info", (char *)"more"};
    const struct command *found = command_find(two, 3, &used);
    cr_assert(found && !strcmp(found->name, "db info"));
    cr_assert_eq(used, 2);
    char *longest[] = {(char *)"publish", (char *)"pytest"};
    found = command_find(longest, 2, &used);
    cr_assert(found && !strcmp(found->name, "publish pytest"));
    char *one[] = {(char *)"publish", (char *)"--spooled"};
    found = command_find(one, 2, &used);
    cr_assert(found && !strcmp(found->name, "publish"));
    cr_assert_eq(used, 1);
    char *none[] = {(char *)"db"};
    cr_assert_null(command_find(none, 1, &used));
    char *part[] = {(char *)"pub"};
    cr_assert_null(command_find(part, 1, &used));
    cr_assert_null(command_find(NULL, 0, &used));
}

Test(command, every_row_says_what_the_help_needs)
{
    cr_assert_gt(command_count, 10);
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = commands[i];
        cr_assert(c->name && *c->name && c->group && c->summary && *c->summary && c->arguments &&
                      c->run,
                  "%s", c->name);
        cr_assert_neq(c->summary[strlen(c->summary) - 1], '.', "%s: no full stop", c->name);
        cr_assert_leq(c->min_args, c->max_args, "%s", c->name);
        for (size_t j = 0; j < i; j++)
            cr_assert_str_neq(c->name, commands[j]->name);
        for (size_t j = 0; j < c->option_count; j++) {
            const struct option_row *o = &c->options[j];
            cr_assert_eq(o->value == NULL, o->kind == OPTION_FLAG, "%s --%s", c->name, o->name);
            cr_assert(*o->help && o->offset < c->options_size, "%s --%s", c->name, o->name);
            for (size_t k = 0; k < global_option_count; k++)
                cr_assert_str_neq(o->name, global_option_rows[k].name,
                                  "%s --%s hides a global option", c->name, o->name);
        }
    }
}

Test(command, verbs_of_a_group_are_listed)
{
    char *verbs = help_verbs_of("db");
    cr_assert_str_eq(verbs, "info, compact, export");
    free(verbs);
    cr_assert_null(help_verbs_of("results"));
    cr_assert_null(help_verbs_of("d"));
}

Test(exit_code, is_one_of_the_documented_ones)
{
    static const struct {
        int error, exit;
    } codes[] = {
        {0, 0},
        {ERROR_FAILURE, 1},
        {ERROR_USAGE, 129},
        {ERROR_NO_DATA, 3},
        {ERROR_BUILD, 4},
        {ERROR_NOT_COMPARABLE, 5},
        {ERROR_UNREACHABLE, 1},
        {ERROR_INTERRUPTED, 130},
        {ERROR_INPUT, 1},
        {ERROR_NOT_FOUND, 1},
        {ERROR_CONFLICT, 1},
        {ERROR_SPOOLED, 6},
    };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        cr_assert_eq(exit_code_of(codes[i].error), codes[i].exit, "error %d", codes[i].error);
}
