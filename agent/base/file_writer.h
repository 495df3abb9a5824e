/*
 * A file written in pieces, whole or not at all: `path.tmp.<pid>` until it is committed. A device
 * or a pipe that is there, such as /dev/null, is written to as the pieces come, and stays.
 *
 *     AUTO_FILE_WRITER struct file_writer writer = FILE_WRITER_INIT;
 *     int failed = file_writer_open(&writer, path, err);
 *     while (!failed && …)
 *         failed = file_writer_add(&writer, bytes, len, err);
 *     return failed ? failed : file_writer_commit(&writer, err);
 */
#pragma once

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

struct file_writer {
    char *path, *tmp; /* tmp NULL: a device or a pipe */
    int fd;
    off_t len, begun; /* bytes; those of which the disk has begun to write */
};

#define FILE_WRITER_INIT     \
    {                        \
        NULL, NULL, -1, 0, 0 \
    }

/* Removes what was not committed. */
void file_writer_release(struct file_writer *writer);
#define AUTO_FILE_WRITER __attribute__((cleanup(file_writer_release)))

int file_writer_open(struct file_writer *writer, const char *path, struct error *err) MUST_CHECK;
int file_writer_add(struct file_writer *writer, const void *bytes, size_t len,
                    struct error *err) MUST_CHECK;
/* Only after this is anything to be seen at `path`, on the disk too. */
int file_writer_commit(struct file_writer *writer, struct error *err) MUST_CHECK;
