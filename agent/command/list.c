/* Every command, in the order of the help. */
#include "base/alloc.h"
#include "command/command.h"
#include "command/help.h"

const struct command *const commands[] = {
    &command_completion,
    &command_help,
};
const size_t command_count = ARRAY_SIZE(commands);
