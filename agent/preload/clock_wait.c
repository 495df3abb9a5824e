/* clock.h: absolute deadlines that the program has computed from its clock. */
#include "clock_state.h"

#include <linux/futex.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A deadline of the measuring thread's clock on the real one. */
static struct timespec real_deadline(const struct timespec *deadline)
{
    return time_of(ns_of(deadline) + clock_lag());
}

static bool is_ours(clockid_t clock)
{
    return clock == CLOCK_MONOTONIC && clock_is_measuring();
}

EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                           struct timespec *left)
{
    clock_resolve();
    if (!(flags & TIMER_ABSTIME) || !is_ours(clock))
        return clock_real.clock_nanosleep(clock, flags, time, left);
    struct timespec until = real_deadline(time);
    return clock_real.clock_nanosleep(clock, flags, &until, left);
}

EXPORT int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                  const struct timespec *deadline)
{
    clock_resolve();
    /* Which clock it goes by is an attribute of the condition. As the time of day this would be
     * before 2001; as the monotonic clock the machine would have run for thirty years. */
    if (deadline->tv_sec >= 1000000000 || !clock_is_measuring())
        return clock_real.cond_timedwait(condition, mutex, deadline);
    struct timespec until = real_deadline(deadline);
    return clock_real.cond_timedwait(condition, mutex, &until);
}

EXPORT int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                  clockid_t clock, const struct timespec *deadline)
{
    clock_resolve();
    if (!is_ours(clock))
        return clock_real.cond_clockwait(condition, mutex, clock, deadline);
    struct timespec until = real_deadline(deadline);
    return clock_real.cond_clockwait(condition, mutex, clock, &until);
}

EXPORT int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock,
                                   const struct timespec *deadline)
{
    clock_resolve();
    if (!is_ours(clock))
        return clock_real.mutex_clocklock(mutex, clock, deadline);
    struct timespec until = real_deadline(deadline);
    return clock_real.mutex_clocklock(mutex, clock, &until);
}

EXPORT int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *deadline)
{
    clock_resolve();
    if (!is_ours(clock))
        return clock_real.sem_clockwait(semaphore, clock, deadline);
    struct timespec until = real_deadline(deadline);
    return clock_real.sem_clockwait(semaphore, clock, &until);
}

/* Those commands take an absolute time, the plain FUTEX_WAIT a relative one. */
static bool waits_until(long number, long operation, long deadline)
{
    long command = operation & FUTEX_CMD_MASK;
    return number == SYS_futex && deadline && !(operation & FUTEX_CLOCK_REALTIME) &&
           (command == FUTEX_WAIT_BITSET || command == FUTEX_WAIT_REQUEUE_PI);
}

EXPORT long syscall(long number, ...)
{
    long a[6];
    va_list list;
    va_start(list, number);
    for (size_t i = 0; i < sizeof(a) / sizeof(*a); i++)
        a[i] = va_arg(list, long);
    va_end(list);
    clock_resolve();
    if (number == SYS_clock_gettime)
        return clock_gettime((clockid_t)a[0], (struct timespec *)a[1]);
    if (!clock_is_measuring() || !waits_until(number, a[1], a[3]))
        return clock_real.syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    struct timespec until = real_deadline((const struct timespec *)a[3]);
    return clock_real.syscall(number, a[0], a[1], a[2], (long)&until, a[4], a[5]);
}
