#include "runner/runner.h"

#include "base/alloc.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define RUNNER_FILE ".runner"
#define ENV_FILE ".env"
#define ENV_PART ENV_FILE ".lance-bench" /* what it is written to */
#define ENV_MAX ((size_t)1 << 20)
#define FIND_DEPTH 3

void host_account_release(struct host_account *account)
{
    free(account->name);
    free(account->home);
    *account = (struct host_account){0};
}

static void close_file(FILE **file)
{
    if (*file)
        fclose(*file);
}

/* By name, or with NULL by id. */
static int find_account(const char *root, const char *name, uid_t uid, struct host_account *out)
{
    AUTO_FREE char *path = xasprintf("%s/etc/passwd", root);
    __attribute__((cleanup(close_file))) FILE *file = fopen(path, "re");
    for (struct passwd *entry; file && (entry = fgetpwent(file));)
        if (name ? !strcmp(entry->pw_name, name) : entry->pw_uid == uid) {
            *out = (struct host_account){.name = xstrdup(entry->pw_name),
                                         .home = xstrdup(entry->pw_dir),
                                         .uid = entry->pw_uid,
                                         .gid = entry->pw_gid};
            return 0;
        }
    return ERROR_NOT_FOUND;
}

int host_account_by_name(const char *root, const char *name, struct host_account *out,
                         struct error *err)
{
    if (!find_account(root, name, 0, out))
        return 0;
    return error_set(err, ERROR_NOT_FOUND, "there is no account '%s' in %s/etc/passwd", name, root);
}

int host_account_by_uid(const char *root, uid_t uid, struct host_account *out, struct error *err)
{
    if (!find_account(root, NULL, uid, out))
        return 0;
    return error_set(err, ERROR_NOT_FOUND, "there is no account with the id %u in %s/etc/passwd",
                     uid, root);
}

static int open_folder(const char *folder)
{
    return open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool has_runner(int dir)
{
    struct stat st;
    return !fstatat(dir, RUNNER_FILE, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode);
}

static void find_below(const char *folder, int depth, struct strlist *out)
{
    AUTO_CLOSE int dir = open_folder(folder);
    if (dir < 0)
        return;
    if (has_runner(dir)) {
        strlist_push(out, folder);
        return;
    }
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (depth == FIND_DEPTH || dir_list(folder, &names, NULL))
        return;
    for (size_t i = 0; i < names.count; i++) {
        AUTO_FREE char *below = path_join(folder, names.items[i]);
        find_below(below, depth + 1, out);
    }
}

void runner_find(const char *home, struct strlist *out)
{
    find_below(home, 0, out);
}

/* A descriptor, or a negative error code. */
static int open_runner(const char *folder, struct stat *st, struct error *err)
{
    AUTO_CLOSE int dir = open_folder(folder);
    if (dir < 0 || fstat(dir, st))
        return error_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_USAGE, errno,
                           "cannot open the runner's folder %s", folder);
    if (!has_runner(dir))
        return error_set(err, ERROR_USAGE,
                         "%s holds no configured runner (no file " RUNNER_FILE
                         "): run its config.sh first",
                         folder);
    return take_fd(&dir);
}

int runner_owner(const char *folder, uid_t *out, struct error *err)
{
    struct stat st;
    AUTO_CLOSE int dir = open_runner(folder, &st, err);
    if (dir < 0)
        return dir;
    if (!st.st_uid)
        return error_set(err, ERROR_USAGE,
                         "the runner in %s is root's: a job would be root; give it an account",
                         folder);
    *out = st.st_uid;
    return 0;
}

/* The text of `.env`, and its mode. A missing file is an empty one. */
static int read_env(int dir, const char *folder, struct strbuf *text, mode_t *mode,
                    struct error *err)
{
    AUTO_CLOSE int fd = openat(dir, ENV_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0;
    struct stat st;
    if (fd < 0 || fstat(fd, &st))
        return error_errno(err, ERROR_FAILURE, errno, "cannot read %s/" ENV_FILE, folder);
    if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || (size_t)st.st_size > ENV_MAX)
        return error_set(err, ERROR_FAILURE,
                         "%s/" ENV_FILE " is no plain file of less than %zu bytes", folder,
                         ENV_MAX);
    *mode = st.st_mode & 0777;
    char bytes[4096];
    for (ssize_t got; (got = read(fd, bytes, sizeof(bytes))) > 0 && text->len <= ENV_MAX;)
        strbuf_add(text, bytes, (size_t)got);
    return 0;
}

static int write_env(int dir, const char *folder, const struct strbuf *text, mode_t mode,
                     struct error *err)
{
    struct stat st;
    if (fstat(dir, &st))
        return error_errno(err, ERROR_FAILURE, errno, "cannot look at %s", folder);
    (void)unlinkat(dir, ENV_PART, 0);
    AUTO_CLOSE int fd =
        openat(dir, ENV_PART, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int failed = fd < 0 ? -errno : fd_write_all(fd, text->buf, text->len);
    if (!failed && (fchown(fd, st.st_uid, st.st_gid) || fchmod(fd, mode) || fsync(fd) ||
                    renameat(dir, ENV_PART, dir, ENV_FILE)))
        failed = -errno;
    if (!failed)
        return 0;
    (void)unlinkat(dir, ENV_PART, 0);
    return error_errno(err, ERROR_FAILURE, -failed, "cannot write %s/" ENV_FILE, folder);
}

/* The value of `line`'s variable in `text`: 1 the same, 0 none, -1 another one. */
static int compare_value(const char *text, const char *line)
{
    size_t name = strcspn(line, "=") + 1;
    for (const char *at = text; *at;) {
        const char *end = strchrnul(at, '\n');
        if (!strncmp(at, line, name)) {
            size_t len = (size_t)(end - at);
            return len == strlen(line) && !strncmp(at, line, len) ? 1 : -1;
        }
        at = *end ? end + 1 : end;
    }
    return 0;
}

/* *text gets what is missing. */
static int add_lines(const char *folder, const struct strlist *lines, struct strbuf *text,
                     bool *changed, struct error *err)
{
    for (size_t i = 0; i < lines->count; i++) {
        const char *line = lines->items[i];
        int there = compare_value(text->buf, line);
        if (there < 0)
            return error_set(err, ERROR_FAILURE,
                             "%s/" ENV_FILE " sets %.*s already: take that line out, or call the "
                             "hook from it",
                             folder, (int)strcspn(line, "="), line);
        if (there)
            continue;
        if (text->len && text->buf[text->len - 1] != '\n')
            strbuf_addch(text, '\n');
        strbuf_addf(text, "%s\n", line);
        *changed = true;
    }
    return 0;
}

static int add_env(const char *folder, uid_t owner, const struct strlist *lines, bool write,
                   struct error *err)
{
    struct stat st;
    AUTO_CLOSE int dir = open_runner(folder, &st, err);
    if (dir < 0)
        return dir;
    if (st.st_uid != owner)
        return error_set(err, ERROR_FAILURE, "the runner in %s belongs to user %u, and not to %u",
                         folder, st.st_uid, owner);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    mode_t mode = 0600;
    bool changed = false;
    int failed = read_env(dir, folder, &text, &mode, err);
    if (!failed)
        failed = add_lines(folder, lines, &text, &changed, err);
    return failed || !changed || !write ? failed : write_env(dir, folder, &text, mode, err);
}

int runner_env_add(const char *folder, uid_t owner, const struct strlist *lines, struct error *err)
{
    return add_env(folder, owner, lines, true, err);
}

int runner_env_check(const char *folder, uid_t owner, const struct strlist *lines,
                     struct error *err)
{
    return add_env(folder, owner, lines, false, err);
}

static void keep_other_lines(const char *text, const struct strlist *lines, struct strbuf *out)
{
    for (const char *at = text; *at;) {
        const char *end = strchrnul(at, '\n');
        AUTO_FREE char *line = xstrndup(at, (size_t)(end - at));
        const char *next = *end ? end + 1 : end;
        if (!strlist_contains(lines, line))
            strbuf_add(out, at, (size_t)(next - at));
        at = next;
    }
}

int runner_env_remove(const char *folder, const struct strlist *lines, struct error *err)
{
    AUTO_CLOSE int dir = open_folder(folder);
    if (dir < 0 && errno == ENOENT)
        return 0;
    if (dir < 0)
        return error_errno(err, ERROR_FAILURE, errno, "cannot open the runner's folder %s", folder);
    /* Of one that was killed. */
    (void)unlinkat(dir, ENV_PART, 0);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT, rest = STRBUF_INIT;
    mode_t mode = 0600;
    int failed = read_env(dir, folder, &text, &mode, err);
    if (failed)
        return failed;
    keep_other_lines(text.buf, lines, &rest);
    if (rest.len == text.len)
        return 0;
    if (rest.len)
        return write_env(dir, folder, &rest, mode, err);
    if (unlinkat(dir, ENV_FILE, 0))
        return error_errno(err, ERROR_FAILURE, errno, "cannot remove %s/" ENV_FILE, folder);
    return 0;
}
