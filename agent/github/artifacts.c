#include "github/artifacts.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "base/file.h"
#include "github/field.h"
#include "github/problem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DOWNLOAD_S = 1800, COMPLAINT_MAX = 65536 };

void github_artifact_release(struct github_artifact *artifact)
{
    free(artifact->name);
    free(artifact->head_sha);
    free(artifact->digest);
    *artifact = (struct github_artifact){0};
}

void github_artifacts_release(struct github_artifacts *list)
{
    for (size_t i = 0; i < list->count; i++)
        github_artifact_release(&list->items[i]);
    free(list->items);
    *list = (struct github_artifacts){0};
}

static int read_artifact(const cJSON *json, struct github_artifact *out, struct error *err)
{
    int64_t id = field_integer(json, "id");
    if (!id)
        return error_set(err, ERROR_INPUT, "GitHub's answer has an artifact without an id");
    *out = (struct github_artifact){
        .id = id,
        .name = field_text(json, "name"),
        .bytes = field_integer(json, "size_in_bytes"),
        .expired = field_bool(json, "expired"),
        .run_id = field_integer(json, "workflow_run.id"),
        .head_sha = field_text(json, "workflow_run.head_sha"),
        .digest = field_text(json, "digest"),
        .created_s = field_time(json, "created_at"),
    };
    return 0;
}

static int on_artifact(const struct cJSON *json, void *context, struct error *err)
{
    struct github_artifacts *list = context;
    struct github_artifact artifact;
    int failed = read_artifact(json, &artifact, err);
    if (failed)
        return failed;
    ARRAY_RESERVE(list->items, list->cap, list->count + 1);
    list->items[list->count++] = artifact;
    return GITHUB_PAGE_GO_ON;
}

int github_artifacts_list(struct github *github, int64_t run_id, const char *name,
                          struct github_artifacts *out, struct error *err)
{
    AUTO_FREE char *path = run_id ? xasprintf("actions/runs/%" PRId64 "/artifacts", run_id)
                                  : xstrdup("actions/artifacts");
    struct http_pair pair = {"name", name};
    struct github_call call = {
        .path = path,
        .query = &pair,
        .query_count = 1,
        .doing = "list artifacts",
        .permission = "actions: read",
    };
    return github_each(github, &call, "artifacts", 0, on_artifact, out, err);
}

int github_artifact_get(struct github *github, int64_t id, struct github_artifact *out,
                        struct error *err)
{
    AUTO_JSON cJSON *answer = NULL;
    AUTO_FREE char *path = xasprintf("actions/artifacts/%" PRId64, id);
    AUTO_FREE char *doing = xasprintf("read artifact %" PRId64, id);
    struct github_call call = {.path = path, .doing = doing, .permission = "actions: read"};
    int failed = github_send(github, &call, &answer, err);
    return failed ? failed : read_artifact(answer, out, err);
}

/* What went into the file is a complaint, not the zip. */
static int complain(struct github *github, const char *doing, int fd,
                    struct http_response *response, struct error *err)
{
    AUTO_FREE char *text = xmalloc(COMPLAINT_MAX);
    ssize_t len = pread(fd, text, COMPLAINT_MAX, 0);
    strbuf_add(&response->body, text, len > 0 ? (size_t)len : 0);
    struct problem_context context = {github->repository, doing, "actions: read",
                                      github->has_token};
    int failed = problem_describe(&context, response, err);
    if (err)
        http_client_redact(github->client, err->message);
    return failed;
}

static int fetch(struct github *github, const struct github_artifact *artifact, int fd,
                 size_t max_bytes, struct error *err)
{
    AUTO_HTTP_RESPONSE struct http_response response = HTTP_RESPONSE_INIT;
    AUTO_FREE char *doing = xasprintf("download artifact %" PRId64, artifact->id);
    AUTO_FREE char *target =
        xasprintf("%s/actions/artifacts/%" PRId64 "/zip", github->path, artifact->id);
    struct http_request request = {
        .target = target,
        .max_bytes = max_bytes,
        .file = &fd,
        .anywhere = true, /* GitHub's artifacts lie in a cloud's storage */
        .timeout_s = DOWNLOAD_S,
    };
    int failed = http_send(github->client, &request, &response, err);
    if (failed)
        return error_wrap(err, "%s: cannot %s", github->repository, doing);
    return response.status == 200 ? 0 : complain(github, doing, fd, &response, err);
}

static int check_digest(const struct github_artifact *artifact, const char *path, struct error *err)
{
    char hex[SHA256_HEX_SIZE];
    if (strncmp(artifact->digest, "sha256:", 7))
        return 0;
    int failed = sha256_hex_of_file(path, hex, err);
    if (!failed && strcmp(hex, artifact->digest + 7))
        failed = error_set(err, ERROR_INPUT,
                           "artifact %" PRId64 " has not the digest that GitHub gives for it",
                           artifact->id);
    return failed;
}

int github_artifact_download(struct github *github, const struct github_artifact *artifact,
                             const char *path, size_t max_bytes, struct error *err)
{
    if (artifact->expired)
        return error_set(err, ERROR_NOT_FOUND, "%s: artifact '%s' (%" PRId64 ") has expired",
                         github->repository, artifact->name, artifact->id);
    if (artifact->bytes > 0 && (uint64_t)artifact->bytes > max_bytes)
        return error_set(err, ERROR_INPUT,
                         "%s: artifact '%s' (%" PRId64 ") has %" PRId64
                         " bytes, more than the %zu that are taken",
                         github->repository, artifact->name, artifact->id, artifact->bytes,
                         max_bytes);
    AUTO_FREE char *part = xasprintf("%s.tmp.%d", path, (int)getpid());
    AUTO_CLOSE int fd = open(part, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_errno(err, ERROR_FAILURE, errno, "cannot write %s", part);
    int failed = fetch(github, artifact, fd, max_bytes, err);
    if (!failed)
        failed = check_digest(artifact, part, err);
    if (!failed && (fsync(fd) || rename(part, path)))
        failed = error_errno(err, ERROR_FAILURE, errno, "cannot write %s", path);
    if (failed)
        (void)unlink(part);
    return failed;
}
