#include "build/slot.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/strbuf.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAMP "slot.json"
#define LOCK_WAIT_S 0.5
#define KEY_LEN 16 /* characters of the digest in a folder's name */

static int build_folder(char **out, struct error *err)
{
    AUTO_FREE char *cache = NULL;
    int failed = cache_dir(&cache, err);
    if (failed)
        return failed;
    AUTO_FREE char *path = path_join(cache, "build");
    failed = dir_make(path, err);
    if (failed)
        return failed;
    *out = path_real(path);
    return *out ? 0 : error_errno(err, ERROR_FAILURE, errno, "cannot resolve %s", path);
}

/* What may stand in a folder's name. */
static char *plain_name(const char *name)
{
    char *plain = xstrndup(name, 40);
    for (char *c = plain; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_')
            *c = '_';
    return plain;
}

/* Takes the lock beside `path`; says so when that takes time, and gives up after Ctrl-C. */
static int lock_beside(const char *path, int *fd, struct error *err)
{
    AUTO_FREE char *lock = xasprintf("%s.lock", path);
    struct error busy = ERROR_INIT;
    int failed = lock_acquire(lock, 0, fd, &busy);
    if (failed == ERROR_CONFLICT)
        log_info("waiting for another run: %s", busy.message);
    while (failed == ERROR_CONFLICT) {
        int stop = interrupt_check(err);
        if (stop)
            return stop;
        failed = lock_acquire(lock, LOCK_WAIT_S, fd, &busy);
    }
    return failed ? error_set(err, failed, "%s", busy.message) : 0;
}

static int write_stamp(const char *path, const char *text, struct error *err)
{
    AUTO_FREE char *stamp = path_join(path, STAMP);
    AUTO_STRBUF struct strbuf json = STRBUF_INIT;
    strbuf_addstr(&json, "{\"for\": ");
    escape_json(&json, text, strlen(text));
    strbuf_addstr(&json, "}\n");
    return file_write_atomic(stamp, json.buf, json.len, err);
}

static int fill_slot(struct slot *slot, const char *text, const struct sandbox_report *report,
                     struct error *err)
{
    int failed = dir_make(slot->path, err);
    slot->source = path_join(slot->path, "source");
    slot->target = path_join(slot->path, "target");
    if (!failed)
        failed = write_stamp(slot->path, text, err);
    if (!failed)
        failed = sandbox_own_dir(report, slot->source, err);
    return failed ? failed : sandbox_own_dir(report, slot->target, err);
}

int slot_open(const char *project, const struct strlist *identity,
              const struct sandbox_report *report, struct slot *out, struct error *err)
{
    AUTO_FREE char *folder = NULL;
    int failed = build_folder(&folder, err);
    if (failed)
        return failed;
    AUTO_FREE char *text = strlist_join(identity, " | ");
    /* Files of one user are no use to another. */
    AUTO_FREE char *full = xasprintf("%s | user %u", text, (unsigned int)sandbox_uid(report));
    char digest[SHA256_HEX_SIZE];
    sha256_hex_of(full, strlen(full), digest);
    AUTO_FREE char *plain = plain_name(project);
    AUTO_SLOT struct slot slot = {.lock = -1};
    slot.path = xasprintf("%s/%s-%.*s", folder, plain, KEY_LEN, digest);
    failed = lock_beside(slot.path, &slot.lock, err);
    if (!failed)
        failed = fill_slot(&slot, full, report, err);
    if (failed)
        return failed;
    *out = slot;
    slot = (struct slot){.lock = -1};
    return 0;
}

int slot_open_private(const char *folder, const struct sandbox_report *report, struct slot *out,
                      struct error *err)
{
    AUTO_SLOT struct slot slot = {.lock = -1};
    slot.path = path_join(folder, "build");
    int failed = fill_slot(&slot, "one pull request", report, err);
    if (failed)
        return failed;
    *out = slot;
    slot = (struct slot){.lock = -1};
    return 0;
}

void slot_release(struct slot *slot)
{
    free(slot->path);
    free(slot->source);
    free(slot->target);
    if (slot->lock >= 0)
        close(slot->lock);
    *slot = (struct slot){.lock = -1};
}

static int fill_shared(struct shared_dir *dir, const struct sandbox_report *report,
                       struct error *err)
{
    AUTO_FREE char *stamp = path_join(dir->path, STAMP);
    dir->tree = path_join(dir->path, "tree");
    dir->complete = path_exists(stamp);
    int failed = dir_make(dir->path, err);
    return failed ? failed : sandbox_own_dir(report, dir->tree, err);
}

int shared_dir_open(const char *name, const struct sandbox_report *report, struct shared_dir *out,
                    struct error *err)
{
    AUTO_FREE char *folder = NULL;
    int failed = build_folder(&folder, err);
    if (failed)
        return failed;
    AUTO_SHARED_DIR struct shared_dir dir = {.lock = -1};
    dir.path = xasprintf("%s/%s-%u", folder, name, (unsigned int)sandbox_uid(report));
    failed = lock_beside(dir.path, &dir.lock, err);
    if (!failed)
        failed = fill_shared(&dir, report, err);
    if (failed)
        return failed;
    *out = dir;
    dir = (struct shared_dir){.lock = -1};
    return 0;
}

int shared_dir_open_private(const char *folder, const char *name,
                            const struct sandbox_report *report, struct shared_dir *out,
                            struct error *err)
{
    AUTO_SHARED_DIR struct shared_dir dir = {.path = path_join(folder, name), .lock = -1};
    int failed = fill_shared(&dir, report, err);
    if (failed)
        return failed;
    *out = dir;
    dir = (struct shared_dir){.lock = -1};
    return 0;
}

int shared_dir_clear(struct shared_dir *dir, const struct sandbox_report *report, struct error *err)
{
    AUTO_FREE char *stamp = path_join(dir->path, STAMP);
    dir->complete = false;
    int failed = tree_remove(stamp, err);
    if (!failed)
        failed = tree_remove(dir->tree, err);
    return failed ? failed : sandbox_own_dir(report, dir->tree, err);
}

int shared_dir_mark(struct shared_dir *dir, const char *what_for, struct error *err)
{
    int failed = write_stamp(dir->path, what_for, err);
    dir->complete = dir->complete || !failed;
    return failed;
}

void shared_dir_release(struct shared_dir *dir)
{
    free(dir->path);
    free(dir->tree);
    if (dir->lock >= 0)
        close(dir->lock);
    *dir = (struct shared_dir){.lock = -1};
}

static int by_age(const void *a, const void *b)
{
    int64_t left = ((const struct cached_build *)a)->used_at;
    int64_t right = ((const struct cached_build *)b)->used_at;
    return (left > right) - (left < right);
}

static void add_build(struct cached_builds *builds, const char *folder, const char *name)
{
    AUTO_FREE char *path = path_join(folder, name);
    AUTO_FREE char *stamp = path_join(path, STAMP);
    struct stat st;
    if (lstat(path, &st) || !S_ISDIR(st.st_mode))
        return;
    /* One that was never completed has no stamp: its own time is that of the last change. */
    (void)lstat(stamp, &st);
    uint64_t bytes = tree_size(path);
    ARRAY_RESERVE(builds->items, builds->cap, builds->count + 1);
    builds->items[builds->count++] = (struct cached_build){
        .name = xstrdup(name),
        .path = take_ptr(path),
        .bytes = bytes,
        .used_at = st.st_mtime,
    };
}

int cached_builds_list(struct cached_builds *out, struct error *err)
{
    AUTO_FREE char *folder = NULL;
    int failed = build_folder(&folder, err);
    if (failed)
        return failed;
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    failed = dir_list(folder, &names, err);
    if (failed)
        return failed;
    struct cached_builds builds = {0};
    for (size_t i = 0; i < names.count; i++)
        add_build(&builds, folder, names.items[i]);
    if (builds.count)
        qsort(builds.items, builds.count, sizeof(*builds.items), by_age);
    *out = builds;
    return 0;
}

void cached_builds_release(struct cached_builds *builds)
{
    for (size_t i = 0; i < builds->count; i++) {
        free(builds->items[i].name);
        free(builds->items[i].path);
    }
    free(builds->items);
    *builds = (struct cached_builds){0};
}

int cached_build_remove(const struct cached_build *build, struct error *err)
{
    AUTO_FREE char *lock = xasprintf("%.*s.lock", (int)tree_name_len(build->path), build->path);
    AUTO_CLOSE int held = -1;
    int failed = lock_acquire(lock, 0, &held, err);
    if (failed)
        return failed;
    failed = tree_retire(build->path, err);
    /* The lock's file stays: another process may be waiting for it. */
    return failed;
}
