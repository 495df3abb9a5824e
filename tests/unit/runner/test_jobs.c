/* The list of jobs, with a machine of plain files. */
#include "runner/jobs.h"

#include "base/alloc.h"
#include "base/file.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SWAPPINESS "/proc/sys/vm/swappiness"

static struct host_place place;
static struct host_process children[2];

static struct host_process start(void)
{
    struct host_process process;
    pid_t pid = fork();
    if (!pid) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        pause();
        _exit(0);
    }
    cr_assert_eq(host_process_of(pid, &process, NULL), 0);
    return process;
}

static void stop(const struct host_process *process)
{
    (void)kill(process->pid, SIGKILL);
    (void)waitpid(process->pid, NULL, 0);
}

static void setup(void)
{
    test_folder_make();
    AUTO_FREE char *state = xasprintf("%s/state", test_folder);
    host_place_init(test_folder, state, &place);
    test_folder_put("/sys/devices/system/cpu/present", "0-1\n");
    test_folder_put("/sys/devices/system/cpu/online", "0-1\n");
    test_folder_put("/sys/devices/system/cpu/cpu0/online", "1\n");
    test_folder_put("/sys/devices/system/cpu/cpu1/online", "1\n");
    test_folder_put(SWAPPINESS, "60\n");
    for (size_t i = 0; i < ARRAY_SIZE(children); i++)
        children[i] = start();
}

static void teardown(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(children); i++)
        stop(&children[i]);
    host_place_release(&place);
    test_folder_remove();
}

TestSuite(jobs, .init = setup, .fini = teardown);

static bool is_tuned(void)
{
    AUTO_FREE char *value = host_io_text(&place.io, SWAPPINESS);
    cr_assert(value);
    return strcmp(value, "60") != 0;
}

static int begin(size_t child, enum host_job_kind kind, bool *tuned)
{
    const struct host_job job = {.process = children[child], .kind = kind};
    const struct tune_request request = {.profile = TUNE_BARE_METAL, .cpus = "1"};
    AUTO_TUNE_REPORT struct tune_report report = {0};
    return host_job_begin(&place, &job, &request, &report, tuned, NULL);
}

static void end(size_t child)
{
    AUTO_TUNE_REPORT struct tune_report report = {0};
    cr_expect_eq(host_job_end(&place, &children[child], &report, NULL), 0);
}

Test(jobs, the_first_tunes_and_the_last_restores)
{
    bool first = false, second = true;
    cr_assert_eq(begin(0, HOST_JOB_RUN, &first), 0);
    cr_expect(first && is_tuned());
    cr_assert_eq(begin(1, HOST_JOB_WORKER, &second), 0);
    cr_expect(!second);
    end(0);
    cr_expect(is_tuned());
    AUTO_HOST_JOBS struct host_jobs jobs = {0};
    cr_assert_eq(host_jobs_read(&place, &jobs, NULL), 0);
    cr_assert_eq(jobs.count, 1);
    cr_expect_eq(jobs.items[0].others, 1);
    end(1);
    cr_expect(!is_tuned());
}

Test(jobs, a_worker_s_job_begins_once_and_ends_once)
{
    bool tuned = false;
    cr_assert_eq(begin(0, HOST_JOB_WORKER, &tuned), 0);
    cr_expect_eq(begin(0, HOST_JOB_WORKER, &tuned), ERROR_CONFLICT);
    cr_expect(is_tuned());
    end(0);
    cr_expect(!is_tuned());
    cr_expect_eq(begin(0, HOST_JOB_WORKER, &tuned), ERROR_CONFLICT);
    end(0);
    cr_expect(!is_tuned());
}

Test(jobs, the_entry_of_a_dead_process_holds_nothing)
{
    bool tuned = false;
    cr_assert_eq(begin(0, HOST_JOB_WORKER, &tuned), 0);
    stop(&children[0]);
    cr_expect(is_tuned());
    tuned = false;
    cr_assert_eq(begin(1, HOST_JOB_RUN, &tuned), 0);
    cr_expect(tuned);
    end(1);
    cr_expect(!is_tuned());
}

Test(jobs, ending_a_dead_job_restores)
{
    bool tuned = false;
    cr_assert_eq(begin(0, HOST_JOB_RUN, &tuned), 0);
    stop(&children[0]);
    end(0);
    cr_expect(!is_tuned());
}

Test(jobs, a_sweep_restores_for_the_dead_alone)
{
    bool tuned = false;
    cr_expect_eq(host_jobs_sweep(&place, NULL), 0);
    cr_assert_eq(begin(0, HOST_JOB_RUN, &tuned), 0);
    cr_assert_eq(host_jobs_sweep(&place, NULL), 0);
    cr_expect(is_tuned());
    stop(&children[0]);
    cr_assert_eq(host_jobs_sweep(&place, NULL), 0);
    cr_expect(!is_tuned());
}

Test(jobs, what_was_tuned_by_hand_stays)
{
    const struct tune_request request = {.profile = TUNE_BARE_METAL, .cpus = "1"};
    AUTO_TUNE_REPORT struct tune_report report = {0};
    bool tuned = true;
    cr_assert_eq(host_tune(&place, &request, &report, NULL), 0);
    cr_assert_eq(begin(0, HOST_JOB_RUN, &tuned), 0);
    cr_expect(!tuned);
    end(0);
    cr_expect(is_tuned());
}

Test(jobs, another_boot_s_processes_are_not_this_one_s)
{
    bool tuned = false;
    cr_assert_eq(begin(0, HOST_JOB_RUN, &tuned), 0);
    AUTO_FREE char *path = path_join(place.state, "jobs");
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    cr_assert_eq(file_read(path, 1 << 16, &text, NULL), 0);
    text.buf[strlen("boot ")] ^= 1;
    cr_assert_eq(file_write_atomic(path, text.buf, text.len, NULL), 0);
    AUTO_HOST_JOBS struct host_jobs jobs = {0};
    cr_assert_eq(host_jobs_read(&place, &jobs, NULL), 0);
    cr_expect_eq(jobs.count, 0);
    cr_expect_eq(jobs.tuned_by, HOST_TUNED_BY_JOBS);
    cr_assert_eq(begin(1, HOST_JOB_RUN, &tuned), 0);
    end(1);
    cr_expect(!is_tuned());
}

Test(jobs, a_list_of_anything_is_read_without_harm)
{
    static const char *const rows[] = {"",
                                       "boot",
                                       "boot \njob",
                                       "job 1 2 3 4 worker running 0",
                                       "tuned",
                                       "tuned what\n",
                                       "boot x\njob -1 -1 -1 -1 a b -1\n",
                                       "job 99999999999999999999 1 1 1 run running 1\n"};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        AUTO_HOST_JOBS struct host_jobs jobs = {0};
        test_folder_put("/state/jobs", rows[i]);
        cr_expect_eq(host_jobs_read(&place, &jobs, NULL), 0);
        cr_expect_eq(jobs.count, 0, "%s", rows[i]);
        cr_expect_eq(jobs.tuned_by, HOST_TUNED_BY_NOBODY);
    }
}
