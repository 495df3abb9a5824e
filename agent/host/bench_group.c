#include "host/bench_group.h"

#include "base/alloc.h"
#include "base/cpu_list.h"
#include "base/cpu_mask.h"
#include "host/knob.h"
#include "host/tune.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

void bench_group_release(struct bench_group *group)
{
    free(group->path);
    free(group->kind);
    *group = (struct bench_group){0};
}

bool bench_group_find(const struct host_place *place, struct bench_group *out)
{
    AUTO_FREE char *path = host_bench_group(place);
    if (!path)
        return false;
    AUTO_FREE char *cpus = host_io_textf(&place->io, "%s/cpuset.cpus", path);
    char *kind = host_io_textf(&place->io, "%s/cpuset.cpus.partition", path);
    struct bench_group found = {.kind = kind ? kind : xstrdup("cgroup v1")};
    if (!cpus || !cpu_mask_parse_list(cpus, &found.cpus))
        CPU_ZERO(&found.cpus);
    found.path = take_ptr(path);
    *out = found;
    return true;
}

int bench_group_open(const struct host_place *place, const struct bench_group *group,
                     struct placement *placement, struct error *err)
{
    cpu_set_t missing;
    cpu_mask_without(placement->cpus, &group->cpus, &missing);
    if (CPU_COUNT(&missing)) {
        AUTO_FREE char *wanted = cpu_list_text(placement->cpus);
        AUTO_FREE char *there = cpu_list_text(&group->cpus);
        return error_set(err, ERROR_USAGE, "%s has CPU %s, and not all of %s", group->path, there,
                         wanted);
    }
    AUTO_FREE char *path = xasprintf("%s%s/cgroup.procs", place->io.root, group->path);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, ERROR_FAILURE, errno, "cannot open %s", path);
    placement->group = fd;
    placement->group_name = BENCH_GROUP_NAME;
    return 0;
}

static void add_list(const struct host_io *io, const char *path, cpu_set_t *out)
{
    cpu_set_t more;
    AUTO_FREE char *text = host_io_text(io, path);
    if (text && cpu_mask_parse_list(text, &more))
        CPU_OR(out, out, &more);
}

void bench_group_usable_cpus(const struct host_place *place, cpu_set_t *out)
{
    AUTO_BENCH_GROUP struct bench_group group = {0};
    cpu_set_t cpus, isolated;
    CPU_ZERO(&isolated);
    if (sched_getaffinity(0, sizeof(cpus), &cpus))
        CPU_ZERO(&cpus);
    add_list(&place->io, CPU_ROOT "/isolated", &isolated);
    CPU_OR(&cpus, &cpus, &isolated);
    if (bench_group_find(place, &group))
        CPU_OR(&cpus, &cpus, &group.cpus);
    *out = cpus;
}
