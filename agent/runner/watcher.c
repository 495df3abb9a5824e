#include "runner/watcher.h"

#include "base/alloc.h"
#include "runner/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEPT_FD 3 /* behind standard input, output and error */

static void let_go(int pidfd)
{
    (void)setsid();
    (void)chdir("/");
    (void)prctl(PR_SET_NAME, "lance-watcher");
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < KEPT_FD; fd++)
        (void)dup2(null, fd);
    (void)dup2(pidfd, KEPT_FD);
    (void)close_range(KEPT_FD + 1, ~0U, 0);
    const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
        (void)signal(ignored[i], SIG_IGN);
}

static void watch(const struct host_place *place, const struct host_process *watched, int pidfd)
    __attribute__((noreturn));

static void watch(const struct host_place *place, const struct host_process *watched, int pidfd)
{
    let_go(pidfd);
    struct pollfd end = {.fd = KEPT_FD, .events = POLLIN};
    while (poll(&end, 1, -1) < 0 && errno == EINTR)
        continue;
    AUTO_TUNE_REPORT struct tune_report report = {0};
    /* Nobody is left to tell; what could not be restored stays in the journal. */
    _exit(host_job_end(place, watched, &report, NULL) ? 1 : 0);
}

int host_watcher_start(const struct host_place *place, const struct host_process *watched,
                       pid_t *out, struct error *err)
{
    AUTO_CLOSE int pidfd = (int)syscall(SYS_pidfd_open, watched->pid, 0);
    if (pidfd < 0 || !host_process_lives(watched))
        return error_errno(err, ERROR_FAILURE, pidfd < 0 ? errno : ESRCH, "cannot watch process %d",
                           (int)watched->pid);
    pid_t pid = fork();
    if (pid < 0)
        return error_errno(err, ERROR_FAILURE, errno, "cannot start the watcher");
    if (!pid)
        watch(place, watched, pidfd);
    *out = pid;
    return 0;
}

void host_watcher_stop(pid_t watcher)
{
    if (watcher <= 0)
        return;
    (void)kill(watcher, SIGKILL);
    while (waitpid(watcher, NULL, 0) < 0 && errno == EINTR)
        continue;
}
