#include "runner/selftest.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/program.h"
#include "runner/jobs.h"
#include "runner/runner.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void selftest_release(struct selftest *test)
{
    strlist_release(&test->passed);
    strlist_release(&test->skipped);
}

static int try_agent(struct selftest *test, struct error *err)
{
    const char *const argv[] = {INSTALL_AGENT, "--version", NULL};
    AUTO_FREE char *said = NULL;
    int failed = program_output(argv, &said, err);
    if (!failed)
        strlist_pushf(&test->passed, "%s starts: %s", INSTALL_AGENT, said);
    return failed;
}

static int try_unit(const char *unit, struct selftest *test, struct error *err)
{
    const char *const argv[] = {"systemd-analyze", "verify", unit, NULL};
    AUTO_FREE char *said = NULL;
    int failed = program_output(argv, &said, err);
    if (failed == ERROR_NOT_FOUND) {
        strlist_push(&test->skipped, "the unit: there is no systemd-analyze");
        return 0;
    }
    if (failed)
        return error_set(err, ERROR_FAILURE, "systemd-analyze verify refuses %s", unit);
    strlist_pushf(&test->passed, "systemd accepts %s", unit);
    return 0;
}

/* Whether sudo would let `user` run it, without running it. */
static int sudo_allows(const char *user, const char *program, const char *argument, bool *out,
                       struct error *err)
{
    const char *const argv[] = {"sudo", "-n", "-l", "-U", user, program, argument, NULL};
    AUTO_FREE char *said = NULL;
    int failed = program_output(argv, &said, err);
    if (failed && failed != ERROR_FAILURE)
        return failed;
    *out = !failed;
    return 0;
}

static int try_sudo(const char *user, struct selftest *test, struct error *err)
{
    static const struct {
        const char *program, *argument;
        bool allowed;
    } rows[] = {
        {INSTALL_HELPER, "started", true},   {INSTALL_HELPER, "completed", true},
        {INSTALL_HELPER, "tune", false},     {INSTALL_HELPER, NULL, false},
        {INSTALL_AGENT, "--version", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        bool allowed = false;
        int failed = sudo_allows(user, rows[i].program, rows[i].argument, &allowed, err);
        if (failed)
            return failed;
        if (allowed != rows[i].allowed)
            return error_set(err, ERROR_FAILURE, "sudo %s %s to run %s%s%s%s",
                             allowed ? "allows" : "does not allow", user, rows[i].program,
                             rows[i].argument ? " " : "", rows[i].argument ? rows[i].argument : "",
                             allowed ? ": another rule of sudo's gives it more than the hooks need"
                                     : ": is there a line '@includedir /etc/sudoers.d' in "
                                       "/etc/sudoers?");
    }
    strlist_pushf(&test->passed, "sudo allows %s the helper's two verbs and nothing else of it",
                  user);
    return 0;
}

/* Exit status of the hook, run as the runner would. */
static int run_hook(const char *path)
{
    pid_t pid = fork();
    if (!pid) {
        execl("/bin/sh", "sh", "-e", path, (char *)NULL);
        _exit(127);
    }
    int status = 1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void be_worker(const struct host_account *account) __attribute__((noreturn));

/* The helper asks for an ancestor of that name and account. */
static void be_worker(const struct host_account *account)
{
    if (initgroups(account->name, account->gid) || setgid(account->gid) || setuid(account->uid) ||
        clearenv() || setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1) ||
        prctl(PR_SET_NAME, HOST_WORKER_NAME))
        _exit(3);
    if (run_hook(INSTALL_STARTED))
        _exit(1);
    _exit(run_hook(INSTALL_COMPLETED) ? 2 : 0);
}

static int try_hooks(const char *user, struct selftest *test, struct error *err)
{
    AUTO_HOST_ACCOUNT struct host_account account = {0};
    int failed = host_account_by_name("", user, &account, err);
    if (failed)
        return failed;
    pid_t pid = fork();
    if (!pid)
        be_worker(&account);
    int status = 0;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
        return error_set(err, ERROR_FAILURE,
                         "the job hooks fail for %s: what they say stands above; 'lance-bench host "
                         "uninstall' takes all of it away",
                         user);
    strlist_pushf(&test->passed, "as %s, both job hooks work", user);
    return 0;
}

static int is_busy(bool *out, struct error *err)
{
    AUTO_HOST_PLACE struct host_place place = {0};
    AUTO_HOST_JOBS struct host_jobs jobs = {0};
    host_place_init(NULL, NULL, &place);
    int failed = host_jobs_read(&place, &jobs, err);
    const struct host_process nobody = {0};
    if (!failed)
        *out = host_jobs_others(&jobs, &nobody) > 0;
    return failed;
}

int selftest_run(const struct install_plan *plan, struct selftest *out, struct error *err)
{
    bool busy = false;
    if (*plan->prefix) {
        strlist_pushf(&out->skipped, "everything: %s is not this machine", plan->prefix);
        return 0;
    }
    int failed = try_agent(out, err);
    if (!failed)
        failed = try_unit(INSTALL_UNIT, out, err);
    if (!failed && path_exists(INSTALL_POLL_UNIT))
        failed = try_unit(INSTALL_POLL_UNIT, out, err);
    if (!failed)
        failed = is_busy(&busy, err);
    for (size_t i = 0; !failed && i < plan->users.count; i++) {
        const char *user = plan->users.items[i];
        failed = try_sudo(user, out, err);
        if (!failed && busy)
            strlist_pushf(&out->skipped, "the job hooks of %s: a job is on the machine", user);
        else if (!failed)
            failed = try_hooks(user, out, err);
    }
    if (!failed && !plan->users.count)
        strlist_push(&out->skipped, "job hooks: no runner was given (--runner-user, --runner)");
    return failed;
}
