#include "pipeline/schedule/schedule_source.h"

#include "base/alloc.h"
#include "base/file.h"
#include "checkout/checkout.h"
#include "github/commits.h"
#include "model/expected.h"

#include <string.h>

#define GITHUB_PREFIX "github:"

void commit_list_release(struct commit_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        commit_release(&list->items[i]);
    free(list->items);
    *list = (struct commit_list){0};
}

const char *source_github(const char *repo)
{
    size_t len = strlen(GITHUB_PREFIX);
    return strncmp(repo, GITHUB_PREFIX, len) ? NULL : repo + len;
}

char *source_project(const char *repo)
{
    AUTO_FREE char *real = path_is_dir(repo) ? path_real(repo) : NULL;
    AUTO_FREE char *text = xstrdup(real ? real : repo);
    size_t len = strlen(text);
    while (len > 1 && text[len - 1] == '/')
        text[--len] = '\0';
    if (len > 4 && !strcmp(text + len - 4, ".git"))
        text[len -= 4] = '\0';
    while (len && text[len - 1] != '/' && text[len - 1] != ':')
        len--;
    return xstrdup(text + len);
}

char *source_remote(const char *repo)
{
    const char *name = source_github(repo), *server = getenv("GITHUB_SERVER_URL");
    if (!name)
        return xstrdup(repo);
    return xasprintf("%s/%s", server && *server ? server : "https://github.com", name);
}

static int list_git(const struct source_request *request, size_t count, struct commit_list *out,
                    struct error *err)
{
    const struct checkout_request checkout = {
        .remote = request->repo,
        .revision = request->branch,
        .ca_file = request->ca_file,
        .flags = CHECKOUT_BRANCH_FIRST,
    };
    struct commit_list list = {0};
    int failed = remote_history(&checkout, count, &list.items, &list.count, err);
    if (failed)
        return failed;
    list.cut = list.count && list.count < count && list.items[list.count - 1].parent;
    *out = list;
    return 0;
}

static int list_github(const struct source_request *request, size_t count, struct commit_list *out,
                       struct error *err)
{
    AUTO_GITHUB struct github *github = NULL;
    AUTO_GITHUB_COMMITS struct github_commits commits = {0};
    const struct github_options options = {
        .repository = source_github(request->repo),
        .token_file = request->token_file,
    };
    const struct github_commit_query query = {
        .branch = request->branch,
        .first_parent = true,
        .max = count,
    };
    int failed = github_open(&options, &github, err);
    if (!failed)
        failed = github_commits_list(github, &query, &commits, err);
    if (failed == ERROR_NOT_FOUND && request->branch)
        return error_wrap(err, "branch '%s'", request->branch);
    if (failed)
        return failed;
    struct commit_list list = {.items = xcalloc(commits.count + 1, sizeof(*list.items))};
    for (size_t i = 0; i < commits.count; i++) {
        const struct github_commit *from = &commits.items[i];
        list.items[list.count++] = (struct commit){
            .id = xstrdup(from->sha),
            .parent = *from->parent ? xstrdup(from->parent) : NULL,
            .subject = xstrdup(from->subject),
            .expected = expected_trailers(from->message),
            .branch = xstrdup(request->branch),
            .time = from->commit_s,
        };
    }
    *out = list;
    return 0;
}

int source_list(const struct source_request *request, size_t count, struct commit_list *out,
                struct error *err)
{
    struct commit_list list = {0};
    int failed = source_github(request->repo) ? list_github(request, count, &list, err)
                                              : list_git(request, count, &list, err);
    if (failed)
        return failed;
    if (!list.count) {
        commit_list_release(&list);
        return error_set(err, ERROR_NOT_FOUND, "the repository %s has no commit", request->repo);
    }
    commit_list_release(out);
    *out = list;
    return 0;
}
