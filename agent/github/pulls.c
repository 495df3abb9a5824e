#include "github/pulls.h"

#include "base/alloc.h"
#include "github/field.h"

#include <inttypes.h>

enum { PULLS_MAX = 1000 };

void github_pull_release(struct github_pull *pull)
{
    char *owned[] = {pull->state,    pull->title,     pull->author,    pull->url,
                     pull->head_sha, pull->head_ref,  pull->head_repo, pull->base_sha,
                     pull->base_ref, pull->base_repo, pull->merge_sha};
    for (size_t i = 0; i < ARRAY_SIZE(owned); i++)
        free(owned[i]);
    strlist_release(&pull->labels);
    *pull = (struct github_pull){0};
}

void github_pulls_release(struct github_pulls *list)
{
    for (size_t i = 0; i < list->count; i++)
        github_pull_release(&list->items[i]);
    free(list->items);
    *list = (struct github_pulls){0};
}

static int read_pull(const cJSON *json, struct github_pull *out, struct error *err)
{
    int64_t number = field_integer(json, "number");
    char head[41], base[41];
    if (!number || !field_sha(json, "head.sha", head) || !field_sha(json, "base.sha", base))
        return error_set(err, ERROR_INPUT,
                         "GitHub's answer has a pull request without a number or commits");
    *out = (struct github_pull){
        .number = number,
        .state = field_text(json, "state"),
        .title = field_text(json, "title"),
        .author = field_text(json, "user.login"),
        .url = field_text(json, "html_url"),
        .head_sha = xstrdup(head),
        .head_ref = field_text(json, "head.ref"),
        .head_repo = field_text(json, "head.repo.full_name"),
        .base_sha = xstrdup(base),
        .base_ref = field_text(json, "base.ref"),
        .base_repo = field_text(json, "base.repo.full_name"),
        .merge_sha = field_text(json, "merge_commit_sha"),
        .draft = field_bool(json, "draft"),
        .merged = field_bool(json, "merged"),
    };
    const cJSON *label;
    cJSON_ArrayForEach(label, field_at(json, "labels"))
    {
        strlist_push(&out->labels, field_view(label, "name"));
    }
    return 0;
}

int github_pull_get(struct github *github, int64_t number, struct github_pull *out,
                    struct error *err)
{
    AUTO_JSON cJSON *answer = NULL;
    AUTO_FREE char *path = xasprintf("pulls/%" PRId64, number);
    AUTO_FREE char *doing = xasprintf("read pull request #%" PRId64, number);
    struct github_call call = {.path = path, .doing = doing, .permission = "pull-requests: read"};
    int failed = github_send(github, &call, &answer, err);
    return failed ? failed : read_pull(answer, out, err);
}

static int on_pull(const struct cJSON *json, void *context, struct error *err)
{
    struct github_pulls *list = context;
    struct github_pull pull;
    int failed = read_pull(json, &pull, err);
    if (failed)
        return failed;
    ARRAY_RESERVE(list->items, list->cap, list->count + 1);
    list->items[list->count++] = pull;
    return GITHUB_PAGE_GO_ON;
}

int github_pulls_list(struct github *github, size_t max, struct github_pulls *out,
                      struct error *err)
{
    struct http_pair pairs[] = {{"state", "open"}, {"sort", "updated"}, {"direction", "desc"}};
    struct github_call call = {
        .path = "pulls",
        .query = pairs,
        .query_count = ARRAY_SIZE(pairs),
        .doing = "list pull requests",
        .permission = "pull-requests: read",
    };
    return github_each(github, &call, NULL, max ? max : PULLS_MAX, on_pull, out, err);
}

/* Numbers of pull requests. */
struct numbers {
    int64_t *items;
    size_t count, cap, max;
};

static int on_issue(const struct cJSON *json, void *context, struct error *err)
{
    (void)err;
    struct numbers *numbers = context;
    if (!*field_view(json, "pull_request.merged_at"))
        return GITHUB_PAGE_GO_ON;
    ARRAY_RESERVE(numbers->items, numbers->cap, numbers->count + 1);
    numbers->items[numbers->count++] = field_integer(json, "number");
    return numbers->count < numbers->max ? GITHUB_PAGE_GO_ON : GITHUB_PAGE_ENOUGH;
}

int github_pulls_merged(struct github *github, const char *label, size_t max,
                        struct github_pulls *out, struct error *err)
{
    struct http_pair pairs[] = {
        {"labels", label}, {"state", "closed"}, {"sort", "updated"}, {"direction", "desc"}};
    struct github_call call = {
        .path = "issues",
        .query = pairs,
        .query_count = ARRAY_SIZE(pairs),
        .doing = "list pull requests with a label",
        .permission = "pull-requests: read",
    };
    struct numbers numbers = {.max = max};
    int failed = github_each(github, &call, NULL, PULLS_MAX, on_issue, &numbers, err);
    for (size_t i = 0; !failed && i < numbers.count; i++) {
        struct github_pull pull;
        failed = github_pull_get(github, numbers.items[i], &pull, err);
        if (failed)
            break;
        ARRAY_RESERVE(out->items, out->cap, out->count + 1);
        out->items[out->count++] = pull;
    }
    free(numbers.items);
    return failed;
}
