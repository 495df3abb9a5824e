#include "pipeline/poll/poll_discover.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"
#include "bot/approval.h"
#include "checkout/checkout.h"
#include "checkout/remote.h"
#include "github/checks.h"
#include "github/comments.h"
#include "github/pulls.h"
#include "pipeline/poll/poll_backfill.h"
#include "pipeline/schedule/schedule.h"

#include <inttypes.h>
#include <string.h>

/* The database may change without the branch: a run is taken back, a machine is lost. */
#define FULL_LOOK_S 600.0
/* An approval is a comment, so its pull request is among those that were touched last; each costs a
 * request with every look. */
#define PULLS_MAX 20

void poll_watch_release(struct poll_watch *watch)
{
    strlist_release(&watch->heads);
}

int poll_repository(const char *repo, char **out, struct error *err)
{
    AUTO_FREE char *address = source_remote(repo);
    AUTO_REMOTE struct remote remote = {0};
    int failed = remote_parse(address, &remote, err);
    if (!failed)
        *out = xstrdup(remote.url);
    return failed;
}

static struct poll_job *add_job(struct poll_jobs *out, enum poll_job_kind kind,
                                const struct poll_request *request, const char *repository,
                                const char *commit)
{
    ARRAY_RESERVE(out->items, out->cap, out->count + 1);
    out->items[out->count] = (struct poll_job){
        .kind = kind,
        .repository = xstrdup(repository),
        .commit = xstrdup(commit),
        .test_bed = xstrdup(request->test_bed),
    };
    return &out->items[out->count++];
}

static struct source_request source_of(const struct poll_request *request, const char *branch)
{
    return (struct source_request){
        .repo = request->repo,
        .branch = branch,
        .ca_file = request->ca_file,
        .token_file = request->token_file,
    };
}

/* Where the branch stands now, with one request. */
static int read_head(const struct poll_request *request, const char *branch, char **out,
                     struct error *err)
{
    if (source_github(request->repo)) {
        AUTO_COMMIT_LIST struct commit_list list = {0};
        const struct source_request source = source_of(request, branch);
        int failed = source_list(&source, 1, &list, err);
        if (!failed)
            *out = xstrdup(list.count ? list.items[0].id : "");
        return failed;
    }
    const struct checkout_request checkout = {
        .remote = request->repo,
        .revision = branch,
        .ca_file = request->ca_file,
        .flags = CHECKOUT_BRANCH_FIRST,
    };
    return remote_newest(&checkout, out, err);
}

/* Oldest first, as they are to be measured. */
static int add_due(const struct poll_request *request, const char *repository, const char *branch,
                   struct poll_jobs *out, struct error *err)
{
    AUTO_SCHEDULE struct schedule schedule = {0};
    const struct schedule_request asked = {
        .source = source_of(request, branch),
        .db = request->db,
        .project = request->project,
        .test_bed = request->test_bed,
        .first = request->first,
    };
    int64_t seen_at = clock_unix_s();
    int failed = schedule_make(&asked, &schedule, err);
    for (size_t i = 0; !failed && i < schedule.notes.count; i++)
        log_warning("%s", schedule.notes.items[i]);
    for (size_t i = schedule.count; !failed && i-- > 0;)
        if (schedule.items[i].action == SCHEDULE_DUE) {
            struct poll_job *job =
                add_job(out, POLL_JOB_COMMIT, request, repository, schedule.items[i].commit.id);
            job->added_at = schedule.items[i].why == DUE_INVALIDATED ? seen_at : 0;
        }
    return failed;
}

static int look_at_branch(const struct poll_request *request, struct database *db,
                          const char *repository, const char *branch, struct poll_jobs *out,
                          struct error *err)
{
    int failed = add_due(request, repository, branch, out, err);
    if (!failed && request->backfill)
        failed = poll_backfill(request, db, repository, branch, out, err);
    return failed;
}

/* The options of `run` that the comment of the approval has chosen, as JSON. */
static int read_scope(struct github *github, const struct bot_approval *approval, char **out,
                      struct error *err)
{
    AUTO_GITHUB_COMMENT struct github_comment comment = {0};
    AUTO_BOT_COMMAND struct bot_command command = {0};
    int failed = github_comment_get(github, approval->comment, &comment, err);
    if (!failed)
        failed = bot_command_parse(comment.body, strlen(comment.body), BOT_MENTION, &command, err);
    if (!failed && command.verb != BOT_BENCHMARK)
        failed =
            error_set(err, ERROR_INPUT, "the comment that approved it asks for something else");
    if (failed)
        return failed;
    AUTO_STRLIST struct strlist words = STRLIST_INIT;
    if (command.rust_only)
        strlist_push(&words, "--rust-only");
    if (command.python_only)
        strlist_push(&words, "--python-only");
    for (size_t i = 0; i < command.crates.count; i++)
        strlist_pushf(&words, "--crate=%s", command.crates.items[i]);
    struct strbuf json = STRBUF_INIT;
    for (size_t i = 0; i < words.count; i++) {
        strbuf_addstr(&json, i ? ", " : "[");
        escape_json(&json, words.items[i], strlen(words.items[i]));
    }
    strbuf_addstr(&json, words.count ? "]" : "[]");
    *out = strbuf_detach(&json);
    return 0;
}

/* An approval waits as long as its check run is queued. */
static int add_approved(const struct poll_request *request, struct github *github,
                        const char *repository, const struct github_pull *pull,
                        struct poll_jobs *out, struct error *err)
{
    AUTO_GITHUB_CHECKS struct github_checks checks = {0};
    int failed = github_checks_list(github, pull->head_sha, BOT_CHECK_NAME, &checks, err);
    for (size_t i = 0; !failed && i < checks.count; i++) {
        const struct github_check *check = &checks.items[i];
        struct bot_approval approval;
        AUTO_FREE char *arguments = NULL;
        if (strcmp(check->status, "queued") || !bot_approval_parse(check->external_id, &approval) ||
            approval.pull != pull->number || strcmp(approval.commit, check->head_sha))
            continue;
        struct error reason = ERROR_INIT;
        if (!approval.whole && read_scope(github, &approval, &arguments, &reason)) {
            log_warning("pull request %" PRId64 " is not run: %s", pull->number, reason.message);
            continue;
        }
        struct poll_job *job =
            add_job(out, POLL_JOB_PULL_REQUEST, request, repository, approval.commit);
        job->pull_request = pull->number;
        job->check_run = check->id;
        job->arguments = take_ptr(arguments);
    }
    return failed;
}

static void keep_first(struct error *first, const struct error *reason)
{
    if (!first->code)
        *first = *reason;
    else
        log_warning("%s", reason->message);
}

static void look_at_pulls(const struct poll_request *request, struct github *github,
                          const char *repository, struct poll_jobs *out, struct error *first)
{
    AUTO_GITHUB_PULLS struct github_pulls pulls = {0};
    struct error reason = ERROR_INIT;
    if (github_pulls_list(github, PULLS_MAX, &pulls, &reason)) {
        keep_first(first, &reason);
        return;
    }
    for (size_t i = 0; i < pulls.count; i++) {
        reason = (struct error)ERROR_INIT;
        if (add_approved(request, github, repository, &pulls.items[i], out, &reason))
            keep_first(first, &reason);
    }
}

static void look_at_branches(const struct poll_request *request, struct database *db,
                             const char *repository, struct poll_watch *watch,
                             struct poll_jobs *out, struct error *first)
{
    static char *const no_name[] = {NULL};
    size_t count = request->branches->count ? request->branches->count : 1;
    char *const *names = request->branches->count ? request->branches->items : no_name;
    AUTO_STRLIST struct strlist heads = STRLIST_INIT;
    double now_s = clock_monotonic_s();
    bool full = !watch->full_look_s || now_s - watch->full_look_s >= FULL_LOOK_S;
    for (size_t i = 0; i < count; i++) {
        AUTO_FREE char *head = NULL;
        struct error reason = ERROR_INIT;
        int failed = read_head(request, names[i], &head, &reason);
        bool moved =
            !failed && (i >= watch->heads.count || strcmp(watch->heads.items[i], head) != 0);
        if (!failed && (full || moved))
            failed = look_at_branch(request, db, repository, names[i], out, &reason);
        if (failed)
            keep_first(first, &reason);
        /* What failed is looked at again the next time. */
        strlist_push(&heads, failed ? "" : head);
    }
    strlist_release(&watch->heads);
    watch->heads = heads;
    heads = (struct strlist)STRLIST_INIT;
    if (full)
        watch->full_look_s = now_s;
}

int poll_discover(const struct poll_request *request, const struct poll_look *look,
                  struct poll_watch *watch, struct poll_jobs *out, struct error *err)
{
    struct github *github = look->github;
    struct error first = ERROR_INIT;
    AUTO_FREE char *repository = NULL;
    int failed = poll_repository(request->repo, &repository, err);
    if (failed)
        return failed;
    look_at_branches(request, look->db, repository, watch, out, &first);
    if (github && request->pull_requests)
        look_at_pulls(request, github, repository, out, &first);
    if (first.code && err)
        *err = first;
    return first.code;
}
