/* host calibrate: how quiet the benchmark CPUs are, as a result of its own. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/cpu_list.h"
#include "base/digest.h"
#include "base/escape.h"
#include "base/log.h"
#include "command/common.h"
#include "command/rows.h"
#include "evidence/calibrate.h"
#include "evidence/evidence.h"
#include "host/bench_group.h"
#include "host/machine.h"
#include "model/summary.h"
#include "parse/calibration.h"
#include "pipeline/publish/spool.h"
#include "store/results.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROJECT "lance-bench-host"
#define DURATION_MIN_S 1.0
#define DURATION_MAX_S 3600.0

struct calibrate_options {
    double duration;
    const char *cpus, *testbed_name;
    bool no_store;
};

#define ROW(field, kind, name, value, help) \
    OPTION(struct calibrate_options, field, kind, name, value, help)

static const struct option_row option_rows[] = {
    ROW(duration, OPTION_DURATION, "duration", "TIME", "how long (default: 10s)"),
    ROW(cpus, OPTION_STRING, "cpus", "LIST",
        "where, such as 1-3 or all (default: all but the first, as run has it)"),
    ROW(no_store, OPTION_FLAG, "no-store", NULL, "print the figures and do not store them"),
    ROW(testbed_name, OPTION_STRING, "testbed-name", "NAME",
        "the machine's name (default: /etc/lance-bench/testbed, else the host name)"),
};

static const struct calibrate_options defaults = {.duration = 10};

/* *pinned is false where the process may run everywhere. */
static int choose_cpus(const char *text, const cpu_set_t *usable, const cpu_set_t *isolated,
                       cpu_set_t *cpus, bool *pinned, struct error *err)
{
    *pinned = false;
    if (text && !strcmp(text, "all"))
        return 0;
    if (!text) {
        *pinned = isolated || cpu_list_default(cpus);
        if (isolated)
            *cpus = *isolated;
        return 0;
    }
    int failed = cpu_list_parse_within(text, usable, cpus, err);
    *pinned = !failed;
    return failed ? error_wrap(err, "--cpus") : 0;
}

static void show_progress(double share)
{
    log_progress("calibrating: %.0f %%", share * 100);
}

static void print_figure(struct table *table, double value, const char *units)
{
    char shown[32];
    if (!strcmp(units, "ratio"))
        snprintf(shown, sizeof(shown), "%.2f %%", value * 100);
    else if (!strcmp(units, "hertz"))
        snprintf(shown, sizeof(shown), "%.3f GHz", value / 1e9);
    else {
        command_quantity(table, value, units);
        return;
    }
    table_shown(table, value, shown);
}

static void print_calibration(const struct globals *globals, const struct calibration *calibration)
{
    AUTO_TABLE struct table *table = command_table(globals);
    table_column(table, "metric", false);
    table_column(table, "value", true);
    table_column(table, "min", true);
    table_column(table, "max", true);
    table_column(table, "units", false);
    table_column(table, "meaning", false);
    for (size_t i = 0; i < calibration->count; i++) {
        const struct calibration_row *row = &calibration->rows[i];
        struct summary summary = summary_of(row->values, row->count);
        table_text(table, row->name);
        print_figure(table, row->figure, row->units);
        print_figure(table, summary.min, row->units);
        print_figure(table, summary.max, row->units);
        table_text(table, row->units);
        table_text(table, row->meaning);
        table_end_row(table);
    }
    table_finish(table);
}

/* For the metadata: the CPUs, and the machine as it was. */
static char *evidence_json(const struct host_io *io, const char *cpus)
{
    struct strbuf json = STRBUF_INIT;
    strbuf_addstr(&json, "{\"cpus\":");
    escape_json(&json, cpus, strlen(cpus));
    strbuf_addstr(&json, ",\"machine\":");
    evidence_write_machine(io, &json);
    strbuf_addch(&json, '}');
    return strbuf_detach(&json);
}

static int store(const struct globals *globals, const struct calibration *calibration,
                 const struct test_bed *bed, const char *evidence, struct error *err)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    AUTO_FREE char *details =
        xasprintf("{\"rounds\":%zu,\"seconds\":%.1f}", calibration->rounds, calibration->seconds);
    calibration_write(calibration, details, &text);
    char digest[SHA256_HEX_SIZE];
    sha256_hex_of(text.buf, text.len, digest);
    AUTO_INPUT struct input *input = input_from_memory("the calibration", text.buf, text.len);
    const struct publish_request request = {
        .db = globals->db,
        .table = RESULTS_TABLE,
        .dut = {(char *)(uintptr_t)PROJECT, (char *)(uintptr_t)LANCE_BENCH_VERSION, clock_unix_s()},
        .test_bed = bed,
        /* One of its own, also in a GitHub run that calibrates twice. */
        .run = digest,
        .evidence = evidence,
    };
    AUTO_PUBLISH_OUTCOME struct publish_outcome outcome = {0};
    int failed = publish_or_spool(&request, &calibration_format, input, &outcome, err);
    if (outcome.spooled)
        log_warning("the figures wait in %s: 'lance-bench publish --spooled' sends them",
                    outcome.spooled);
    if (!failed)
        log_info("stored as results of %s on %s", PROJECT, bed->name);
    return failed;
}

/* On an isolated machine the CPUs are reached from within their group alone. */
static int place_of(const struct host_place *place, const char *text, cpu_set_t *cpus,
                    struct placement *out, struct error *err)
{
    AUTO_BENCH_GROUP struct bench_group group = {0};
    bool pinned = false, isolated = bench_group_find(place, &group);
    cpu_set_t usable;
    bench_group_usable_cpus(place, &usable);
    int failed = choose_cpus(text, &usable, isolated ? &group.cpus : NULL, cpus, &pinned, err);
    if (failed)
        return failed;
    out->cpus = pinned ? cpus : NULL;
    return isolated && pinned ? bench_group_open(place, &group, out, err) : 0;
}

static int calibrate_and_store(const struct globals *globals, const struct calibrate_options *o,
                               const struct host_io *io, struct error *err)
{
    cpu_set_t cpus;
    AUTO_HOST_PLACE struct host_place place = {0};
    struct placement placement = {0};
    AUTO_CALIBRATION struct calibration calibration = {0};
    host_place_init(NULL, NULL, &place);
    int failed = place_of(&place, o->cpus, &cpus, &placement, err);
    if (failed)
        return failed;
    AUTO_FREE char *where = placement.cpus ? cpu_list_text(&cpus) : xstrdup("all");
    log_info("calibrating CPU %s for %.0f s", where, o->duration);
    failed = calibrate(io, &placement, o->duration, show_progress, &calibration, err);
    log_progress_clear();
    if (placement.group)
        close(placement.group);
    if (failed)
        return failed;
    print_calibration(globals, &calibration);
    if (o->no_store)
        return 0;
    struct test_bed bed = {0};
    failed = machine_test_bed(o->testbed_name, &bed, err);
    if (failed)
        return failed;
    AUTO_FREE char *evidence = evidence_json(io, where);
    failed = store(globals, &calibration, &bed, evidence, err);
    test_bed_release(&bed);
    return failed;
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    (void)args;
    const struct calibrate_options *o = raw;
    if (o->duration < DURATION_MIN_S || o->duration > DURATION_MAX_S)
        return error_set(err, ERROR_USAGE, "--duration takes a time from 1s to 1h");
    AUTO_DATABASE struct database *probe = NULL;
    int failed = o->no_store ? 0 : command_database(globals, &probe, err);
    if (failed)
        return failed;
    struct host_io io;
    host_io_real(NULL, &io);
    failed = calibrate_and_store(globals, o, &io, err);
    host_io_release(&io);
    return failed;
}

static const char description[] =
    "Does the same work over and over on the CPUs where benchmarks run, in processes of their own, "
    "and\n"
    "says how much they differ: the jitter of short quanta, the deviation between processes, the\n"
    "frequency that was reached, what the hypervisor and other processes took, and the smallest "
    "change\n"
    "that this machine can show. docs/host.md has the formulas. The figures are stored as results "
    "of the\n"
    "project \"" PROJECT "\", one for each metric.";

const struct command command_host_calibrate = {
    .name = "host calibrate",
    .group = "machine",
    .summary = "Say how quiet the benchmark CPUs are, and store that as a result",
    .arguments = "[--duration TIME] [--cpus LIST]",
    .description = description,
    .options = option_rows,
    .option_count = ARRAY_SIZE(option_rows),
    .defaults = &defaults,
    .options_size = sizeof(struct calibrate_options),
    .run = run,
};
