#include "build/sync.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/strlist.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct sync {
    uid_t owner;
    struct sync_counts counts;
    struct error *err;
};

static int fail(struct sync *sync, const char *name)
{
    return error_errno(sync->err, ERROR_FAILURE, errno, "cannot copy %s to the build folder", name);
}

/* Names in an open folder, without "." and "..". */
static int list_names(int dir, struct strlist *out)
{
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    if (!stream) {
        if (copy >= 0)
            close(copy);
        return -1;
    }
    for (struct dirent *entry; (entry = readdir(stream));)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            strlist_push(out, entry->d_name);
    closedir(stream);
    strlist_sort(out);
    return 0;
}

/* Removes whatever is called `name` in the folder. */
static int remove_at(struct sync *sync, int dir, const char *name)
{
    if (!unlinkat(dir, name, 0) || errno == ENOENT) {
        sync->counts.removed++;
        return 0;
    }
    if (errno != EISDIR && errno != EPERM)
        return fail(sync, name);
    AUTO_CLOSE int below = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (below < 0 || list_names(below, &names))
        return fail(sync, name);
    for (size_t i = 0; i < names.count; i++) {
        int failed = remove_at(sync, below, names.items[i]);
        if (failed)
            return failed;
    }
    return unlinkat(dir, name, AT_REMOVEDIR) ? fail(sync, name) : 0;
}

static bool same_bytes(int a, int b)
{
    static char left[1 << 16], right[1 << 16];
    for (;;) {
        ssize_t got = read(a, left, sizeof(left));
        if (got < 0)
            return false;
        for (ssize_t have = 0, more; have < got || !got; have += more) {
            more = read(b, right + have, got ? (size_t)(got - have) : 1);
            if (!got)
                return more == 0;
            if (more <= 0)
                return false;
        }
        if (memcmp(left, right, (size_t)got))
            return false;
    }
}

static bool is_same_file(int from, const struct stat *st, int dir, const char *name, uid_t owner)
{
    struct stat have;
    AUTO_CLOSE int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd >= 0 && !fstat(fd, &have) && S_ISREG(have.st_mode) && have.st_nlink == 1 &&
           have.st_size == st->st_size && have.st_uid == owner &&
           (have.st_mode & 0777) == ((st->st_mode & 0777) | 0644) && same_bytes(from, fd);
}

static int copy_bytes(int from, int to)
{
    char bytes[1 << 16];
    if (lseek(from, 0, SEEK_SET) < 0)
        return -errno;
    for (;;) {
        ssize_t got = read(from, bytes, sizeof(bytes));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : 0;
        int failed = fd_write_all(to, bytes, (size_t)got);
        if (failed)
            return failed;
    }
}

static int sync_file(struct sync *sync, int from_dir, int to_dir, const char *name)
{
    AUTO_CLOSE int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (from < 0 || fstat(from, &st))
        return fail(sync, name);
    if (is_same_file(from, &st, to_dir, name, sync->owner)) {
        sync->counts.kept++;
        return 0;
    }
    int failed = remove_at(sync, to_dir, name);
    if (failed)
        return failed;
    AUTO_CLOSE int to =
        openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0)
        return fail(sync, name);
    int copied = copy_bytes(from, to);
    if (copied)
        errno = -copied;
    if (copied || fchown(to, sync->owner, (gid_t)-1) || fchmod(to, (st.st_mode & 0777) | 0644))
        return fail(sync, name);
    sync->counts.written++;
    return 0;
}

static int sync_link(struct sync *sync, int from_dir, int to_dir, const char *name)
{
    char wanted[PATH_MAX], have[PATH_MAX];
    ssize_t len = readlinkat(from_dir, name, wanted, sizeof(wanted) - 1);
    if (len < 0)
        return fail(sync, name);
    wanted[len] = '\0';
    if (readlinkat(to_dir, name, have, sizeof(have)) == len && !memcmp(wanted, have, (size_t)len))
        return 0;
    int failed = remove_at(sync, to_dir, name);
    if (failed)
        return failed;
    if (symlinkat(wanted, to_dir, name) ||
        fchownat(to_dir, name, sync->owner, (gid_t)-1, AT_SYMLINK_NOFOLLOW))
        return fail(sync, name);
    sync->counts.written++;
    return 0;
}

static int sync_folder(struct sync *sync, int from, int to);

static int sync_below(struct sync *sync, int from_dir, int to_dir, const char *name)
{
    AUTO_CLOSE int from = openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (from < 0)
        return fail(sync, name);
    struct stat st;
    if (fstatat(to_dir, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(st.st_mode)) {
        int failed = remove_at(sync, to_dir, name);
        if (failed)
            return failed;
        if (mkdirat(to_dir, name, 0755))
            return fail(sync, name);
    }
    AUTO_CLOSE int to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (to < 0 || fchown(to, sync->owner, (gid_t)-1) || fchmod(to, 0755))
        return fail(sync, name);
    return sync_folder(sync, from, to);
}

static int sync_entry(struct sync *sync, int from, int to, const char *name)
{
    struct stat st;
    if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW))
        return fail(sync, name);
    if (S_ISDIR(st.st_mode))
        return sync_below(sync, from, to, name);
    if (S_ISLNK(st.st_mode))
        return sync_link(sync, from, to, name);
    if (S_ISREG(st.st_mode))
        return sync_file(sync, from, to, name);
    return error_set(sync->err, ERROR_INPUT, "%s is neither a file, a folder nor a link", name);
}

static int sync_folder(struct sync *sync, int from, int to)
{
    AUTO_STRLIST struct strlist wanted = STRLIST_INIT, have = STRLIST_INIT;
    if (list_names(from, &wanted) || list_names(to, &have))
        return fail(sync, "a folder");
    int failed = interrupt_check(sync->err);
    for (size_t i = 0, at = 0; !failed && i < have.count; i++) {
        /* Both are sorted. */
        while (at < wanted.count && strcmp(wanted.items[at], have.items[i]) < 0)
            at++;
        if (at == wanted.count || strcmp(wanted.items[at], have.items[i]))
            failed = remove_at(sync, to, have.items[i]);
    }
    for (size_t i = 0; !failed && i < wanted.count; i++)
        failed = sync_entry(sync, from, to, wanted.items[i]);
    return failed;
}

int sync_tree(const char *from, const char *to, uid_t owner, struct sync_counts *counts,
              struct error *err)
{
    struct sync sync = {.owner = owner, .err = err};
    AUTO_CLOSE int source = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (source < 0)
        return error_errno(err, ERROR_FAILURE, errno, "cannot open %s", from);
    AUTO_CLOSE int dest = open(to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dest < 0 || fchown(dest, owner, (gid_t)-1))
        return error_errno(err, ERROR_FAILURE, errno, "cannot open the build folder %s", to);
    int failed = sync_folder(&sync, source, dest);
    if (!failed && counts)
        *counts = sync.counts;
    return failed;
}
