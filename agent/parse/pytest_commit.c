#include "parse/pytest_commit.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "parse/json_value.h"

void pytest_commit_release(struct pytest_commit *commit)
{
    free(commit->id);
    free(commit->project);
    free(commit->branch);
    *commit = (struct pytest_commit){0};
}

static int read_owned(struct json_reader *r, char **out, struct error *err)
{
    bool present = false;
    int rc = json_read_string_or_null(r, &present, err);
    if (rc < 0)
        return rc;
    free(*out);
    *out = present ? xstrndup(r->text.buf, r->text.len) : NULL;
    return 0;
}

/* The commit's time counts more than its author's, whichever stands first. */
static int read_time(struct json_reader *r, bool of_author, struct pytest_commit *commit,
                     bool *is_final, struct error *err)
{
    bool present = false;
    int64_t time = 0;
    int rc = json_read_string_or_null(r, &present, err);
    if (rc < 0 || !present || (of_author && *is_final))
        return rc;
    if (!time_parse_iso(r->text.buf, &time))
        return 0;
    commit->time = time;
    commit->has_time = true;
    *is_final = !of_author;
    return 0;
}

static int read_commit(struct json_reader *r, struct pytest_commit *commit, struct error *err)
{
    enum json_token token = JSON_END;
    int rc = json_next(r, &token, err);
    if (rc < 0 || token == JSON_NULL)
        return rc;
    if (token != JSON_OBJECT_BEGIN)
        return json_fail(r, err, "expected an object, found %s", json_token_name(token));
    bool more = false, is_final = false;
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "id"))
            rc = read_owned(r, &commit->id, err);
        else if (json_text_is(r, "project"))
            rc = read_owned(r, &commit->project, err);
        else if (json_text_is(r, "branch"))
            rc = read_owned(r, &commit->branch, err);
        else if (json_text_is(r, "time"))
            rc = read_time(r, false, commit, &is_final, err);
        else if (json_text_is(r, "author_time"))
            rc = read_time(r, true, commit, &is_final, err);
        else if (json_text_is(r, "dirty"))
            rc = json_read_bool(r, &commit->dirty, err);
        else
            rc = json_skip(r, err);
    }
    return rc;
}

static int find_commit(struct json_reader *r, struct pytest_commit *commit, struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (!json_text_is(r, "commit_info")) {
            rc = json_skip(r, err);
            continue;
        }
        rc = read_commit(r, commit, err);
        if (rc < 0)
            (void)error_wrap(err, "commit_info");
        return rc;
    }
    return rc;
}

int pytest_commit_read(struct input *input, struct pytest_commit *out, struct error *err)
{
    AUTO_PYTEST_COMMIT struct pytest_commit commit = {0};
    int rc = input_rewind(input, err);
    if (rc < 0)
        return rc;
    AUTO_JSON_READER struct json_reader r;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    rc = find_commit(&r, &commit, err);
    if (rc < 0) {
        (void)error_wrap(err, "%s", input_name(input));
        return rc;
    }
    rc = input_rewind(input, err);
    if (rc < 0)
        return rc;
    *out = commit;
    commit = (struct pytest_commit){0};
    return 0;
}
