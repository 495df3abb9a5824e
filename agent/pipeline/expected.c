#include "pipeline/expected.h"

#include "base/alloc.h"
#include "checkout/checkout.h"
#include "pipeline/schedule_source.h"
#include "store/expected_changes.h"

int expected_note(struct database *db, const struct expected_source *source, struct error *err)
{
    AUTO_EXPECTED_CHANGES struct expected_changes expected = {0};
    AUTO_FREE char *project =
        source->project ? xstrdup(source->project) : source_project(source->repo);
    const struct checkout_request request = {
        .remote = source->repo,
        .revision = source->branch,
        .ca_file = source->ca_file,
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
