#include "checkout/task.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <string.h>

static atomic_int released;

struct context {
    int answer;
    bool heeds; /* ends when it is asked to */
    double seconds;
};

static int work(struct task *task, void *argument, struct error *err)
{
    struct context *context = argument;
    double end = clock_monotonic_s() + context->seconds;
    while (clock_monotonic_s() < end) {
        if (context->heeds && task_should_stop(task))
            return task_check(task, err);
        clock_sleep_s(0.01);
    }
    if (!context->answer)
        return error_set(err, ERROR_INPUT, "no answer");
    return 0;
}

static void release(void *context)
{
    free(context);
    atomic_fetch_add(&released, 1);
}

static void collect(void *context, void *out)
{
    *(int *)out = ((struct context *)context)->answer;
}

static int run(struct context wanted, double timeout_s, int *out, struct error *err)
{
    struct context *context = xcalloc(1, sizeof(*context));
    *context = wanted;
    const struct task_plan plan = {
        .work = work,
        .release = release,
        .context = context,
        .deadline_s = clock_monotonic_s() + timeout_s,
        .what = "the test",
    };
    return task_run(&plan, collect, out, err);
}

static void wait_for_release(void)
{
    for (int i = 0; i < 500 && !atomic_load(&released); i++)
        clock_sleep_s(0.01);
    cr_assert_eq(atomic_load(&released), 1);
}

Test(task, the_result_of_the_work_is_collected)
{
    int answer = 0;
    cr_assert_eq(run((struct context){.answer = 42}, 10, &answer, NULL), 0);
    cr_assert_eq(answer, 42);
    wait_for_release();
}

Test(task, an_error_of_the_work_is_handed_on_and_nothing_collected)
{
    int answer = 7;
    struct error err = ERROR_INIT;
    cr_assert_eq(run((struct context){0}, 10, &answer, &err), ERROR_INPUT);
    cr_assert_str_eq(err.message, "no answer");
    cr_assert_eq(answer, 7);
    wait_for_release();
}

Test(task, work_that_heeds_the_deadline_ends_by_itself)
{
    int answer = 7;
    struct error err = ERROR_INIT;
    struct context context = {.answer = 1, .heeds = true, .seconds = 60};
    cr_assert_eq(run(context, 0.1, &answer, &err), ERROR_UNREACHABLE);
    cr_assert_not_null(strstr(err.message, "the test took longer"));
    wait_for_release();
}

Test(task, work_that_blocks_is_left_behind_and_frees_itself_later)
{
    int answer = 7;
    struct error err = ERROR_INIT;
    struct context context = {.answer = 1, .seconds = 1.5};
    cr_assert_eq(run(context, 0.1, &answer, &err), ERROR_UNREACHABLE);
    cr_assert_eq(answer, 7);
    cr_assert_eq(atomic_load(&released), 0);
    wait_for_release();
}
