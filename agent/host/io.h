/*
 * Files of the machine: all that host/ reads and writes below /sys and /proc goes through one small
 * table of functions, so that a tree of plain files (--sysroot) or a test's own kernel can stand
 * in.
 *
 * A socket of irqbalance counts as a file with a CPU list (irqbalance.h).
 *
 * Paths are those of the machine ("/sys/devices/…"); the root is put in front of them here. Every
 * call answers 0 or a negative errno: the files are the kernel's, and its errno is the message.
 */
#pragma once

#include "base/strbuf.h"
#include "base/strlist.h"

#include <stdbool.h>

#define HOST_FILE_MAX ((size_t)4 << 20)

struct host_io;

struct host_io_ops {
    /* Appends the whole file. -EFBIG beyond HOST_FILE_MAX. */
    int (*read)(const struct host_io *io, const char *path, struct strbuf *out);
    /* One write() of `text` to a file that exists. */
    int (*write)(const struct host_io *io, const char *path, const char *text);
    /* The names in a folder, sorted. */
    int (*list)(const struct host_io *io, const char *path, struct strlist *out);
    /* Where a symbolic link points to, as a fresh string. */
    int (*link)(const struct host_io *io, const char *path, char **out);
    bool (*exists)(const struct host_io *io, const char *path);
    /* 0 when this process may open the file for writing, as far as can be told without doing so. */
    int (*writable)(const struct host_io *io, const char *path);
    /* Control groups are folders. */
    int (*make_dir)(const struct host_io *io, const char *path);
    int (*remove_dir)(const struct host_io *io, const char *path);
};

struct host_io {
    const struct host_io_ops *ops;
    char *root; /* owned; "" is this machine */
    void *data; /* of a test's table; not owned */
};

/* The files below `root`; NULL and "" are the machine itself. */
void host_io_real(const char *root, struct host_io *out);
void host_io_release(struct host_io *io);

/* Whether this is a tree of plain files, which keep what was written and answer it as it was. */
bool host_io_is_plain(const struct host_io *io);

/* Short cuts. The texts come without white space at either end, fresh; NULL where the file cannot
 * be read. */
char *host_io_text(const struct host_io *io, const char *path);
/* The same for a path that is put together as printf() does. */
char *host_io_textf(const struct host_io *io, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* `otherwise` where the file cannot be read or is no number. */
long long host_io_number(const struct host_io *io, const char *path, long long otherwise);
bool host_io_exists(const struct host_io *io, const char *path);
