#include "checkout/resolve.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/strlist.h"
#include "checkout/connection.h"

#include <git2/sys/errors.h>
#include <string.h>

enum {
    RECENT_DEPTH = 100,   /* how far back the default branch is searched before everything is */
    CANDIDATES_SHOWN = 5, /* of an ambiguous short id */
};

/* Where a name led, before the way to an ancestor. */
struct base {
    git_oid commit;
    char *ref; /* the advertised reference to fetch it by; NULL: by its id */
    char *branch;
};

static void base_release(struct base *base)
{
    free(base->ref);
    free(base->branch);
}
#define AUTO_BASE __attribute__((cleanup(base_release)))

/* --- the way to an ancestor ------------------------------------------------------------------- */

enum walk { WALK_DONE, WALK_MISSING, WALK_NO_PARENT, WALK_NOT_A_COMMIT };

static bool is_here(const struct mirror *mirror, const git_oid *id, git_object_t *type)
{
    AUTO_GIT(git_odb) git_odb *odb = NULL;
    size_t size = 0;
    return !git_repository_odb(&odb, mirror->repo) && !git_odb_read_header(&size, type, odb, id);
}

/* One generation back: `number` counts parents from 1. */
static enum walk step_back(const struct mirror *mirror, git_oid *at, unsigned number)
{
    AUTO_FREE git_oid *parents = NULL;
    size_t count = 0;
    if (mirror_parents(mirror, at, &parents, &count, NULL))
        return WALK_MISSING;
    if (number > count)
        return WALK_NO_PARENT;
    *at = parents[number - 1];
    return WALK_DONE;
}

static enum walk walk_back(const struct mirror *mirror, const git_oid *from,
                           const struct revision *revision, size_t generations, git_oid *out)
{
    git_oid at = *from;
    git_object_t type = GIT_OBJECT_ANY;
    for (size_t i = 0; i < revision->step_count; i++) {
        enum walk walk = step_back(mirror, &at, revision->steps[i]);
        if (walk != WALK_DONE)
            return walk;
    }
    if (!is_here(mirror, &at, &type))
        return WALK_MISSING;
    if (type != GIT_OBJECT_COMMIT)
        return WALK_NOT_A_COMMIT;
    *out = at;
    for (size_t i = 0; i < generations; i++) {
        enum walk walk = step_back(mirror, &at, 1);
        if (walk == WALK_NO_PARENT)
            return WALK_DONE;
        if (walk != WALK_DONE || !is_here(mirror, &at, &type))
            return WALK_MISSING;
    }
    return WALK_DONE;
}

static int walk_fail(enum walk walk, const struct remote *remote, const struct revision *revision,
                     struct error *err)
{
    /* What libgit2 said on the way is no sign of a damaged cache. */
    if (walk != WALK_MISSING)
        git_error_clear();
    if (walk == WALK_NO_PARENT)
        return error_set(err, ERROR_NOT_FOUND,
                         "the history of '%s' at %s does not go back that far", revision->base,
                         remote->url);
    if (walk == WALK_NOT_A_COMMIT)
        return error_set(err, ERROR_NOT_FOUND, "'%s' at %s is not a commit", revision->base,
                         remote->url);
    if (revision->step_count)
        return error_set(err, ERROR_NOT_FOUND,
                         "the history of '%s' at %s ends before that commit: is the repository a "
                         "shallow clone?",
                         revision->base, remote->url);
    return error_set(err, ERROR_NOT_FOUND, "there is no commit '%s' at %s", revision->base,
                     remote->url);
}

/* --- names ------------------------------------------------------------------------------------ */

/* What a reference leads to: behind an annotated tag the commit that it points at. */
static const git_oid *peeled(const struct connection *connection, const struct remote_ref *ref)
{
    AUTO_FREE char *name = xasprintf("%s^{}", ref->name);
    const struct remote_ref *target = connection_ref(connection, name);
    return target ? &target->id : &ref->id;
}

static const struct remote_ref *find_named(const struct connection *connection, const char *name,
                                           bool branch_first)
{
    static const char *const prefixes[] = {"", "refs/", "refs/tags/", "refs/heads/"};
    AUTO_FREE char *branch = branch_first ? xasprintf("refs/heads/%s", name) : NULL;
    const struct remote_ref *found = branch ? connection_ref(connection, branch) : NULL;
    for (size_t i = !!strncmp(name, "refs/", 5); !found && i < ARRAY_SIZE(prefixes); i++) {
        AUTO_FREE char *full = xasprintf("%s%s", prefixes[i], name);
        found = connection_ref(connection, full);
    }
    return found;
}

static bool find_ref(const struct connection *connection, const struct revision *revision,
                     struct base *out)
{
    const char *name = revision->base;
    bool head = !strcmp(name, "HEAD");
    const struct remote_ref *ref = head ? connection_ref(connection, "HEAD")
                                        : find_named(connection, name, revision->branch_first);
    if (!ref)
        return false;
    out->commit = *peeled(connection, ref);
    out->ref = xstrdup(ref->name);
    if (head)
        out->branch = xstrdup(connection->default_branch);
    else if (!strncmp(ref->name, "refs/heads/", 11))
        out->branch = xstrdup(ref->name + 11);
    return true;
}

/* A server that does not give commits by id still gives one that a reference stands at. */
static void find_ref_of_id(const struct connection *connection, struct base *base)
{
    for (size_t i = 0; i < connection->ref_count; i++) {
        const char *name = connection->refs[i].name;
        size_t len = strlen(name);
        if (git_oid_equal(&connection->refs[i].id, &base->commit) && strcmp(name, "HEAD")) {
            bool behind_tag = len > 3 && !strcmp(name + len - 3, "^{}");
            base->ref = xstrndup(name, behind_tag ? len - 3 : len);
            return;
        }
    }
}

/* --- short ids -------------------------------------------------------------------------------- */

struct candidates {
    const char *prefix; /* lower case */
    git_odb *odb;
    struct strlist ids;
};

static void candidates_release(struct candidates *candidates)
{
    strlist_release(&candidates->ids);
}
#define AUTO_CANDIDATES __attribute__((cleanup(candidates_release)))

static void add_candidate(struct candidates *candidates, const git_oid *id)
{
    char text[COMMIT_ID_SIZE];
    git_oid_tostr(text, sizeof(text), id);
    if (!strncmp(text, candidates->prefix, strlen(candidates->prefix)) &&
        !strlist_contains(&candidates->ids, text))
        strlist_push(&candidates->ids, text);
}

static int on_object(const git_oid *id, void *payload)
{
    struct candidates *candidates = payload;
    size_t size = 0;
    git_object_t type = GIT_OBJECT_ANY;
    char text[COMMIT_ID_SIZE];
    git_oid_tostr(text, sizeof(text), id);
    if (!strncmp(text, candidates->prefix, strlen(candidates->prefix)) &&
        !git_odb_read_header(&size, &type, candidates->odb, id) && type == GIT_OBJECT_COMMIT)
        add_candidate(candidates, id);
    return 0;
}

static void add_advertised(const struct connection *connection, struct candidates *candidates)
{
    for (size_t i = 0; i < connection->ref_count; i++)
        add_candidate(candidates, peeled(connection, &connection->refs[i]));
}

static int ambiguous_fail(struct candidates *candidates, const char *text, struct error *err)
{
    AUTO_STRLIST struct strlist shown = STRLIST_INIT;
    strlist_sort(&candidates->ids);
    for (size_t i = 0; i < candidates->ids.count && i < CANDIDATES_SHOWN; i++)
        strlist_push(&shown, candidates->ids.items[i]);
    AUTO_FREE char *list = strlist_join(&shown, ", ");
    return error_set(err, ERROR_USAGE, "'%s' is ambiguous, it may be %s%s: give more of the id",
                     text, list, candidates->ids.count > CANDIDATES_SHOWN ? ", …" : "");
}

struct short_id {
    const char *text;
    git_oid id;
    bool found;
};

/* 0 and not found when nothing matches. `connection` may be NULL. */
static int find_short(const struct mirror *mirror, const struct connection *connection,
                      struct short_id *wanted, struct error *err)
{
    AUTO_GIT(git_odb) git_odb *odb = NULL;
    AUTO_FREE char *prefix = xstrdup(wanted->text);
    for (char *at = prefix; *at; at++)
        *at = (char)(*at >= 'A' && *at <= 'F' ? *at + 32 : *at);
    AUTO_CANDIDATES struct candidates candidates = {.prefix = prefix};
    int failed = git_repository_odb(&odb, mirror->repo);
    candidates.odb = odb;
    if (!failed)
        failed = git_odb_foreach(odb, on_object, &candidates);
    if (failed)
        return library_fail(err, failed, "cannot read the cache %s", mirror->path);
    if (connection)
        add_advertised(connection, &candidates);
    if (candidates.ids.count > 1)
        return ambiguous_fail(&candidates, wanted->text, err);
    wanted->found = candidates.ids.count == 1;
    if (wanted->found)
        (void)git_oid_fromstr(&wanted->id, candidates.ids.items[0]);
    return 0;
}

/* --- the network ------------------------------------------------------------------------------ */

static int fetch_one(struct connection *connection, const struct base *base, size_t depth,
                     struct error *err)
{
    AUTO_STRLIST struct strlist specs = STRLIST_INIT;
    char id[COMMIT_ID_SIZE];
    git_oid_tostr(id, sizeof(id), &base->commit);
    strlist_pushf(&specs, "%s:refs/lance-bench/%s", base->ref ? base->ref : id, id);
    return connection_fetch(connection, &specs, depth < INT32_MAX ? (int)depth : FETCH_EVERYTHING,
                            err);
}

static int fetch_recent(struct connection *connection, struct error *err)
{
    AUTO_STRLIST struct strlist specs = STRLIST_INIT;
    if (connection->default_branch)
        strlist_pushf(&specs, "refs/heads/%s:refs/recent", connection->default_branch);
    else
        strlist_push(&specs, "refs/heads/*:refs/recent/*");
    return connection_fetch(connection, &specs, RECENT_DEPTH, err);
}

static int fetch_history(struct connection *connection, struct error *err)
{
    AUTO_STRLIST struct strlist specs = STRLIST_INIT;
    strlist_push(&specs, "refs/heads/*:refs/all/heads/*");
    strlist_push(&specs, "refs/tags/*:refs/all/tags/*");
    log_info("%s: the commit cannot be asked for alone, fetching the history",
             connection->credential.remote->name);
    return connection_fetch(connection, &specs, FETCH_EVERYTHING, err);
}

/* Fetches more and more of the history until the short id is in it. */
static int search_short(const struct mirror *mirror, struct connection *connection,
                        const char *text, struct base *out, struct error *err)
{
    struct short_id wanted = {.text = text};
    int failed = find_short(mirror, connection, &wanted, err);
    if (!failed && !wanted.found)
        failed = fetch_recent(connection, err);
    if (!failed && !wanted.found)
        failed = find_short(mirror, connection, &wanted, err);
    if (!failed && !wanted.found)
        failed = fetch_history(connection, err);
    if (!failed && !wanted.found)
        failed = find_short(mirror, connection, &wanted, err);
    if (failed)
        return failed;
    if (!wanted.found)
        return error_set(err, ERROR_NOT_FOUND, "there is no branch, tag or commit '%s' at %s", text,
                         mirror->remote->url);
    out->commit = wanted.id;
    find_ref_of_id(connection, out);
    return 0;
}

static int find_base(const struct mirror *mirror, struct connection *connection,
                     const struct revision *revision, struct base *out, struct error *err)
{
    const char *name = revision->base;
    if (revision_is_full_id(name)) {
        (void)git_oid_fromstr(&out->commit, name);
        find_ref_of_id(connection, out);
        return 0;
    }
    if (find_ref(connection, revision, out))
        return 0;
    if (revision_is_short_id(name))
        return search_short(mirror, connection, name, out, err);
    if (!connection->ref_count)
        return error_set(err, ERROR_NOT_FOUND, "the repository at %s has no commit yet",
                         mirror->remote->url);
    if (!strcmp(name, "HEAD"))
        return error_set(err, ERROR_NOT_FOUND,
                         "the HEAD of %s names a branch that does not exist: name one with --rev",
                         mirror->remote->url);
    return error_set(err, ERROR_NOT_FOUND, "there is no branch, tag or commit '%s' at %s", name,
                     mirror->remote->url);
}

/* Fetches the base with as many generations as are needed; where the server refuses, everything. */
static int fetch_base(struct connection *connection, const struct base *base, size_t depth,
                      struct error *err)
{
    struct error reason = ERROR_INIT;
    int failed = fetch_one(connection, base, depth, &reason);
    if (failed && connection->unknown_id && !base->ref)
        return error_set(err, ERROR_NOT_FOUND, "there is no commit %s at %s",
                         git_oid_tostr_s(&base->commit), connection->credential.remote->url);
    if (failed && connection->refuses_ids)
        return fetch_history(connection, err);
    if (failed && err)
        *err = reason;
    return failed;
}

static int resolve_network(const struct mirror *mirror, const struct revision *revision,
                           size_t generations, struct resolved *out, struct error *err)
{
    git_oid commit;
    if (revision_is_full_id(revision->base) && !git_oid_fromstr(&commit, revision->base) &&
        walk_back(mirror, &commit, revision, generations, &out->commit) == WALK_DONE)
        return 0;
    AUTO_CONNECTION struct connection connection = CONNECTION_INIT;
    int failed = connection_open(mirror->job, mirror->remote, mirror->repo, &connection, err);
    if (failed)
        return failed;
    AUTO_BASE struct base base = {0};
    failed = find_base(mirror, &connection, revision, &base, err);
    if (failed)
        return failed;
    enum walk walk = walk_back(mirror, &base.commit, revision, generations, &out->commit);
    if (walk == WALK_MISSING) {
        failed = fetch_base(&connection, &base, revision->step_count + generations + 1, err);
        if (failed)
            return failed;
        walk = walk_back(mirror, &base.commit, revision, generations, &out->commit);
    }
    if (walk != WALK_DONE)
        return walk_fail(walk, mirror->remote, revision, err);
    out->branch = take_ptr(base.branch);
    return 0;
}

/* --- a repository on this machine ------------------------------------------------------------- */

/* What the base names; `ref` stays NULL where that is no reference. */
static int parse_local(const struct mirror *mirror, const struct revision *revision,
                       git_object **object, git_reference **ref)
{
    AUTO_FREE char *branch = xasprintf("refs/heads/%s", revision->base);
    if (revision->branch_first && !git_revparse_ext(object, ref, mirror->origin, branch))
        return 0;
    return git_revparse_ext(object, ref, mirror->origin, revision->base);
}

static int local_base(const struct mirror *mirror, const struct revision *revision, git_oid *out,
                      char **branch, struct error *err)
{
    AUTO_GIT(git_object) git_object *object = NULL, *commit = NULL;
    AUTO_GIT(git_reference) git_reference *ref = NULL, *target = NULL;
    const char *name = revision->base;
    int failed = parse_local(mirror, revision, &object, &ref);
    if (failed && revision_is_short_id(name)) {
        struct short_id wanted = {.text = name};
        int result = find_short(mirror, NULL, &wanted, err);
        if (wanted.found)
            *out = wanted.id;
        if (result || wanted.found)
            return result;
    }
    if (failed == GIT_ENOTFOUND || failed == GIT_EAMBIGUOUS || failed == GIT_EUNBORNBRANCH)
        return error_set(err, ERROR_NOT_FOUND, "there is no branch, tag or commit '%s' at %s%s",
                         name, mirror->remote->url,
                         git_repository_is_empty(mirror->origin) == 1 ? ": it is empty" : "");
    if (failed)
        return library_fail(err, failed, "cannot look up '%s' at %s", name, mirror->remote->url);
    failed = git_object_peel(&commit, object, GIT_OBJECT_COMMIT);
    if (failed)
        return error_set(err, ERROR_NOT_FOUND, "'%s' at %s is not a commit", name,
                         mirror->remote->url);
    *out = *git_object_id(commit);
    const char *full =
        ref && !git_reference_resolve(&target, ref) ? git_reference_name(target) : "";
    if (!strncmp(full, "refs/heads/", 11))
        *branch = xstrdup(full + 11);
    return 0;
}

static int resolve_local(const struct mirror *mirror, const struct revision *revision,
                         size_t generations, struct resolved *out, struct error *err)
{
    git_oid base;
    AUTO_FREE char *branch = NULL;
    int failed = local_base(mirror, revision, &base, &branch, err);
    if (failed)
        return failed;
    enum walk walk = walk_back(mirror, &base, revision, 0, &out->commit);
    (void)generations; /* what there is of the history is there */
    if (walk != WALK_DONE)
        return walk_fail(walk, mirror->remote, revision, err);
    out->branch = take_ptr(branch);
    return 0;
}

int resolve_commit(const struct mirror *mirror, const struct revision *revision, size_t generations,
                   struct resolved *out, struct error *err)
{
    struct resolved resolved = {0};
    int failed = mirror->origin ? resolve_local(mirror, revision, generations, &resolved, err)
                                : resolve_network(mirror, revision, generations, &resolved, err);
    if (failed)
        return failed;
    failed = mirror_keep(mirror, &resolved.commit, err);
    if (failed) {
        free(resolved.branch);
        return failed;
    }
    *out = resolved;
    return 0;
}

int resolve_advertised(const struct job *job, const struct remote *remote,
                       const struct revision *revision, git_oid *out, struct error *err)
{
    if (revision->step_count || revision_is_full_id(revision->base))
        return error_set(err, ERROR_USAGE, "'%s' is not a branch or tag of the remote",
                         revision->base);
    AUTO_CONNECTION struct connection connection = CONNECTION_INIT;
    int failed = connection_open(job, remote, NULL, &connection, err);
    if (failed)
        return failed;
    AUTO_BASE struct base base = {0};
    if (!find_ref(&connection, revision, &base))
        return error_set(err, ERROR_NOT_FOUND, "there is no branch or tag '%s' at %s",
                         revision->base, remote->url);
    *out = base.commit;
    return 0;
}
