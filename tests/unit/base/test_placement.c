#include "base/placement.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a child, which is placed for good: whether the message has this text; "" means success. */
static bool placed(const struct placement *placement, const char *want)
{
    pid_t pid = fork();
    if (!pid) {
        struct error err = ERROR_INIT;
        int failed = placement_enter(placement, &err);
        _exit(*want ? !(failed && strstr(err.message, want)) : failed != 0);
    }
    int status = -1;
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status);
}

Test(placement, of_nothing_changes_nothing)
{
    cr_assert(placed(&(struct placement){0}, ""));
}

Test(placement, of_cpus_that_are_not_there_is_refused)
{
    cpu_set_t none;
    CPU_ZERO(&none);
    cr_assert(placed(&(struct placement){.cpus = &none}, "cannot pin a process to CPU"));
    CPU_SET(CPU_SETSIZE - 1, &none);
    cr_assert(placed(&(struct placement){.cpus = &none}, "cannot pin a process to CPU 1023"));
}

Test(placement, says_which_of_its_cpus_the_kernel_left_out)
{
    cpu_set_t more;
    cr_assert_eq(sched_getaffinity(0, sizeof(more), &more), 0);
    CPU_SET(CPU_SETSIZE - 1, &more);
    cr_assert(placed(&(struct placement){.cpus = &more}, "was to be pinned to CPU"));
}

Test(placement, is_not_believed_before_the_kernel_says_so)
{
    int pipes[2];
    cr_assert_eq(pipe2(pipes, O_CLOEXEC), 0);
    const struct placement takes_it = {.group = pipes[1], .group_name = "/no/such group"};
    cr_assert(placed(&takes_it, "the kernel took the process for the control group"));
    const struct placement refuses = {.group = pipes[0], .group_name = "/no/such group"};
    cr_assert(placed(&refuses, "cannot enter the control group /no/such group"));
    close(pipes[0]);
    close(pipes[1]);
}
