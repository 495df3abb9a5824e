#include "checkout/worktree.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "checkout/departed.h"
#include "checkout/untracked.h"

#include <errno.h>
#include <fcntl.h>
#include <git2/sys/repository.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

enum {
    GIT_FILE_MAX = 8192,
    POINTER_MIN = 100,
    POINTER_MAX = 1024,
    ATTRIBUTES_MAX = 1 << 20,
    NAME_HASH_LEN = 16,
};

/* A fresh string: the folder in the mirror that belongs to the worktree. */
static char *worktree_admin(const struct mirror *mirror, const char *name)
{
    return xasprintf("%s/worktrees/%s", mirror->path, name);
}

char *worktree_name_of(const char *final_path)
{
    char hash[SHA256_HEX_SIZE];
    sha256_hex_of(final_path, strlen(final_path), hash);
    return xasprintf("at-%.*s", NAME_HASH_LEN, hash);
}

static char *git_file_text(const char *admin)
{
    return xasprintf("gitdir: %s\n", admin);
}

/* Whether the file holds exactly the text; a symbolic link does not count as a file. */
static bool file_is(const char *path, const char *text)
{
    struct stat st;
    AUTO_STRBUF struct strbuf found = STRBUF_INIT;
    return !lstat(path, &st) && S_ISREG(st.st_mode) &&
           !file_read(path, GIT_FILE_MAX, &found, NULL) && !strcmp(found.buf, text);
}

/* Not synced to disk: after a power cut the files of the worktree are as doubtful as this one, and
 * what does not fit together is written anew. */
static int write_text(const char *folder, const char *name, const char *text, struct error *err)
{
    AUTO_FREE char *path = path_join(folder, name);
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int failed = fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
    return failed ? error_errno(err, ERROR_FAILURE, -failed, "cannot write %s", path) : 0;
}

bool worktree_is_ours(const struct mirror *mirror, const char *path, const char *name)
{
    AUTO_FREE char *admin = worktree_admin(mirror, name);
    AUTO_FREE char *text = git_file_text(admin);
    AUTO_FREE char *file = path_join(path, ".git");
    return file_is(file, text);
}

bool worktree_is_free(const char *path)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    return !path_exists(path) ||
           (path_is_dir(path) && !dir_list(path, &names, NULL) && !names.count);
}

/* The mirror's repository seen through this worktree. */
struct view {
    git_repository *repo;
    git_index *index;
    git_tree *tree;     /* of the commit that is wanted */
    git_tree *baseline; /* of the commit that the folder held, NULL: none */
    git_index *rest;    /* what of it the wanted commit has too */
};

static void view_release(struct view *view)
{
    git_index_free(view->rest);
    git_tree_free(view->baseline);
    git_tree_free(view->tree);
    git_index_free(view->index);
    git_repository_free(view->repo);
}
#define AUTO_VIEW __attribute__((cleanup(view_release)))

static int tree_of(git_repository *repo, const git_oid *commit, git_tree **out)
{
    AUTO_GIT(git_commit) git_commit *object = NULL;
    int failed = git_commit_lookup(&object, repo, commit);
    return failed ? failed : git_commit_tree(out, object);
}

static int view_open(const struct mirror *mirror, const struct worktree *worktree, struct view *out,
                     struct error *err)
{
    AUTO_VIEW struct view view = {0};
    AUTO_FREE char *admin = worktree_admin(mirror, worktree->name);
    AUTO_FREE char *index = path_join(admin, "index");
    int failed = git_repository_open_bare(&view.repo, mirror->path);
    if (!failed)
        failed = git_repository_set_workdir(view.repo, worktree->path, 0);
    if (!failed && git_index_open(&view.index, index)) {
        (void)unlink(index); /* unreadable: it is made anew from the files */
        failed = git_index_open(&view.index, index);
    }
    if (!failed)
        failed = git_repository_set_index(view.repo, view.index);
    if (!failed)
        failed = tree_of(view.repo, &worktree->commit, &view.tree);
    if (failed)
        return library_fail(err, failed, "cannot open the worktree %s", worktree->path);
    *out = view;
    view = (struct view){0};
    return 0;
}

/* --- the mirror's side of a worktree ---------------------------------------------------------- */

/* A folder in the mirror whose worktree is gone or foreign starts anew. */
static int admin_create(const struct worktree *worktree, const char *admin, struct error *err)
{
    AUTO_FREE char *gitdir = xasprintf("%s/.git\n", worktree->final_path);
    AUTO_FREE char *git_file = git_file_text(admin);
    int failed = tree_remove(admin, err);
    if (!failed)
        failed = dir_make(admin, err);
    if (!failed)
        failed = dir_make(worktree->path, err);
    if (!failed)
        failed = write_text(admin, "commondir", "../..\n", err);
    if (!failed)
        failed = write_text(admin, "gitdir", gitdir, err);
    return failed ? failed : write_text(worktree->path, ".git", git_file, err);
}

static bool read_head(const char *admin, git_oid *out)
{
    AUTO_FREE char *path = path_join(admin, "HEAD");
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    return !file_read(path, GIT_FILE_MAX, &text, NULL) && text.len >= GIT_OID_SHA1_HEXSIZE &&
           !git_oid_fromstrn(out, text.buf, GIT_OID_SHA1_HEXSIZE);
}

static void sweep_admin(const char *admin)
{
    AUTO_FREE char *lock = path_join(admin, "index.lock");
    (void)unlink(lock);
}

int worktree_use(const struct mirror *mirror, const char *name, int *fd, struct error *err)
{
    AUTO_FREE char *admin = worktree_admin(mirror, name);
    AUTO_FREE char *path = path_join(admin, "in-use");
    AUTO_CLOSE int share = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (share < 0)
        return error_errno(err, ERROR_FAILURE, errno, "cannot open %s", path);
    (void)futimens(share, NULL);
    if (flock(share, LOCK_SH | LOCK_NB))
        return error_set(err, ERROR_CONFLICT, "the worktree of %s is being removed: try again",
                         name);
    *fd = take_fd(&share);
    return 0;
}

int worktree_check_unused(const struct mirror *mirror, const struct worktree *worktree,
                          struct error *err)
{
    AUTO_FREE char *path = xasprintf("%s/worktrees/%s/in-use", mirror->path, worktree->name);
    AUTO_CLOSE int share = open(path, O_RDWR | O_CLOEXEC);
    if (share >= 0 && flock(share, LOCK_EX | LOCK_NB))
        return error_set(err, ERROR_CONFLICT,
                         "%s has been modified and another run is using it: wait for that one, or "
                         "name a folder of your own with --dest",
                         worktree->final_path);
    return 0;
}

/* --- its state -------------------------------------------------------------------------------- */

/* True as well when that cannot be told, as with an index that is broken. */
static bool is_changed(struct view *view, unsigned flags)
{
    git_status_options options;
    AUTO_GIT(git_status_list) git_status_list *list = NULL;
    (void)git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION);
    options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
    options.flags = GIT_STATUS_OPT_EXCLUDE_SUBMODULES;
    options.baseline = view->tree;
    if (git_status_list_new(&list, view->repo, &options) || git_status_list_entrycount(list))
        return true;
    bool found = false;
    return (flags & WORKTREE_CACHED) &&
           (untracked_find(view->repo, view->index, flags & WORKTREE_PRISTINE, &found, NULL) ||
            found);
}

int worktree_inspect(const struct mirror *mirror, const struct worktree *worktree,
                     enum worktree_change *change, struct error *err)
{
    AUTO_FREE char *admin = worktree_admin(mirror, worktree->name);
    AUTO_FREE char *complete = path_join(admin, "complete");
    AUTO_VIEW struct view view = {0};
    git_oid held = {0};
    sweep_admin(admin);
    if (!worktree_is_ours(mirror, worktree->path, worktree->name) || !read_head(admin, &held) ||
        !git_oid_equal(&held, &worktree->commit)) {
        *change = WORKTREE_WRITTEN;
        return 0;
    }
    int failed = view_open(mirror, worktree, &view, err);
    if (failed)
        return failed;
    *change = !path_exists(complete) || is_changed(&view, worktree->flags) ? WORKTREE_RESTORED
                                                                           : WORKTREE_UNTOUCHED;
    return 0;
}

/* --- writing ---------------------------------------------------------------------------------- */

struct progress {
    const struct job *job;
    const char *name;
};

static void on_progress(const char *path, size_t done, size_t total, void *payload)
{
    (void)path;
    const struct progress *progress = payload;
    log_progress("%s: writing, %zu of %zu files", progress->name, done, total);
}

static int on_notify(git_checkout_notify_t why, const char *path, const git_diff_file *baseline,
                     const git_diff_file *target, const git_diff_file *workdir, void *payload)
{
    (void)why;
    (void)path;
    (void)baseline;
    (void)target;
    (void)workdir;
    const struct progress *progress = payload;
    return task_should_stop(progress->job->task) ? GIT_EUSER : 0;
}

static int checkout_fail(const struct mirror *mirror, const struct worktree *worktree, int git_code,
                         struct error *err)
{
    int stopped = task_check(mirror->job->task, err);
    if (stopped)
        return stopped;
    const git_error *last = git_error_last();
    if (git_code == GIT_ENOTFOUND || (last && last->klass == GIT_ERROR_ODB))
        return error_set(err, ERROR_NOT_FOUND,
                         "the repository at %s lacks objects of this commit (a partial clone or an "
                         "incomplete copy?): %s",
                         mirror->remote->url, library_reason());
    if (strcasestr(library_reason(), "invalid path") ||
        strcasestr(library_reason(), "cannot checkout to invalid"))
        return error_set(
            err, ERROR_INPUT,
            "the commit holds a path that could leave the folder, which is refused: %s",
            library_reason());
    return library_fail(err, git_code, "cannot write the files to %s", worktree->path);
}

static int write_files(const struct mirror *mirror, const struct worktree *worktree,
                       struct view *view, struct error *err)
{
    struct progress progress = {mirror->job, mirror->remote->name};
    git_checkout_options options;
    (void)git_checkout_options_init(&options, GIT_CHECKOUT_OPTIONS_VERSION);
    options.checkout_strategy = GIT_CHECKOUT_FORCE | GIT_CHECKOUT_RECREATE_MISSING;
    options.disable_filters = 1;
    options.baseline_index = view->rest;
    options.notify_flags = GIT_CHECKOUT_NOTIFY_UPDATED;
    options.notify_cb = on_notify;
    options.progress_cb = on_progress;
    options.notify_payload = options.progress_payload = &progress;
    int failed = git_checkout_tree(view->repo, (const git_object *)view->tree, &options);
    return failed ? checkout_fail(mirror, worktree, failed, err) : 0;
}

/* libgit2 would write through a symbolic link that has taken the place of a folder. */
static int unlink_if_not_folder(const char *root, const git_tree_entry *entry, void *payload)
{
    const struct worktree *worktree = payload;
    struct stat st;
    if (git_tree_entry_type(entry) != GIT_OBJECT_TREE)
        return 0;
    AUTO_FREE char *path = xasprintf("%s/%s%s", worktree->path, root, git_tree_entry_name(entry));
    if (lstat(path, &st))
        return 1; /* nothing is there, and nothing below it */
    return S_ISDIR(st.st_mode) ? 0 : (unlink(path) ? -1 : 1);
}

static int clear_links(const struct worktree *worktree, const struct view *view, struct error *err)
{
    git_tree *const trees[] = {view->tree, view->baseline};
    for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
        if (trees[i] && git_tree_walk(trees[i], GIT_TREEWALK_PRE, unlink_if_not_folder,
                                      (void *)(uintptr_t)worktree) < 0)
            return library_fail(err, -1, "cannot clear the way for the files in %s",
                                worktree->path);
    return 0;
}

static int remove_departed(const struct worktree *worktree, struct view *view, struct error *err)
{
    const struct departed_request request = {
        .repo = view->repo,
        .folder = worktree->path,
        .before = view->baseline,
        .wanted = view->tree,
        .index = view->index,
    };
    return departed_remove(&request, &view->rest, err);
}

static int put_files(const struct mirror *mirror, const struct worktree *worktree,
                     struct view *view, struct error *err)
{
    AUTO_FREE char *admin = worktree_admin(mirror, worktree->name);
    AUTO_FREE char *complete = path_join(admin, "complete");
    char head[COMMIT_ID_SIZE + 1];
    (void)unlink(complete);
    int failed = clear_links(worktree, view, err);
    if (!failed && view->baseline)
        failed = remove_departed(worktree, view, err);
    if (!failed)
        failed = write_files(mirror, worktree, view, err);
    if (failed)
        return failed;
    git_oid_tostr(head, COMMIT_ID_SIZE, &worktree->commit);
    head[GIT_OID_SHA1_HEXSIZE] = '\n';
    head[GIT_OID_SHA1_HEXSIZE + 1] = '\0';
    failed = write_text(admin, "HEAD", head, err);
    return failed ? failed : write_text(admin, "complete", head, err);
}

int worktree_put(const struct mirror *mirror, const struct worktree *worktree,
                 enum worktree_change *change, struct error *err)
{
    AUTO_FREE char *admin = worktree_admin(mirror, worktree->name);
    AUTO_VIEW struct view view = {0};
    git_oid held = {0};
    int failed = worktree_inspect(mirror, worktree, change, err);
    if (failed || *change == WORKTREE_UNTOUCHED)
        return failed;
    bool there = worktree_is_ours(mirror, worktree->path, worktree->name);
    failed = worktree_check_unused(mirror, worktree, err);
    if (!failed && !there)
        failed = admin_create(worktree, admin, err);
    if (!failed)
        failed = view_open(mirror, worktree, &view, err);
    if (failed)
        return failed;
    if (there && read_head(admin, &held) && tree_of(view.repo, &held, &view.baseline))
        view.baseline = NULL; /* its commit is no longer in the cache: files are compared instead */
    return put_files(mirror, worktree, &view, err);
}

/* --- where it differs from git's own ---------------------------------------------------------- */

void worktree_deviations_release(struct worktree_deviations *deviations)
{
    strlist_release(&deviations->lfs_pointers);
    strlist_release(&deviations->conversions);
}

static bool is_pointer(const char *folder, const char *name)
{
    static const char start[] = "version https://git-lfs.github.com/spec/v1\n";
    char text[sizeof(start)] = "";
    AUTO_FREE char *path = path_join(folder, name);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return fd >= 0 && read(fd, text, sizeof(start) - 1) == (ssize_t)sizeof(start) - 1 &&
           !memcmp(text, start, sizeof(start) - 1);
}

/* An attribute by which git on Linux writes other bytes than the commit holds. */
static bool converts(const char *attribute)
{
    return !strcmp(attribute, "ident") || !strcmp(attribute, "eol=crlf") ||
           !strncmp(attribute, "working-tree-encoding=", 22);
}

static bool has_conversions(const char *folder, const char *name)
{
    AUTO_FREE char *path = path_join(folder, name);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    AUTO_STRLIST struct strlist lines = STRLIST_INIT;
    if (file_read(path, ATTRIBUTES_MAX, &text, NULL))
        return false;
    strlist_split(&lines, text.buf, '\n');
    bool found = false;
    for (size_t i = 0; !found && i < lines.count; i++) {
        char *rest = *lines.items[i] == '#' ? NULL : lines.items[i], *word;
        while (!found && (word = strsep(&rest, " \t\r")))
            found = converts(word);
    }
    return found;
}

int worktree_deviations(const struct mirror *mirror, const struct worktree *worktree,
                        struct worktree_deviations *out, struct error *err)
{
    AUTO_FREE char *admin = worktree_admin(mirror, worktree->name);
    AUTO_FREE char *path = path_join(admin, "index");
    AUTO_GIT(git_index) git_index *index = NULL;
    int failed = git_index_open(&index, path);
    if (failed)
        return library_fail(err, failed, "cannot read %s", path);
    for (size_t i = 0; i < git_index_entrycount(index); i++) {
        const git_index_entry *entry = git_index_get_byindex(index, i);
        if (!S_ISREG(entry->mode))
            continue;
        if (entry->file_size >= POINTER_MIN && entry->file_size < POINTER_MAX &&
            is_pointer(worktree->path, entry->path))
            strlist_push(&out->lfs_pointers, entry->path);
        if (!strcmp(path_basename(entry->path), ".gitattributes") &&
            has_conversions(worktree->path, entry->path))
            strlist_push(&out->conversions, entry->path);
    }
    return 0;
}
