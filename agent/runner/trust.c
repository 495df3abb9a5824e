#include "runner/trust.h"

#include "base/alloc.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static int check_one(const char *path, struct error *err)
{
    struct stat st;
    if (lstat(path, &st))
        return error_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_FAILURE, errno,
                           "cannot look at %s", path);
    if (S_ISLNK(st.st_mode))
        return error_set(err, ERROR_FAILURE, "%s is a symbolic link: it has to be root's own file",
                         path);
    if (st.st_uid)
        return error_set(err, ERROR_FAILURE, "%s belongs to user %u, and not to root: chown it",
                         path, st.st_uid);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return error_set(err, ERROR_FAILURE, "%s can be written by others than root: chmod go-w it",
                         path);
    return 0;
}

int trust_check(const char *root, const char *path, struct error *err)
{
    AUTO_FREE char *at = xasprintf("%s%s", root, path);
    size_t top = strlen(root);
    int failed = *root ? 0 : check_one("/", err);
    for (char *slash = at + top + 1; !failed && (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        failed = check_one(at, err);
        *slash = '/';
    }
    return failed ? failed : check_one(at, err);
}
