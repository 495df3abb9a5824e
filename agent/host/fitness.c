#include "host/fitness.h"

#include "base/alloc.h"
#include "base/cpu_mask.h"
#include "base/number.h"
#include "host/bench_group.h"
#include "host/knob.h"

#include <stdio.h>
#include <string.h>

enum {
    VIRTUAL_COST = 25,
    NO_DRIVER_COST = 15,
    SHARED_CPUS_COST = 5,
    LOAD_COST = 10,
    ONE_CPU_COST = 20
};

/* What a knob costs that tuning would change. */
static const struct {
    const char *knob;
    int cost;
} knob_costs[] = {
    {"governor", 20},         {"turbo", 15},       {"smt", 10},       {"frequency-limits", 5},
    {"deep-idle", 5},         {"irq-affinity", 5}, {"huge-pages", 3}, {"numa-balancing", 3},
    {"energy-preference", 3}, {"nmi-watchdog", 2}, {"swappiness", 2}, {"irq-default", 1},
    {"workqueue", 1},         {"irqbalance", 2},
};

static bool has_word(const char *text, const char *word)
{
    AUTO_STRLIST struct strlist words = STRLIST_INIT;
    strlist_split(&words, text, ' ');
    return strlist_contains(&words, word);
}

/* The CPU's flag is what the hypervisor itself sets; Arm has none, and tells in its tables. */
static char *find_virtualisation(const struct host_io *io)
{
    static const char *const names[] = {"QEMU",
                                        "KVM",
                                        "VMware",
                                        "VirtualBox",
                                        "Xen",
                                        "Amazon EC2",
                                        "Google Compute Engine",
                                        "Virtual Machine",
                                        "Firecracker",
                                        "Bochs",
                                        "Parallels"};
    AUTO_FREE char *cpuinfo = host_io_text(io, "/proc/cpuinfo");
    AUTO_FREE char *vendor = host_io_text(io, "/sys/class/dmi/id/sys_vendor");
    AUTO_FREE char *product = host_io_text(io, "/sys/class/dmi/id/product_name");
    AUTO_FREE char *tree = host_io_text(io, "/proc/device-tree/hypervisor/compatible");
    char *flags = cpuinfo ? strstr(cpuinfo, "\nflags") : NULL;
    AUTO_FREE char *line = flags ? xstrndup(flags + 1, strcspn(flags + 1, "\n")) : NULL;
    AUTO_FREE char *machine = xasprintf("%s%s%s", vendor ? vendor : "",
                                        vendor && product ? " " : "", product ? product : "");
    if (line && has_word(line, "hypervisor"))
        return xasprintf("the CPU's hypervisor flag is set%s%s", *machine ? "; " : "", machine);
    /* EC2 calls its machines without a hypervisor by the same vendor's name, and "….metal". */
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strstr(machine, names[i]) && !strstr(machine, "metal"))
            return xstrdup(machine);
    return tree ? xasprintf("the device tree names a hypervisor: %s", tree) : NULL;
}

static char *find_driver(const struct host_io *io)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (io->ops->list(io, CPU_ROOT "/cpufreq", &names))
        return NULL;
    AUTO_FREE char *intel = host_io_text(io, CPU_ROOT "/intel_pstate/status");
    AUTO_FREE char *amd = host_io_text(io, CPU_ROOT "/amd_pstate/status");
    for (size_t i = 0; i < names.count; i++) {
        AUTO_FREE char *driver =
            host_io_textf(io, CPU_ROOT "/cpufreq/%s/scaling_driver", names.items[i]);
        const char *mode = driver && !strncmp(driver, "intel", 5) ? intel
                           : driver && !strncmp(driver, "amd", 3) ? amd
                                                                  : NULL;
        if (driver)
            return mode ? xasprintf("%s (%s)", driver, mode) : take_ptr(driver);
    }
    return NULL;
}

static void take(struct fitness *f, int cost, const char *reason)
{
    f->score = f->score > cost ? f->score - cost : 0;
    strlist_pushf(&f->reasons, "-%d %s", cost, reason);
}

static void take_knobs(struct fitness *f, const struct tune_report *survey)
{
    for (size_t i = 0; i < ARRAY_SIZE(knob_costs); i++) {
        const struct tune_row *first = NULL;
        size_t pending = 0;
        for (size_t j = 0; j < survey->count; j++) {
            const struct tune_row *row = &survey->rows[j];
            if (row->outcome != TUNE_PENDING || strcmp(row->knob, knob_costs[i].knob) != 0)
                continue;
            first = first ? first : row;
            pending++;
        }
        if (!first)
            continue;
        AUTO_FREE char *reason =
            xasprintf("%s: %s, not %s, in %s%s", first->knob, first->before, first->after,
                      first->path, pending > 1 ? " and others" : "");
        take(f, knob_costs[i].cost, reason);
    }
}

/* Whether the boot or a group of ours keeps everything else off the benchmark CPUs. */
static bool cpus_are_alone(const struct host_place *place, const struct tune_report *survey)
{
    AUTO_BENCH_GROUP struct bench_group group = {0};
    AUTO_FREE char *text = host_io_text(&place->io, CPU_ROOT "/isolated");
    cpu_set_t apart, cpus, shared;
    if (!text || !cpu_mask_parse_list(text, &apart))
        CPU_ZERO(&apart);
    if (bench_group_find(place, &group))
        CPU_OR(&apart, &apart, &group.cpus);
    if (!survey->cpus || !cpu_mask_parse_list(survey->cpus, &cpus))
        return false;
    cpu_mask_without(&cpus, &apart, &shared);
    return CPU_COUNT(&cpus) && !CPU_COUNT(&shared);
}

static void take_load(struct fitness *f, const struct host_io *io)
{
    AUTO_FREE char *text = host_io_text(io, "/proc/loadavg");
    AUTO_FREE char *first = text ? xstrndup(text, strcspn(text, " ")) : NULL;
    double load = 0;
    if (!first || !parse_double(first, &load) || load <= 0.5)
        return;
    AUTO_FREE char *reason =
        xasprintf("load: %s processes ran on average in the last minute", first);
    take(f, LOAD_COST, reason);
}

void fitness_of(const struct host_place *place, const struct tune_report *survey,
                struct fitness *out)
{
    struct fitness f = {.score = 100,
                        .virtualisation = find_virtualisation(&place->io),
                        .driver = find_driver(&place->io)};
    if (f.virtualisation) {
        AUTO_FREE char *reason = xasprintf(
            "virtual machine: other guests share its cores and caches (%s)", f.virtualisation);
        take(&f, VIRTUAL_COST, reason);
    }
    if (!f.driver)
        take(&f, NO_DRIVER_COST, "frequency: no driver, so that it is unknown and cannot be set");
    if (!survey->cpus || !*survey->cpus)
        take(&f, ONE_CPU_COST, "cpus: no core is left for benchmarks alone");
    take_knobs(&f, survey);
    if (!cpus_are_alone(place, survey))
        take(&f, SHARED_CPUS_COST,
             "isolation: other processes may run on the benchmark CPUs ('host tune --isolate', or "
             "isolcpus= at boot)");
    take_load(&f, &place->io);
    *out = f;
}

void fitness_release(struct fitness *fitness)
{
    free(fitness->virtualisation);
    free(fitness->driver);
    strlist_release(&fitness->reasons);
    *fitness = (struct fitness){0};
}
