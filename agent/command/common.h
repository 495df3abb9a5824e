/* What several commands share. */
#pragma once

#include "command/command.h"
#include "model/result.h"
#include "report/table.h"
#include "store/database.h"

/* The option rows of which series, for a struct that has a struct result_query `field`. */
#define QUERY_ROWS(type, field, of_project)                                                       \
    OPTION(type, field.benchmark, OPTION_STRING, "benchmark", "TEXT", "names that contain this"), \
        OPTION(type, field.test_bed, OPTION_STRING, "test-bed", "NAME", "from this machine"),     \
        OPTION(type, field.project, OPTION_STRING, "project", "NAME", of_project)

/* A table in the format of --format, on stdout. */
struct table *command_table(const struct globals *globals);

struct command_column {
    const char *name;
    bool numeric, always;
};
/* The table's columns: all, or those that are always there. */
void command_columns(struct table *table, const struct command_column *columns, size_t count,
                     bool all);

/* A cell with a value of a result: for people in a unit of its size where it is a time, else with
 * six digits, or all before the point; for programs as it is. */
void command_quantity(struct table *table, double value, const char *units);
/* Opens --db; where it is on S3 the certificates are settled first. */
int command_database(const struct globals *globals, struct database **out,
                     struct error *err) MUST_CHECK;
/* ERROR_USAGE when the value of --option is empty or not UTF-8. NULL, not given, is fine. */
int command_check_text(const char *option, const char *value, struct error *err) MUST_CHECK;
/* ERROR_USAGE unless `text` is 7 to 40 hexadecimal characters. */
int command_check_commit(const char *text, struct error *err) MUST_CHECK;
