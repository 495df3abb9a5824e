/* host show: the machine as a place to measure on. */
#include "base/alloc.h"
#include "base/cpu_list.h"
#include "base/escape.h"
#include "command/common.h"
#include "command/host_common.h"
#include "command/rows.h"
#include "host/fitness.h"
#include "host/topology.h"

#include <stdio.h>
#include <string.h>

static const struct option_row option_rows[] = {
    HOST_PROFILE_OPTION,
    HOST_CPUS_OPTION,
    HOST_ASLR_OPTION,
    HOST_PLACE_OPTIONS,
};

struct shown {
    struct topology topology;
    struct tune_report report;
    struct fitness fitness;
    bool tuned;
};

static void shown_release(struct shown *s)
{
    topology_release(&s->topology);
    tune_report_release(&s->report);
    fitness_release(&s->fitness);
}
#define AUTO_SHOWN __attribute__((cleanup(shown_release)))

/* -1 is "not told". */
static void add_id(struct table *table, int id)
{
    if (id < 0)
        table_null(table);
    else
        table_integer(table, id);
}

static void print_cpus(struct table *table, const struct topology *t)
{
    static const char *const columns[] = {"cpu", "online",  "core",     "package",  "node",
                                          "llc", "threads", "capacity", "isolated", "nohz_full"};
    table_columns(table, columns, ARRAY_SIZE(columns), 0);
    for (size_t i = 0; i < t->count; i++) {
        const struct host_cpu *cpu = &t->cpus[i];
        AUTO_FREE char *siblings = cpu_list_text(&cpu->siblings);
        table_integer(table, cpu->id);
        table_bool(table, cpu->online);
        add_id(table, cpu->core);
        add_id(table, cpu->package);
        add_id(table, cpu->node);
        add_id(table, cpu->llc);
        table_text(table, siblings);
        add_id(table, cpu->capacity);
        table_bool(table, cpu->isolated);
        table_bool(table, cpu->nohz_full);
        table_end_row(table);
    }
    table_finish(table);
}

static void json_field(const char *name, const char *text)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    if (text)
        escape_json(&out, text, strlen(text));
    printf("\"%s\": %s, ", name, text ? out.buf : "null");
}

static void json_list(const char *name, const struct strlist *list)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; i < list->count; i++) {
        strbuf_addstr(&out, i ? ", " : "");
        escape_json(&out, list->items[i], strlen(list->items[i]));
    }
    printf("\"%s\": [%s], ", name, out.buf);
}

static void print_json(const struct globals *globals, const struct shown *s)
{
    printf("{\"score\": %d, \"tuned\": %s, ", s->fitness.score, s->tuned ? "true" : "false");
    json_list("reasons", &s->fitness.reasons);
    json_list("warnings", &s->report.warnings);
    json_field("virtualisation", s->fitness.virtualisation);
    json_field("frequency_driver", s->fitness.driver);
    json_field("benchmark_cpus", s->report.cpus);
    printf("\"cpus\": ");
    AUTO_TABLE struct table *cpus = command_table(globals);
    print_cpus(cpus, &s->topology);
    printf(", \"knobs\": ");
    command_host_rows(globals, &s->report);
    printf("}\n");
}

static void print_text(const struct globals *globals, const struct shown *s)
{
    const char *mark = globals->format == FORMAT_MARKDOWN ? "- " : "";
    printf("%sScore: %d of 100%s\n", mark, s->fitness.score,
           s->tuned ? " (tuned: 'lance-bench host restore' gives the machine back)" : "");
    for (size_t i = 0; i < s->fitness.reasons.count; i++)
        printf("  %s%s\n", mark, s->fitness.reasons.items[i]);
    printf("%sFrequency driver: %s\n", mark, s->fitness.driver ? s->fitness.driver : "none");
    printf("%sVirtual machine: %s\n", mark,
           s->fitness.virtualisation ? s->fitness.virtualisation : "no");
    printf("%sBenchmark CPUs: %s\n\n", mark,
           s->report.cpus && *s->report.cpus ? s->report.cpus : "none");
    AUTO_TABLE struct table *cpus = command_table(globals);
    print_cpus(cpus, &s->topology);
    printf("\n");
    command_host_rows(globals, &s->report);
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    (void)args;
    const struct host_options *o = raw;
    struct tune_request request = {0};
    AUTO_HOST_PLACE struct host_place place = {0};
    AUTO_SHOWN struct shown shown = {0};
    int failed = command_host_request(o, &request, err);
    if (!failed)
        failed = command_host_place(o, &place, err);
    if (!failed)
        failed = topology_read(&place.io, &shown.topology, err);
    if (!failed)
        failed = host_survey(&place, &request, &shown.report, err);
    if (failed)
        return failed;
    fitness_of(&place, &shown.report, &shown.fitness);
    shown.tuned = host_is_tuned(&place);
    if (globals->format == FORMAT_JSON) {
        print_json(globals, &shown);
        return 0;
    }
    print_text(globals, &shown);
    command_host_warnings(&shown.report);
    return 0;
}

const struct command command_host_show = {
    .name = "host show",
    .group = "machine",
    .summary = "Show this machine's CPUs, its knobs and what tuning would change",
    .arguments = "[--profile NAME] [--cpus LIST]",
    .description = "A knob that is pending would be changed by 'host tune', to the value under "
                   "'after'. The score is a rule of thumb; its reasons say what each thing costs.",
    .options = option_rows,
    .option_count = ARRAY_SIZE(option_rows),
    .options_size = sizeof(struct host_options),
    .run = run,
};
