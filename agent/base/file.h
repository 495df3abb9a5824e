/*
 * Files and folders. Every descriptor is O_CLOEXEC. What is written whole goes to `path.tmp.<pid>`
 * first, is fsynced and renamed, so that a reader sees the old file or the new one.
 */
#pragma once

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads a regular file, or a pipe to its end, into `out` (appended). More than `max` bytes is an
 * ERROR_INPUT that names the limit; a missing file is ERROR_NOT_FOUND. */
int file_read(const char *path, size_t max, struct strbuf *out, struct error *err) MUST_CHECK;
/* A device or a pipe that is there, such as /dev/null, is written to and stays. */
int file_write_atomic(const char *path, const void *bytes, size_t len,
                      struct error *err) MUST_CHECK;
/* Writes all of it, through EINTR and short writes. 0 or -errno. */
int fd_write_all(int fd, const void *bytes, size_t len);
/* Reads a pipe until its other end is closed, and appends what fits into `max` bytes: the rest is
 * read, so that nobody waits for its being read, and passed over. An error is an end too. */
void fd_read_all(int fd, size_t max, struct strbuf *out);

bool path_exists(const char *path);
bool path_is_dir(const char *path);
/* A fresh string: `base/name`, with one slash; `name` alone when it is absolute. */
char *path_join(const char *base, const char *name);
/* The part behind the last slash of `path`. */
const char *path_basename(const char *path);
/* A fresh absolute path without a symbolic link in it; NULL when it does not exist. */
char *path_real(const char *path);

/* Creates the folder and its parents, mode 0777 less the umask. */
int dir_make(const char *path, struct error *err) MUST_CHECK;
/* Removes a file or a folder with all that is in it; nothing there is fine. It never follows a
 * symbolic link and never leaves the file system it starts on. */
int tree_remove(const char *path, struct error *err) MUST_CHECK;
/* The same for a folder of which a part must never be taken for the whole: it is renamed first, and
 * removed under its name with REMOVED_SUFFIX behind it. What a process that was killed has left
 * there goes too; `path` may be such a name itself. */
int tree_retire(const char *path, struct error *err) MUST_CHECK;
#define REMOVED_SUFFIX ".removed"
/* The length of `path` without that suffix. */
size_t tree_name_len(const char *path);
/* Bytes of disk that the files below `path` occupy; 0 when there are none. */
uint64_t tree_size(const char *path);
/* Names in a folder, sorted, without "." and "..". */
int dir_list(const char *path, struct strlist *out, struct error *err) MUST_CHECK;
/* Bytes free to this user on the file system of `path`, or of its nearest existing parent. */
int disk_free_bytes(const char *path, uint64_t *out, struct error *err) MUST_CHECK;

/* A fresh string: the folder for caches, `$XDG_CACHE_HOME/lance-bench` or
 * `$HOME/.cache/lance-bench`; ERROR_USAGE where neither variable is set. */
int cache_dir(char **out, struct error *err) MUST_CHECK;

/*
 * A lock that is a file: held by one process at a time and released by the kernel when that process
 * ends, however it ends. `wait_s` < 0 waits for ever, 0 does not wait. ERROR_CONFLICT when another
 * process still holds it; the message names that process's id. *fd is to be closed to release it.
 */
int lock_acquire(const char *path, double wait_s, int *fd, struct error *err) MUST_CHECK;
