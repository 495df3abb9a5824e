/*
 * The inputs of a GitHub action, read from the environment.
 *
 * A container action finds each input as INPUT_<NAME>; a composite action hands its inputs on as
 * LB_<NAME>, because ${{ }} in a shell script is text of a stranger in a program. Where LB_COMMAND
 * is set, the LB_ names count and no others. "-" and "_" in a name are the same.
 *
 *     command    the verb with its words: "run", "publish pytest"
 *     target     its positional arguments, one a line; never read as options
 *     arguments  further arguments, one a line, options included
 *     results    where what the verb printed goes, a path inside the workspace
 *
 * Every other name is an option of the verb or of every command: "true" and "false" for a flag, one
 * item a line or commas between them for an option that may be repeated, else the value. An empty
 * input is one that was not given. `report` prints its JSON and writes its Markdown beside it,
 * unless the inputs `json` and `markdown` name files for them. No value can become another argument
 * or option.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

struct command;

#define ACTION_RESULTS "lance-bench-results"

struct action_inputs {
    const struct command *command;
    struct strlist argv; /* from the program's name on; --format json is in it */
    char *results;       /* relative: "lance-bench-results/publish-pytest.json" */
    char *markdown; /* of `report`: the file that it writes for people; NULL: no such command */
    char *scratch;  /* the folder of that file; NULL: the input named it. Goes with release */
};

void action_inputs_release(struct action_inputs *inputs);
#define AUTO_ACTION_INPUTS __attribute__((cleanup(action_inputs_release)))

/* `environment` is NULL-terminated, "NAME=value" each. ERROR_USAGE names the input and what is
 * wrong with it. */
int action_inputs_read(char *const *environment, struct action_inputs *out,
                       struct error *err) MUST_CHECK;
