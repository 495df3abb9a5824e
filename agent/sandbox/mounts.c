#include "sandbox/mounts.h"

#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* A mount taken out of the tree as it was, to be put back at the same path later. */
struct shown {
    const char *path;
    int fd;
};

static int set_attributes(int fd, const char *path, unsigned int flags, uint64_t attributes)
{
    struct mount_attr attr = {.attr_set = attributes};
    return mount_setattr(fd, path, flags | AT_RECURSIVE, &attr, sizeof(attr));
}

static int take(struct shown *shown, const char *path, uint64_t attributes, struct error *err)
{
    int fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (fd < 0)
        return error_errno(err, ERROR_FAILURE, errno, "cannot show %s in the sandbox", path);
    *shown = (struct shown){path, fd};
    if (set_attributes(fd, "", AT_EMPTY_PATH, attributes))
        return error_errno(err, ERROR_FAILURE, errno, "cannot protect %s in the sandbox", path);
    return 0;
}

/* A parent is put back before what lies below it. */
static int compare_depth(const void *a, const void *b)
{
    size_t left = strlen(((const struct shown *)a)->path);
    size_t right = strlen(((const struct shown *)b)->path);
    return (left > right) - (left < right);
}

/* Something to mount upon: the path may lie in a folder that has just been emptied. */
static int make_mount_point(const struct shown *shown, struct error *err)
{
    struct stat st;
    if (!lstat(shown->path, &st))
        return 0;
    if (fstat(shown->fd, &st))
        return error_errno(err, ERROR_FAILURE, errno, "cannot look at %s", shown->path);
    if (S_ISDIR(st.st_mode))
        return dir_make(shown->path, err);
    AUTO_FREE char *parent = xstrdup(shown->path);
    *strrchr(parent, '/') = '\0';
    int failed = *parent ? dir_make(parent, err) : 0;
    if (failed)
        return failed;
    AUTO_CLOSE int fd = open(shown->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    return fd < 0 ? error_errno(err, ERROR_FAILURE, errno, "cannot create %s", shown->path) : 0;
}

static int put_back(const struct shown *shown, struct error *err)
{
    int failed = make_mount_point(shown, err);
    if (failed)
        return failed;
    if (move_mount(shown->fd, "", AT_FDCWD, shown->path, MOVE_MOUNT_F_EMPTY_PATH))
        return error_errno(err, ERROR_FAILURE, errno, "cannot show %s in the sandbox", shown->path);
    close(shown->fd);
    return 0;
}

static int hide(const char *path, struct error *err)
{
    struct stat st;
    if (stat(path, &st))
        return 0;
    if (S_ISDIR(st.st_mode)
            ? mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=4m")
            : mount("/dev/null", path, NULL, MS_BIND, NULL))
        return error_errno(err, ERROR_FAILURE, errno, "cannot hide %s", path);
    return 0;
}

static int take_tmp(const char *tmp, int fds[2], struct error *err)
{
    for (size_t i = 0; i < 2; i++) {
        fds[i] = open_tree(AT_FDCWD, tmp, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (fds[i] < 0)
            return error_errno(err, ERROR_FAILURE, errno, "cannot use %s as /tmp", tmp);
        if (set_attributes(fds[i], "", AT_EMPTY_PATH, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV))
            return error_errno(err, ERROR_FAILURE, errno, "cannot protect %s", tmp);
    }
    return 0;
}

static int put_tmp(const int fds[2], struct error *err)
{
    static const char *const seen_as[2] = {"/tmp", "/var/tmp"};
    for (size_t i = 0; i < 2; i++) {
        if (path_is_dir(seen_as[i]) &&
            move_mount(fds[i], "", AT_FDCWD, seen_as[i], MOVE_MOUNT_F_EMPTY_PATH))
            return error_errno(err, ERROR_FAILURE, errno, "cannot make %s private", seen_as[i]);
        close(fds[i]);
    }
    if (path_is_dir("/dev/shm") &&
        mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"))
        return error_errno(err, ERROR_FAILURE, errno, "cannot make /dev/shm private");
    return 0;
}

/* Everything that is to be seen is taken out first, while it can still be reached. */
static int take_all(const struct sandbox *sandbox, struct shown *shown, size_t *count,
                    struct error *err)
{
    for (size_t i = 0; i < sandbox->writable.count; i++) {
        int failed = take(&shown[*count], sandbox->writable.items[i],
                          MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
        if (failed)
            return failed;
        ++*count;
    }
    for (size_t i = 0; i < sandbox->readable.count; i++) {
        if (strlist_contains(&sandbox->writable, sandbox->readable.items[i]))
            continue;
        int failed = take(&shown[*count], sandbox->readable.items[i],
                          MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, err);
        if (failed)
            return failed;
        ++*count;
    }
    return 0;
}

static bool is_below(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    return !strncmp(path, folder, len) && path[len] == '/';
}

/* What is hidden inside something shown came back with it. */
static int hide_inside(const struct sandbox *sandbox, const struct shown *shown, size_t count,
                       struct error *err)
{
    for (size_t i = 0; i < sandbox->hidden.count; i++)
        for (size_t j = 0; j < count; j++)
            if (is_below(sandbox->hidden.items[i], shown[j].path)) {
                int failed = hide(sandbox->hidden.items[i], err);
                if (failed)
                    return failed;
                break;
            }
    return 0;
}

static int lock_hidden(const struct sandbox *sandbox, struct error *err)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    for (size_t i = 0; i < sandbox->hidden.count; i++)
        /* One that lay in another hidden folder is gone, or is no mount. */
        if (mount_setattr(AT_FDCWD, sandbox->hidden.items[i], 0, &attr, sizeof(attr)) &&
            errno != ENOENT && errno != ENOTDIR && errno != EINVAL)
            return error_errno(err, ERROR_FAILURE, errno, "cannot protect %s",
                               sandbox->hidden.items[i]);
    return 0;
}

static int protect_root(bool own_proc, struct error *err)
{
    if (set_attributes(AT_FDCWD, "/", 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID))
        return error_errno(err, ERROR_FAILURE, errno, "cannot make / read-only");
    if (own_proc && mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
        return error_errno(err, ERROR_FAILURE, errno, "cannot mount /proc");
    return 0;
}

/* Before anything is hidden: `at` is then taken out and put back like any other folder. */
static int mount_overlays(const struct sandbox *sandbox, struct error *err)
{
    for (size_t i = 0; i < sandbox->overlay_count; i++) {
        const struct overlay *overlay = &sandbox->overlays[i];
        AUTO_FREE char *options = xasprintf("lowerdir=%s,upperdir=%s,workdir=%s", overlay->at,
                                            overlay->upper, overlay->work);
        if (mount("overlay", overlay->at, "overlay", MS_NOSUID | MS_NODEV, options))
            return error_errno(err, ERROR_FAILURE, errno, "cannot lay %s over %s", overlay->upper,
                               overlay->at);
    }
    return 0;
}

static int rebuild(const struct sandbox *sandbox, bool own_proc, struct error *err)
{
    AUTO_FREE struct shown *shown =
        xcalloc(sandbox->writable.count + sandbox->readable.count + 1, sizeof(*shown));
    size_t count = 0;
    int tmp[2];
    int failed = mount_overlays(sandbox, err);
    if (!failed)
        failed = take_all(sandbox, shown, &count, err);
    if (!failed)
        failed = take_tmp(sandbox->tmp, tmp, err);
    if (!failed)
        failed = protect_root(own_proc, err);
    for (size_t i = 0; !failed && i < sandbox->hidden.count; i++)
        failed = hide(sandbox->hidden.items[i], err);
    if (!failed)
        failed = put_tmp(tmp, err);
    qsort(shown, count, sizeof(*shown), compare_depth);
    for (size_t i = 0; !failed && i < count; i++)
        failed = put_back(&shown[i], err);
    if (!failed)
        failed = hide_inside(sandbox, shown, count, err);
    return failed ? failed : lock_hidden(sandbox, err);
}

int mounts_apply(const struct sandbox *sandbox, bool own_proc, struct error *err)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
        return error_errno(err, ERROR_FAILURE, errno, "cannot make the mounts private");
    /* Mount points are made with this mask, and are to be passed through by another user. */
    umask(022);
    return rebuild(sandbox, own_proc, err);
}
