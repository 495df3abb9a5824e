#include "sandbox/sandbox.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Tries `flags` in a child, and returns 0 or the errno that came of it. */
static int try_unshare(int flags, bool with_mounts)
{
    pid_t pid = fork();
    if (pid < 0)
        return errno;
    if (!pid) {
        if (unshare(flags))
            _exit(errno & 0xff);
        struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
        if (with_mounts && (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
                            mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr))))
            _exit(errno & 0xff);
        _exit(0);
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

static int try_other_user(void)
{
    pid_t pid = fork();
    if (pid < 0)
        return errno;
    if (!pid)
        _exit(setresgid(SANDBOX_UID, SANDBOX_UID, SANDBOX_UID) ||
                      setresuid(SANDBOX_UID, SANDBOX_UID, SANDBOX_UID)
                  ? errno & 0xff
                  : 0);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

static bool note(struct sandbox_report *report, int failed, const char *what)
{
    if (failed)
        strlist_pushf(&report->missing, "%s: %s", what, strerror(failed));
    return !failed;
}

/* Without a mount namespace another user has to reach the caches by the way that all take. */
static bool others_may_enter_cache(void)
{
    AUTO_FREE char *cache = NULL;
    if (cache_dir(&cache, NULL))
        return false;
    for (char *slash = cache + 1; (slash = strchr(slash, '/')); slash++) {
        struct stat st;
        *slash = '\0';
        bool closed = !stat(cache, &st) && !(st.st_mode & S_IXOTH);
        *slash = '/';
        if (closed)
            return false;
    }
    return true;
}

static void probe_layers(struct sandbox_report *out)
{
    bool root = !geteuid();
    int user_flag = root ? 0 : CLONE_NEWUSER;
    if (!root)
        out->user_namespace = note(out, try_unshare(CLONE_NEWUSER, false), "user namespace");
    if (root || out->user_namespace) {
        out->mount_namespace =
            note(out, try_unshare(user_flag | CLONE_NEWNS, true), "mount namespace");
        out->pid_namespace =
            note(out, try_unshare(user_flag | CLONE_NEWPID, false), "PID namespace");
        out->network_namespace =
            note(out, try_unshare(user_flag | CLONE_NEWNET, false), "network namespace");
    } else {
        strlist_push(&out->missing,
                     "mount, PID and network namespace: they need root or a user namespace");
    }
    if (!root)
        return;
    if (!out->mount_namespace && !others_may_enter_cache())
        strlist_push(&out->missing, "another user: it could not enter the cache folder; set "
                                    "XDG_CACHE_HOME to a folder that every user may enter");
    else
        out->other_user = note(out, try_other_user(), "another user");
}

int sandbox_probe(enum sandbox_mode mode, struct sandbox_report *out, struct error *err)
{
    *out = (struct sandbox_report){.off = mode == SANDBOX_OFF};
    if (out->off) {
        strlist_push(&out->missing, "everything: it was switched off with --sandbox off");
        return 0;
    }
    probe_layers(out);
    if (mode == SANDBOX_REQUIRE && out->missing.count) {
        AUTO_FREE char *missing = strlist_join(&out->missing, "; ");
        sandbox_report_release(out);
        return error_set(err, ERROR_FAILURE, "this machine does not allow the whole sandbox: %s",
                         missing);
    }
    return 0;
}

bool sandbox_fit_for_strangers(const struct sandbox_report *report)
{
    return (report->other_user || report->user_namespace) && report->pid_namespace &&
           report->mount_namespace;
}

char *sandbox_report_text(const struct sandbox_report *report)
{
    AUTO_STRLIST struct strlist layers = STRLIST_INIT;
    if (report->other_user)
        strlist_push(&layers, "other user");
    if (report->user_namespace)
        strlist_push(&layers, "user namespace");
    if (report->pid_namespace)
        strlist_push(&layers, "pid");
    if (report->mount_namespace)
        strlist_push(&layers, "mount");
    if (report->network_namespace)
        strlist_push(&layers, "network");
    return layers.count ? strlist_join(&layers, ", ") : xstrdup("none");
}

void sandbox_report_release(struct sandbox_report *report)
{
    strlist_release(&report->missing);
    *report = (struct sandbox_report){0};
}

/* The runner's registration lies beside its work folder. */
static void hide_runner(struct sandbox *sandbox)
{
    const char *workspace = getenv("RUNNER_WORKSPACE");
    if (!workspace || *workspace != '/')
        return;
    AUTO_FREE char *root = xstrdup(workspace);
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(root, '/');
        if (slash == root)
            return;
        *slash = '\0';
    }
    sandbox_add_hidden(sandbox, root);
}

void sandbox_init(struct sandbox *sandbox, struct sandbox_report *report, const char *tmp)
{
    *sandbox = (struct sandbox){.report = *report, .tmp = xstrdup(tmp)};
    *report = (struct sandbox_report){0};
    static const char *const always[] = {"/root", "/home", "/run", "/var/lib/lance-bench"};
    for (size_t i = 0; i < ARRAY_SIZE(always); i++)
        sandbox_add_hidden(sandbox, always[i]);
    const char *home = getenv("HOME");
    if (home && *home == '/')
        sandbox_add_hidden(sandbox, home);
    hide_runner(sandbox);
    /* Where the resolver's file is a link into /run, name look-ups need its target. */
    sandbox_add_readable(sandbox, "/etc/resolv.conf");
}

void sandbox_release(struct sandbox *sandbox)
{
    sandbox_report_release(&sandbox->report);
    strlist_release(&sandbox->writable);
    strlist_release(&sandbox->readable);
    strlist_release(&sandbox->hidden);
    free(sandbox->tmp);
    for (size_t i = 0; i < sandbox->overlay_count; i++) {
        free(sandbox->overlays[i].at);
        free(sandbox->overlays[i].upper);
        free(sandbox->overlays[i].work);
    }
    free(sandbox->overlays);
    *sandbox = (struct sandbox){0};
}

static void add_path(struct strlist *list, const char *path)
{
    char *real = path_real(path);
    if (real && real[1] && !strlist_contains(list, real))
        strlist_push_owned(list, real);
    else
        free(real);
}

void sandbox_add_writable(struct sandbox *sandbox, const char *path)
{
    add_path(&sandbox->writable, path);
}

void sandbox_add_readable(struct sandbox *sandbox, const char *path)
{
    add_path(&sandbox->readable, path);
}

void sandbox_add_hidden(struct sandbox *sandbox, const char *path)
{
    add_path(&sandbox->hidden, path);
}

bool sandbox_can_overlay(const struct sandbox_report *report)
{
    AUTO_STRBUF struct strbuf known = STRBUF_INIT;
    return report->mount_namespace && report->other_user &&
           !file_read("/proc/filesystems", 1 << 16, &known, NULL) &&
           strstr(known.buf, "\toverlay\n");
}

int sandbox_add_overlay(struct sandbox *sandbox, const char *at, const char *folder,
                        struct error *err)
{
    AUTO_FREE char *real = path_real(at);
    AUTO_FREE char *place = xasprintf("%s/%zu", folder, sandbox->overlay_count);
    AUTO_FREE char *upper = path_join(place, "upper"), *work = path_join(place, "work");
    if (!real)
        return error_errno(err, ERROR_FAILURE, errno, "cannot resolve %s", at);
    int failed = dir_make(work, err);
    if (!failed)
        failed = sandbox_own_dir(&sandbox->report, upper, err);
    if (failed)
        return failed;
    ARRAY_RESERVE(sandbox->overlays, sandbox->overlay_cap, sandbox->overlay_count + 1);
    sandbox->overlays[sandbox->overlay_count++] =
        (struct overlay){.at = take_ptr(real), .upper = take_ptr(upper), .work = take_ptr(work)};
    return 0;
}

static int open_plain(const char *path)
{
    struct open_how how = {
        .flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC,
        .resolve = RESOLVE_NO_SYMLINKS,
    };
    AUTO_CLOSE int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
    struct stat st;
    return fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) ? take_fd(&fd) : -1;
}

int sandbox_open_foreign(const struct sandbox *sandbox, const char *path)
{
    for (size_t i = 0; i < sandbox->overlay_count; i++) {
        const struct overlay *overlay = &sandbox->overlays[i];
        size_t len = strlen(overlay->at);
        if (strncmp(path, overlay->at, len) || path[len] != '/')
            continue;
        AUTO_FREE char *changed = path_join(overlay->upper, path + len + 1);
        int fd = open_plain(changed);
        if (fd >= 0)
            return fd;
    }
    return open_plain(path);
}

uid_t sandbox_uid(const struct sandbox_report *report)
{
    return report->other_user ? SANDBOX_UID : geteuid();
}

int sandbox_own_dir(const struct sandbox_report *report, const char *path, struct error *err)
{
    int failed = dir_make(path, err);
    if (failed)
        return failed;
    if (report->other_user && lchown(path, SANDBOX_UID, SANDBOX_UID))
        return error_errno(err, ERROR_FAILURE, errno, "cannot give %s to the sandbox's user", path);
    return 0;
}

void sandbox_protect_agent(void)
{
    (void)prctl(PR_SET_DUMPABLE, 0);
}
