#include "base/file_writer.h"

#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define BEGIN_BYTES (8 << 20) /* that the disk may have to write all at once in the end */

void file_writer_release(struct file_writer *w)
{
    if (w->fd >= 0)
        close(w->fd);
    if (w->tmp)
        (void)unlink(w->tmp);
    free(w->tmp);
    free(w->path);
    *w = (struct file_writer)FILE_WRITER_INIT;
}

/* For a file in the place of a device or a pipe would be another thing. */
static bool is_special(const char *path)
{
    struct stat st;
    return !stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static int cannot_write(const char *path, int why, struct error *err)
{
    return error_errno(err, ERROR_FAILURE, why, "cannot write %s", path);
}

int file_writer_open(struct file_writer *w, const char *path, struct error *err)
{
    AUTO_FREE char *tmp = is_special(path) ? NULL : xasprintf("%s.tmp.%d", path, (int)getpid());
    int flags = tmp ? O_CREAT | O_TRUNC : O_NOCTTY;
    int fd = open(tmp ? tmp : path, O_WRONLY | O_CLOEXEC | flags, 0666);
    if (fd < 0)
        return cannot_write(path, errno, err);
    *w = (struct file_writer){.path = xstrdup(path), .tmp = take_ptr(tmp), .fd = fd};
    return 0;
}

int file_writer_add(struct file_writer *w, const void *bytes, size_t len, struct error *err)
{
    int failed = fd_write_all(w->fd, bytes, len);
    if (failed)
        return cannot_write(w->path, -failed, err);
    w->len += (off_t)len;
    if (w->tmp && w->len - w->begun >= BEGIN_BYTES) {
        /* So that the fsync() has less to wait for; where it cannot be done it is not needed. */
        (void)sync_file_range(w->fd, w->begun, w->len - w->begun, SYNC_FILE_RANGE_WRITE);
        w->begun = w->len;
    }
    return 0;
}

static int sync_parent(const char *path)
{
    AUTO_FREE char *copy = xstrdup(path);
    char *slash = strrchr(copy, '/');
    if (slash)
        slash[slash == copy] = '\0';
    AUTO_CLOSE int dir = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir < 0 || fsync(dir) ? -errno : 0;
}

int file_writer_commit(struct file_writer *w, struct error *err)
{
    if (w->tmp && (fsync(w->fd) || rename(w->tmp, w->path)))
        return cannot_write(w->path, errno, err);
    /* Some file systems refuse to fsync a folder; the rename has happened all the same. */
    if (w->tmp)
        (void)sync_parent(w->path);
    free(take_ptr(w->tmp));
    return 0;
}
