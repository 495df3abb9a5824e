#include "checkout/task.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>

static const double GRACE_S = 0.5;

struct task {
    struct task_plan plan;
    char *what;
    int done_fd;
    atomic_bool stop;
    atomic_int sides; /* who still looks at this: caller and work */
    int result;
    struct error error;
};

static void task_drop(struct task *task)
{
    if (atomic_fetch_sub(&task->sides, 1) != 1)
        return;
    task->plan.release(task->plan.context);
    close(task->done_fd);
    free(task->what);
    free(task);
}

static void *task_main(void *argument)
{
    struct task *task = argument;
    task->result = task->plan.work(task, task->plan.context, &task->error);
    uint64_t one = 1;
    (void)!write(task->done_fd, &one, sizeof(one));
    task_drop(task);
    return NULL;
}

bool task_should_stop(const struct task *task)
{
    return atomic_load(&task->stop) || interrupted() ||
           clock_monotonic_s() >= task->plan.deadline_s;
}

int task_check(const struct task *task, struct error *err)
{
    int failed = interrupt_check(err);
    if (failed)
        return failed;
    if (task_should_stop(task))
        return error_set(
            err, ERROR_UNREACHABLE,
            "%s took longer than --timeout allows: give it more, or see what holds the "
            "remote up",
            task->what);
    return 0;
}

/* Waits until the work is done (true), `until`, or, where `heed` says so, an interrupt. */
static bool wait_for_work(struct task *task, double until, bool heed)
{
    for (;;) {
        struct pollfd fds[] = {
            {.fd = task->done_fd, .events = POLLIN},
            {.fd = heed ? interrupt_fd() : -1, .events = POLLIN},
        };
        double left = until - clock_monotonic_s();
        int ready = poll(fds, ARRAY_SIZE(fds), left > 0 ? (int)(left * 1000) + 1 : 0);
        if (ready > 0 && fds[0].revents)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
        if ((heed && interrupted()) || clock_monotonic_s() >= until)
            return false;
    }
}

static struct task *task_new(const struct task_plan *plan)
{
    struct task *task = xcalloc(1, sizeof(*task));
    task->plan = *plan;
    task->what = xstrdup(plan->what);
    task->plan.what = task->what;
    task->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    atomic_init(&task->stop, false);
    atomic_init(&task->sides, 2);
    return task;
}

static int task_start(struct task *task, struct error *err)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int failed = task->done_fd < 0 ? EMFILE : pthread_create(&thread, &attributes, task_main, task);
    pthread_attr_destroy(&attributes);
    if (!failed)
        return 0;
    task_drop(task);
    return error_errno(err, ERROR_FAILURE, failed, "cannot start a thread");
}

int task_run(const struct task_plan *plan, void (*collect)(void *context, void *out), void *out,
             struct error *err)
{
    struct task *task = task_new(plan);
    int result = task_start(task, err);
    if (!result && !wait_for_work(task, plan->deadline_s, true)) {
        atomic_store(&task->stop, true);
        if (!wait_for_work(task, clock_monotonic_s() + GRACE_S, false))
            result = task_check(task, err);
    }
    if (!result) {
        result = task->result;
        if (result && err)
            *err = task->error;
        if (!result)
            collect(task->plan.context, out);
    }
    task_drop(task);
    return result;
}
