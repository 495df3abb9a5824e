#include "checkout/connection.h"

#include "base/alloc.h"
#include "base/log.h"

#include <string.h>

static int on_credentials(git_credential **out, const char *url, const char *user, unsigned allowed,
                          void *payload)
{
    struct connection *connection = payload;
    return credential_answer(&connection->credential, url, user, allowed, out);
}

static int on_transfer(const git_indexer_progress *stats, void *payload)
{
    const struct connection *connection = payload;
    if (stats->received_objects < stats->total_objects || !stats->total_objects)
        log_progress("%s: receiving, %u of %u objects, %.1f MB",
                     connection->credential.remote->name, stats->received_objects,
                     stats->total_objects, (double)stats->received_bytes / 1e6);
    else
        log_progress("%s: indexing, %u of %u deltas", connection->credential.remote->name,
                     stats->indexed_deltas, stats->total_deltas);
    return task_should_stop(connection->job->task) ? GIT_EUSER : 0;
}

static int on_remote_text(const char *text, int len, void *payload)
{
    const struct connection *connection = payload;
    int line = 0;
    while (line < len && text[line] != '\r' && text[line] != '\n')
        line++;
    if (line)
        log_progress("%s: remote: %.*s", connection->credential.remote->name, line, text);
    return task_should_stop(connection->job->task) ? GIT_EUSER : 0;
}

static git_remote_callbacks callbacks_of(struct connection *connection)
{
    git_remote_callbacks callbacks;
    (void)git_remote_init_callbacks(&callbacks, GIT_REMOTE_CALLBACKS_VERSION);
    callbacks.credentials = on_credentials;
    callbacks.transfer_progress = on_transfer;
    callbacks.sideband_progress = on_remote_text;
    callbacks.payload = connection;
    return callbacks;
}

/* A secret goes to no other host; without one a moved repository may be followed anywhere. */
static git_remote_redirect_t redirects_of(const struct connection *connection)
{
    return credential_has_secret(&connection->credential) ? GIT_REMOTE_REDIRECT_NONE
                                                          : GIT_REMOTE_REDIRECT_INITIAL;
}

static bool reason_has(const char *part)
{
    return strcasestr(library_reason(), part) != NULL;
}

static bool is_network_error(void)
{
    static const int classes[] = {GIT_ERROR_NET, GIT_ERROR_HTTP, GIT_ERROR_SSL, GIT_ERROR_SSH,
                                  GIT_ERROR_OS};
    const git_error *last = git_error_last();
    bool disk = reason_has("no space left") || reason_has("disk quota") || reason_has("read-only");
    for (size_t i = 0; last && !disk && i < ARRAY_SIZE(classes); i++)
        if (last->klass == classes[i])
            return true;
    return false;
}

static bool reason_has_any(const char *const *parts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (reason_has(parts[i]))
            return true;
    return false;
}
#define REASON_HAS_ANY(...)                            \
    reason_has_any((const char *const[]){__VA_ARGS__}, \
                   ARRAY_SIZE(((const char *const[]){__VA_ARGS__})))

static int certificate_fail(const struct remote *remote, struct error *err)
{
    if (remote->kind == REMOTE_SSH)
        return error_set(err, ERROR_FAILURE,
                         "the host key of %s is not in ~/.ssh/known_hosts, or not the one there: "
                         "compare it and add it with ssh-keyscan",
                         remote->host);
    return error_set(err, ERROR_FAILURE,
                     "the certificate of %s is not trusted: name its authority with --cacert or "
                     "SSL_CERT_FILE (%s)",
                     remote->host, library_reason());
}

/* What the server said, as far as its words are known; libgit2 has few codes for it. */
static int server_fail(const struct remote *remote, struct error *err)
{
    if (REASON_HAS_ANY("status code: 404", "repository not found", "access denied", "not exported",
                       "no such repository", "does not appear to be a git repository"))
        return error_set(err, ERROR_NOT_FOUND,
                         "there is no repository at %s, or it is private: look at the address; for "
                         "a private one set LANCE_BENCH_GIT_TOKEN (%s)",
                         remote->url, library_reason());
    if (reason_has("cannot redirect"))
        return error_set(err, ERROR_FAILURE,
                         "%s leads to another host, where the token is not sent: name the new "
                         "address (%s)",
                         remote->url, library_reason());
    if (reason_has("invalid content-type"))
        return error_set(err, ERROR_FAILURE, "%s is a web page, not a git repository (%s)",
                         remote->url, library_reason());
    /* libgit2 1.9 cannot read how such a server names the ends of its history. */
    if (reason_has("invalid packet line"))
        return error_set(err, ERROR_FAILURE,
                         "cannot fetch from %s: it sends what libgit2 cannot read (%s); if it is a "
                         "shallow clone itself, complete it there with git fetch --unshallow",
                         remote->url, library_reason());
    return error_set(err, is_network_error() ? ERROR_UNREACHABLE : ERROR_FAILURE,
                     "cannot fetch from %s: %s", remote->url, library_reason());
}

static int network_fail(const struct connection *connection, int git_code, struct error *err)
{
    const struct remote *remote = connection->credential.remote;
    int failed = task_check(connection->job->task, err);
    if (failed)
        return failed;
    if (git_code == GIT_EAUTH)
        return credential_fail(&connection->credential, err);
    if (git_code == GIT_ECERTIFICATE || reason_has("certificate"))
        return certificate_fail(remote, err);
    if (git_code == GIT_TIMEOUT ||
        REASON_HAS_ANY("timed out", "timeout", "temporarily unavailable"))
        return error_set(err, ERROR_UNREACHABLE, "%s does not answer: nothing for %.0f seconds",
                         remote->url, connection->job->stall_s);
    if (git_code == GIT_EEOF ||
        REASON_HAS_ANY("early EOF", "unexpected EOF", "could not read from remote",
                       "could not read refs", "connection reset", "socket"))
        return error_set(err, ERROR_UNREACHABLE, "the connection to %s broke off: try again (%s)",
                         remote->url, library_reason());
    return server_fail(remote, err);
}

static int connect_remote(struct connection *connection, struct error *err)
{
    git_remote_connect_options options;
    (void)git_remote_connect_options_init(&options, GIT_REMOTE_CONNECT_OPTIONS_VERSION);
    options.callbacks = callbacks_of(connection);
    options.proxy_opts.type = GIT_PROXY_AUTO;
    options.follow_redirects = redirects_of(connection);
    connection->credential.asked = connection->credential.offered = false;
    connection->credential.ssh_step = 0;
    int failed = git_remote_connect_ext(connection->remote, GIT_DIRECTION_FETCH, &options);
    return failed ? network_fail(connection, failed, err) : 0;
}

static void find_default_branch(struct connection *connection)
{
    git_buf name = GIT_BUF_INIT;
    if (!git_remote_default_branch(&name, connection->remote) &&
        !strncmp(name.ptr, "refs/heads/", 11))
        connection->default_branch = xstrdup(name.ptr + 11);
    git_buf_dispose(&name);
}

static int read_refs(struct connection *connection, struct error *err)
{
    const git_remote_head **heads = NULL;
    size_t count = 0;
    int failed = git_remote_ls(&heads, &count, connection->remote);
    if (failed)
        return network_fail(connection, failed, err);
    connection->refs = xcalloc(count + 1, sizeof(*connection->refs));
    for (size_t i = 0; i < count; i++) {
        connection->refs[i].name = xstrdup(heads[i]->name);
        git_oid_cpy(&connection->refs[i].id, &heads[i]->oid);
    }
    connection->ref_count = count;
    find_default_branch(connection);
    return 0;
}

/* The address of `out` goes to libgit2's callbacks: it must not move while it is connected. */
int connection_open(const struct job *job, const struct remote *remote, git_repository *into,
                    struct connection *out, struct error *err)
{
    *out = (struct connection){
        .job = job,
        .credential = {.remote = remote, .token_host = job->token_host},
    };
    log_progress("%s: connecting", remote->name);
    bool may_be_https = remote->kind == REMOTE_HTTPS || remote->kind == REMOTE_HTTP;
    int failed = may_be_https ? library_trust(job->ca_file, err) : 0;
    if (failed)
        return failed;
    failed = into ? git_remote_create_anonymous(&out->remote, into, remote->url)
                  : git_remote_create_detached(&out->remote, remote->url);
    failed = failed ? library_fail(err, failed, "cannot use the address %s", remote->url)
                    : connect_remote(out, err);
    if (!failed)
        failed = read_refs(out, err);
    if (failed)
        connection_release(out);
    return failed;
}

void connection_release(struct connection *connection)
{
    git_remote_free(connection->remote);
    for (size_t i = 0; i < connection->ref_count; i++)
        free(connection->refs[i].name);
    free(connection->refs);
    free(connection->default_branch);
    *connection = (struct connection)CONNECTION_INIT;
}

static int download(struct connection *connection, const struct strlist *refspecs, int depth)
{
    git_fetch_options options;
    (void)git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
    options.callbacks = callbacks_of(connection);
    options.proxy_opts.type = GIT_PROXY_AUTO;
    options.follow_redirects = redirects_of(connection);
    options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
    options.depth = depth;
    const git_strarray specs = {refspecs->items, refspecs->count};
    connection->spent = true;
    return git_remote_download(connection->remote, &specs, &options);
}

int connection_fetch(struct connection *connection, const struct strlist *refspecs, int depth,
                     struct error *err)
{
    int failed = 0;
    if (connection->spent) {
        (void)git_remote_disconnect(connection->remote);
        failed = connect_remote(connection, err);
        if (failed)
            return failed;
    }
    failed = download(connection, refspecs, depth);
    if (failed && reason_has("doesn't support shallow")) {
        /* An old or simple server: everything, then. */
        (void)git_remote_disconnect(connection->remote);
        failed = connect_remote(connection, err);
        if (failed)
            return failed;
        failed = download(connection, refspecs, GIT_FETCH_DEPTH_FULL);
    }
    /* While it negotiates a depth, libgit2 does not hand on what the server's refusal says. */
    connection->unknown_id =
        failed && (reason_has("not our ref") || reason_has("unexpected packet type"));
    connection->refuses_ids = failed && (reason_has("cannot fetch a specific object") ||
                                         reason_has("unadvertised object"));
    return failed ? network_fail(connection, failed, err) : 0;
}

const struct remote_ref *connection_ref(const struct connection *connection, const char *name)
{
    for (size_t i = 0; i < connection->ref_count; i++)
        if (!strcmp(connection->refs[i].name, name))
            return &connection->refs[i];
    return NULL;
}
