#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

#define PIECE_MAX 64  /* numbers */
#define PIECES_EACH 8 /* at least so many for each thread, where there are enough numbers */

struct parallel_job {
    parallel_range *work;
    void *context;
    size_t count, piece;
    atomic_size_t next;
};

static void *do_pieces(void *raw)
{
    struct parallel_job *job = raw;
    for (;;) {
        size_t first = atomic_fetch_add(&job->next, job->piece);
        if (first >= job->count)
            return NULL;
        size_t left = job->count - first;
        job->work(first, first + (left < job->piece ? left : job->piece), job->context);
    }
}

size_t parallel_threads(void)
{
    cpu_set_t cpus;
    if (sched_getaffinity(0, sizeof(cpus), &cpus))
        return 1;
    int count = CPU_COUNT(&cpus);
    return count > PARALLEL_MAX ? PARALLEL_MAX : count > 1 ? (size_t)count : 1;
}

/* Returns how many have started. */
static size_t start(struct parallel_job *job, pthread_t *threads, size_t count)
{
    sigset_t all, before;
    size_t started = 0;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started < count && !pthread_create(&threads[started], NULL, do_pieces, job))
        started++;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

void parallel_each(size_t count, parallel_range *work, void *context)
{
    size_t threads = parallel_threads();
    size_t piece = count / (threads * PIECES_EACH);
    struct parallel_job job = {
        .work = work,
        .context = context,
        .count = count,
        .piece = piece > PIECE_MAX ? PIECE_MAX
                 : piece           ? piece
                                   : 1,
    };
    atomic_init(&job.next, 0);
    pthread_t others[PARALLEL_MAX];
    if (threads > count)
        threads = count ? count : 1;
    size_t started = start(&job, others, threads - 1);
    (void)do_pieces(&job);
    for (size_t i = 0; i < started; i++)
        (void)pthread_join(others[i], NULL);
}
