#include "checkout/submodule.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "checkout/resolve.h"

#include <git2/sys/config.h>
#include <git2/sys/errors.h>
#include <string.h>

enum { MODULES_FILE_MAX = 1 << 20, NESTING_MAX = 10, SUBMODULES_MAX = 1000 };

/* One submodule of a commit. */
struct module {
    char *path; /* below the parent's files */
    char *url;  /* as .gitmodules has it, NULL where it has none */
    git_oid commit;
};

struct module_list {
    struct module *items;
    size_t count, cap;
};

static void module_list_release(struct module_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].path);
        free(list->items[i].url);
    }
    free(list->items);
}
#define AUTO_MODULES __attribute__((cleanup(module_list_release)))

static int on_entry(const char *root, const git_tree_entry *entry, void *payload)
{
    struct module_list *list = payload;
    if (git_tree_entry_filemode(entry) != GIT_FILEMODE_COMMIT)
        return 0;
    if (list->count == SUBMODULES_MAX)
        return GIT_EUSER;
    ARRAY_RESERVE(list->items, list->cap, list->count + 1);
    list->items[list->count++] = (struct module){
        .path = xasprintf("%s%s", root, git_tree_entry_name(entry)),
        .commit = *git_tree_entry_id(entry),
    };
    return 0;
}

/* The text of .gitmodules as it is in the commit: what lies in the folder may have been changed. */
static int read_modules_file(git_tree *tree, git_config **out)
{
    AUTO_GIT(git_tree_entry) git_tree_entry *entry = NULL;
    AUTO_GIT(git_object) git_object *object = NULL;
    AUTO_GIT(git_config) git_config *config = NULL;
    git_config_backend *backend = NULL;
    int failed = git_tree_entry_bypath(&entry, tree, ".gitmodules");
    if (!failed && git_tree_entry_filemode(entry) == GIT_FILEMODE_LINK)
        return GIT_ENOTFOUND;
    if (!failed)
        failed = git_tree_entry_to_object(&object, git_tree_owner(tree), entry);
    if (failed || git_object_type(object) != GIT_OBJECT_BLOB)
        return failed ? failed : GIT_ENOTFOUND;
    const git_blob *blob = (const git_blob *)object;
    if (git_blob_rawsize(blob) > MODULES_FILE_MAX)
        return GIT_EINVALID;
    failed = git_config_backend_from_string(&backend, git_blob_rawcontent(blob),
                                            (size_t)git_blob_rawsize(blob), NULL);
    if (!failed)
        failed = git_config_new(&config);
    if (!failed)
        failed = git_config_add_backend(config, backend, GIT_CONFIG_LEVEL_LOCAL, NULL, 0);
    if (failed)
        return failed;
    *out = take_ptr(config);
    return 0;
}

/* A fresh string: the URL of the submodule at `path`, NULL when .gitmodules has none. */
static char *url_of(git_config *config, const char *path)
{
    AUTO_GIT(git_config_iterator) git_config_iterator *at = NULL;
    git_config_entry *entry = NULL;
    if (git_config_iterator_glob_new(&at, config, "^submodule\\..*\\.path$"))
        return NULL;
    while (!git_config_next(&entry, at)) {
        if (strcmp(entry->value ? entry->value : "", path))
            continue;
        AUTO_FREE char *key =
            xasprintf("%.*surl", (int)strlen(entry->name) - (int)strlen("path"), entry->name);
        git_buf url = GIT_BUF_INIT;
        char *found = git_config_get_string_buf(&url, config, key) ? NULL : xstrdup(url.ptr);
        git_buf_dispose(&url);
        if (found)
            return found;
    }
    return NULL;
}

/* A tree that holds both a link and a folder of one name could lead out of the worktree. */
static int check_place(const struct worktree *worktree, const char *path, struct error *err)
{
    AUTO_FREE char *whole = path_join(worktree->path, path);
    AUTO_FREE char *real = path_real(whole);
    AUTO_FREE char *folder = path_real(worktree->path);
    AUTO_FREE char *expected = folder ? path_join(folder, path) : NULL;
    if (real && expected && !strcmp(real, expected) && path_is_dir(real))
        return 0;
    return error_set(err, ERROR_INPUT, "the submodule at %s is not a folder in the checkout", path);
}

static int nesting_of(const struct worktree *worktree)
{
    int depth = 0;
    for (const struct worktree *at = worktree->parent; at; at = at->parent)
        depth++;
    return depth;
}

/* Without the network: what is not in the cache has to be put anew anyway. */
static int look_at(const struct mirror *mirror, const struct worktree *worktree,
                   enum worktree_change *change, struct error *err)
{
    if (worktree_inspect(mirror, worktree, change, NULL))
        *change = WORKTREE_RESTORED;
    return *change == WORKTREE_UNTOUCHED ? submodules_put(mirror, worktree, change, err) : 0;
}

static int fetch_and_put(const struct mirror *mirror, const struct worktree *worktree,
                         enum worktree_change *change, struct error *err)
{
    AUTO_REVISION struct revision revision = {0};
    struct resolved resolved = {0};
    char id[COMMIT_ID_SIZE];
    git_oid_tostr(id, sizeof(id), &worktree->commit);
    int failed = revision_parse(id, &revision, err);
    if (!failed)
        failed = resolve_commit(mirror, &revision, 0, &resolved, err);
    free(resolved.branch);
    if (!failed)
        failed = worktree_put(mirror, worktree, change, err);
    return failed ? failed : submodules_put(mirror, worktree, change, err);
}

/* Some repositories hold another branch of themselves as a submodule. */
static int put_from(const struct mirror *outer, const struct remote *remote,
                    const struct worktree *worktree, enum worktree_change *change,
                    struct error *err)
{
    AUTO_MIRROR struct mirror opened = MIRROR_INIT;
    const struct mirror *mirror = mirror_held(outer, remote->key);
    int failed = mirror ? 0 : mirror_open(outer->job, remote, &opened, err);
    if (failed)
        return failed;
    bool own = !mirror;
    if (own) {
        opened.outer = outer;
        mirror = &opened;
    }
    if (worktree->flags & WORKTREE_LOOK)
        return look_at(mirror, worktree, change, err);
    git_error_clear();
    failed = fetch_and_put(mirror, worktree, change, err);
    if (failed && own && mirror_heal(&opened, failed, err))
        failed = fetch_and_put(mirror, worktree, change, err);
    return failed;
}

static int put_one(const struct mirror *mirror, const char *url, const struct worktree *worktree,
                   enum worktree_change *change, struct error *err)
{
    AUTO_REMOTE struct remote remote = {0};
    const struct worktree *parent = worktree->parent;
    const char *place = worktree->path + strlen(parent->path) + 1;
    bool look = parent->flags & WORKTREE_LOOK;
    int failed = remote_parse_submodule(mirror->remote, url, &remote, err);
    if (!failed && check_place(parent, place, look ? NULL : err)) {
        *change = WORKTREE_RESTORED;
        return look ? 0 : ERROR_INPUT;
    }
    if (failed)
        return failed;
    return put_from(mirror, &remote, worktree, change, err);
}

static int put_module(const struct mirror *mirror, const struct module *module,
                      const struct worktree *parent, enum worktree_change *change,
                      struct error *err)
{
    if (!module->url)
        return error_set(err, ERROR_NOT_FOUND,
                         "the submodule %s has no URL in .gitmodules: the commit is broken; "
                         "--no-submodules leaves it out",
                         module->path);
    AUTO_FREE char *path = path_join(parent->path, module->path);
    AUTO_FREE char *final_path = path_join(parent->final_path, module->path);
    AUTO_FREE char *name = worktree_name_of(final_path);
    const struct worktree worktree = {name,           path,          final_path,
                                      module->commit, parent->flags, parent};
    enum worktree_change own = WORKTREE_UNTOUCHED;
    int failed = put_one(mirror, module->url, &worktree, &own, err);
    if (failed)
        return error_wrap(err, "submodule %s", module->path);
    if (own != WORKTREE_UNTOUCHED && *change == WORKTREE_UNTOUCHED)
        *change = WORKTREE_RESTORED;
    return 0;
}

static int list_modules(const struct mirror *mirror, git_tree *tree, struct module_list *out,
                        struct error *err)
{
    AUTO_GIT(git_config) git_config *config = NULL;
    int failed = git_tree_walk(tree, GIT_TREEWALK_PRE, on_entry, out);
    if (failed == GIT_EUSER)
        return error_set(err, ERROR_INPUT, "the commit has more than %d submodules",
                         SUBMODULES_MAX);
    if (failed)
        return library_fail(err, failed, "cannot look for submodules in %s", mirror->remote->url);
    if (!out->count)
        return 0;
    failed = read_modules_file(tree, &config);
    if (failed && failed != GIT_ENOTFOUND)
        return library_fail(err, failed, "cannot read .gitmodules");
    for (size_t i = 0; config && i < out->count; i++)
        out->items[i].url = url_of(config, out->items[i].path);
    return 0;
}

static int tree_of_commit(const struct mirror *mirror, const git_oid *id, git_tree **out,
                          struct error *err)
{
    AUTO_GIT(git_commit) git_commit *commit = NULL;
    int failed = git_commit_lookup(&commit, mirror->repo, id);
    if (!failed)
        failed = git_commit_tree(out, commit);
    return failed ? library_fail(err, failed, "cannot read commit %s", git_oid_tostr_s(id)) : 0;
}

int submodules_put(const struct mirror *mirror, const struct worktree *worktree,
                   enum worktree_change *change, struct error *err)
{
    AUTO_GIT(git_tree) git_tree *tree = NULL;
    AUTO_MODULES struct module_list list = {0};
    int failed = tree_of_commit(mirror, &worktree->commit, &tree, err);
    if (!failed)
        failed = list_modules(mirror, tree, &list, err);
    if (!failed && list.count && nesting_of(worktree) >= NESTING_MAX)
        failed = error_set(err, ERROR_INPUT, "submodules are nested deeper than %d", NESTING_MAX);
    for (size_t i = 0; !failed && i < list.count; i++)
        failed = put_module(mirror, &list.items[i], worktree, change, err);
    return failed;
}
