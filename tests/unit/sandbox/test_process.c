#include "sandbox/process.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "sandbox/job.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A job with a cache of its own, in the sandbox that this machine allows. */
static struct job job;

static void open_with(enum sandbox_mode mode)
{
    struct sandbox_report report;
    struct error err = ERROR_INIT;
    test_folder_make();
    setenv("XDG_CACHE_HOME", test_folder, 1);
    cr_assert_eq(sandbox_probe(mode, &report, &err), 0, "%s", err.message);
    cr_assert_eq(job_open(&report, NULL, &job, &err), 0, "%s", err.message);
}

static void setup(void)
{
    open_with(SANDBOX_AUTO);
}

static void setup_off(void)
{
    open_with(SANDBOX_OFF);
}

static void teardown(void)
{
    job_remove(&job);
    test_folder_remove();
}

/* Runs a line of shell; `change` may alter the step. */
static struct process_result shell(const char *line, void (*change)(struct job_step *step),
                                   struct strbuf *out)
{
    AUTO_STRLIST struct strlist argv = STRLIST_INIT;
    strlist_push(&argv, "/bin/sh");
    strlist_push(&argv, "-c");
    strlist_push(&argv, line);
    struct job_step step = {.name = "test", .argv = &argv, .cwd = job.home};
    if (change)
        change(&step);
    struct process_result result;
    AUTO_JOB_LOGS struct job_logs logs = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(job_run(&job, &step, &result, &logs, &err), 0, "%s", err.message);
    if (out)
        cr_assert_eq(file_read(logs.out, 1 << 24, out, NULL), 0);
    return result;
}

static bool prints(const char *line, const char *text)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    (void)shell(line, NULL, &out);
    strbuf_rtrim(&out);
    if (strcmp(out.buf, text))
        cr_log_warn("'%s' printed '%s', not '%s'", line, out.buf, text);
    return !strcmp(out.buf, text);
}

Test(process, tells_exit_codes_and_signals_apart, .init = setup, .fini = teardown)
{
    struct process_result result = shell("exit 7", NULL, NULL);
    cr_assert_eq(result.end, PROCESS_EXITED);
    cr_assert_eq(result.code, 7);
    result = shell("kill -SEGV $$", NULL, NULL);
    cr_assert_eq(result.end, PROCESS_SIGNALLED);
    cr_assert_eq(result.code, SIGSEGV);
    result = shell("true", NULL, NULL);
    cr_assert(process_succeeded(&result));
}

Test(process, measures_time_and_memory_of_all_descendants, .init = setup, .fini = teardown)
{
    struct process_result result =
        shell("(i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done) & wait", NULL, NULL);
    cr_assert_gt(result.used.user_ns, 1000000);
    cr_assert_geq(result.used.wall_ns, 1000000);
    result = shell("(dd if=/dev/zero of=/dev/null bs=128M count=1 2>/dev/null) & wait", NULL, NULL);
    cr_assert_gt(result.used.peak_bytes, 128 << 20);
    cr_assert_lt(result.used.peak_bytes, 160 << 20);
}

/* Until its exec() a process is as big as the agent, and the kernel does not forget that. */
Test(process, never_takes_the_agents_memory_for_the_programs, .init = setup, .fini = teardown)
{
    size_t size = (size_t)64 << 20;
    char *own = xmalloc(size);
    memset(own, 1, size);
    struct process_result result = shell("true", NULL, NULL);
    cr_assert_eq(result.used.peak_bytes, -1);
    cr_assert_eq(own[size - 1], 1);
    free(own);
}

static void counting(struct job_step *step)
{
    step->count_events = true;
}

Test(process, counts_switches_faults_and_events, .init = setup, .fini = teardown)
{
    struct process_result result = shell("sleep 0.01; sleep 0.01", counting, NULL);
    cr_assert_gt(result.used.voluntary_switches, 0);
    cr_assert_geq(result.used.involuntary_switches, 0);
    cr_assert_gt(result.used.minor_faults, 10);
    cr_assert_geq(result.used.major_faults, 0);
    if (!geteuid())
        cr_assert(result.used.counts[USAGE_MIGRATIONS].known);
    result = shell("true", NULL, NULL);
    cr_assert_not(result.used.counts[USAGE_MIGRATIONS].known);
}

static void short_timeout(struct job_step *step)
{
    step->timeout_s = 0.3;
}

/* Whether a process runs `sleep` for that long, which nothing else on this machine does. */
static bool sleeper_lives(const char *seconds)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    size_t len = 6 + strlen(seconds);
    char command[64] = "sleep";
    memcpy(command + 6, seconds, strlen(seconds) + 1);
    cr_assert_eq(dir_list("/proc", &names, NULL), 0);
    for (size_t i = 0; i < names.count; i++) {
        AUTO_FREE char *path = xasprintf("/proc/%s/cmdline", names.items[i]);
        AUTO_STRBUF struct strbuf text = STRBUF_INIT;
        if (!file_read(path, 1 << 16, &text, NULL) && text.len >= len &&
            !memcmp(text.buf, command, len))
            return true;
    }
    return false;
}

Test(process, a_timeout_ends_all_that_was_started, .init = setup, .fini = teardown)
{
    struct process_result result =
        shell("trap '' TERM INT HUP; (setsid sleep 71231 &); sleep 71231", short_timeout, NULL);
    cr_assert_eq(result.end, PROCESS_TIMED_OUT);
    cr_assert_not(sleeper_lives("71231"));
}

Test(process, a_timeout_ends_all_without_namespaces_too, .init = setup_off, .fini = teardown)
{
    struct process_result result =
        shell("trap '' TERM INT HUP; (setsid sleep 71232 &); (setsid sh -c 'sleep 71232; true' &) ;"
              " sleep 71232",
              short_timeout, NULL);
    cr_assert_eq(result.end, PROCESS_TIMED_OUT);
    cr_assert_not(sleeper_lives("71232"));
}

Test(process, nothing_outlives_a_program_that_ends_by_itself, .init = setup, .fini = teardown)
{
    (void)shell("setsid sleep 71233 & exit 0", NULL, NULL);
    cr_assert_not(sleeper_lives("71233"));
}

Test(process, nothing_outlives_it_without_namespaces_either, .init = setup_off, .fini = teardown)
{
    (void)shell("setsid sleep 71234 & exit 0", NULL, NULL);
    cr_assert_not(sleeper_lives("71234"));
}

static void small_output(struct job_step *step)
{
    step->output_limit = 10000;
}

Test(process, output_is_cut_at_its_limit, .init = setup, .fini = teardown)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    struct process_result result = shell("yes", small_output, &out);
    cr_assert_eq(result.end, PROCESS_OUTPUT_FULL);
    cr_assert_eq(result.output_bytes, 10000);
    cr_assert_eq(out.len, 10000);
}

static size_t seen;

static void count_bytes(void *context, const char *bytes, size_t len)
{
    (void)context;
    (void)bytes;
    seen += len;
}

static void watch_output(struct job_step *step)
{
    step->on_stdout = count_bytes;
}

Test(process, all_output_arrives_also_the_last, .init = setup, .fini = teardown)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    (void)shell("head -c 3000000 /dev/zero", watch_output, &out);
    cr_assert_eq(out.len, 3000000);
    cr_assert_eq(seen, 3000000);
}

Test(process, the_environment_is_what_was_given, .init = setup, .fini = teardown)
{
    setenv("SOME_TOKEN", "secret", 1);
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    (void)shell("env", NULL, &out);
    cr_assert_null(strstr(out.buf, "secret"));
    cr_assert(strstr(out.buf, "LC_ALL=C.UTF-8"));
    cr_assert(prints("echo $HOME", job.home));
}

Test(process, standard_input_is_empty_and_there_is_no_terminal, .init = setup, .fini = teardown)
{
    cr_assert(prints("cat; (: < /dev/tty) 2> /dev/null || echo none", "none"));
}

Test(process, signals_are_as_a_program_expects_them, .init = setup, .fini = teardown)
{
    signal(SIGPIPE, SIG_IGN);
    cr_assert(prints("grep SigIgn /proc/self/status | cut -f2", "0000000000000000"));
    cr_assert(prints("grep SigBlk /proc/self/status | cut -f2", "0000000000000000"));
}

Test(process, no_descriptor_of_the_agent_is_inherited, .init = setup, .fini = teardown)
{
    int leak = open("/etc/passwd", O_RDONLY);
    cr_assert_geq(leak, 0);
    /* 3 is the test_folder that ls itself has open. */
    cr_assert(prints("ls /proc/self/fd | tr '\\n' ' '", "0 1 2 3"));
    close(leak);
}

Test(process, a_program_that_is_not_there_is_named, .init = setup, .fini = teardown)
{
    AUTO_STRLIST struct strlist argv = STRLIST_INIT;
    strlist_push(&argv, "/nonexistent/program");
    struct job_step step = {.name = "test", .argv = &argv, .cwd = job.home};
    struct process_result result;
    struct error err = ERROR_INIT;
    cr_assert_eq(job_run(&job, &step, &result, NULL, &err), ERROR_NOT_FOUND);
    cr_assert(strstr(err.message, "cannot execute /nonexistent/program"));
}

Test(process, the_disk_floor_stops_it, .init = setup, .fini = teardown)
{
    /* More than any disk has free. */
    job.disk_floor = (uint64_t)1 << 62;
    struct process_result result = shell("sleep 60", NULL, NULL);
    cr_assert_eq(result.end, PROCESS_DISK_FULL);
}

Test(process, tmp_is_private_and_emptied, .init = setup, .fini = teardown)
{
    if (!job.sandbox.report.mount_namespace)
        cr_skip_test("this machine allows no mount namespace");
    (void)shell("echo x > /tmp/left-behind", NULL, NULL);
    cr_assert_not(path_exists("/tmp/left-behind"));
    cr_assert(prints("ls /tmp /var/tmp | grep -c left-behind", "0"));
}

Test(process, the_machine_is_read_only, .init = setup, .fini = teardown)
{
    if (!job.sandbox.report.mount_namespace)
        cr_skip_test("this machine allows no mount namespace");
    cr_assert(prints("for d in / /usr /etc /var; do touch $d/x 2> /dev/null && echo $d; done", ""));
    cr_assert(prints("touch $HOME/x && echo yes", "yes"));
}

Test(process, there_is_no_network_but_the_loopback, .init = setup, .fini = teardown)
{
    if (!job.sandbox.report.network_namespace)
        cr_skip_test("this machine allows no network namespace");
    cr_assert(prints("tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '", "lo"));
}

Test(job, output_that_is_not_plain_files_is_refused, .init = setup, .fini = teardown)
{
    AUTO_FREE char *dir = NULL;
    struct error err = ERROR_INIT;
    cr_assert_eq(job_output_dir(&job, "result", &dir, &err), 0, "%s", err.message);
    (void)shell("echo fine > ../out/result/a", NULL, NULL);
    cr_assert_eq(job_check_output(dir, 1 << 20, &err), 0, "%s", err.message);
    cr_assert_eq(job_check_output(dir, 2, &err), ERROR_BUILD);
    cr_assert(strstr(err.message, "is too much output"));
    (void)shell("ln -s /etc/shadow ../out/result/b", NULL, NULL);
    cr_assert_eq(job_check_output(dir, 1 << 20, &err), ERROR_BUILD);
    cr_assert(strstr(err.message, "result/b"));
    (void)shell("rm ../out/result/b; mkfifo ../out/result/c", NULL, NULL);
    cr_assert_eq(job_check_output(dir, 1 << 20, &err), ERROR_BUILD);
}

Test(job, a_failed_step_tells_the_line_that_matters, .init = setup, .fini = teardown)
{
    AUTO_STRLIST struct strlist argv = STRLIST_INIT;
    strlist_push(&argv, "/bin/sh");
    strlist_push(&argv, "-c");
    strlist_push(&argv, "echo warning: x >&2; echo 'error[E0425]: y' >&2; echo z >&2; exit 101");
    struct job_step step = {.name = "compile", .argv = &argv, .cwd = job.home};
    struct error err = ERROR_INIT;
    cr_assert_eq(job_run_checked(&job, &step, &err), ERROR_BUILD);
    cr_assert(strstr(err.message, "compile exited with code 101: error[E0425]: y; the whole log: "),
              "%s", err.message);
}

Test(job, env_set_replaces)
{
    AUTO_STRLIST struct strlist env = STRLIST_INIT;
    env_set(&env, "A", "1");
    env_set(&env, "AB", "2");
    env_set(&env, "A", "3");
    cr_assert_eq(env.count, 2);
    cr_assert_str_eq(env_get(&env, "A"), "3");
    cr_assert_null(env_get(&env, "B"));
}
