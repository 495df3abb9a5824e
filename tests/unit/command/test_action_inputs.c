#include "command/action_inputs.h"

#include "base/alloc.h"
#include "command/command.h"

#include <criterion/criterion.h>
#include <string.h>

/* The arguments that an environment comes to, with one space between them. */
static char *arguments(char *const *environment)
{
    AUTO_ACTION_INPUTS struct action_inputs inputs = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(action_inputs_read(environment, &inputs, &err), 0, "%s", err.message);
    return strlist_join(&inputs.argv, " ");
}

static void expect(char *const *environment, const char *wanted)
{
    AUTO_FREE char *found = arguments(environment);
    cr_assert_str_eq(found, wanted);
}

static void refuse(char *const *environment, const char *reason)
{
    AUTO_ACTION_INPUTS struct action_inputs inputs = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(action_inputs_read(environment, &inputs, &err), ERROR_USAGE);
    cr_assert(strstr(err.message, reason), "%s", err.message);
    cr_assert_null(inputs.command);
}

/* The type that environ has. */
#define ENVIRONMENT(...) ((char *const *)(const char *const[]){__VA_ARGS__, NULL})

Test(action_inputs, an_option_is_one_argument_whatever_it_holds)
{
    expect(ENVIRONMENT("INPUT_COMMAND=run", "INPUT_REV=--db /tmp \"$(id)\" `x`"),
           "lance-bench run --format=json --rev=--db /tmp \"$(id)\" `x`");
}

Test(action_inputs, a_target_is_never_an_option)
{
    expect(ENVIRONMENT("INPUT_COMMAND=publish auto", "INPUT_TARGET=--db\nb.json\n"),
           "lance-bench publish auto --format=json -- --db b.json");
}

Test(action_inputs, the_two_marks_in_names_are_the_same)
{
    expect(ENVIRONMENT("INPUT_COMMAND=run", "INPUT_TESTBED-NAME=a"),
           "lance-bench run --format=json --testbed-name=a");
    expect(ENVIRONMENT("LB_COMMAND=run", "LB_TESTBED_NAME=a", "INPUT_REV=no"),
           "lance-bench run --format=json --testbed-name=a");
}

Test(action_inputs, an_empty_input_was_not_given)
{
    expect(ENVIRONMENT("INPUT_COMMAND=run", "INPUT_REV=", "INPUT_CRATE=\n", "INPUT_ARGUMENTS="),
           "lance-bench run --format=json");
}

Test(action_inputs, a_flag_is_true_or_false)
{
    expect(ENVIRONMENT("INPUT_COMMAND=run", "INPUT_RUST-ONLY=true", "INPUT_PYTHON-ONLY=False"),
           "lance-bench run --format=json --rust-only");
    refuse(ENVIRONMENT("INPUT_COMMAND=run", "INPUT_RUST-ONLY=yes please"), "true or false");
}

Test(action_inputs, a_list_has_commas_or_lines)
{
    expect(ENVIRONMENT("INPUT_COMMAND=run", "INPUT_CRATE=a, b\n c ,,\r\n"),
           "lance-bench run --format=json --crate=a --crate=b --crate=c");
}

Test(action_inputs, further_arguments_are_one_a_line)
{
    expect(ENVIRONMENT("INPUT_COMMAND=run", "INPUT_ARGUMENTS=--rev\nmain branch\n\n--list\n"),
           "lance-bench run --format=json --rev main branch --list");
}

Test(action_inputs, what_is_wrong_is_named)
{
    refuse(ENVIRONMENT("PATH=/bin"), "'command' is missing");
    refuse(ENVIRONMENT("INPUT_COMMAND=run; rm -rf /"), "no command");
    refuse(ENVIRONMENT("INPUT_COMMAND=action"), "itself");
    refuse(ENVIRONMENT("INPUT_COMMAND=run", "INPUT_REVISION=x"), "no option of 'run'");
    refuse(ENVIRONMENT("INPUT_COMMAND=run", "INPUT_TESTBED-NAM=x"), "did you mean 'testbed-name'?");
    refuse(ENVIRONMENT("INPUT_COMMAND=run", "INPUT_REV=a\nb"), "one line");
    refuse(ENVIRONMENT("INPUT_COMMAND=run", "INPUT_FORMAT=text"), "cannot be set");
}

Test(action_inputs, results_stay_inside_the_workspace)
{
    AUTO_ACTION_INPUTS struct action_inputs inputs = {0};
    cr_assert_eq(action_inputs_read(ENVIRONMENT("INPUT_COMMAND=db info"), &inputs, NULL), 0);
    cr_assert_str_eq(inputs.results, ACTION_RESULTS "/db-info.json");
    refuse(ENVIRONMENT("INPUT_COMMAND=run", "INPUT_RESULTS=/etc/passwd"), "inside the workspace");
    refuse(ENVIRONMENT("INPUT_COMMAND=run", "INPUT_RESULTS=a/../../b"), "inside the workspace");
    refuse(ENVIRONMENT("INPUT_COMMAND=run", "INPUT_RESULTS=a/"), "inside the workspace");
    refuse(ENVIRONMENT("INPUT_COMMAND=run", "INPUT_RESULTS=/"), "inside the workspace");
}
