#include "pipeline/alerts/expected.h"

#include "base/alloc.h"
#include "checkout/checkout.h"
#include "github/field.h"
#include "github/pulls.h"
#include "pipeline/schedule/schedule_source.h"
#include "store/expected_changes.h"

#include <inttypes.h>

int expected_note(struct database *db, const struct expected_source *source, struct error *err)
{
    AUTO_EXPECTED_CHANGES struct expected_changes expected = {0};
    AUTO_FREE char *project =
        source->project ? xstrdup(source->project) : source_project(source->repo);
    const struct checkout_request request = {
        .remote = source->repo,
        .revision = source->branch,
        .ca_file = source->ca_file,
        .flags = CHECKOUT_BRANCH_FIRST,
    };
    struct commit *commits = NULL;
    size_t count = 0;
    int failed = remote_history(&request, EXPECTED_COMMITS, &commits, &count, err);
    if (failed)
        return failed;
    for (size_t i = 0; i < count; i++) {
        expected_parse(commits[i].expected, project, commits[i].id, &expected);
        commit_release(&commits[i]);
    }
    free(commits);
    return expected_changes_put(db, &expected, err);
}

int expected_note_label(struct database *db, struct github *github, const char *label,
                        const char *project, struct error *err)
{
    AUTO_EXPECTED_CHANGES struct expected_changes expected = {0};
    AUTO_GITHUB_PULLS struct github_pulls pulls = {0};
    int failed = github_pulls_merged(github, label, EXPECTED_PULLS, &pulls, err);
    for (size_t i = 0; !failed && i < pulls.count; i++) {
        const struct github_pull *pull = &pulls.items[i];
        AUTO_FREE char *reason = xasprintf("#%" PRId64 ": %s", pull->number, pull->title);
        const struct expected_change change = {
            .project = (char *)(uintptr_t)project,
            .commit = pull->merge_sha,
            .benchmark = (char *)(uintptr_t) "*",
            .reason = reason,
            .source = (char *)(uintptr_t) "label",
        };
        if (pull->merged && sha_is_valid(pull->merge_sha))
            expected_changes_add(&expected, &change);
    }
    return failed ? failed : expected_changes_put(db, &expected, err);
}
