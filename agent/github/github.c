#include "github/github.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "base/file.h"
#include "github/field.h"
#include "github/problem.h"
#include "net/url.h"

#include <string.h>
#include <sys/prctl.h>

enum { TOKEN_MAX = 4096, ITEMS_MAX = 100000, PAGE = 100, PAGES_MAX = ITEMS_MAX / PAGE };

static void cleanup_secret(struct strbuf *secret)
{
    if (secret->cap)
        explicit_bzero(secret->buf, secret->len);
    strbuf_release(secret);
}
#define AUTO_SECRET __attribute__((cleanup(cleanup_secret)))

bool github_repository_is_valid(const char *text)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    size_t owner = strspn(text, allowed);
    if (!owner || owner > 100 || text[owner] != '/')
        return false;
    const char *name = text + owner + 1;
    size_t len = strspn(name, allowed);
    return len && len <= 100 && !name[len] && strcmp(name, ".") && strcmp(name, "..") &&
           text[0] != '.';
}

static const char *from_environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static int read_token(const struct github_options *options, struct strbuf *out, struct error *err)
{
    static const char *const names[] = {"GITHUB_TOKEN", "GH_TOKEN", "SCHEDULER_GITHUB_TOKEN"};
    if (options->token_file) {
        int failed = file_read(options->token_file, TOKEN_MAX, out, err);
        if (failed) {
            (void)error_wrap(err, "--token-file");
            return error_set(err, ERROR_USAGE, "%s", err ? err->message : "");
        }
        strbuf_rtrim(out);
        return out->len
                   ? 0
                   : error_set(err, ERROR_USAGE, "--token-file: %s is empty", options->token_file);
    }
    for (size_t i = 0; i < ARRAY_SIZE(names) && !out->len; i++)
        strbuf_addstr(out, from_environment(names[i]) ? getenv(names[i]) : "");
    strbuf_rtrim(out);
    if (!out->len && options->need_token)
        return error_set(err, ERROR_USAGE,
                         "no token: set GITHUB_TOKEN, GH_TOKEN or SCHEDULER_GITHUB_TOKEN, or give "
                         "--token-file FILE");
    return 0;
}

static int find_repository(const struct github_options *options, const char **out,
                           struct error *err)
{
    const char *name =
        options->repository ? options->repository : from_environment("GITHUB_REPOSITORY");
    if (!name)
        return error_set(err, ERROR_USAGE,
                         "which repository? Give --repo OWNER/NAME or set GITHUB_REPOSITORY");
    if (!github_repository_is_valid(name))
        return error_set(err, ERROR_USAGE, "'%s' is no GitHub repository: it is OWNER/NAME", name);
    *out = name;
    return 0;
}

static int open_client(const struct github_options *options, const char *token,
                       struct http_client **out, struct error *err)
{
    const char *url = options->api_url ? options->api_url : from_environment("GITHUB_API_URL");
    AUTO_STRLIST struct strlist headers = STRLIST_INIT;
    strlist_push(&headers, "Accept: application/vnd.github+json");
    strlist_push(&headers, "X-GitHub-Api-Version: 2022-11-28");
    if (!url)
        url = "https://api.github.com";
    int failed = url_check_base(url, "GITHUB_API_URL", err);
    if (failed)
        return failed;
    struct http_options http = {
        .base_url = url,
        .bearer = token,
        .headers = &headers,
        .max_wait_s = options->max_wait_s,
        .clock = options->clock,
    };
    return http_client_new(&http, out, err);
}

int github_open(const struct github_options *options, struct github **out, struct error *err)
{
    AUTO_SECRET struct strbuf token = STRBUF_INIT;
    AUTO_GITHUB struct github *github = xcalloc(1, sizeof(*github));
    const char *repository = NULL;
    int failed = find_repository(options, &repository, err);
    if (!failed)
        failed = read_token(options, &token, err);
    if (!failed)
        failed = open_client(options, token.len ? token.buf : NULL, &github->client, err);
    if (failed)
        return failed;
    /* A core dump, or another process of this user, is not to have the token. */
    if (token.len)
        (void)prctl(PR_SET_DUMPABLE, 0);
    github->repository = xstrdup(repository);
    github->path = xasprintf("/repos/%s", repository);
    github->has_token = token.len > 0;
    *out = take_ptr(github);
    return 0;
}

void github_free(struct github *github)
{
    if (!github)
        return;
    http_client_free(github->client);
    free(github->repository);
    free(github->path);
    free(github->login);
    free(github);
}

/* Fills `response` with a success, or says what is wrong. `target` as struct http_request has it.
 */
static int send_to(struct github *github, const struct github_call *call, const char *target,
                   struct http_response *response, struct error *err)
{
    AUTO_FREE char *body = call->body ? cJSON_PrintUnformatted(call->body) : NULL;
    if (body && !utf8_is_valid(body, strlen(body)))
        return error_set(err, ERROR_INPUT, "%s: cannot %s with text that is not UTF-8",
                         github->repository, call->doing ? call->doing : "do this");
    struct http_request request = {
        .method = call->method,
        .target = target,
        .query = call->query,
        .query_count = call->query_count,
        .body = body,
        .body_len = body ? strlen(body) : 0,
        .repeatable = call->repeatable,
    };
    int failed = http_send(github->client, &request, response, err);
    if (failed)
        return error_wrap(err, "%s: cannot %s", github->repository,
                          call->doing ? call->doing : "do this");
    if (call->status)
        *call->status = response->status;
    if (response->status < 300)
        return 0;
    struct problem_context context = {github->repository, call->doing, call->permission,
                                      github->has_token};
    failed = problem_describe(&context, response, err);
    /* A server that repeats the request in its complaint is not to make it public. */
    if (err)
        http_client_redact(github->client, err->message);
    return failed;
}

static int parse_answer(const struct github *github, const struct github_call *call,
                        const struct http_response *response, cJSON **out, struct error *err)
{
    cJSON *json = cJSON_ParseWithLength(response->body.buf, response->body.len);
    if (!json && response->body.len)
        return error_set(err, ERROR_INPUT, "%s: cannot %s: GitHub's answer is no JSON",
                         github->repository, call->doing ? call->doing : "do this");
    *out = json;
    return 0;
}

/* A fresh string: the call's path below the API's address. */
static char *target_of(const struct github *github, const char *path)
{
    if (*path == '/')
        return xstrdup(path);
    return *path ? xasprintf("%s/%s", github->path, path) : xstrdup(github->path);
}

int github_send(struct github *github, const struct github_call *call, struct cJSON **out,
                struct error *err)
{
    AUTO_HTTP_RESPONSE struct http_response response = HTTP_RESPONSE_INIT;
    AUTO_FREE char *target = target_of(github, call->path);
    int failed = send_to(github, call, target, &response, err);
    if (!failed && out)
        failed = parse_answer(github, call, &response, out, err);
    return failed;
}

struct page {
    const char *key;
    size_t max, seen, turned;
    bool enough, more; /* more: items behind the last one that was handed over */
    int (*item)(const struct cJSON *item, void *context, struct error *err);
    void *context;
};

static int read_page(struct page *page, const cJSON *answer, struct error *err)
{
    const cJSON *item, *list = page->key ? field_at(answer, page->key) : answer;
    if (!cJSON_IsArray(list))
        return error_set(err, ERROR_INPUT, "GitHub's answer has no list where it should be");
    cJSON_ArrayForEach(item, list)
    {
        int said = page->item(item, page->context, err);
        if (said < 0)
            return said;
        page->enough = ++page->seen >= page->max || said == GITHUB_PAGE_ENOUGH;
        page->more = item->next != NULL;
        if (page->enough)
            return 0;
    }
    return 0;
}

/* *target: of this page, then of the next; NULL behind the last. A server whose pages lead in a
 * circle is not asked for ever. */
static int turn_page(const struct github *github, struct page *page,
                     const struct http_response *response, char **target, struct error *err)
{
    AUTO_FREE char *next = http_next_page(response);
    if (next && !page->enough && !http_client_is_home(github->client, next))
        return error_set(err, ERROR_INPUT, "the next page is on another host");
    if (next && !page->enough && (!strcmp(next, *target) || ++page->turned == PAGES_MAX))
        return error_set(err, ERROR_INPUT, "GitHub's list has no end");
    free(*target);
    *target = take_ptr(next);
    return 0;
}

int github_each(struct github *github, const struct github_call *call, const char *key, size_t max,
                int (*item)(const struct cJSON *item, void *context, struct error *err),
                void *context, struct error *err)
{
    struct page page = {.key = key, .max = max ? max : ITEMS_MAX, .item = item, .context = context};
    AUTO_FREE struct http_pair *query = xreallocarray(NULL, call->query_count + 1, sizeof(*query));
    AUTO_FREE char *size = xasprintf("%zu", page.max < PAGE ? page.max : (size_t)PAGE);
    AUTO_FREE char *target = target_of(github, call->path);
    struct github_call next = *call;
    if (call->query_count)
        memcpy(query, call->query, call->query_count * sizeof(*query));
    query[call->query_count] = (struct http_pair){"per_page", size};
    next.query = query;
    next.query_count++;
    while (target && !page.enough) {
        AUTO_HTTP_RESPONSE struct http_response response = HTTP_RESPONSE_INIT;
        AUTO_JSON cJSON *answer = NULL;
        int failed = send_to(github, &next, target, &response, err);
        if (!failed)
            failed = parse_answer(github, &next, &response, &answer, err);
        if (failed)
            return failed;
        failed = read_page(&page, answer, err);
        if (!failed)
            failed = turn_page(github, &page, &response, &target, err);
        if (failed)
            return error_wrap(err, "%s: cannot %s", github->repository,
                              call->doing ? call->doing : "do this");
        /* The link of the next page has the query in it. */
        next.query_count = 0;
        if (call->more)
            *call->more = page.more || target;
    }
    return 0;
}

int github_login(struct github *github, const char **out, struct error *err)
{
    long status = 0;
    AUTO_JSON cJSON *user = NULL;
    const char *said = from_environment("LANCE_BENCH_GITHUB_LOGIN");
    struct github_call call = {
        .path = "/user", .doing = "ask whose token this is", .status = &status};
    int failed = 0;
    if (!github->login && !said)
        failed = github_send(github, &call, &user, err);
    /* The token of an app has no user: in a workflow it is GitHub's own. */
    if (failed && status != 403)
        return failed;
    if (!github->login && said)
        github->login = xstrdup(said);
    else if (!github->login)
        github->login = failed ? xstrdup("github-actions[bot]") : field_text(user, "login");
    *out = github->login;
    return 0;
}

int github_default_branch(struct github *github, char **out, struct error *err)
{
    AUTO_JSON cJSON *answer = NULL;
    struct github_call call = {
        .path = "", .doing = "read the repository", .permission = "metadata: read"};
    int failed = github_send(github, &call, &answer, err);
    if (failed)
        return failed;
    if (!*field_view(answer, "default_branch"))
        return error_set(err, ERROR_INPUT, "%s: GitHub's answer names no default branch",
                         github->repository);
    *out = field_text(answer, "default_branch");
    return 0;
}
