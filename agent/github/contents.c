#include "github/contents.h"

#include "base/alloc.h"
#include "base/strbuf.h"
#include "github/field.h"
#include "net/url.h"

#include <openssl/evp.h>
#include <string.h>

/* GitHub breaks the base64 into lines. */
static char *decode(const char *text)
{
    AUTO_STRBUF struct strbuf packed = STRBUF_INIT;
    for (; *text; text++)
        if (*text != '\n' && *text != '\r')
            strbuf_addch(&packed, *text);
    unsigned char *bytes = xmalloc(packed.len / 4 * 3 + 1);
    int len =
        packed.len ? EVP_DecodeBlock(bytes, (const unsigned char *)packed.buf, (int)packed.len) : 0;
    for (size_t i = packed.len; len > 0 && i && packed.buf[i - 1] == '='; i--)
        len--;
    if (len < 0 || memchr(bytes, '\0', (size_t)len)) {
        free(bytes);
        return NULL;
    }
    bytes[len] = '\0';
    return (char *)bytes;
}

int github_file_get(struct github *github, const char *path, const char *rev, char **out,
                    struct error *err)
{
    AUTO_JSON cJSON *answer = NULL;
    AUTO_STRBUF struct strbuf target = STRBUF_INIT;
    AUTO_FREE char *doing = xasprintf("read %s of '%s'", path, rev);
    struct http_pair ref = {"ref", rev};
    strbuf_addstr(&target, "contents/");
    url_escape(&target, path);
    struct github_call call = {
        .path = target.buf,
        .query = &ref,
        .query_count = 1,
        .doing = doing,
        .permission = "contents: read",
    };
    int failed = github_send(github, &call, &answer, err);
    if (failed)
        return failed;
    bool is_file = !strcmp(field_view(answer, "type"), "file") &&
                   !strcmp(field_view(answer, "encoding"), "base64");
    char *text = is_file ? decode(field_view(answer, "content")) : NULL;
    if (!text)
        return error_set(err, ERROR_INPUT, "%s of '%s' is no text file of at most 1 MB", path, rev);
    *out = text;
    return 0;
}
