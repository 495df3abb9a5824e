#include "base/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static volatile sig_atomic_t signal_seen;
static int event_fd = -1;
static pid_t installed_by;

static void on_signal(int signal_number)
{
    /* A child that has the handler and the descriptor from its parent: the parent is not meant. */
    if (getpid() != installed_by) {
        (void)signal(signal_number, SIG_DFL);
        (void)raise(signal_number);
        return;
    }
    if (signal_seen)
        _exit(130);
    signal_seen = signal_number;
    int saved = errno;
    uint64_t one = 1;
    (void)!write(event_fd, &one, sizeof(one));
    errno = saved;
}

void interrupt_install(void)
{
    event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    installed_by = getpid();
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    /* A closed pipe is an error of write(), not the end of the process. */
    signal(SIGPIPE, SIG_IGN);
    /* Who starts us may ignore it, and then no child leaves an exit code. */
    signal(SIGCHLD, SIG_DFL);
}

bool interrupted(void)
{
    return signal_seen != 0;
}

int interrupt_fd(void)
{
    return event_fd;
}

int interrupt_check(struct error *err)
{
    return signal_seen ? error_set(err, ERROR_INTERRUPTED, "interrupted") : 0;
}

void interrupt_clear(void)
{
    uint64_t count = 0;
    (void)!read(event_fd, &count, sizeof(count));
    signal_seen = 0;
}
