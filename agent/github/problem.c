#include "github/problem.h"

#include "base/alloc.h"
#include "github/field.h"

#include <string.h>

enum { MESSAGE_MAX = 600 };

/* GitHub's own words: the message, and the reasons behind it. */
static void add_message(struct strbuf *out, const struct http_response *response)
{
    AUTO_JSON cJSON *body = cJSON_ParseWithLength(response->body.buf, response->body.len);
    strbuf_addstr(out, field_view(body, "message"));
    const cJSON *reason, *errors = field_at(body, "errors");
    cJSON_ArrayForEach(reason, errors)
    {
        const char *text =
            cJSON_IsString(reason) ? reason->valuestring : field_view(reason, "message");
        if (*text)
            strbuf_addf(out, "%s%s", out->len ? "; " : "", text);
        else if (*field_view(reason, "field"))
            strbuf_addf(out, "; %s: %s", field_view(reason, "field"), field_view(reason, "code"));
    }
    if (cJSON_IsString(errors))
        strbuf_addf(out, "; %s", errors->valuestring);
    if (out->len > MESSAGE_MAX)
        strbuf_truncate(out, MESSAGE_MAX);
}

/* "issues=write; pull_requests=write" as "issues: write or pull_requests: write". */
static void add_permissions(struct strbuf *out, const char *accepted)
{
    for (; *accepted; accepted++) {
        if (*accepted == '=')
            strbuf_addstr(out, ": ");
        else if (*accepted == ';')
            strbuf_addstr(out, " or");
        else if (*accepted == ',')
            strbuf_addstr(out, " and ");
        else
            strbuf_addch(out, *accepted);
    }
}

/* What a token would need for this: as GitHub says, else as the caller knows. */
static void add_need(struct strbuf *out, const struct problem_context *context,
                     const struct http_response *response)
{
    const char *accepted = http_header(response, "x-accepted-github-permissions");
    const char *scopes = http_header(response, "x-accepted-oauth-scopes");
    const char *has = http_header(response, "x-oauth-scopes");
    if (accepted && *accepted) {
        strbuf_addstr(out, "; the token needs the permission ");
        add_permissions(out, accepted);
    } else if (has && scopes && *scopes) {
        strbuf_addf(out, "; the token has the scopes '%s' and needs one of '%s'", has, scopes);
    } else if (context->permission) {
        strbuf_addf(out, "; the token needs the permission %s", context->permission);
    }
}

/* Whether GitHub refuses for a reason of its own, which no permission would help against. */
static bool is_other_reason(const char *message)
{
    static const char *const words[] = {"SAML", "IP allow list", "access blocked",
                                        "administrative rules", "two-factor"};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (strcasestr(message, words[i]))
            return true;
    return false;
}

static int code_of(long status)
{
    switch (status) {
    case 404:
    case 410:
        return ERROR_NOT_FOUND;
    case 409:
        return ERROR_CONFLICT;
    case 400:
    case 422:
        return ERROR_INPUT;
    default:
        return status >= 500 || status == 408 || status == 429 ? ERROR_UNREACHABLE : ERROR_FAILURE;
    }
}

static void add_meaning(struct strbuf *out, const struct problem_context *context,
                        const struct http_response *response)
{
    switch (response->status) {
    case 401:
        strbuf_addstr(out, context->has_token
                               ? "GitHub does not know the token: it is wrong, revoked or expired"
                               : "this needs a token: set GITHUB_TOKEN or give --token-file");
        break;
    case 403:
        strbuf_addstr(out, context->has_token
                               ? "the token may not do this"
                               : "not without a token: set GITHUB_TOKEN or give --token-file");
        break;
    case 404:
        strbuf_addstr(out, context->has_token ? "not there, or the token may not see it"
                                              : "not there, or not to be seen without a token");
        break;
    case 409:
        strbuf_addstr(out, "its state does not allow it");
        break;
    case 410:
        strbuf_addstr(out, "gone, or switched off");
        break;
    case 422:
        strbuf_addstr(out, "GitHub refuses the request");
        break;
    default:
        strbuf_addstr(out, response->status >= 500 ? "GitHub has an error of its own"
                                                   : "GitHub's answer is unexpected");
    }
}

int problem_describe(const struct problem_context *context, const struct http_response *response,
                     struct error *err)
{
    AUTO_STRBUF struct strbuf line = STRBUF_INIT, message = STRBUF_INIT;
    strbuf_addf(&line, "%s: cannot %s: ", context->repository,
                context->doing ? context->doing : "do this");
    add_meaning(&line, context, response);
    add_message(&message, response);
    strbuf_addf(&line, " (%ld%s%s)", response->status, message.len ? ": " : "", message.buf);
    if ((response->status == 403 && !is_other_reason(message.buf)) ||
        (response->status == 404 && context->has_token))
        add_need(&line, context, response);
    return error_set(err, code_of(response->status), "%s", line.buf);
}
