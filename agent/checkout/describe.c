#include "checkout/describe.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "model/expected.h"

#include <string.h>

enum { SUBJECT_MAX = 512 };

/* Commit messages are bytes in any encoding, and a subject line goes into tables and JSON. */
static char *subject_of(const git_commit *commit)
{
    const char *summary = git_commit_summary((git_commit *)commit);
    if (!summary)
        return xstrdup("");
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    size_t len = strlen(summary);
    for (size_t i = 0; i < len && text.len < SUBJECT_MAX;) {
        size_t whole = utf8_sequence(summary + i, len - i);
        if (whole)
            strbuf_add(&text, summary + i, whole);
        else
            strbuf_addstr(&text, "\xef\xbf\xbd");
        i += whole ? whole : 1;
    }
    return strbuf_detach(&text);
}

int describe_commit(const struct mirror *mirror, const git_oid *id, struct commit *out,
                    struct error *err)
{
    AUTO_GIT(git_commit) git_commit *commit = NULL;
    AUTO_FREE git_oid *parents = NULL;
    size_t count = 0;
    int failed = mirror_parents(mirror, id, &parents, &count, err);
    if (failed)
        return failed;
    failed = git_commit_lookup(&commit, mirror->repo, id);
    if (failed)
        return library_fail(err, failed, "cannot read commit %s", git_oid_tostr_s(id));
    const char *message = git_commit_message(commit);
    *out = (struct commit){
        .id = xstrdup(git_oid_tostr_s(id)),
        .parent = count ? xstrdup(git_oid_tostr_s(&parents[0])) : NULL,
        .subject = subject_of(commit),
        .time = git_commit_time(commit),
        .expected = message ? expected_trailers(message) : NULL,
    };
    return 0;
}
