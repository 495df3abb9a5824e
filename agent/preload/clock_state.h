/*
 * What the two halves of libclock share: clock.c, which knows whose clock is answered and how, and
 * clock_wait.c, which moves the deadlines that were computed from it.
 */
#pragma once

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))
#define SECOND 1000000000LL

/* The functions of the C library that this one stands in front of. */
struct clock_real {
    int (*clock_gettime)(clockid_t, struct timespec *);
    int (*clock_nanosleep)(clockid_t, int, const struct timespec *, struct timespec *);
    int (*cond_timedwait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    int (*cond_clockwait)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);
    int (*mutex_clocklock)(pthread_mutex_t *, clockid_t, const struct timespec *);
    int (*sem_clockwait)(sem_t *, clockid_t, const struct timespec *);
    long (*syscall)(long, ...);
    ssize_t (*write)(int, const void *, size_t);
};

extern struct clock_real clock_real;

/* Finds them; each function that is stood in front of calls this first. */
void clock_resolve(void);
/* Whether this thread's clock is not the real one. */
bool clock_is_measuring(void);
/* How far behind the real one it is, in nanoseconds. In the measuring thread alone. */
int64_t clock_lag(void);

static inline int64_t ns_of(const struct timespec *time)
{
    return (int64_t)time->tv_sec * SECOND + time->tv_nsec;
}

static inline struct timespec time_of(int64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / SECOND), .tv_nsec = (long)(ns % SECOND)};
}
