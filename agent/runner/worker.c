#include "runner/worker.h"

#include "base/alloc.h"
#include "base/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STAT_MAX ((size_t)64 << 10)
#define NAME_SIZE 32

struct proc_stat {
    char name[NAME_SIZE];
    char state;
    pid_t parent;
    uint64_t started;
};

/* "pid (name) state ppid … starttime …": the name may have anything in it, also ") ". */
static bool parse_stat(const char *text, struct proc_stat *out)
{
    const char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (!open || !close || close < open || (size_t)(close - open) > NAME_SIZE)
        return false;
    memcpy(out->name, open + 1, (size_t)(close - open - 1));
    out->name[close - open - 1] = '\0';
    int parent = 0;
    if (sscanf(close + 1,
               " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
               "%" SCNu64,
               &out->state, &parent, &out->started) != 3)
        return false;
    out->parent = parent;
    return true;
}

static bool read_stat(pid_t pid, struct proc_stat *out)
{
    AUTO_FREE char *path = xasprintf("/proc/%d/stat", (int)pid);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    return !file_read(path, STAT_MAX, &text, NULL) && parse_stat(text.buf, out);
}

/* Its real user. The owner of /proc/PID would be root's for a process that is not dumpable. */
static bool read_uid(pid_t pid, uid_t *out)
{
    AUTO_FREE char *path = xasprintf("/proc/%d/status", (int)pid);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (file_read(path, STAT_MAX, &text, NULL))
        return false;
    const char *line = strstr(text.buf, "\nUid:");
    return line && sscanf(line, "\nUid: %u", out) == 1;
}

int host_process_of(pid_t pid, struct host_process *out, struct error *err)
{
    struct proc_stat line;
    uid_t uid;
    if (!read_stat(pid, &line) || !read_uid(pid, &uid))
        return error_set(err, ERROR_NOT_FOUND, "there is no process %d", (int)pid);
    *out = (struct host_process){pid, line.started, uid};
    return 0;
}

bool host_process_lives(const struct host_process *process)
{
    struct proc_stat now;
    return read_stat(process->pid, &now) && now.started == process->started && now.state != 'Z' &&
           now.state != 'X';
}

int host_worker_find(struct host_process *out, struct error *err)
{
    struct proc_stat at;
    pid_t worker = 0;
    for (pid_t pid = getppid(); pid > 0 && read_stat(pid, &at); pid = at.parent)
        if (!strcmp(at.name, HOST_WORKER_NAME))
            worker = pid;
    if (worker)
        return host_process_of(worker, out, err);
    return error_set(err, ERROR_NOT_FOUND,
                     "no ancestor of this process is a " HOST_WORKER_NAME
                     ": these verbs are for the job hooks of a GitHub runner");
}
