#include "pipeline/run/cache.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

/* A job's folder with a home in it, last changed so long ago. */
static char *make_job(const char *cache, const char *name, bool locked, int64_t age_s)
{
    char *job = xasprintf("%s/lance-bench/jobs/%s", cache, name);
    AUTO_FREE char *home = path_join(job, "home"), *lock = path_join(job, "lock");
    cr_assert_eq(dir_make(home, NULL), 0);
    if (locked)
        cr_assert_eq(file_write_atomic(lock, "", 0, NULL), 0);
    const struct timespec then = {.tv_sec = clock_unix_s() - age_s};
    cr_assert_eq(utimensat(AT_FDCWD, job, (struct timespec[]){then, then}, 0), 0);
    return job;
}

Test(run_cache, a_job_that_lost_its_lock_in_its_removal_goes_with_the_next_sweep)
{
    char cache[] = "/tmp/lance-bench-cache-XXXXXX";
    cr_assert(mkdtemp(cache));
    cr_assert_eq(setenv("XDG_CACHE_HOME", cache, 1), 0);
    AUTO_FREE char *opening = make_job(cache, "1-1", false, 0);
    AUTO_FREE char *half = make_job(cache, "1-2", false, 3600);
    AUTO_FREE char *dead = make_job(cache, "1-3", true, 3600);
    AUTO_FREE char *home = path_join(dead, "home");
    cache_sweep_jobs();
    cr_assert(path_exists(opening), "it may get its lock any moment");
    cr_assert_not(path_exists(half));
    cr_assert(path_exists(dead), "its logs stay for a week");
    cr_assert_not(path_exists(home));
    cr_assert_eq(tree_remove(cache, NULL), 0);
}
