/*
 * host check: exit code 0 only when this machine is fit to measure on. Otherwise 1, the code of any
 * failure with one line that says why: 5 says that two results cannot be compared, which is not
 * known here.
 */
#include "base/alloc.h"
#include "command/common.h"
#include "command/host_common.h"
#include "command/rows.h"
#include "host/fitness.h"

#include <string.h>

enum { MIN_SCORE = 80 };

static const struct option_row option_rows[] = {
    HOST_PROFILE_OPTION,
    HOST_CPUS_OPTION,
    HOST_OPTION(min_score, OPTION_NUMBER, "min-score", "N", "fit from this score on (default: 80)"),
    HOST_PLACE_OPTIONS,
};

static const struct host_options defaults = {.min_score = MIN_SCORE};

/* A reason is "-20 governor: …". */
static void print_reasons(const struct globals *globals, const struct fitness *fitness)
{
    AUTO_TABLE struct table *table = command_table(globals);
    table_column(table, "points", true);
    table_column(table, "reason", false);
    for (size_t i = 0; i < fitness->reasons.count; i++) {
        const char *reason = fitness->reasons.items[i];
        table_integer(table, strtol(reason, NULL, 10));
        table_text(table, strchr(reason, ' ') + 1);
        table_end_row(table);
    }
    table_finish(table);
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    (void)args;
    const struct host_options *o = raw;
    struct tune_request request = {0};
    AUTO_HOST_PLACE struct host_place place = {0};
    AUTO_TUNE_REPORT struct tune_report report = {0};
    AUTO_FITNESS struct fitness fitness = {0};
    int failed = command_host_request(o, &request, err);
    if (!failed && !(o->min_score >= 0 && o->min_score <= 100))
        failed = error_set(err, ERROR_USAGE, "--min-score is a number from 0 to 100");
    if (!failed)
        failed = command_host_place(o, &place, err);
    if (!failed)
        failed = host_survey(&place, &request, &report, err);
    if (failed)
        return failed;
    fitness_of(&place, &report, &fitness);
    print_reasons(globals, &fitness);
    command_host_warnings(&report);
    return fitness.score >= o->min_score
               ? 0
               : error_set(err, ERROR_FAILURE,
                           "this machine is not fit to measure on: %d points of 100, %g are "
                           "needed; 'lance-bench host show' says what tuning would change",
                           fitness.score, o->min_score);
}

const struct command command_host_check = {
    .name = "host check",
    .group = "machine",
    .summary = "Exit with 0 only when this machine is fit to measure on",
    .arguments = "[--min-score N] [--cpus LIST]",
    .description = "Prints what costs points, and fails below --min-score.",
    .options = option_rows,
    .option_count = ARRAY_SIZE(option_rows),
    .defaults = &defaults,
    .options_size = sizeof(struct host_options),
    .run = run,
};
