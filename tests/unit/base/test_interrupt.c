#include "base/interrupt.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static bool descriptor_is_readable(void)
{
    struct pollfd fds = {.fd = interrupt_fd(), .events = POLLIN};
    return poll(&fds, 1, 0) > 0;
}

Test(interrupt, is_a_flag_and_a_descriptor)
{
    interrupt_install();
    cr_assert(!interrupted() && !descriptor_is_readable());
    cr_assert_eq(raise(SIGHUP), 0);
    cr_assert(interrupted() && descriptor_is_readable());
    interrupt_clear();
    cr_assert(!interrupted() && !descriptor_is_readable());
}

Test(interrupt, of_a_child_is_not_the_parents)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    interrupt_install();
    for (size_t i = 0; i < 3; i++) {
        int status = 0;
        pid_t pid = fork();
        if (!pid) {
            (void)raise(numbers[i]);
            _exit(0);
        }
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == numbers[i]);
        cr_assert(!interrupted() && !descriptor_is_readable());
    }
}

Test(interrupt, of_a_child_that_installs_its_own_is_its_own)
{
    interrupt_install();
    int status = 0;
    pid_t pid = fork();
    if (!pid) {
        interrupt_install();
        (void)raise(SIGTERM);
        _exit(interrupted() && descriptor_is_readable() ? 7 : 0);
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    cr_assert(!interrupted() && !descriptor_is_readable());
}
