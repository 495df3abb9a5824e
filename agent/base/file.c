#include "base/file.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file_writer.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

int file_read(const char *path, size_t max, struct strbuf *out, struct error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INPUT, errno,
                           "cannot read %s", path);
    struct stat st;
    if (fstat(fd, &st))
        return error_errno(err, ERROR_INPUT, errno, "cannot read %s", path);
    if (S_ISDIR(st.st_mode))
        return error_set(err, ERROR_INPUT, "cannot read %s: it is a folder", path);
    size_t start = out->len;
    if (S_ISREG(st.st_mode) && (uint64_t)st.st_size <= max)
        strbuf_grow(out, (size_t)st.st_size + 1);
    for (;;) {
        strbuf_grow(out, 65536);
        ssize_t got = read(fd, out->buf + out->len, 65536);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int saved = errno;
            strbuf_truncate(out, start);
            return error_errno(err, ERROR_INPUT, saved, "cannot read %s", path);
        }
        if (!got)
            return 0;
        out->len += (size_t)got;
        out->buf[out->len] = '\0';
        if (out->len - start > max) {
            strbuf_truncate(out, start);
            return error_set(err, ERROR_INPUT, "%s is larger than the limit of %zu bytes", path,
                             max);
        }
    }
}

int fd_write_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len) {
        ssize_t put = write(fd, at, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -errno;
        at += put;
        len -= (size_t)put;
    }
    return 0;
}

void fd_read_all(int fd, size_t max, struct strbuf *out)
{
    char bytes[4096];
    size_t start = out->len;
    for (;;) {
        ssize_t got = read(fd, bytes, sizeof(bytes));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return;
        if (out->len - start + (size_t)got <= max)
            strbuf_add(out, bytes, (size_t)got);
    }
}

int file_write_atomic(const char *path, const void *bytes, size_t len, struct error *err)
{
    AUTO_FILE_WRITER struct file_writer writer = FILE_WRITER_INIT;
    int failed = file_writer_open(&writer, path, err);
    if (!failed)
        failed = file_writer_add(&writer, bytes, len, err);
    return failed ? failed : file_writer_commit(&writer, err);
}

bool path_exists(const char *path)
{
    struct stat st;
    return !lstat(path, &st);
}

bool path_is_dir(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISDIR(st.st_mode);
}

char *path_join(const char *base, const char *name)
{
    if (*name == '/' || !*base)
        return xstrdup(name);
    size_t len = strlen(base);
    return xasprintf("%s%s%s", base, base[len - 1] == '/' ? "" : "/", name);
}

const char *path_basename(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *path_real(const char *path)
{
    return realpath(path, NULL);
}

int dir_make(const char *path, struct error *err)
{
    AUTO_FREE char *copy = xstrdup(path);
    for (char *slash = copy + 1; *copy && (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        if (mkdir(copy, 0777) && errno != EEXIST)
            return error_errno(err, ERROR_FAILURE, errno, "cannot create the folder %s", copy);
        *slash = '/';
    }
    if (mkdir(copy, 0777) && errno != EEXIST)
        return error_errno(err, ERROR_FAILURE, errno, "cannot create the folder %s", path);
    if (!path_is_dir(path))
        return error_set(err, ERROR_FAILURE, "%s is not a folder", path);
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)walk;
    return (type == FTW_DP || type == FTW_DNR ? rmdir(path) : unlink(path)) && errno != ENOENT
               ? errno
               : 0;
}

/* A folder without write permission (Go and cargo leave such) cannot be emptied by its owner. */
static int open_up(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)walk;
    if (type == FTW_D || type == FTW_DNR)
        (void)chmod(path, (st->st_mode & 07777) | 0700);
    return 0;
}

int tree_remove(const char *path, struct error *err)
{
    if (!path_exists(path))
        return 0;
    int failed = nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    if (failed == EACCES) {
        (void)nftw(path, open_up, 32, FTW_PHYS | FTW_MOUNT);
        failed = nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    }
    if (failed)
        return error_errno(err, ERROR_FAILURE, failed > 0 ? failed : errno, "cannot remove %s",
                           path);
    return 0;
}

size_t tree_name_len(const char *path)
{
    size_t len = strlen(path);
    return text_ends_with(path, REMOVED_SUFFIX) ? len - strlen(REMOVED_SUFFIX) : len;
}

int tree_retire(const char *path, struct error *err)
{
    AUTO_FREE char *name = xstrndup(path, tree_name_len(path));
    AUTO_FREE char *removed = xasprintf("%s" REMOVED_SUFFIX, name);
    int failed = tree_remove(removed, err);
    if (failed || !strcmp(path, removed))
        return failed;
    if (rename(path, removed))
        return errno == ENOENT ? 0
                               : error_errno(err, ERROR_FAILURE, errno, "cannot remove %s", path);
    return tree_remove(removed, err);
}

static __thread uint64_t size_so_far;

static int add_size(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)path;
    (void)walk;
    if (type != FTW_NS)
        size_so_far += (uint64_t)st->st_blocks * 512;
    return 0;
}

uint64_t tree_size(const char *path)
{
    size_so_far = 0;
    (void)nftw(path, add_size, 32, FTW_PHYS | FTW_MOUNT);
    return size_so_far;
}

int dir_list(const char *path, struct strlist *out, struct error *err)
{
    DIR *dir = opendir(path);
    if (!dir)
        return error_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_FAILURE, errno,
                           "cannot list %s", path);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            strlist_push(out, entry->d_name);
    closedir(dir);
    strlist_sort(out);
    return 0;
}

int disk_free_bytes(const char *path, uint64_t *out, struct error *err)
{
    AUTO_FREE char *at = xstrdup(*path ? path : ".");
    struct statvfs fs;
    while (statvfs(at, &fs)) {
        char *slash = strrchr(at, '/');
        if (errno != ENOENT || !slash)
            return error_errno(err, ERROR_FAILURE, errno, "cannot ask for the free disk of %s",
                               path);
        slash[slash == at] = '\0';
    }
    *out = (uint64_t)fs.f_bavail * fs.f_frsize;
    return 0;
}

int cache_dir(char **out, struct error *err)
{
    const char *xdg = getenv("XDG_CACHE_HOME");
    if (xdg && *xdg == '/') {
        *out = path_join(xdg, "lance-bench");
        return 0;
    }
    const char *home = getenv("HOME");
    if (!home || *home != '/')
        return error_set(err, ERROR_USAGE,
                         "no folder for caches: set HOME or XDG_CACHE_HOME to an absolute path");
    *out = path_join(home, ".cache/lance-bench");
    return 0;
}

int lock_acquire(const char *path, double wait_s, int *fd, struct error *err)
{
    AUTO_CLOSE int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock < 0)
        return error_errno(err, ERROR_FAILURE, errno, "cannot open the lock %s", path);
    double deadline = clock_monotonic_s() + wait_s;
    while (flock(lock, wait_s < 0 ? LOCK_EX : LOCK_EX | LOCK_NB)) {
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK)
            return error_errno(err, ERROR_FAILURE, errno, "cannot lock %s", path);
        if (clock_monotonic_s() >= deadline) {
            char owner[32] = "";
            ssize_t len = pread(lock, owner, sizeof(owner) - 1, 0);
            owner[len > 0 ? len : 0] = '\0';
            return error_set(err, ERROR_CONFLICT, "%s is locked by process %s", path,
                             *owner ? owner : "(unknown)");
        }
        clock_sleep_s(0.05);
    }
    char self[32];
    int len = snprintf(self, sizeof(self), "%d", (int)getpid());
    /* Only the message of a process that waits depends on this. */
    (void)!ftruncate(lock, 0);
    (void)!pwrite(lock, self, (size_t)len, 0);
    *fd = take_fd(&lock);
    return 0;
}
