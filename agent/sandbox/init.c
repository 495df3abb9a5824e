#include "sandbox/init.h"

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/file.h"
#include "sandbox/mounts.h"
#include "sandbox/perf.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The kernel keeps count of resident pages for each CPU, and adds them up now and then. */
enum { RSS_SLACK_KIB = 1024 };

#define OPEN_FILES_LIMIT 65536
#define PROCESS_COUNT_LIMIT 16384

static void send_message(const struct init_pipes *pipes, const struct init_message *message)
{
    /* Smaller than PIPE_BUF, so whole or not at all; the agent may be gone. */
    (void)!write(pipes->status, message, sizeof(*message));
}

static void fail(const struct init_pipes *pipes, const struct error *err) __attribute__((noreturn));

static void fail(const struct init_pipes *pipes, const struct error *err)
{
    struct init_message message = {.kind = INIT_FAILED, .code = err->code};
    snprintf(message.text, sizeof(message.text), "%.1000s", err->message);
    send_message(pipes, &message);
    _exit(127);
}

/* 0 or an error, in the words of "cannot <what>". */
static int check(int result, const char *what, struct error *err)
{
    return result < 0 ? error_errno(err, ERROR_FAILURE, errno, "cannot %s", what) : 0;
}

static int write_file(const char *path, const char *text)
{
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
}

static void reset_signals(void)
{
    /* The library keeps two signals for itself and refuses to reset them, although a parent may
     * have left them ignored; the kernel does not. All zero is SIG_DFL in its layout. */
    static const unsigned char by_default[64];
    for (int number = 1; number < NSIG; number++)
        (void)syscall(SYS_rt_sigaction, number, by_default, NULL, 8);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_limit(int resource, rlim_t wanted, const char *what, struct error *err)
{
    struct rlimit limit;
    int failed = check(getrlimit(resource, &limit), what, err);
    if (failed)
        return failed;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted)
        wanted = limit.rlim_max;
    limit.rlim_cur = limit.rlim_max = wanted;
    return check(setrlimit(resource, &limit), what, err);
}

static int apply_limits(const struct process *process, struct error *err)
{
    /* When memory runs out this goes first, and not the agent. */
    (void)write_file("/proc/self/oom_score_adj", "1000");
    int failed = set_limit(RLIMIT_CORE, 0, "limit core files", err);
    if (!failed)
        failed = set_limit(RLIMIT_NOFILE, OPEN_FILES_LIMIT, "limit open files", err);
    /* Under the agent's own user the count would include that user's other processes. */
    if (!failed && process->sandbox->report.other_user)
        failed = set_limit(RLIMIT_NPROC, PROCESS_COUNT_LIMIT, "limit processes", err);
    if (!failed && process->sandbox->file_limit)
        failed = set_limit(RLIMIT_FSIZE, process->sandbox->file_limit, "limit file sizes", err);
    return failed;
}

/* Not even a program with file capabilities can have them again. */
static int drop_bounding_set(struct error *err)
{
    for (int cap = 0; cap < 64; cap++)
        /* EINVAL: the kernel knows no such capability; EPERM: there is none to drop. */
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) && errno != EINVAL && errno != EPERM)
            return error_errno(err, ERROR_FAILURE, errno, "cannot drop capabilities");
    return 0;
}

static int become_other_user(struct error *err)
{
    int failed = check(setgroups(0, NULL), "drop groups", err);
    if (!failed)
        failed = check(setresgid(SANDBOX_UID, SANDBOX_UID, SANDBOX_UID), "change the group", err);
    if (!failed)
        failed = check(setresuid(SANDBOX_UID, SANDBOX_UID, SANDBOX_UID), "change the user", err);
    return failed;
}

static int give_up_privileges(const struct sandbox_report *report, struct error *err)
{
    int failed = check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs", err);
    if (failed || report->off)
        return failed;
    failed = drop_bounding_set(err);
    if (!failed && report->other_user)
        failed = become_other_user(err);
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}, {0}};
    return failed ? failed
                  : check((int)syscall(SYS_capset, &header, data), "drop capabilities", err);
}

static int connect_standard_files(const struct init_pipes *pipes, struct error *err)
{
    int failed = check(dup2(pipes->null, STDIN_FILENO), "connect standard input", err);
    if (!failed)
        failed = check(dup2(pipes->out, STDOUT_FILENO), "connect standard output", err);
    if (!failed)
        failed = check(dup2(pipes->err, STDERR_FILENO), "connect standard error", err);
    /* Kernels before 5.11 do not know the flag; this program opens everything O_CLOEXEC. */
    (void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    return failed;
}

static int prepare_program(const struct process *process, const struct init_pipes *pipes,
                           struct error *err)
{
    reset_signals();
    int failed = placement_enter(&process->placement, err);
    if (failed)
        return failed;
    if (process->nice && setpriority(PRIO_PROCESS, 0, process->nice))
        return error_errno(err, ERROR_FAILURE, errno, "cannot set the priority");
    failed = apply_limits(process, err);
    if (!failed)
        failed = give_up_privileges(&process->sandbox->report, err);
    if (failed)
        return failed;
    if (chdir(process->cwd))
        return error_errno(err, ERROR_FAILURE, errno, "cannot enter %s in the sandbox",
                           process->cwd);
    return connect_standard_files(pipes, err);
}

static long peak_kib(int who)
{
    struct rusage usage = {0};
    (void)getrusage(who, &usage);
    return usage.ru_maxrss;
}

/* *image_kib, shared with init: what this process has had resident as the agent's image. */
static void run_program(const struct process *process, const struct init_pipes *pipes,
                        long *image_kib) __attribute__((noreturn));

static void run_program(const struct process *process, const struct init_pipes *pipes,
                        long *image_kib)
{
    struct error err = ERROR_INIT;
    umask(022);
    if (prepare_program(process, pipes, &err))
        fail(pipes, &err);
    *image_kib = peak_kib(RUSAGE_SELF);
    char *none[] = {NULL};
    execve(process->argv->items[0], process->argv->items,
           process->env->count ? process->env->items : none);
    int code = errno == ENOENT ? ERROR_NOT_FOUND : ERROR_FAILURE;
    if (errno == EACCES && process->sandbox->report.other_user)
        error_set(
            &err, code,
            "cannot execute %s: the sandbox's user may not; move it out of a private home, or "
            "give --sandbox off",
            process->argv->items[0]);
    else
        error_errno(&err, code, errno, "cannot execute %s", process->argv->items[0]);
    fail(pipes, &err);
}

static int loopback_up(struct error *err)
{
    AUTO_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "lo"};
    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request))
        return error_errno(err, ERROR_FAILURE, errno, "cannot reach the loopback device");
    request.ifr_flags |= IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &request))
        return error_errno(err, ERROR_FAILURE, errno, "cannot bring the loopback device up");
    return 0;
}

/* Kills what the program left behind, where no PID namespace does it. */
static void kill_descendants(void)
{
    AUTO_FREE char *path = xasprintf("/proc/self/task/%d/children", (int)gettid());
    for (int round = 0; round < 1000; round++) {
        AUTO_STRBUF struct strbuf text = STRBUF_INIT;
        AUTO_STRLIST struct strlist pids = STRLIST_INIT;
        if (file_read(path, 1 << 20, &text, NULL))
            return;
        strlist_split(&pids, text.buf, ' ');
        for (size_t i = 0; i < pids.count; i++)
            (void)kill((pid_t)strtol(pids.items[i], NULL, 10), SIGKILL);
        /* Orphans of those that die come to this process, and are in the next round's list. */
        if (waitpid(-1, NULL, 0) < 0 && errno == ECHILD)
            return;
    }
}

/* Reaps until the program itself has ended; false when the lifeline broke first. */
static bool wait_for_program(pid_t program, int lifeline, int signals, int *status)
{
    struct pollfd fds[] = {{.fd = lifeline, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    for (;;) {
        pid_t pid;
        int got = 0;
        while ((pid = waitpid(-1, &got, WNOHANG)) > 0)
            if (pid == program) {
                *status = got;
                return true;
            }
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return false;
        if (fds[0].revents)
            return false;
        struct signalfd_siginfo info;
        if (fds[1].revents)
            (void)!read(signals, &info, sizeof(info));
    }
}

static int64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int enter_sandbox(const struct process *process, struct error *err)
{
    const struct sandbox_report *report = &process->sandbox->report;
    int failed = 0;
    if (report->mount_namespace)
        failed = mounts_apply(process->sandbox, report->pid_namespace, err);
    if (!failed && report->network_namespace && !process->network)
        failed = loopback_up(err);
    return failed;
}

/* Everybody in the sandbox may read this process's command line, which is the agent's, and may hold
 * an address with a password in it. Fields 48 and 49 of stat say where it lies (proc(5)). */
static void hide_arguments(void)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    AUTO_STRLIST struct strlist fields = STRLIST_INIT;
    const char *name_end =
        file_read("/proc/self/stat", 1 << 16, &text, NULL) ? NULL : strrchr(text.buf, ')');
    if (!name_end)
        return;
    strlist_split(&fields, name_end + 2, ' '); /* from the third on */
    if (fields.count < 47)
        return;
    char *start = (char *)(uintptr_t)strtoull(fields.items[45], NULL, 10);
    const char *end = (const char *)(uintptr_t)strtoull(fields.items[46], NULL, 10);
    if (start && end > start)
        memset(start, 0, (size_t)(end - start));
}

static void run_init(const struct process *process, const struct init_pipes *pipes)
    __attribute__((noreturn));

static void run_init(const struct process *process, const struct init_pipes *pipes)
{
    struct error err = ERROR_INIT;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_DUMPABLE, 0);
    if (!process->sandbox->report.pid_namespace)
        (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (enter_sandbox(process, &err))
        fail(pipes, &err);
    hide_arguments();

    struct perf_set events = PERF_SET_NONE;
    if (process->count_events)
        perf_open(&events);
    long *image_kib =
        mmap(NULL, sizeof(*image_kib), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int64_t start = monotonic_ns();
    pid_t program = image_kib == MAP_FAILED ? -1 : fork();
    if (program < 0 || signals < 0) {
        error_errno(&err, ERROR_FAILURE, errno, "cannot start a process");
        fail(pipes, &err);
    }
    if (!program)
        run_program(process, pipes, image_kib);
    struct init_message message = {.kind = INIT_ENDED};
    bool ended = wait_for_program(program, pipes->lifeline, signals, &message.status);
    message.wall_ns = monotonic_ns() - start;
    perf_read(&events, message.counts);
    if (!process->sandbox->report.pid_namespace)
        kill_descendants();
    getrusage(RUSAGE_CHILDREN, &message.usage);
    /* The kernel counts the image along that was there until exec(). */
    if (message.usage.ru_maxrss <= *image_kib + RSS_SLACK_KIB)
        message.usage.ru_maxrss = -1;
    if (ended)
        send_message(pipes, &message);
    /* The end of the first process is the end of its namespace. */
    _exit(0);
}

/* The same ids inside as outside: files keep their owner. */
static int map_user(uid_t uid, gid_t gid, struct error *err)
{
    AUTO_FREE char *uids = xasprintf("%u %u 1", uid, uid);
    AUTO_FREE char *gids = xasprintf("%u %u 1", gid, gid);
    /* These files belong to root while the process is not dumpable. */
    (void)prctl(PR_SET_DUMPABLE, 1);
    int failed = write_file("/proc/self/setgroups", "deny");
    if (!failed)
        failed = write_file("/proc/self/uid_map", uids);
    if (!failed)
        failed = write_file("/proc/self/gid_map", gids);
    (void)prctl(PR_SET_DUMPABLE, 0);
    return failed ? error_errno(err, ERROR_FAILURE, -failed, "cannot map the user") : 0;
}

static int make_namespaces(const struct process *process, struct error *err)
{
    const struct sandbox_report *report = &process->sandbox->report;
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int flags = 0;
    if (report->user_namespace)
        flags |= CLONE_NEWUSER;
    if (report->pid_namespace)
        flags |= CLONE_NEWPID | CLONE_NEWIPC;
    if (report->mount_namespace)
        flags |= CLONE_NEWNS;
    if (report->network_namespace && !process->network)
        flags |= CLONE_NEWNET;
    if (flags && unshare(flags))
        return error_errno(err, ERROR_FAILURE, errno, "cannot create the sandbox's namespaces");
    return report->user_namespace ? map_user(uid, gid, err) : 0;
}

void init_supervise(const struct process *process, const struct init_pipes *pipes)
{
    struct error err = ERROR_INIT;
    reset_signals();
    /* Ctrl-C on the terminal is the agent's to handle. */
    (void)setsid();
    if (make_namespaces(process, &err))
        fail(pipes, &err);
    pid_t init = fork();
    if (init < 0) {
        error_errno(&err, ERROR_FAILURE, errno, "cannot start a process");
        fail(pipes, &err);
    }
    if (!init)
        run_init(process, pipes);
    int status = 0;
    while (waitpid(init, &status, 0) < 0 && errno == EINTR)
        ;
    _exit(0);
}
