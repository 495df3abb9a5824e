#include "command/action_results.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strlist.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* Moves *dir into its folder `name`, made where it is not there. */
static int enter(int *dir, const char *name, const struct stat *owner)
{
    bool made = !mkdirat(*dir, name, 0777);
    if (!made && errno != EEXIST)
        return -errno;
    int next = openat(*dir, name, FOLDER_FLAGS);
    if (next < 0)
        return -errno;
    if (made)
        (void)!fchown(next, owner->st_uid, owner->st_gid);
    close(*dir);
    *dir = next;
    return 0;
}

static int write_file(int dir, const char *name, const void *bytes, size_t len,
                      const struct stat *owner)
{
    if (unlinkat(dir, name, 0) && errno != ENOENT)
        return -errno;
    AUTO_CLOSE int fd =
        openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return -errno;
    (void)!fchown(fd, owner->st_uid, owner->st_gid);
    return fd_write_all(fd, bytes, len);
}

int action_results_write(const char *workspace, const char *path, const void *bytes, size_t len,
                         struct error *err)
{
    AUTO_STRLIST struct strlist parts = STRLIST_INIT;
    strlist_split(&parts, path, '/');
    struct stat owner = {0};
    AUTO_CLOSE int dir = open(workspace, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = dir < 0 || fstat(dir, &owner) ? -errno : 0;
    for (size_t i = 0; !failed && i + 1 < parts.count; i++)
        failed = enter(&dir, parts.items[i], &owner);
    if (!failed)
        failed = write_file(dir, parts.items[parts.count - 1], bytes, len, &owner);
    return failed
               ? error_errno(err, ERROR_FAILURE, -failed, "cannot write %s in %s", path, workspace)
               : 0;
}
