#include "pipeline/run/run_memory.h"

#include "base/alloc.h"
#include "base/cpu_list.h"
#include "base/log.h"
#include "host/topology.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DROP_CACHES "/proc/sys/vm/drop_caches"

static bool wants_cold(const struct config *config, const struct bench_target *target)
{
    if (!target)
        return config->python.page_cache == CONFIG_PAGE_CACHE_DROP;
    if (config->rust.page_cache == CONFIG_PAGE_CACHE_DROP)
        return true;
    for (size_t i = 0; i < config->rust.crate_count; i++) {
        const struct crate_config *crate = &config->rust.crates[i];
        if (!strcmp(crate->name, target->package))
            return crate->page_cache == CONFIG_PAGE_CACHE_DROP;
    }
    return false;
}

const char *run_page_cache(const struct run *run, const struct bench_target *target)
{
    if (!wants_cold(&run->config, target))
        return PAGE_CACHE_KEPT;
    if (run->request->pull_request) {
        log_warning("the page cache is kept: a pull request does not empty the machine's");
        return PAGE_CACHE_REFUSED;
    }
    /* Only clean pages can be dropped; 3: directory entries and inodes too. */
    sync();
    int failed = run->io.ops->write(&run->io, DROP_CACHES, "3");
    if (!failed)
        return PAGE_CACHE_DROPPED;
    log_warning("the page cache is kept: %s: %s", DROP_CACHES, strerror(-failed));
    return PAGE_CACHE_REFUSED;
}

/* Nodes have numbers as CPUs do, and lists of them look the same. */
static bool nodes_of(const struct run *run, cpu_set_t *nodes)
{
    AUTO_TOPOLOGY struct topology topology = {0};
    if (topology_read(&run->io, &topology, NULL))
        return false;
    CPU_ZERO(nodes);
    for (size_t i = 0; i < topology.count; i++) {
        const struct host_cpu *cpu = &topology.cpus[i];
        if (!CPU_ISSET((size_t)cpu->id, &run->cpus))
            continue;
        if (cpu->node < 0)
            return false;
        CPU_SET((size_t)cpu->node, nodes);
    }
    return CPU_COUNT(nodes) > 0;
}

char *run_memory_bind(const struct run *run)
{
    cpu_set_t nodes;
    if (!run->pinned || !nodes_of(run, &nodes))
        return NULL;
    /* The kernel takes one bit more than it looks at. */
    if (syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, CPU_SETSIZE + 1)) {
        log_debug("memory is not bound to a node: %s", strerror(errno));
        return NULL;
    }
    return cpu_list_text(&nodes);
}

void run_memory_unbind(void)
{
    (void)syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0);
}
