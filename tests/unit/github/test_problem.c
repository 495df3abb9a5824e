/* One line for each answer that is no success. */
#include "github/problem.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct problem_context with_token = {"o/r", "dispatch w.yml", "actions: write", true};
static const struct problem_context without_token = {"o/r", "list commits", "contents: read",
                                                     false};

/* The line for a status, with a header ("name: value", or NULL) and a body. */
static int describe(const struct problem_context *context, long status, const char *header,
                    const char *body, struct error *err)
{
    AUTO_HTTP_RESPONSE struct http_response response = HTTP_RESPONSE_INIT;
    response.status = status;
    if (header)
        strlist_push(&response.headers, header);
    strbuf_addstr(&response.body, body);
    return problem_describe(context, &response, err);
}

static void expect(long status, const char *header, const char *body, int code, const char *part)
{
    struct error err = ERROR_INIT;
    cr_assert_eq(describe(&with_token, status, header, body, &err), code, "%s", err.message);
    cr_assert_eq(strncmp(err.message, "o/r: cannot dispatch w.yml: ", 28), 0, "%s", err.message);
    cr_assert(strstr(err.message, part), "%s", err.message);
}

Test(problem, each_status_has_its_code_and_its_words)
{
    expect(401, NULL, "{\"message\": \"Bad credentials\"}", ERROR_FAILURE,
           "does not know the token: it is wrong, revoked or expired (401: Bad credentials)");
    expect(404, NULL, "{\"message\": \"Not Found\"}", ERROR_NOT_FOUND, "actions: write");
    expect(409, NULL, "{\"message\": \"x\"}", ERROR_CONFLICT, "(409: x)");
    expect(410, NULL, "{\"message\": \"Issues are disabled\"}", ERROR_NOT_FOUND,
           "Issues are disabled");
    expect(500, NULL, "<html>", ERROR_UNREACHABLE, "an error of its own (500)");
    expect(418, NULL, "", ERROR_FAILURE, "is unexpected (418)");
}

Test(problem, a_missing_permission_is_named_as_github_names_it)
{
    expect(403, "x-accepted-github-permissions: issues=write; pull_requests=write",
           "{\"message\": \"Resource not accessible by integration\"}", ERROR_FAILURE,
           "needs the permission issues: write or pull_requests: write");
    expect(403, NULL, "{}", ERROR_FAILURE, "needs the permission actions: write");
}

Test(problem, no_permission_is_asked_for_where_github_refuses_for_another_reason)
{
    static const char *const messages[] = {
        "Resource protected by organization SAML enforcement. You must grant your token access.",
        "Although you appear to have the correct authorization credentials, the `x` organization "
        "has an IP allow list enabled",
        "Repository access blocked",
    };
    for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
        struct error err = ERROR_INIT;
        AUTO_FREE char *body = xasprintf("{\"message\": \"%s\"}", messages[i]);
        cr_assert_eq(describe(&with_token, 403, NULL, body, &err), ERROR_FAILURE);
        cr_assert(strstr(err.message, messages[i]), "%s", err.message);
        cr_assert_not(strstr(err.message, "needs the permission"), "%s", err.message);
    }
}

Test(problem, a_classic_token_is_told_its_scopes)
{
    AUTO_HTTP_RESPONSE struct http_response response = HTTP_RESPONSE_INIT;
    struct error err = ERROR_INIT;
    response.status = 403;
    strlist_push(&response.headers, "x-oauth-scopes: read:org");
    strlist_push(&response.headers, "x-accepted-oauth-scopes: repo, workflow");
    cr_assert_eq(problem_describe(&with_token, &response, &err), ERROR_FAILURE);
    cr_assert(strstr(err.message, "has the scopes 'read:org' and needs one of 'repo, workflow'"),
              "%s", err.message);
}

Test(problem, what_github_objects_to_is_repeated)
{
    expect(422, NULL,
           "{\"message\": \"Validation Failed\", \"errors\": [{\"message\": \"Body is too long\"}, "
           "{\"field\": \"sha\", \"code\": \"missing\"}, \"plain\"]}",
           ERROR_INPUT, "(422: Validation Failed; Body is too long; sha: missing; plain)");
}

Test(problem, a_long_or_odd_complaint_stays_one_short_line)
{
    AUTO_STRBUF struct strbuf body = STRBUF_INIT;
    struct error err = ERROR_INIT;
    strbuf_addstr(&body, "{\"message\": \"");
    for (int i = 0; i < 5000; i++)
        strbuf_addstr(&body, "words ");
    strbuf_addstr(&body, "\"}");
    cr_assert_eq(describe(&with_token, 422, NULL, body.buf, &err), ERROR_INPUT);
    cr_assert_lt(strlen(err.message), 900);
    expect(422, NULL, "[1, 2]", ERROR_INPUT, "refuses the request");
    expect(422, NULL, "{\"message\": 5, \"errors\": 6}", ERROR_INPUT, "refuses the request");
}

Test(problem, without_a_token_the_token_is_what_is_missing)
{
    struct error err = ERROR_INIT;
    describe(&without_token, 401, NULL, "{}", &err);
    cr_assert(strstr(err.message, "set GITHUB_TOKEN or give --token-file"), "%s", err.message);
    describe(&without_token, 404, NULL, "{}", &err);
    cr_assert(strstr(err.message, "not to be seen without a token"), "%s", err.message);
}
