/* host restore: what `host tune` has changed, given back. */
#include "base/alloc.h"
#include "base/log.h"
#include "command/host_common.h"
#include "command/rows.h"

static const struct option_row option_rows[] = {
    HOST_OPTION(force, OPTION_FLAG, "force", NULL,
                "also what somebody else has changed since the tune"),
    HOST_PLACE_OPTIONS,
};

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    (void)args;
    const struct host_options *o = raw;
    AUTO_HOST_PLACE struct host_place place = {0};
    AUTO_TUNE_REPORT struct tune_report report = {0};
    int failed = command_host_place(o, &place, err);
    if (failed)
        return failed;
    failed = host_restore(&place, o->force, &report, err);
    if (report.count || globals->format == FORMAT_JSON)
        command_host_rows(globals, &report);
    command_host_warnings(&report);
    if (!failed && !report.count)
        log_info("Nothing to restore: there is no journal in %s", place.state);
    return failed;
}

const struct command command_host_restore = {
    .name = "host restore",
    .group = "machine",
    .summary = "Give this machine back as 'host tune' found it",
    .arguments = "[--force]",
    .description =
        "May be called at any time and any number of times. A value that is neither what "
        "was found nor what tuning wrote was set by somebody else: it is shown and left. "
        "Exit code 1 when something could not be restored; it stays in the journal.",
    .options = option_rows,
    .option_count = ARRAY_SIZE(option_rows),
    .options_size = sizeof(struct host_options),
    .run = run,
};
