#include "github/commits.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "github/field.h"
#include "net/url.h"

#include <string.h>

enum { COMMITS_MAX = 10000 };

void github_commit_release(struct github_commit *commit)
{
    free(commit->subject);
    free(commit->message);
    free(commit->author);
    *commit = (struct github_commit){0};
}

void github_commits_release(struct github_commits *list)
{
    for (size_t i = 0; i < list->count; i++)
        github_commit_release(&list->items[i]);
    free(list->items);
    *list = (struct github_commits){0};
}

static char *first_line(const char *text)
{
    return xstrndup(text, strcspn(text, "\r\n"));
}

static int read_commit(const cJSON *json, struct github_commit *out, struct error *err)
{
    struct github_commit commit = {0};
    if (!field_sha(json, "sha", commit.sha))
        return error_set(err, ERROR_INPUT, "GitHub's answer has a commit without an id");
    const cJSON *parents = field_at(json, "parents");
    commit.parents = (size_t)cJSON_GetArraySize(parents);
    if (commit.parents)
        (void)field_sha(cJSON_GetArrayItem(parents, 0), "sha", commit.parent);
    commit.author_s = field_time(json, "commit.author.date");
    commit.commit_s = field_time(json, "commit.committer.date");
    commit.message = field_text(json, "commit.message");
    commit.subject = first_line(commit.message);
    const char *login = field_view(json, "author.login");
    commit.author = *login ? xstrdup(login) : field_text(json, "commit.author.name");
    *out = commit;
    return 0;
}

static void append(struct github_commits *list, struct github_commit *commit)
{
    ARRAY_RESERVE(list->items, list->cap, list->count + 1);
    list->items[list->count++] = *commit;
    *commit = (struct github_commit){0};
}

/* A listing under way. GitHub lists by time and mixes in what merges brought: the first-parent line
 * is picked out of it. `pending` are commits that came before their turn on that line. */
struct walk {
    const struct github_commit_query *query;
    struct github_commits *out;
    size_t start, max;
    struct github_commits pending;
    char next[GITHUB_SHA_SIZE]; /* of the line; "" before the first commit */
};

static void cleanup_walk(struct walk *walk)
{
    github_commits_release(&walk->pending);
}

/* Takes the next commit of the line, or of all; GITHUB_PAGE_ENOUGH at the end of the query. */
static int take(struct walk *walk, struct github_commit *commit)
{
    const struct github_commit_query *query = walk->query;
    bool ends = (query->after && !strcmp(query->after, commit->sha)) ||
                (query->since_s && query->first_parent && commit->commit_s < query->since_s);
    if (!ends && walk->out->count - walk->start == walk->max)
        ends = walk->out->more = true;
    memcpy(walk->next, commit->parent, sizeof(walk->next));
    bool last = !commit->parents;
    if (ends || (query->until_s && commit->commit_s > query->until_s))
        github_commit_release(commit);
    else
        append(walk->out, commit);
    return ends || (query->first_parent && last) ? GITHUB_PAGE_ENOUGH : GITHUB_PAGE_GO_ON;
}

static int take_pending(struct walk *walk)
{
    int said = GITHUB_PAGE_GO_ON;
    for (size_t i = 0; said == GITHUB_PAGE_GO_ON && i < walk->pending.count; i++)
        if (!strcmp(walk->pending.items[i].sha, walk->next)) {
            said = take(walk, &walk->pending.items[i]);
            i = (size_t)-1;
        }
    return said;
}

static int on_commit(const struct cJSON *json, void *context, struct error *err)
{
    struct walk *walk = context;
    struct github_commit commit;
    int failed = read_commit(json, &commit, err);
    if (failed)
        return failed;
    if (walk->query->first_parent && *walk->next && strcmp(walk->next, commit.sha)) {
        append(&walk->pending, &commit);
        return GITHUB_PAGE_GO_ON;
    }
    int said = take(walk, &commit);
    if (said == GITHUB_PAGE_GO_ON && walk->query->first_parent)
        said = take_pending(walk);
    return said;
}

static const char *time_or_null(int64_t unix_s, char buf[TIME_ISO_SIZE])
{
    if (!unix_s)
        return NULL;
    time_format_iso(unix_s, buf);
    return buf;
}

int github_commits_list(struct github *github, const struct github_commit_query *query,
                        struct github_commits *out, struct error *err)
{
    char since[TIME_ISO_SIZE], until[TIME_ISO_SIZE];
    __attribute__((cleanup(cleanup_walk))) struct walk walk = {
        .query = query,
        .out = out,
        .start = out->count,
        .max = query->max ? query->max : COMMITS_MAX,
    };
    /* The line starts at the branch's tip, so that only the end of a first-parent listing can be
     * left to GitHub; and a merged commit may be younger than the line that goes on below it. */
    bool line = query->first_parent;
    struct http_pair pairs[] = {
        {"sha", query->branch},
        {"path", line ? NULL : query->path},
        {"since", time_or_null(query->since_s, since)},
        {"until", line ? NULL : time_or_null(query->until_s, until)},
    };
    struct github_call call = {
        .path = "commits",
        .query = pairs,
        .query_count = ARRAY_SIZE(pairs),
        .doing = "list commits",
        .permission = "contents: read",
    };
    /* Where every commit counts GitHub does; merges and a line's end are found on the way. */
    bool exact = !line && !query->after;
    if (exact)
        call.more = &out->more;
    return github_each(github, &call, NULL, exact ? walk.max : 0, on_commit, &walk, err);
}

int github_commit_get(struct github *github, const char *rev, struct github_commit *out,
                      struct error *err)
{
    AUTO_JSON cJSON *answer = NULL;
    AUTO_STRBUF struct strbuf path = STRBUF_INIT;
    AUTO_FREE char *doing = xasprintf("read commit '%s'", rev);
    if (!*rev)
        return error_set(err, ERROR_USAGE, "the revision is empty");
    strbuf_addstr(&path, "commits/");
    url_escape(&path, rev);
    struct github_call call = {.path = path.buf, .doing = doing, .permission = "contents: read"};
    long status = 0;
    call.status = &status;
    int failed = github_send(github, &call, &answer, err);
    /* GitHub calls a revision that does not exist an unprocessable one. */
    if (failed && status == 422)
        return error_set(err, ERROR_NOT_FOUND, "%s: there is no commit '%s'", github->repository,
                         rev);
    return failed ? failed : read_commit(answer, out, err);
}

int github_resolve(struct github *github, const char *rev, char sha[GITHUB_SHA_SIZE],
                   struct error *err)
{
    AUTO_GITHUB_COMMIT struct github_commit commit = {0};
    int failed = github_commit_get(github, rev, &commit, err);
    if (!failed)
        memcpy(sha, commit.sha, GITHUB_SHA_SIZE);
    return failed;
}

static int read_relation(const char *status, enum github_relation *out, struct error *err)
{
    static const char *const names[] = {"identical", "ahead", "behind", "diverged"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (!strcmp(names[i], status)) {
            *out = (enum github_relation)i;
            return 0;
        }
    return error_set(err, ERROR_INPUT, "GitHub's answer has an unknown status '%s'", status);
}

int github_compare(struct github *github, const char *base, const char *head,
                   struct github_comparison *out, struct error *err)
{
    AUTO_JSON cJSON *answer = NULL;
    AUTO_STRBUF struct strbuf path = STRBUF_INIT;
    AUTO_FREE char *doing = xasprintf("compare %s with %s", base, head);
    strbuf_addstr(&path, "compare/");
    url_escape(&path, base);
    strbuf_addstr(&path, "...");
    url_escape(&path, head);
    /* Its commits and files are not asked for, as far as GitHub lets one. */
    struct http_pair one = {"per_page", "1"};
    struct github_call call = {.path = path.buf,
                               .query = &one,
                               .query_count = 1,
                               .doing = doing,
                               .permission = "contents: read"};
    struct github_comparison found = {0};
    int failed = github_send(github, &call, &answer, err);
    if (!failed)
        failed = read_relation(field_view(answer, "status"), &found.relation, err);
    if (failed)
        return failed;
    found.ahead = field_integer(answer, "ahead_by");
    found.behind = field_integer(answer, "behind_by");
    (void)field_sha(answer, "merge_base_commit.sha", found.merge_base);
    *out = found;
    return 0;
}
