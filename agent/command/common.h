/* What several commands share. */
#pragma once

#include "command/command.h"
#include "model/result.h"
#include "report/table.h"
#include "store/database.h"

/* A table in the format of --format, on stdout. */
struct table *command_table(const struct globals *globals);
/* A cell with a value of a result: for people in a unit of its size where it is a time. */
void command_quantity(struct table *table, double value, const char *units);
/* Opens --db; where it is on S3 the certificates are settled first. */
int command_database(const struct globals *globals, struct database **out,
                     struct error *err) MUST_CHECK;
/* ERROR_USAGE when the value of --option is empty or not UTF-8. NULL, not given, is fine. */
int command_check_text(const char *option, const char *value, struct error *err) MUST_CHECK;
/* ERROR_USAGE unless `text` is 7 to 40 hexadecimal characters. */
int command_check_commit(const char *text, struct error *err) MUST_CHECK;
