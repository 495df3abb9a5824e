/* Help, completion and the README's table, printed from the command rows. */
#pragma once

#include "command/command.h"

#include <stdio.h>

void help_overview(FILE *out);
void help_command(FILE *out, const struct command *command);
/* The verbs of a group of commands that is no command itself, such as "db". */
void help_group(FILE *out, const char *word);
void help_version(FILE *out);
/* A fresh string: the verbs of the group of commands `word` ("db" gives "info, compact, …"); NULL
 * when no command has two words and starts with it. */
char *help_verbs_of(const char *word);
