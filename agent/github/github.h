/*
 * GitHub's REST API for one repository, with one token.
 *
 *     AUTO_GITHUB struct github *github = NULL;
 *     failed = github_open(&(struct github_options){.repository = "owner/name"}, &github, err);
 *
 * The token comes from --token-file, else from the environment: GITHUB_TOKEN, GH_TOKEN or
 * SCHEDULER_GITHUB_TOKEN, in this order; never from argv. It is held in memory only.
 *
 * Every call here and in the sibling headers fails with one line that says what was asked for and
 * what to do, and with one of these codes:
 *     ERROR_FAILURE      401 bad token; 403 no permission (the line names the missing one)
 *     ERROR_NOT_FOUND    404, 410: not there, or not for this token to see
 *     ERROR_CONFLICT     409
 *     ERROR_INPUT        422 (with GitHub's words), or an answer that is not what it should be
 *     ERROR_UNREACHABLE  no answer, 5xx after all tries, or a rate limit (the line says until when)
 *     ERROR_INTERRUPTED
 */
#pragma once

#include "base/error.h"
#include "net/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cJSON;

struct github {
    struct http_client *client;
    char *repository; /* "owner/name" */
    char *path;       /* "/repos/owner/name" */
    bool has_token;
    char *login; /* whom the token belongs to, once github_login() has asked; else NULL */
};

struct github_options {
    const char *repository; /* "owner/name"; NULL: $GITHUB_REPOSITORY */
    const char *api_url;    /* NULL: $GITHUB_API_URL, else https://api.github.com */
    const char *token_file; /* NULL: the environment */
    bool need_token;        /* no token is an ERROR_USAGE that says where one is looked for */
    double max_wait_s;      /* as in struct http_options */
    const struct http_clock *clock; /* NULL: the real one */
};

/* ERROR_USAGE: no repository or no valid name, no token though one is needed, a token file that
 * cannot be read. */
int github_open(const struct github_options *options, struct github **out,
                struct error *err) MUST_CHECK;
void github_free(struct github *github);

static inline void cleanup_github(struct github **github)
{
    github_free(*github);
}
#define AUTO_GITHUB __attribute__((cleanup(cleanup_github)))

/* The login that comments of this token carry: the token's user, or "github-actions[bot]" for the
 * token of a workflow. Owned by `github`. Asks once. */
int github_login(struct github *github, const char **out, struct error *err) MUST_CHECK;

/* The repository's default branch, a fresh string. */
int github_default_branch(struct github *github, char **out, struct error *err) MUST_CHECK;

/* Whether `text` is "owner/name" as GitHub allows it. */
bool github_repository_is_valid(const char *text);

/*
 * One call, for what the sibling headers do not have. *out (may be NULL) is the answer's JSON, to
 * be freed with cJSON_Delete(); NULL when it has no body. `path` lies below /repos/owner/name
 * unless it starts with a slash: "pulls/7", "/user", "" for the repository itself.
 */
struct github_call {
    enum http_method method;
    const char *path;
    const struct http_pair *query;
    size_t query_count;
    const struct cJSON *body; /* NULL: none */
    const char *doing;        /* for the error line: "dispatch run-benchmarks.yml" */
    const char *permission;   /* what it needs: "actions: write"; for the line of a 403 or 404 */
    bool repeatable;          /* a POST or PATCH that may be sent twice without harm */
    long *status; /* NULL, or takes the status of the answer, also when it is an error */
    bool *more;   /* github_each(): NULL, or takes whether there are items behind the last one */
};
int github_send(struct github *github, const struct github_call *call, struct cJSON **out,
                struct error *err) MUST_CHECK;

/* Whether to go on with the next item. Negative: stop, and fail with that code. */
enum github_page { GITHUB_PAGE_GO_ON, GITHUB_PAGE_ENOUGH };

/* Reads all pages of a list (100 a page) and hands over each item: those of the array, or of the
 * array `key` of the object that is the answer. Stops after `max` items (0: no limit but 100,000).
 */
int github_each(struct github *github, const struct github_call *call, const char *key, size_t max,
                int (*item)(const struct cJSON *item, void *context, struct error *err),
                void *context, struct error *err) MUST_CHECK;
