#include "runner/install.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/program.h"
#include "runner/conf.h"
#include "runner/manifest.h"
#include "runner/runner.h"
#include "runner/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#define SELF "/proc/self/exe"
#define VISUDO "/usr/sbin/visudo"
#define LINK_MAX ((size_t)4096)
#define COPY_CHUNK ((size_t)1 << 30)

/* 0 or -errno. */
static int copy_self(int to)
{
    AUTO_CLOSE int from = open(SELF, O_RDONLY | O_CLOEXEC);
    ssize_t put = from < 0 ? -1 : 1;
    while (put > 0)
        put = sendfile(to, from, NULL, COPY_CHUNK);
    return put < 0 ? -errno : 0;
}

/* A broken file below /etc/sudoers.d takes sudo away from everybody. */
static int check_sudoers(const char *path, struct error *err)
{
    const char *const argv[] = {VISUDO, "-c", "-q", "-f", path, NULL};
    AUTO_FREE char *said = NULL;
    int failed = program_output(argv, &said, err);
    if (failed == ERROR_NOT_FOUND)
        return 0;
    return failed ? error_set(err, ERROR_FAILURE, "visudo refuses the rules for sudo in %s", path)
                  : 0;
}

static int write_file(const struct install_item *item, const char *path, struct error *err)
{
    /* sudo leaves out a file with a dot in its name. */
    AUTO_FREE char *tmp = xasprintf("%s.tmp.%d", path, (int)getpid());
    (void)unlink(tmp);
    AUTO_CLOSE int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_errno(err, ERROR_FAILURE, errno, "cannot write %s", path);
    int failed = item->kind == INSTALL_COPY ? copy_self(fd)
                                            : fd_write_all(fd, item->text, strlen(item->text));
    if (!failed && (fchmod(fd, item->mode) || fsync(fd)))
        failed = -errno;
    if (failed)
        failed = error_errno(err, ERROR_FAILURE, -failed, "cannot write %s", path);
    else if (!strcmp(item->path, INSTALL_SUDOERS))
        failed = check_sudoers(tmp, err);
    if (!failed && rename(tmp, path))
        failed = error_errno(err, ERROR_FAILURE, errno, "cannot write %s", path);
    if (failed)
        (void)unlink(tmp);
    return failed;
}

static int write_link(const struct install_item *item, const char *path, struct error *err)
{
    (void)unlink(path);
    if (symlink(item->text, path))
        return error_errno(err, ERROR_FAILURE, errno, "cannot create the link %s", path);
    return 0;
}

static int write_dir(const struct install_item *item, const char *path, struct error *err)
{
    int failed = dir_make(path, err);
    if (!failed && chmod(path, item->mode))
        failed = error_errno(err, ERROR_FAILURE, errno, "cannot set the mode of %s", path);
    return failed;
}

static int make_parent(const char *path, struct error *err)
{
    AUTO_FREE char *parent = xstrdup(path);
    char *slash = strrchr(parent, '/');
    *slash = '\0';
    return slash == parent ? 0 : dir_make(parent, err);
}

static int write_item(const char *prefix, const struct install_item *item, struct error *err)
{
    AUTO_FREE char *path = xasprintf("%s%s", prefix, item->path);
    AUTO_STRLIST struct strlist line = STRLIST_INIT;
    int failed = 0;
    if (item->kind != INSTALL_LINE)
        failed = make_parent(path, err);
    if (failed)
        return failed;
    switch (item->kind) {
    case INSTALL_DIR:
        return write_dir(item, path, err);
    case INSTALL_FILE:
    case INSTALL_COPY:
        return write_file(item, path, err);
    case INSTALL_LINK:
        return write_link(item, path, err);
    case INSTALL_LINE:
        strlist_push(&line, item->text);
        return runner_env_add(path, item->owner, &line, err);
    }
    return 0;
}

/* NULL for what has no contents of its own. */
static int item_digest(const struct install_item *item, char buf[SHA256_HEX_SIZE], const char **out,
                       struct error *err)
{
    int failed = 0;
    *out = item->kind == INSTALL_FILE || item->kind == INSTALL_COPY ? buf : NULL;
    if (item->kind == INSTALL_FILE)
        sha256_hex_of(item->text, strlen(item->text), buf);
    else if (item->kind == INSTALL_COPY)
        failed = sha256_hex_of_file(SELF, buf, err);
    return failed;
}

/* Before the files: both what they were and what they are to be. After them: what they are. */
static int note(const struct install_plan *plan, struct install_manifest *manifest, bool done,
                struct error *err)
{
    for (size_t i = 0; i < plan->count; i++) {
        char buf[SHA256_HEX_SIZE];
        const char *digest = NULL;
        int failed = item_digest(&plan->items[i], buf, &digest, err);
        if (failed)
            return failed;
        if (done && digest)
            install_manifest_keep_only(manifest, plan->items[i].path, digest);
        else if (!done)
            install_manifest_add(manifest, &plan->items[i], digest);
    }
    return install_manifest_write(plan->prefix, manifest, err);
}

/* What a job could replace would make it root. */
static int check_trust(const struct install_plan *plan, struct error *err)
{
    static const char *const files[] = {INSTALL_AGENT, INSTALL_HELPER, HOST_CONF_FILE,
                                        INSTALL_MANIFEST};
    int failed = 0;
    for (size_t i = 0; !failed && i < ARRAY_SIZE(files); i++)
        if (plan->users.count || strcmp(files[i], INSTALL_HELPER))
            failed = trust_check(plan->prefix, files[i], err);
    return failed;
}

int install_apply(const struct install_plan *plan, struct error *err)
{
    if (geteuid())
        return error_set(err, ERROR_FAILURE, "host install writes root's files: run it as root");
    mode_t mask = umask(022);
    AUTO_INSTALL_MANIFEST struct install_manifest manifest = {0};
    AUTO_FREE char *path = xasprintf("%s" INSTALL_MANIFEST, plan->prefix);
    int failed = install_manifest_read(plan->prefix, &manifest, err);
    if (!failed)
        failed = make_parent(path, err);
    if (!failed)
        failed = note(plan, &manifest, false, err);
    /* The lines in the runners' files come last, and only when nobody else can replace the rest. */
    bool checked = false;
    for (size_t i = 0; !failed && i < plan->count; i++) {
        if (plan->items[i].kind == INSTALL_LINE && !checked) {
            failed = check_trust(plan, err);
            checked = true;
        }
        if (!failed)
            failed = write_item(plan->prefix, &plan->items[i], err);
    }
    if (!failed && !checked)
        failed = check_trust(plan, err);
    if (!failed)
        failed = note(plan, &manifest, true, err);
    umask(mask);
    return failed;
}

/* Whether it is as one of the manifest's entries for its path has it. */
static bool is_ours(const struct install_manifest *manifest, const struct manifest_entry *entry,
                    const char *path)
{
    if (entry->kind == INSTALL_LINK) {
        char target[LINK_MAX];
        ssize_t len = readlink(path, target, sizeof(target) - 1);
        target[len > 0 ? len : 0] = '\0';
        return !strcmp(target, entry->text);
    }
    char digest[SHA256_HEX_SIZE];
    struct stat st;
    if (lstat(path, &st) || !S_ISREG(st.st_mode) || sha256_hex_of_file(path, digest, NULL))
        return false;
    for (size_t i = 0; i < manifest->count; i++) {
        const struct manifest_entry *other = &manifest->items[i];
        if (!strcmp(other->path, entry->path) && other->digest && !strcmp(other->digest, digest))
            return true;
    }
    return false;
}

static int remove_line(const struct manifest_entry *entry, const char *path,
                       struct strlist *removed, struct error *err)
{
    AUTO_STRLIST struct strlist line = STRLIST_INIT;
    strlist_push(&line, entry->text);
    int failed = runner_env_remove(path, &line, err);
    if (!failed)
        strlist_pushf(removed, "%s/.env: %s", entry->path, entry->text);
    return failed;
}

/* What a file was written to when the installation was cut off. */
static void remove_parts(const char *path)
{
    AUTO_FREE char *folder = xstrndup(path, (size_t)(path_basename(path) - path));
    AUTO_FREE char *start = xasprintf("%s.tmp.", path_basename(path));
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (dir_list(folder, &names, NULL))
        return;
    for (size_t i = 0; i < names.count; i++) {
        AUTO_FREE char *part = path_join(folder, names.items[i]);
        if (!strncmp(names.items[i], start, strlen(start)))
            (void)unlink(part);
    }
}

static int remove_entry(const struct install_manifest *manifest, const struct manifest_entry *entry,
                        const char *path, struct strlist *removed, struct strlist *kept,
                        struct error *err)
{
    if (entry->kind == INSTALL_FILE)
        remove_parts(path);
    if (!path_exists(path))
        return 0;
    if (entry->kind == INSTALL_LINE)
        return remove_line(entry, path, removed, err);
    if (entry->kind == INSTALL_DIR) {
        /* Another's files may be in it by now. */
        if (!rmdir(path))
            strlist_push(removed, entry->path);
        else if (errno != ENOTEMPTY && errno != EEXIST)
            return error_errno(err, ERROR_FAILURE, errno, "cannot remove %s", path);
        return 0;
    }
    if (!is_ours(manifest, entry, path)) {
        if (!strlist_contains(kept, entry->path))
            strlist_push(kept, entry->path);
        return 0;
    }
    if (unlink(path))
        return error_errno(err, ERROR_FAILURE, errno, "cannot remove %s", path);
    strlist_push(removed, entry->path);
    return 0;
}

int install_remove(const char *prefix, struct strlist *removed, struct strlist *kept,
                   struct error *err)
{
    AUTO_INSTALL_MANIFEST struct install_manifest manifest = {0};
    AUTO_FREE char *list = xasprintf("%s" INSTALL_MANIFEST, prefix);
    AUTO_FREE char *folder = xasprintf("%s" INSTALL_FOLDER, prefix);
    if (geteuid())
        return error_set(err, ERROR_FAILURE, "host uninstall removes root's files: run it as root");
    if (!path_exists(list)) {
        /* Killed before there was a list, or behind its removal: no more than an empty folder. */
        remove_parts(list);
        (void)rmdir(folder);
        return error_set(err, ERROR_NOT_FOUND, "nothing is installed: there is no %s", list);
    }
    int failed = install_manifest_read(prefix, &manifest, err);
    /* In reverse: no hook is named that is gone, and folders are empty when their turn comes. */
    for (size_t i = manifest.count; !failed && i-- > 0;) {
        const struct manifest_entry *entry = &manifest.items[i];
        AUTO_FREE char *path = xasprintf("%s%s", prefix, entry->path);
        if (strcmp(entry->path, INSTALL_FOLDER))
            failed = remove_entry(&manifest, entry, path, removed, kept, err);
    }
    if (failed)
        return failed;
    remove_parts(list);
    if (unlink(list))
        return error_errno(err, ERROR_FAILURE, errno, "cannot remove %s", list);
    strlist_push(removed, INSTALL_MANIFEST);
    if (!rmdir(folder))
        strlist_push(removed, INSTALL_FOLDER);
    return 0;
}
