#include "checkout/mirror.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "checkout/revision.h"

#include <git2/sys/errors.h>
#include <string.h>
#include <sys/stat.h>

static const char REF_PREFIX[] = "refs/lance-bench/";

enum { SHALLOW_MAX = 64 << 20 };

int mirror_folders(char **git, char **worktrees, struct error *err)
{
    AUTO_FREE char *base = NULL;
    int failed = cache_dir(&base, err);
    if (failed)
        return failed;
    *git = path_join(base, "git");
    *worktrees = path_join(base, "worktrees");
    return 0;
}

/* lock_acquire() in short turns: a Ctrl-C must not wait for the other process. */
static int take_lock(struct mirror *mirror, struct error *err)
{
    AUTO_FREE char *path = xasprintf("%s.lock", mirror->path);
    for (bool told = false;; told = true) {
        struct error busy = ERROR_INIT;
        int failed = lock_acquire(path, told ? 0.2 : 0, &mirror->lock_fd, &busy);
        if (failed != ERROR_CONFLICT) {
            if (failed && err)
                *err = busy;
            return failed;
        }
        if (!told)
            log_info("waiting: %s", busy.message);
        failed = task_check(mirror->job->task, err);
        if (failed)
            return failed;
    }
}

static void remove_file(const char *folder, const char *name)
{
    AUTO_FREE char *path = path_join(folder, name);
    (void)unlink(path);
}

static void sweep_locks(const char *folder)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (dir_list(folder, &names, NULL))
        return;
    for (size_t i = 0; i < names.count; i++)
        if (text_ends_with(names.items[i], ".lock"))
            remove_file(folder, names.items[i]);
}

/* Temporary packs, and an index whose pack did not get its name any more. */
static void sweep_packs(const char *folder)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (dir_list(folder, &names, NULL))
        return;
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.items[i];
        bool whole = !strncmp(name, "pack-", 5) && !text_ends_with(name, ".lock");
        if (whole && text_ends_with(name, ".idx")) {
            AUTO_FREE char *pack = xasprintf("%.*s.pack", (int)strlen(name) - 4, name);
            whole = strlist_contains(&names, pack);
        }
        if (!whole)
            remove_file(folder, name);
    }
}

/* Worktrees that were begun and never written. */
static void sweep_worktrees(const char *folder)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (dir_list(folder, &names, NULL))
        return;
    for (size_t i = 0; i < names.count; i++) {
        AUTO_FREE char *admin = path_join(folder, names.items[i]);
        AUTO_FREE char *head = path_join(admin, "HEAD");
        if (!path_exists(head))
            (void)!tree_remove(admin, NULL);
    }
}

/* What a process that was killed may have left. Only the holder of the lock writes here, so
 * whatever looks unfinished is. */
static void sweep(const struct mirror *mirror)
{
    AUTO_FREE char *packs = path_join(mirror->path, "objects/pack");
    AUTO_FREE char *refs = path_join(mirror->path, REF_PREFIX);
    AUTO_FREE char *worktrees = path_join(mirror->path, "worktrees");
    sweep_locks(mirror->path);
    sweep_locks(refs);
    sweep_packs(packs);
    sweep_worktrees(worktrees);
}

static int write_config(const struct mirror *mirror, struct error *err)
{
    AUTO_GIT(git_config) git_config *config = NULL;
    int failed = git_repository_config(&config, mirror->repo);
    if (!failed)
        failed = git_config_set_string(config, "remote.origin.url", mirror->remote->url);
    if (!failed)
        failed = git_config_set_bool(config, "core.autocrlf", 0);
    if (!failed)
        failed = git_config_set_int32(config, "gc.auto", 0);
    return failed ? library_fail(err, failed, "cannot set up the cache %s", mirror->path) : 0;
}

static int create_repository(struct mirror *mirror, struct error *err)
{
    git_repository_init_options options;
    (void)git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
    options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
    options.initial_head = "main";
    git_repository_free(take_ptr(mirror->repo));
    int failed = git_repository_init_ext(&mirror->repo, mirror->path, &options);
    return failed ? library_fail(err, failed, "cannot create the cache %s", mirror->path)
                  : write_config(mirror, err);
}

static int open_repository(struct mirror *mirror, struct error *err)
{
    if (git_repository_open_bare(&mirror->repo, mirror->path)) {
        /* Not there yet, or unreadable: libgit2 will not create over a broken configuration. */
        remove_file(mirror->path, "config");
        return create_repository(mirror, err);
    }
    /* Killed between the two steps of creation, it has no remote yet. */
    AUTO_GIT(git_config) git_config *settings = NULL;
    git_buf url = GIT_BUF_INIT;
    bool known = !git_repository_config_snapshot(&settings, mirror->repo) &&
                 !git_config_get_string_buf(&url, settings, "remote.origin.url");
    git_buf_dispose(&url);
    return known ? 0 : write_config(mirror, err);
}

static int read_shallow(const char *path, struct strbuf *out, struct error *err)
{
    return path_exists(path) ? file_read(path, SHALLOW_MAX, out, err) : 0;
}

/* Lists the commits of `roots` (one id a line) in `shallow`: without it the ends of a history would
 * look like holes. */
static int add_shallow(const struct mirror *mirror, const char *roots, struct error *err)
{
    AUTO_FREE char *path = path_join(mirror->path, "shallow");
    AUTO_STRBUF struct strbuf known = STRBUF_INIT;
    int failed = read_shallow(path, &known, err);
    if (failed)
        return failed;
    size_t before = known.len;
    AUTO_STRLIST struct strlist ids = STRLIST_INIT;
    strlist_split(&ids, roots, '\n');
    for (size_t i = 0; i < ids.count; i++)
        if (!strstr(known.buf, ids.items[i]))
            strbuf_addf(&known, "%s\n", ids.items[i]);
    return known.len == before ? 0 : file_write_atomic(path, known.buf, known.len, err);
}

/* Without a sound list of its ends nothing can be told about the history. */
static bool shallow_is_sound(const struct mirror *mirror)
{
    AUTO_FREE char *path = path_join(mirror->path, "shallow");
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    AUTO_STRLIST struct strlist ids = STRLIST_INIT;
    if (read_shallow(path, &text, NULL))
        return false;
    strlist_split(&ids, text.buf, '\n');
    for (size_t i = 0; i < ids.count; i++)
        if (!revision_is_full_id(ids.items[i]))
            return false;
    return true;
}

static int borrow_objects(struct mirror *mirror, struct error *err)
{
    const char *path = mirror->remote->url;
    int failed =
        git_repository_open_ext(&mirror->origin, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
    if (failed == GIT_ENOTFOUND)
        return error_set(err, ERROR_NOT_FOUND, "%s is not a git repository: name its top folder",
                         path);
    if (failed)
        return library_fail(err, failed, "cannot open the repository %s", path);
    git_buf objects = GIT_BUF_INIT;
    failed = git_repository_item_path(&objects, mirror->origin, GIT_REPOSITORY_ITEM_OBJECTS);
    AUTO_FREE char *real = failed ? NULL : path_real(objects.ptr);
    git_buf_dispose(&objects);
    if (!real || strchr(real, '\n'))
        return error_set(err, ERROR_FAILURE, "cannot use the objects of the repository %s", path);
    AUTO_FREE char *info = path_join(mirror->path, "objects/info");
    AUTO_FREE char *alternates = path_join(info, "alternates");
    AUTO_FREE char *line = xasprintf("%s\n", real);
    AUTO_STRBUF struct strbuf known = STRBUF_INIT;
    int result = dir_make(info, err);
    bool same = !file_read(alternates, strlen(line), &known, NULL) && !strcmp(known.buf, line);
    if (!result && !same)
        result = file_write_atomic(alternates, line, strlen(line), err);
    if (result)
        return result;
    AUTO_FREE char *shallow = path_join(git_repository_commondir(mirror->origin), "shallow");
    AUTO_STRBUF struct strbuf roots = STRBUF_INIT;
    result = read_shallow(shallow, &roots, err);
    return result ? result : add_shallow(mirror, roots.buf, err);
}

int mirror_open(const struct job *job, const struct remote *remote, struct mirror *out,
                struct error *err)
{
    AUTO_MIRROR struct mirror mirror = MIRROR_INIT;
    AUTO_FREE char *git = NULL, *worktrees = NULL;
    int failed = mirror_folders(&git, &worktrees, err);
    if (failed)
        return failed;
    mirror.job = job;
    mirror.remote = remote;
    mirror.path = path_join(git, remote->key);
    mirror.worktrees = path_join(worktrees, remote->key);
    failed = dir_make(git, err);
    if (!failed)
        failed = take_lock(&mirror, err);
    if (failed)
        return failed;
    (void)futimens(mirror.lock_fd, NULL); /* the time of the last use, for `cache prune` */
    sweep(&mirror);
    failed = shallow_is_sound(&mirror) ? open_repository(&mirror, err) : mirror_reset(&mirror, err);
    if (!failed && remote->kind == REMOTE_LOCAL) {
        failed = borrow_objects(&mirror, err);
        /* Opened before the alternates were known, it would not see them. */
        if (!failed) {
            git_repository_free(take_ptr(mirror.repo));
            failed = open_repository(&mirror, err);
        }
    }
    if (failed)
        return failed;
    *out = mirror;
    mirror = (struct mirror)MIRROR_INIT;
    return 0;
}

void mirror_release(struct mirror *mirror)
{
    git_repository_free(mirror->repo);
    git_repository_free(mirror->origin);
    free(mirror->path);
    free(mirror->worktrees);
    if (mirror->lock_fd >= 0)
        close(mirror->lock_fd);
    *mirror = (struct mirror)MIRROR_INIT;
}

const struct mirror *mirror_held(const struct mirror *mirror, const char *key)
{
    while (mirror && strcmp(mirror->remote->key, key))
        mirror = mirror->outer;
    return mirror;
}

int mirror_reset(struct mirror *mirror, struct error *err)
{
    static const char *const parts[] = {"objects", "refs", "packed-refs", "shallow", "FETCH_HEAD"};
    git_repository_free(take_ptr(mirror->repo));
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        AUTO_FREE char *part = path_join(mirror->path, parts[i]);
        int failed = tree_remove(part, err);
        if (failed)
            return failed;
    }
    return create_repository(mirror, err);
}

/* The mirror of a folder holds no objects of its own. What libgit2 said last may be long past: a
 * full disk is no damage, and its message does not carry libgit2's reason. */
static bool is_damaged(const struct mirror *mirror, int failed, const struct error *why)
{
    static const int classes[] = {GIT_ERROR_ODB, GIT_ERROR_REFERENCE, GIT_ERROR_ZLIB,
                                  GIT_ERROR_OBJECT, GIT_ERROR_TREE};
    const git_error *last = git_error_last();
    if (mirror->origin || !last || (failed != ERROR_FAILURE && failed != ERROR_NOT_FOUND))
        return false;
    if (failed == ERROR_FAILURE && !strstr(why->message, library_reason()))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
        if (last->klass == classes[i])
            return true;
    return false;
}

bool mirror_heal(struct mirror *mirror, int failed, const struct error *why)
{
    if (!is_damaged(mirror, failed, why))
        return false;
    log_warning("the cache of %s is damaged (%s): fetching anew", mirror->remote->url,
                library_reason());
    struct error err = ERROR_INIT;
    if (mirror_reset(mirror, &err)) {
        log_warning("%s", err.message);
        return false;
    }
    git_error_clear();
    return true;
}

int mirror_keep(const struct mirror *mirror, const git_oid *commit, struct error *err)
{
    AUTO_FREE git_oid *parents = NULL;
    AUTO_GIT(git_odb) git_odb *odb = NULL;
    size_t count = 0;
    int failed = mirror_parents(mirror, commit, &parents, &count, err);
    if (failed)
        return failed;
    if (git_repository_odb(&odb, mirror->repo))
        return library_fail(err, -1, "cannot read the cache %s", mirror->path);
    char name[sizeof(REF_PREFIX) + COMMIT_ID_SIZE], id[COMMIT_ID_SIZE];
    git_oid_tostr(id, sizeof(id), commit);
    bool whole = true;
    for (size_t i = 0; i < count; i++)
        whole &= git_odb_exists(odb, &parents[i]) == 1;
    failed = whole ? 0 : add_shallow(mirror, id, err);
    if (failed)
        return failed;
    AUTO_GIT(git_reference) git_reference *ref = NULL;
    (void)snprintf(name, sizeof(name), "%s%s", REF_PREFIX, id);
    int result = git_reference_create(&ref, mirror->repo, name, commit, 1, NULL);
    return result ? library_fail(err, result, "cannot write into the cache %s", mirror->path) : 0;
}

int mirror_parents(const struct mirror *mirror, const git_oid *commit, git_oid **out, size_t *count,
                   struct error *err)
{
    AUTO_GIT(git_commit) git_commit *object = NULL;
    int failed = git_commit_lookup(&object, mirror->repo, commit);
    if (failed)
        return library_fail(err, failed, "cannot read commit %s", git_oid_tostr_s(commit));
    /* libgit2's own list ends where `shallow` says so; the commit's text does not. */
    const char *header = git_commit_raw_header(object);
    AUTO_FREE git_oid *ids = NULL;
    size_t found = 0, cap = 0;
    for (const char *line = header; line && *line; line = strchr(line, '\n'), line += !!line) {
        if (strncmp(line, "parent ", 7))
            continue;
        ARRAY_RESERVE(ids, cap, found + 1);
        if (!git_oid_fromstrn(&ids[found], line + 7, GIT_OID_SHA1_HEXSIZE))
            found++;
    }
    *out = take_ptr(ids);
    *count = found;
    return 0;
}
