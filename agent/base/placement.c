#include "base/placement.h"

#include "base/alloc.h"
#include "base/cpu_list.h"
#include "base/file.h"
#include "base/strbuf.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Lines such as "3:cpuset:/lance-bench" and, of cgroup v2, "0::/lance-bench". */
static bool is_member(const char *name)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    AUTO_STRLIST struct strlist lines = STRLIST_INIT;
    if (file_read("/proc/self/cgroup", 1 << 20, &text, NULL))
        return false;
    strlist_split(&lines, text.buf, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        const char *path = strchr(lines.items[i], ':');
        path = path ? strchr(path + 1, ':') : NULL;
        if (path && !strcmp(path + 1, name))
            return true;
    }
    return false;
}

static int enter_group(const struct placement *placement, struct error *err)
{
    /* "0" is the writing process, whatever its id is called in its namespace. */
    int failed = fd_write_all(placement->group, "0", 1);
    if (failed)
        return error_errno(err, ERROR_FAILURE, -failed, "cannot enter the control group %s",
                           placement->group_name);
    if (!is_member(placement->group_name))
        return error_set(err, ERROR_FAILURE,
                         "the kernel took the process for the control group %s and did not move it",
                         placement->group_name);
    return 0;
}

int placement_enter(const struct placement *placement, struct error *err)
{
    cpu_set_t now;
    int failed = placement->group ? enter_group(placement, err) : 0;
    if (failed || !placement->cpus)
        return failed;
    AUTO_FREE char *wanted = cpu_list_text(placement->cpus);
    if (sched_setaffinity(0, sizeof(*placement->cpus), placement->cpus) ||
        sched_getaffinity(0, sizeof(now), &now))
        return error_errno(err, ERROR_FAILURE, errno, "cannot pin a process to CPU %s", wanted);
    /* The kernel leaves out those that the control group does not have. */
    if (!CPU_EQUAL(&now, placement->cpus)) {
        AUTO_FREE char *got = cpu_list_text(&now);
        return error_set(err, ERROR_FAILURE, "a process was to be pinned to CPU %s, and got %s",
                         wanted, got);
    }
    return 0;
}
