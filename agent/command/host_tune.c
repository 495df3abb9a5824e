/* host tune: the machine made quiet, with what was found kept for `host restore`. */
#include "base/alloc.h"
#include "base/log.h"
#include "command/host_common.h"
#include "command/rows.h"

static const struct option_row option_rows[] = {
    HOST_PROFILE_OPTION,
    HOST_CPUS_OPTION,
    HOST_ASLR_OPTION,
    HOST_OPTION(isolate, OPTION_FLAG, "isolate", NULL,
                "keep everything else off the benchmark CPUs, with a control group"),
    HOST_PLACE_OPTIONS,
};

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    (void)args;
    const struct host_options *o = raw;
    struct tune_request request = {0};
    AUTO_HOST_PLACE struct host_place place = {0};
    AUTO_TUNE_REPORT struct tune_report report = {0};
    int failed = command_host_request(o, &request, err);
    if (!failed)
        failed = command_host_place(o, &place, err);
    if (failed)
        return failed;
    failed = host_tune(&place, &request, &report, err);
    if (!failed || report.count) {
        command_host_rows(globals, &report);
        command_host_warnings(&report);
    }
    if (!failed && request.profile != TUNE_CONTAINER)
        log_info("Benchmark CPUs: %s. 'lance-bench host restore' gives the machine back",
                 report.cpus);
    return failed;
}

const struct command command_host_tune = {
    .name = "host tune",
    .group = "machine",
    .summary = "Make this machine quiet for benchmarks",
    .arguments = "[--profile NAME] [--cpus LIST] [--aslr on|off] [--isolate]",
    .description =
        "Needs root. Every value that is found is on the disk before it is changed, so that 'host "
        "restore' gives it back after anything, a kill and a power cut too. A second tune keeps "
        "what "
        "the first one has found. What the machine refuses is shown and is no failure. With "
        "--isolate only the processes in the control group 'lance-bench' reach the benchmark CPUs: "
        "'run' and 'host calibrate' start what they measure there.",
    .options = option_rows,
    .option_count = ARRAY_SIZE(option_rows),
    .options_size = sizeof(struct host_options),
    .run = run,
};
