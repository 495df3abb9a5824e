#include "host/topology.h"

#include "base/alloc.h"
#include "base/cpu_list.h"
#include "base/cpu_mask.h"

#include <string.h>

#define CPU_ROOT "/sys/devices/system/cpu"
/* The counters of a hybrid processor's performance cores are a device of their own. */
#define PERFORMANCE_CORES "/sys/devices/cpu_core/cpus"

static bool read_list(const struct host_io *io, const char *path, cpu_set_t *out)
{
    AUTO_FREE char *text = host_io_text(io, path);
    return text && cpu_mask_parse_list(text, out);
}

static int cpu_number(const struct host_io *io, int cpu, const char *file, int otherwise)
{
    AUTO_FREE char *path = xasprintf(CPU_ROOT "/cpu%d/%s", cpu, file);
    return (int)host_io_number(io, path, otherwise);
}

/* Old kernels say thread_siblings_list, new ones core_cpus_list; an offline CPU says nothing. */
static void read_siblings(const struct host_io *io, struct host_cpu *cpu)
{
    static const char *const files[] = {"core_cpus_list", "thread_siblings_list"};
    CPU_ZERO(&cpu->siblings);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        AUTO_FREE char *path = xasprintf(CPU_ROOT "/cpu%d/topology/%s", cpu->id, files[i]);
        if (read_list(io, path, &cpu->siblings))
            break;
    }
    CPU_SET((size_t)cpu->id, &cpu->siblings);
}

/* The highest level of cache that holds data names the group; *shared are its CPUs. */
static int read_llc(const struct host_io *io, int cpu, cpu_set_t *shared)
{
    int llc = -1;
    long long highest = 0;
    for (int index = 0; index < 16; index++) {
        AUTO_FREE char *level_path = xasprintf(CPU_ROOT "/cpu%d/cache/index%d/level", cpu, index);
        AUTO_FREE char *shared_path =
            xasprintf(CPU_ROOT "/cpu%d/cache/index%d/shared_cpu_list", cpu, index);
        AUTO_FREE char *folder = xasprintf(CPU_ROOT "/cpu%d/cache/index%d", cpu, index);
        long long level = host_io_number(io, level_path, -1);
        if (level < 0 && !host_io_exists(io, folder))
            break;
        if (level > highest && read_list(io, shared_path, shared)) {
            highest = level;
            llc = cpu_mask_first(shared);
        }
    }
    return llc;
}

/* Of a big machine the caches are most of the files: all CPUs of one tell the same. */
static void read_caches(const struct host_io *io, struct topology *t)
{
    cpu_set_t known;
    CPU_ZERO(&known);
    for (size_t i = 0; i < t->count; i++) {
        cpu_set_t shared;
        CPU_ZERO(&shared);
        if (CPU_ISSET((size_t)t->cpus[i].id, &known))
            continue;
        t->cpus[i].llc = read_llc(io, t->cpus[i].id, &shared);
        for (size_t j = i + 1; j < t->count; j++)
            if (CPU_ISSET((size_t)t->cpus[j].id, &shared))
                t->cpus[j].llc = t->cpus[i].llc;
        CPU_OR(&known, &known, &shared);
    }
}

static void read_nodes(const struct host_io *io, struct topology *t)
{
    cpu_set_t nodes;
    if (!read_list(io, "/sys/devices/system/node/online", &nodes))
        return;
    for (size_t node = 0; node < CPU_SETSIZE; node++) {
        if (!CPU_ISSET(node, &nodes))
            continue;
        AUTO_FREE char *path = xasprintf("/sys/devices/system/node/node%zu/cpulist", node);
        cpu_set_t cpus;
        if (!read_list(io, path, &cpus))
            continue;
        for (size_t i = 0; i < t->count; i++)
            if (CPU_ISSET((size_t)t->cpus[i].id, &cpus))
                t->cpus[i].node = (int)node;
    }
}

static void read_core_kinds(const struct host_io *io, struct topology *t)
{
    cpu_set_t performance;
    if (!read_list(io, PERFORMANCE_CORES, &performance) || !CPU_COUNT(&performance))
        return;
    for (size_t i = 0; i < t->count; i++)
        t->cpus[i].efficiency =
            t->cpus[i].online && !CPU_ISSET((size_t)t->cpus[i].id, &performance);
}

static void read_cpu(const struct host_io *io, const struct topology *t, int id,
                     struct host_cpu *out)
{
    *out = (struct host_cpu){
        .id = id,
        .online = CPU_ISSET((size_t)id, &t->online),
        .isolated = CPU_ISSET((size_t)id, &t->isolated),
        .nohz_full = CPU_ISSET((size_t)id, &t->nohz_full),
        .core = cpu_number(io, id, "topology/core_id", -1),
        .package = cpu_number(io, id, "topology/physical_package_id", -1),
        .node = -1,
        .llc = -1,
        .capacity = cpu_number(io, id, "cpu_capacity", -1),
    };
    read_siblings(io, out);
}

int topology_read(const struct host_io *io, struct topology *out, struct error *err)
{
    struct topology t = {0};
    if (!read_list(io, CPU_ROOT "/online", &t.online) || !CPU_COUNT(&t.online))
        return error_set(err, ERROR_FAILURE,
                         "cannot read %s" CPU_ROOT
                         "/online: is /sys mounted, and are there no more "
                         "than %d CPUs?",
                         io->root, CPU_SETSIZE);
    if (!read_list(io, CPU_ROOT "/present", &t.present))
        CPU_ZERO(&t.present);
    CPU_OR(&t.present, &t.present, &t.online);
    if (!read_list(io, CPU_ROOT "/isolated", &t.isolated))
        CPU_ZERO(&t.isolated);
    if (!read_list(io, CPU_ROOT "/nohz_full", &t.nohz_full))
        CPU_ZERO(&t.nohz_full);
    t.cpus = xcalloc((size_t)CPU_COUNT(&t.present), sizeof(*t.cpus));
    for (size_t id = 0; id < CPU_SETSIZE; id++)
        if (CPU_ISSET(id, &t.present))
            read_cpu(io, &t, (int)id, &t.cpus[t.count++]);
    read_core_kinds(io, &t);
    read_caches(io, &t);
    read_nodes(io, &t);
    *out = t;
    return 0;
}

void topology_release(struct topology *topology)
{
    free(topology->cpus);
    topology->cpus = NULL;
    topology->count = 0;
}

const struct host_cpu *topology_cpu(const struct topology *topology, size_t id)
{
    for (size_t i = 0; i < topology->count; i++)
        if ((size_t)topology->cpus[i].id == id)
            return &topology->cpus[i];
    return NULL;
}

/* Whether this CPU is the first thread within `among` of a core that may be given to benchmarks;
 * `first` is the first CPU that is online. */
static bool is_candidate(const cpu_set_t *among, const struct host_cpu *cpu,
                         const struct host_cpu *first)
{
    cpu_set_t threads;
    CPU_AND(&threads, &cpu->siblings, among);
    if (cpu_mask_first(&threads) != cpu->id)
        return false;
    return !first || !CPU_ISSET((size_t)cpu->id, &first->siblings);
}

/* Below 0: `a` is the smaller core. */
static int compare_cores(const struct host_cpu *a, const struct host_cpu *b)
{
    if (a->efficiency != b->efficiency)
        return a->efficiency ? -1 : 1;
    return (a->capacity > b->capacity) - (a->capacity < b->capacity);
}

/* The biggest of the CPUs that may be given to benchmarks; `among` are online. */
static void find_candidates(const struct topology *t, const cpu_set_t *among, cpu_set_t *out)
{
    const struct host_cpu *first = topology_cpu(t, (size_t)cpu_mask_first(&t->online));
    const struct host_cpu *biggest = NULL;
    CPU_ZERO(out);
    for (size_t i = 0; i < t->count; i++) {
        const struct host_cpu *cpu = &t->cpus[i];
        int bigger = biggest ? compare_cores(cpu, biggest) : 1;
        if (!is_candidate(among, cpu, first) || bigger < 0)
            continue;
        if (bigger > 0)
            CPU_ZERO(out);
        biggest = cpu;
        CPU_SET((size_t)cpu->id, out);
    }
}

/* Those of `candidates` with the last-level cache `llc`. */
static void llc_candidates(const struct topology *t, int llc, const cpu_set_t *candidates,
                           cpu_set_t *out)
{
    CPU_ZERO(out);
    for (size_t i = 0; i < t->count; i++)
        if (t->cpus[i].llc == llc && CPU_ISSET((size_t)t->cpus[i].id, candidates))
            CPU_SET((size_t)t->cpus[i].id, out);
}

int topology_choose(const struct topology *topology, cpu_set_t *out, struct error *err)
{
    cpu_set_t best, isolated, candidates;
    CPU_ZERO(&best);
    CPU_AND(&isolated, &topology->isolated, &topology->online);
    const cpu_set_t *among = CPU_COUNT(&isolated) ? &isolated : &topology->online;
    find_candidates(topology, among, &candidates);
    int system_llc = topology->count ? topology->cpus[0].llc : -1;
    for (size_t i = 0; i < topology->count; i++) {
        cpu_set_t cpus;
        int llc = topology->cpus[i].llc;
        if (!CPU_ISSET((size_t)topology->cpus[i].id, &candidates))
            continue;
        llc_candidates(topology, llc, &candidates, &cpus);
        int more = CPU_COUNT(&cpus) - CPU_COUNT(&best);
        /* Of two equals the one that the system's first CPU does not share. */
        bool away = more == 0 && CPU_COUNT(&cpus) && llc != system_llc &&
                    topology_cpu(topology, (size_t)cpu_mask_first(&best))->llc == system_llc;
        if (more > 0 || away)
            best = cpus;
    }
    if (!CPU_COUNT(&best))
        return error_set(err, ERROR_USAGE,
                         "no physical core is left for benchmarks beside that of the first CPU: "
                         "give --cpus, or use a machine with two cores");
    *out = best;
    return 0;
}

static void warn_spread(const struct topology *t, const cpu_set_t *cpus, struct strlist *warnings)
{
    const struct host_cpu *first = topology_cpu(t, (size_t)cpu_mask_first(cpus));
    bool nodes = false, llcs = false, capacities = false, threads = false;
    for (size_t i = 0; i < t->count; i++) {
        const struct host_cpu *cpu = &t->cpus[i];
        if (!CPU_ISSET((size_t)cpu->id, cpus))
            continue;
        cpu_set_t both;
        CPU_AND(&both, &cpu->siblings, cpus);
        threads |= CPU_COUNT(&both) > 1;
        nodes |= cpu->node != first->node;
        llcs |= cpu->llc != first->llc;
        capacities |= compare_cores(cpu, first) != 0;
    }
    AUTO_FREE char *text = cpu_list_text(cpus);
    if (nodes)
        strlist_pushf(warnings,
                      "CPUs %s lie on several NUMA nodes: memory is near for some of them "
                      "only",
                      text);
    else if (llcs)
        strlist_pushf(warnings, "CPUs %s do not share one last-level cache", text);
    if (capacities)
        strlist_pushf(warnings, "CPUs %s are big and little cores mixed", text);
    if (threads)
        strlist_pushf(warnings, "CPUs %s hold two threads of one core, which slow one another down",
                      text);
    if (cpu_mask_first(cpus) == cpu_mask_first(&t->online))
        strlist_pushf(warnings, "CPUs %s include CPU %d, where interrupts and the system live",
                      text, cpu_mask_first(cpus));
}

int topology_parse(const struct topology *topology, const char *text, cpu_set_t *out,
                   struct strlist *warnings, struct error *err)
{
    cpu_set_t cpus, left;
    if (!cpu_mask_parse_list(text, &cpus))
        return error_set(err, ERROR_USAGE, "'%s' is no list of CPUs such as 2-5,8, from 0 to %d",
                         text, CPU_SETSIZE - 1);
    if (!CPU_COUNT(&cpus))
        return error_set(err, ERROR_USAGE,
                         "the list of CPUs is empty: give one such as 2-5, or leave --cpus away");
    AUTO_FREE char *present = cpu_list_text(&topology->present);
    AUTO_FREE char *online = cpu_list_text(&topology->online);
    for (size_t id = 0; id < CPU_SETSIZE; id++) {
        if (!CPU_ISSET(id, &cpus))
            continue;
        if (!CPU_ISSET(id, &topology->present))
            return error_set(err, ERROR_USAGE, "there is no CPU %zu: this machine has %s", id,
                             present);
        if (!CPU_ISSET(id, &topology->online))
            return error_set(err, ERROR_USAGE, "CPU %zu is offline: choose among %s", id, online);
    }
    cpu_mask_without(&topology->online, &cpus, &left);
    if (!CPU_COUNT(&left))
        return error_set(err, ERROR_USAGE,
                         "'%s' is every CPU that is online: leave one to the system", text);
    warn_spread(topology, &cpus, warnings);
    *out = cpus;
    return 0;
}

void topology_siblings(const struct topology *topology, const cpu_set_t *cpus, cpu_set_t *out)
{
    cpu_set_t all;
    CPU_ZERO(&all);
    for (size_t i = 0; i < topology->count; i++)
        if (CPU_ISSET((size_t)topology->cpus[i].id, cpus))
            CPU_OR(&all, &all, &topology->cpus[i].siblings);
    cpu_mask_without(&all, cpus, out);
}
