#include "base/alloc.h"
#include "base/log.h"
#include "command/common.h"
#include "command/rows.h"
#include "pipeline/publish/import_history.h"

#include <inttypes.h>

struct import_options {
    const char *dut_name, *testbed_name;
    uint64_t max_input;
};

static const struct option_row rows[] = {
    OPTION(struct import_options, dut_name, OPTION_STRING, "dut-name", "NAME",
           "the project that was measured (default: lance)"),
    OPTION(struct import_options, testbed_name, OPTION_STRING, "testbed-name", "NAME",
           "the machine that measured it (default: history)"),
    OPTION(struct import_options, max_input, OPTION_BYTES, "max-input", "SIZE",
           "refuse larger input (default: 2G)"),
};

static const struct import_options defaults = {
    .dut_name = "lance",
    .testbed_name = "history",
    .max_input = INPUT_MAX_DEFAULT,
};

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    const struct import_options *o = raw;
    AUTO_DATABASE struct database *probe = NULL;
    AUTO_INPUT struct input *input = NULL;
    struct import_outcome outcome = {0};
    const struct import_request request = {globals->db, o->dut_name, o->testbed_name};
    int failed = command_check_text("dut-name", o->dut_name, err);
    if (!failed)
        failed = command_check_text("testbed-name", o->testbed_name, err);
    if (!failed)
        failed = command_database(globals, &probe, err);
    if (!failed)
        failed = input_open(args->items[0], o->max_input, &input, err);
    if (!failed)
        failed = import_history(&request, input, &outcome, err);
    if (failed)
        return failed;
    if (outcome.unchanged)
        log_info("%" PRIu64 " results were there already", outcome.unchanged);
    if (globals->format == FORMAT_JSON)
        printf("{\"results\": %" PRIu64 ", \"inserted\": %" PRIu64 "}\n", outcome.report.found,
               outcome.inserted);
    else if (!globals->quiet)
        printf("Imported %" PRIu64 " results into %s\n", outcome.inserted, globals->db);
    return 0;
}

const struct command command_import_history = {
    .name = "import-history",
    .group = "results",
    .summary = "Store a benchmark history in the format of lance-benchmark-results",
    .arguments = "FILE",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .defaults = &defaults,
    .options_size = sizeof(struct import_options),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
