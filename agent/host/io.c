#include "host/io.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/number.h"
#include "host/irqbalance.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

enum { READ_SIZE = 4096 };

/* Tens of thousands of times on a big machine. */
static char *full_path(const struct host_io *io, const char *path)
{
    size_t root_len = strlen(io->root), path_len = strlen(path);
    char *full = xmalloc(root_len + path_len + 1);
    memcpy(full, io->root, root_len);
    memcpy(full + root_len, path, path_len + 1);
    return full;
}

/* Files whose text comes in one read: a short one is the end. Others of /proc and control groups
 * come line by line. */
static bool is_told_at_once(const char *path)
{
    return !strncmp(path, "/sys/devices/", 13) || !strncmp(path, "/proc/irq/", 10);
}

/* O_NONBLOCK: a pipe among the files is no reason to wait for ever. */
static int real_read(const struct host_io *io, const char *path, struct strbuf *out)
{
    bool at_once = is_told_at_once(path);
    AUTO_FREE char *full = full_path(io, path);
    AUTO_CLOSE int fd = open(full, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENXIO ? irqbalance_read(full, out) : -errno;
    size_t start = out->len;
    for (;;) {
        strbuf_grow(out, READ_SIZE);
        ssize_t got = read(fd, out->buf + out->len, READ_SIZE);
        if (got < 0 && errno == EINTR)
            continue;
        int failed = got < 0 ? -errno : out->len - start > HOST_FILE_MAX ? -EFBIG : 0;
        if (failed) {
            strbuf_truncate(out, start);
            return failed;
        }
        if (!got)
            return 0;
        out->len += (size_t)got;
        out->buf[out->len] = '\0';
        if (at_once && got < READ_SIZE)
            return 0;
    }
}

/* The kernel takes a value as one write(); an empty one is a line break alone, for a write() of
 * nothing never arrives. */
static int real_write(const struct host_io *io, const char *path, const char *text)
{
    AUTO_FREE char *full = full_path(io, path);
    AUTO_CLOSE int fd = open(full, O_WRONLY | O_TRUNC | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENXIO ? irqbalance_write(full, text) : -errno;
    const char *bytes = *text || *io->root ? text : "\n";
    size_t len = strlen(bytes);
    ssize_t put;
    do
        put = write(fd, bytes, len);
    while (put < 0 && errno == EINTR);
    return put < 0 ? -errno : (size_t)put == len ? 0 : -EIO;
}

static int real_list(const struct host_io *io, const char *path, struct strlist *out)
{
    AUTO_FREE char *full = full_path(io, path);
    errno = 0;
    return dir_list(full, out, NULL) ? -(errno ? errno : EIO) : 0;
}

static int real_link(const struct host_io *io, const char *path, char **out)
{
    AUTO_FREE char *full = full_path(io, path);
    char target[PATH_MAX];
    ssize_t len = readlink(full, target, sizeof(target));
    if (len < 0)
        return -errno;
    *out = xstrndup(target, (size_t)len);
    return 0;
}

static bool real_exists(const struct host_io *io, const char *path)
{
    AUTO_FREE char *full = full_path(io, path);
    return path_exists(full);
}

static int real_writable(const struct host_io *io, const char *path)
{
    AUTO_FREE char *full = full_path(io, path);
    return faccessat(AT_FDCWD, full, W_OK, AT_EACCESS) ? -errno : 0;
}

static int real_make_dir(const struct host_io *io, const char *path)
{
    AUTO_FREE char *full = full_path(io, path);
    return mkdir(full, 0755) ? -errno : 0;
}

static int real_remove_dir(const struct host_io *io, const char *path)
{
    AUTO_FREE char *full = full_path(io, path);
    return rmdir(full) ? -errno : 0;
}

static const struct host_io_ops real_ops = {
    .read = real_read,
    .write = real_write,
    .list = real_list,
    .link = real_link,
    .exists = real_exists,
    .writable = real_writable,
    .make_dir = real_make_dir,
    .remove_dir = real_remove_dir,
};

void host_io_real(const char *root, struct host_io *out)
{
    char *copy = xstrdup(root ? root : "");
    for (size_t len = strlen(copy); len && copy[len - 1] == '/'; len--)
        copy[len - 1] = '\0';
    *out = (struct host_io){.ops = &real_ops, .root = copy};
}

void host_io_release(struct host_io *io)
{
    free(io->root);
    io->root = NULL;
}

bool host_io_is_plain(const struct host_io *io)
{
    return io->root && *io->root;
}

char *host_io_text(const struct host_io *io, const char *path)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (io->ops->read(io, path, &text))
        return NULL;
    strbuf_rtrim(&text);
    size_t start = 0;
    while (isspace((unsigned char)text.buf[start]))
        start++;
    return xstrdup(text.buf + start);
}

char *host_io_textf(const struct host_io *io, const char *fmt, ...)
{
    AUTO_STRBUF struct strbuf path = STRBUF_INIT;
    va_list args;
    va_start(args, fmt);
    strbuf_vaddf(&path, fmt, args);
    va_end(args);
    return host_io_text(io, path.buf);
}

long long host_io_number(const struct host_io *io, const char *path, long long otherwise)
{
    AUTO_FREE char *text = host_io_text(io, path);
    int64_t value;
    return text && parse_int64(text, &value) ? (long long)value : otherwise;
}

bool host_io_exists(const struct host_io *io, const char *path)
{
    return io->ops->exists(io, path);
}
