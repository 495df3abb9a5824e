#include "model/bench_command.h"

#include <stdlib.h>

void bench_command_release(struct bench_command *command)
{
    free(command->name);
    free(command->folder);
    strlist_release(&command->argv);
    free(command->output);
    *command = (struct bench_command){0};
}
