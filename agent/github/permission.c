#include "github/permission.h"

#include "base/alloc.h"
#include "github/field.h"
#include "net/url.h"

#include <string.h>

static const char *const names[] = {"none", "read", "triage", "write", "maintain", "admin"};

const char *github_permission_name(enum github_permission permission)
{
    return names[permission];
}

static bool find_name(const char *text, enum github_permission *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (!strcmp(names[i], text)) {
            *out = (enum github_permission)i;
            return true;
        }
    return false;
}

/* Logins are letters, digits and dashes; those of apps end in "[bot]", those of managed users have
 * an underscore. */
static int check_login(const char *login, struct error *err)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t len = strspn(login, allowed);
    if (!len || len > 100 || (login[len] && strcmp(login + len, "[bot]")))
        return error_set(err, ERROR_USAGE, "'%s' is no GitHub login", login);
    return 0;
}

int github_permission_of(struct github *github, const char *login, enum github_permission *out,
                         struct error *err)
{
    int failed = check_login(login, err);
    if (failed)
        return failed;
    AUTO_JSON cJSON *answer = NULL;
    AUTO_STRBUF struct strbuf path = STRBUF_INIT;
    AUTO_FREE char *doing = xasprintf("read the permission of %s", login);
    long status = 0;
    struct error reason = ERROR_INIT;
    strbuf_addstr(&path, "collaborators/");
    url_escape(&path, login);
    strbuf_addstr(&path, "/permission");
    struct github_call call = {
        .path = path.buf, .doing = doing, .permission = "metadata: read", .status = &status};
    failed = github_send(github, &call, &answer, &reason);
    if (failed && status == 404 && strstr(reason.message, "is not a user")) {
        *out = GITHUB_PERMISSION_NONE;
        return 0;
    }
    if (failed)
        return error_set(err, failed, "%s", reason.message);
    /* The role is the finer one; where an organisation named it itself, the base counts. */
    enum github_permission found;
    if (!find_name(field_view(answer, "role_name"), &found) &&
        !find_name(field_view(answer, "permission"), &found))
        return error_set(err, ERROR_INPUT, "GitHub's answer has no permission that is known");
    *out = found;
    return 0;
}
