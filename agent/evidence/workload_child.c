#include "evidence/workload_child.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static void child_main(const struct placement *placement,
                       void (*work)(const void *context, void *result), const void *context,
                       size_t size, int out) __attribute__((noreturn));

/* Exit code 1: could not be placed. */
static void child_main(const struct placement *placement,
                       void (*work)(const void *context, void *result), const void *context,
                       size_t size, int out)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (placement && placement_enter(placement, NULL))
        _exit(1);
    void *result = xcalloc(1, size);
    work(context, result);
    _exit(fd_write_all(out, result, size) ? 2 : 0);
}

/* Until all is there, the pipe is closed on the other side, or time is up. */
static size_t receive(int fd, char *bytes, size_t size)
{
    double deadline = clock_monotonic_s() + WORKLOAD_CHILD_TIMEOUT_S;
    size_t have = 0;
    while (have < size && !interrupted()) {
        double left = deadline - clock_monotonic_s();
        struct pollfd fds[] = {{.fd = fd, .events = POLLIN},
                               {.fd = interrupt_fd(), .events = POLLIN}};
        if (left <= 0)
            break;
        if (poll(fds, 2, (int)(left * 1000) + 1) <= 0 || !fds[0].revents)
            continue;
        ssize_t got = read(fd, bytes + have, size - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        have += (size_t)got;
    }
    return have;
}

static int why_not(int status, struct error *err)
{
    int stop = interrupt_check(err);
    if (stop)
        return stop;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
        return error_set(
            err, ERROR_FAILURE,
            "the fixed work cannot be pinned to the CPUs of the benchmarks, or enter their "
            "control group");
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
        return error_set(err, ERROR_FAILURE, "the fixed work was killed by signal %d",
                         WTERMSIG(status));
    return error_set(err, ERROR_FAILURE, "the fixed work did not end within %.0f s",
                     WORKLOAD_CHILD_TIMEOUT_S);
}

int workload_child(const struct placement *placement,
                   void (*work)(const void *context, void *result), const void *context,
                   void *result, size_t size, struct error *err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC))
        return error_errno(err, ERROR_FAILURE, errno, "cannot create a pipe");
    AUTO_CLOSE int in = fds[0];
    pid_t pid = fork();
    if (pid < 0) {
        int reason = errno;
        close(fds[1]);
        return error_errno(err, ERROR_FAILURE, reason, "cannot start a process");
    }
    if (!pid)
        child_main(placement, work, context, size, fds[1]);
    close(fds[1]);
    AUTO_FREE char *bytes = xmalloc(size);
    size_t got = receive(in, bytes, size);
    if (got < size)
        (void)kill(pid, SIGKILL);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (got < size)
        return why_not(status, err);
    memcpy(result, bytes, size);
    return 0;
}
