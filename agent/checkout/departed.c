#include "checkout/departed.h"

#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether the wanted commit has something else, a file or a folder, at that path. */
static bool is_replaced(const struct departed_request *request, const char *path)
{
    AUTO_GIT(git_tree_entry) git_tree_entry *entry = NULL;
    return !git_tree_entry_bypath(&entry, request->wanted, path);
}

static void remove_empty_folders(const struct departed_request *request, const char *path)
{
    AUTO_FREE char *at = xstrdup(path);
    for (char *slash; (slash = strrchr(at, '/'));) {
        *slash = '\0';
        AUTO_FREE char *folder = path_join(request->folder, at);
        if (rmdir(folder))
            return;
    }
}

/* A folder in the file's place is what a run that was killed has put there already. */
static int remove_file(const struct departed_request *request, const char *path, struct error *err)
{
    AUTO_FREE char *whole = path_join(request->folder, path);
    struct stat st;
    if (!lstat(whole, &st) && !S_ISDIR(st.st_mode) && unlink(whole))
        return error_errno(err, ERROR_FAILURE, errno, "cannot remove %s", whole);
    remove_empty_folders(request, path);
    return 0;
}

static int remove_submodule(const struct departed_request *request, const char *path,
                            struct error *err)
{
    AUTO_FREE char *whole = path_join(request->folder, path);
    AUTO_FREE char *git_file = path_join(whole, ".git");
    /* Without one it is what a run that was killed has put there already. */
    return path_exists(git_file) ? tree_remove(whole, err) : 0;
}

static int remove_one(const struct departed_request *request, const git_diff_file *file,
                      git_index *rest, struct error *err)
{
    bool submodule = file->mode == GIT_FILEMODE_COMMIT;
    if (submodule && !is_replaced(request, file->path))
        return 0;
    int failed = submodule ? remove_submodule(request, file->path, err)
                           : remove_file(request, file->path, err);
    if (failed)
        return failed;
    (void)git_index_remove(request->index, file->path, 0); /* it may not be in there */
    (void)git_index_remove(rest, file->path, 0);
    return 0;
}

int departed_remove(const struct departed_request *request, git_index **rest, struct error *err)
{
    AUTO_GIT(git_diff) git_diff *diff = NULL;
    AUTO_GIT(git_index) git_index *left = NULL;
    int failed =
        git_diff_tree_to_tree(&diff, request->repo, request->before, request->wanted, NULL);
    if (!failed)
        failed = git_index_new(&left);
    if (!failed)
        failed = git_index_read_tree(left, request->before);
    if (failed)
        return library_fail(err, failed, "cannot compare two commits");
    for (size_t i = 0; !failed && i < git_diff_num_deltas(diff); i++) {
        const git_diff_delta *delta = git_diff_get_delta(diff, i);
        if (delta->status == GIT_DELTA_DELETED || delta->status == GIT_DELTA_TYPECHANGE)
            failed = remove_one(request, &delta->old_file, left, err);
    }
    if (!failed)
        *rest = take_ptr(left);
    return failed;
}
