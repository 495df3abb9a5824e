#include "pipeline/poll/poll_execute.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ERROR_MARK "error: "
#define SELF "/proc/self/exe"

enum { LINE_MAX_BYTES = 2048 };

/* A child being watched. */
struct child {
    pid_t pid;
    int pidfd, stderr_fd;
    struct strbuf line; /* of its stderr, under way */
    char *error;
    bool stopped;
};

void execution_result_release(struct execution_result *result)
{
    free(result->error);
    *result = (struct execution_result){0};
}

static void become_run(const struct strlist *argv, int err_fd, pid_t parent)
    __attribute__((noreturn));

static void become_run(const struct strlist *argv, int err_fd, pid_t parent)
{
    /* A group of its own: Ctrl-C reaches it through the poller, once. */
    setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
        dup2(err_fd, STDERR_FILENO) < 0)
        _exit(1);
    signal(SIGPIPE, SIG_DFL);
    execv(SELF, argv->items);
    _exit(1);
}

static int start(const struct execution *execution, struct child *child, struct error *err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC))
        return error_errno(err, ERROR_FAILURE, errno, "cannot create a pipe");
    AUTO_CLOSE int read_end = fds[0];
    AUTO_CLOSE int write_end = fds[1];
    AUTO_STRLIST struct strlist argv = STRLIST_INIT;
    strlist_push(&argv, "lance-bench");
    for (size_t i = 0; i < execution->argv->count; i++)
        strlist_push(&argv, execution->argv->items[i]);
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        return error_errno(err, ERROR_FAILURE, errno, "cannot start a run");
    if (!pid)
        become_run(&argv, write_end, parent);
    child->pid = pid;
    child->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    child->stderr_fd = take_fd(&read_end);
    if (child->pidfd >= 0)
        return 0;
    int reason = errno;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return error_errno(err, ERROR_FAILURE, reason, "cannot watch a process (Linux 5.3 can)");
}

static void take_line(struct child *child)
{
    size_t mark = strlen(ERROR_MARK);
    if (!strncmp(child->line.buf, ERROR_MARK, mark)) {
        free(child->error);
        child->error = xstrdup(child->line.buf + mark);
    }
    strbuf_clear(&child->line);
}

/* False at its end. */
static bool pass_stderr(struct child *child)
{
    char bytes[4096];
    ssize_t got = read(child->stderr_fd, bytes, sizeof(bytes));
    if (got < 0)
        return errno == EINTR || errno == EAGAIN;
    (void)fd_write_all(STDERR_FILENO, bytes, (size_t)got);
    for (ssize_t i = 0; i < got; i++) {
        if (bytes[i] == '\n')
            take_line(child);
        else if (child->line.len < LINE_MAX_BYTES)
            strbuf_addch(&child->line, bytes[i]);
    }
    return got > 0;
}

static void stop(struct child *child)
{
    if (!child->stopped)
        kill(child->pid, SIGTERM);
    child->stopped = true;
}

static void watch(const struct execution *execution, struct child *child)
{
    double next_s = clock_monotonic_s() + execution->tick_s;
    bool open_stderr = true;
    for (;;) {
        double left_s = next_s - clock_monotonic_s();
        struct pollfd fds[] = {
            {.fd = child->pidfd, .events = POLLIN},
            {.fd = open_stderr ? child->stderr_fd : -1, .events = POLLIN},
            {.fd = child->stopped ? -1 : interrupt_fd(), .events = POLLIN},
        };
        int ready = poll(fds, ARRAY_SIZE(fds), left_s > 0 ? (int)(left_s * 1000) + 1 : 0);
        if (ready > 0 && fds[1].revents) {
            open_stderr = pass_stderr(child);
            continue;
        }
        if (ready > 0 && fds[0].revents)
            return;
        if (interrupted())
            stop(child);
        if (clock_monotonic_s() < next_s)
            continue;
        if (!child->stopped && !execution->watch(execution->context))
            stop(child);
        next_s = clock_monotonic_s() + execution->tick_s;
    }
}

int execute(const struct execution *execution, struct execution_result *out, struct error *err)
{
    struct child child = {.pidfd = -1, .stderr_fd = -1, .line = STRBUF_INIT};
    int failed = start(execution, &child, err);
    if (!failed) {
        watch(execution, &child);
        int status = 0;
        while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR)
            ;
        *out = (struct execution_result){
            .code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            .stopped = child.stopped,
            .error = take_ptr(child.error),
        };
    }
    if (child.pidfd >= 0)
        close(child.pidfd);
    if (child.stderr_fd >= 0)
        close(child.stderr_fd);
    strbuf_release(&child.line);
    free(child.error);
    return failed;
}
