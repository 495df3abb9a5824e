#include "checkout/checkout.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "checkout/describe.h"
#include "checkout/manifest.h"
#include "checkout/place.h"
#include "checkout/resolve.h"
#include "checkout/submodule.h"

#include <git2/sys/errors.h>
#include <string.h>

enum { NAMES_SHOWN = 3 };

/* One call from outside: what is asked for, owned, since the thread may outlive the caller. */
struct work {
    char *remote_text, *revision_text, *destination, *ca_file;
    double timeout_s, stall_s;
    unsigned flags;
    size_t count; /* of the history */
    char *path;   /* of the file */
    size_t max;   /* its bytes */
    struct remote remote;
    struct revision revision;
    struct job job;
    int (*step)(struct work *work, struct error *err);
    struct checkout checkout; /* results */
    char *newest, *text;
    struct commit *history;
    size_t history_count;
};

static void release_history(struct commit *history, size_t count)
{
    for (size_t i = 0; i < count; i++)
        commit_release(&history[i]);
    free(history);
}

static void work_release(void *context)
{
    struct work *work = context;
    free(work->remote_text);
    free(work->revision_text);
    free(work->destination);
    free(work->ca_file);
    remote_release(&work->remote);
    revision_release(&work->revision);
    free(work->job.token_host);
    checkout_release(&work->checkout);
    free(work->newest);
    free(work->path);
    free(work->text);
    release_history(work->history, work->history_count);
    free(work);
}

static struct work *work_new(const struct checkout_request *request,
                             int (*step)(struct work *, struct error *))
{
    struct work *work = xcalloc(1, sizeof(*work));
    work->remote_text = xstrdup(request->remote);
    work->revision_text = xstrdup(request->revision);
    work->destination = xstrdup(request->destination);
    work->ca_file = xstrdup(request->ca_file);
    work->stall_s = request->stall_s > 0 ? request->stall_s : CHECKOUT_STALL_S;
    work->timeout_s = request->timeout_s > 0 ? request->timeout_s : CHECKOUT_TIMEOUT_S;
    work->flags = request->flags;
    work->step = step;
    work->checkout = (struct checkout)CHECKOUT_INIT;
    return work;
}

static int work_main(struct task *task, void *context, struct error *err)
{
    struct work *work = context;
    int failed = library_start(work->stall_s, err);
    if (!failed)
        failed = revision_parse(work->revision_text, &work->revision, err);
    if (!failed)
        work->revision.branch_first = work->flags & CHECKOUT_BRANCH_FIRST;
    if (!failed)
        failed = remote_parse(work->remote_text, &work->remote, err);
    if (failed)
        return failed;
    work->job.task = task;
    work->job.stall_s = work->stall_s;
    work->job.ca_file = work->ca_file;
    work->job.token_host = xstrdup(work->remote.host);
    return work->step(work, err);
}

static int work_run(struct work *work, void (*collect)(void *, void *), void *out,
                    struct error *err)
{
    const struct task_plan plan = {
        .work = work_main,
        .release = work_release,
        .context = work,
        .deadline_s = clock_monotonic_s() + work->timeout_s,
        .what = "the checkout",
    };
    return task_run(&plan, collect, out, err);
}

/* --- checkout_commit -------------------------------------------------------------------------- */

/* A fresh string. */
static char *first_names(const struct strlist *names)
{
    AUTO_STRLIST struct strlist shown = STRLIST_INIT;
    for (size_t i = 0; i < names->count && i < NAMES_SHOWN; i++)
        strlist_push(&shown, names->items[i]);
    AUTO_FREE char *list = strlist_join(&shown, ", ");
    return xasprintf("%s%s", list, names->count > NAMES_SHOWN ? ", …" : "");
}

static void name_deviations(const struct checkout *checkout)
{
    AUTO_FREE char *pointers = first_names(&checkout->lfs_pointers);
    AUTO_FREE char *conversions = first_names(&checkout->conversions);
    if (checkout->lfs_pointers.count)
        log_warning("%zu files are Git LFS pointers, their content is not fetched: %s",
                    checkout->lfs_pointers.count, pointers);
    if (checkout->conversions.count)
        log_warning("files are as the commit has them: the conversions (eol=crlf, ident, "
                    "working-tree-encoding) that %s asks for are not made",
                    conversions);
}

static void set_version(struct checkout *checkout)
{
    struct error reason = ERROR_INIT;
    AUTO_FREE char *stated = NULL;
    if (manifest_version(checkout->path, &stated, &reason))
        log_warning("%s; the version is 0.0.0", reason.message);
    checkout->version =
        xasprintf("%s+%.*s", stated ? stated : "0.0.0", COMMIT_SHORT_LEN, checkout->commit.id);
}

static int fetch_and_place(struct work *work, struct mirror *mirror, struct error *err)
{
    struct checkout *checkout = &work->checkout;
    struct resolved resolved = {0};
    int failed = resolve_commit(mirror, &work->revision, 0, &resolved, err);
    if (failed)
        return failed;
    free(checkout->commit.branch);
    checkout->commit.branch = resolved.branch;
    const struct place_request request = {
        .commit = &resolved.commit,
        .destination = work->destination,
        .pristine = work->flags & CHECKOUT_PRISTINE,
        .submodules = !(work->flags & CHECKOUT_NO_SUBMODULES),
    };
    struct place place = PLACE_INIT;
    failed = place_commit(mirror, &request, &place, err);
    if (failed)
        return failed;
    AUTO_FREE char *branch = take_ptr(checkout->commit.branch);
    checkout->path = place.path;
    checkout->lock_fd = place.lock_fd;
    checkout->restored = place.restored;
    checkout->lfs_pointers = place.deviations.lfs_pointers;
    checkout->conversions = place.deviations.conversions;
    failed = describe_commit(mirror, &resolved.commit, &checkout->commit, err);
    checkout->commit.branch = take_ptr(branch);
    return failed;
}

static int checkout_step(struct work *work, struct error *err)
{
    AUTO_MIRROR struct mirror mirror = MIRROR_INIT;
    int failed = mirror_open(&work->job, &work->remote, &mirror, err);
    if (failed)
        return failed;
    git_error_clear();
    failed = fetch_and_place(work, &mirror, err);
    if (failed && mirror_heal(&mirror, failed, err))
        failed = fetch_and_place(work, &mirror, err);
    if (failed)
        return failed;
    work->checkout.project = xstrdup(work->remote.name);
    work->checkout.remote = xstrdup(work->remote.url);
    set_version(&work->checkout);
    if (work->checkout.restored)
        log_info("%s had been modified: it is restored", work->checkout.path);
    name_deviations(&work->checkout);
    return 0;
}

static void collect_checkout(void *context, void *out)
{
    struct work *work = context;
    *(struct checkout *)out = work->checkout;
    work->checkout = (struct checkout)CHECKOUT_INIT;
}

int checkout_commit(const struct checkout_request *request, struct checkout *out, struct error *err)
{
    return work_run(work_new(request, checkout_step), collect_checkout, out, err);
}

void checkout_release(struct checkout *checkout)
{
    commit_release(&checkout->commit);
    free(checkout->path);
    free(checkout->version);
    free(checkout->project);
    free(checkout->remote);
    strlist_release(&checkout->lfs_pointers);
    strlist_release(&checkout->conversions);
    if (checkout->lock_fd >= 0)
        close(checkout->lock_fd);
    *checkout = (struct checkout)CHECKOUT_INIT;
}

/* --- remote_newest ---------------------------------------------------------------------------- */

static int newest_step(struct work *work, struct error *err)
{
    git_oid id;
    int failed = 0;
    if (work->remote.kind == REMOTE_LOCAL) {
        AUTO_MIRROR struct mirror mirror = MIRROR_INIT;
        struct resolved resolved = {0};
        failed = mirror_open(&work->job, &work->remote, &mirror, err);
        if (!failed)
            failed = resolve_commit(&mirror, &work->revision, 0, &resolved, err);
        free(resolved.branch);
        id = resolved.commit;
    } else {
        failed = resolve_advertised(&work->job, &work->remote, &work->revision, &id, err);
    }
    if (!failed)
        work->newest = xstrdup(git_oid_tostr_s(&id));
    return failed;
}

static void collect_newest(void *context, void *out)
{
    *(char **)out = take_ptr(((struct work *)context)->newest);
}

int remote_newest(const struct checkout_request *request, char **id, struct error *err)
{
    return work_run(work_new(request, newest_step), collect_newest, id, err);
}

/* --- remote_history --------------------------------------------------------------------------- */

static int history_step(struct work *work, struct error *err)
{
    AUTO_MIRROR struct mirror mirror = MIRROR_INIT;
    struct resolved resolved = {0};
    int failed = mirror_open(&work->job, &work->remote, &mirror, err);
    if (!failed)
        failed = resolve_commit(&mirror, &work->revision, work->count - 1, &resolved, err);
    if (failed)
        return failed;
    AUTO_FREE char *branch = resolved.branch;
    git_oid at = resolved.commit;
    work->history = xcalloc(work->count, sizeof(*work->history));
    while (!failed && work->history_count < work->count) {
        struct commit *commit = &work->history[work->history_count];
        failed = describe_commit(&mirror, &at, commit, err);
        /* Behind the first one, a parent that is not here is the end of a shallow clone. */
        if (failed == ERROR_NOT_FOUND && work->history_count)
            failed = 0;
        if (!commit->id)
            break;
        commit->branch = xstrdup(branch);
        work->history_count++;
        if (!commit->parent || git_oid_fromstr(&at, commit->parent))
            break;
    }
    return failed;
}

struct history_out {
    struct commit **commits;
    size_t *count;
};

static void collect_history(void *context, void *out)
{
    struct work *work = context;
    struct history_out *to = out;
    *to->count = work->history_count;
    *to->commits = take_ptr(work->history);
    work->history_count = 0;
}

int remote_history(const struct checkout_request *request, size_t count, struct commit **out,
                   size_t *found, struct error *err)
{
    struct history_out to = {out, found};
    if (!count || count > REVISION_MAX_STEPS)
        return error_set(err, ERROR_USAGE, "a history has from 1 to %d commits",
                         REVISION_MAX_STEPS);
    struct work *work = work_new(request, history_step);
    work->count = count;
    return work_run(work, collect_history, &to, err);
}

/* --- remote_file ------------------------------------------------------------------------------ */

static int read_blob(const struct mirror *mirror, const git_oid *id, struct work *work,
                     struct error *err)
{
    AUTO_GIT(git_commit) git_commit *commit = NULL;
    AUTO_GIT(git_tree) git_tree *tree = NULL;
    AUTO_GIT(git_tree_entry) git_tree_entry *entry = NULL;
    AUTO_GIT(git_blob) git_blob *blob = NULL;
    int failed = git_commit_lookup(&commit, mirror->repo, id);
    if (!failed)
        failed = git_commit_tree(&tree, commit);
    if (!failed)
        failed = git_tree_entry_bypath(&entry, tree, work->path);
    if (failed == GIT_ENOTFOUND || (!failed && git_tree_entry_type(entry) != GIT_OBJECT_BLOB))
        return 0;
    if (!failed)
        failed = git_blob_lookup(&blob, mirror->repo, git_tree_entry_id(entry));
    if (failed)
        return library_fail(err, failed, "cannot read %s of commit %s", work->path,
                            git_oid_tostr_s(id));
    size_t len = (size_t)git_blob_rawsize(blob);
    if (len > work->max || memchr(git_blob_rawcontent(blob), '\0', len))
        return error_set(err, ERROR_INPUT, "%s of commit %s is no text of at most %zu bytes",
                         work->path, git_oid_tostr_s(id), work->max);
    work->text = xstrndup(git_blob_rawcontent(blob), len);
    return 0;
}

static int file_step(struct work *work, struct error *err)
{
    AUTO_MIRROR struct mirror mirror = MIRROR_INIT;
    struct resolved resolved = {0};
    int failed = mirror_open(&work->job, &work->remote, &mirror, err);
    if (!failed)
        failed = resolve_commit(&mirror, &work->revision, 0, &resolved, err);
    free(resolved.branch);
    return failed ? failed : read_blob(&mirror, &resolved.commit, work, err);
}

static void collect_file(void *context, void *out)
{
    *(char **)out = take_ptr(((struct work *)context)->text);
}

int remote_file(const struct checkout_request *request, const char *path, size_t max, char **text,
                struct error *err)
{
    struct work *work = work_new(request, file_step);
    work->path = xstrdup(path);
    work->max = max;
    return work_run(work, collect_file, text, err);
}
