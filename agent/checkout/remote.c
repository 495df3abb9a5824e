#include "checkout/remote.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/strbuf.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { KEY_NAME_MAX = 80, KEY_HASH_LEN = 12 };

static const struct {
    const char *prefix;
    enum remote_kind kind;
} schemes[] = {
    {"https://", REMOTE_HTTPS}, {"http://", REMOTE_HTTP},   {"git://", REMOTE_GIT},
    {"ssh://", REMOTE_SSH},     {"git+ssh://", REMOTE_SSH}, {"ssh+git://", REMOTE_SSH},
    {"file://", REMOTE_LOCAL},
};

/* The authority of a URL: what stands between "://" and the next slash. */
static const char *authority_of(const char *url, size_t *len)
{
    const char *start = strstr(url, "://");
    if (!start)
        return NULL;
    start += 3;
    *len = strcspn(start, "/?#");
    return start;
}

static const char *last_at(const char *text, size_t len)
{
    return memrchr(text, '@', len);
}

char *remote_mask(const char *text)
{
    size_t len = 0;
    const char *authority = authority_of(text, &len);
    const char *at = authority ? last_at(authority, len) : NULL;
    if (!at)
        return xstrdup(text);
    return xasprintf("%.*s***%s", (int)(authority - text), text, at);
}

static char *lower(char *text)
{
    for (char *at = text; at && *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return text;
}

char *remote_host_of(const char *url)
{
    size_t len = 0;
    const char *authority = authority_of(url, &len);
    if (!authority)
        return NULL;
    const char *at = last_at(authority, len);
    if (at) {
        len -= (size_t)(at + 1 - authority);
        authority = at + 1;
    }
    return len ? lower(xstrndup(authority, len)) : NULL;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char *percent_decode(const char *text, size_t len)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; i < len; i++) {
        int high = text[i] == '%' && i + 2 < len ? hex_value(text[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text[i + 2]) : -1;
        if (low >= 0 && high + low > 0) {
            strbuf_addch(&out, (char)(high * 16 + low));
            i += 2;
        } else {
            strbuf_addch(&out, text[i]);
        }
    }
    return strbuf_detach(&out);
}

static void set_name_and_key(struct remote *remote)
{
    AUTO_FREE char *path = xstrdup(remote->url);
    size_t len = strlen(path);
    while (len && path[len - 1] == '/')
        path[--len] = '\0';
    if (len > 5 && !strcmp(path + len - 5, "/.git"))
        path[len -= 5] = '\0';
    else if (len > 4 && !strcmp(path + len - 4, ".git"))
        path[len -= 4] = '\0';
    const char *colon = remote->kind == REMOTE_SSH ? strrchr(path, ':') : NULL;
    const char *name = path_basename(path);
    remote->name = xstrdup(colon && colon > name ? colon + 1 : name);

    AUTO_STRBUF struct strbuf key = STRBUF_INIT;
    for (const char *at = remote->name; *at && key.len < KEY_NAME_MAX; at++)
        strbuf_addch(&key,
                     isalnum((unsigned char)*at) || strchr(key.len ? "._-" : "_", *at) ? *at : '_');
    if (!key.len)
        strbuf_addstr(&key, "repository");
    char hash[SHA256_HEX_SIZE];
    sha256_hex_of(path, len, hash);
    strbuf_addf(&key, "-%.*s", KEY_HASH_LEN, hash);
    remote->key = strbuf_detach(&key);
}

static int parse_local(const char *path, struct remote *out, struct error *err)
{
    char *real = path_real(path);
    if (!real)
        return error_set(
            err, ERROR_NOT_FOUND,
            "there is no repository at %s: the folder does not exist, or this user may "
            "not look there",
            path);
    out->kind = REMOTE_LOCAL;
    out->url = real;
    return 0;
}

static int parse_url(enum remote_kind kind, const char *text, struct remote *out, struct error *err)
{
    size_t len = 0;
    const char *authority = authority_of(text, &len);
    if (kind == REMOTE_LOCAL) {
        AUTO_FREE char *path = percent_decode(authority + len, strlen(authority + len));
        bool here = !len || (len == 9 && !strncmp(authority, "localhost", 9));
        if (!here || *path != '/')
            return error_set(err, ERROR_USAGE, "'%s' is not file:///ABSOLUTE/PATH", text);
        return parse_local(path, out, err);
    }
    out->kind = kind;
    out->host = remote_host_of(text);
    if (!out->host || !authority[len] || !authority[len + 1]) {
        AUTO_FREE char *masked = remote_mask(text);
        return error_set(err, ERROR_USAGE, "'%s' is not a whole URL: a host and a path are needed",
                         masked);
    }
    const char *at = last_at(authority, len);
    AUTO_STRBUF struct strbuf url = STRBUF_INIT;
    strbuf_add(&url, text, (size_t)(authority - text));
    if (at) {
        const char *colon = memchr(authority, ':', (size_t)(at - authority));
        size_t user_len = (size_t)((colon ? colon : at) - authority);
        out->user = percent_decode(authority, user_len);
        if (colon)
            out->password = percent_decode(colon + 1, (size_t)(at - colon - 1));
        if (kind == REMOTE_SSH) {
            strbuf_add(&url, authority, user_len);
            strbuf_addch(&url, '@');
        }
    }
    strbuf_addstr(&url, at ? at + 1 : authority);
    out->url = strbuf_detach(&url);
    return 0;
}

/* user@host:path, as ssh's copy program has it. A colon behind a slash belongs to a path. */
static bool is_scp_like(const char *text)
{
    size_t len = strcspn(text, ":/");
    return text[len] == ':' && len > 1 && text[len + 1];
}

static int parse_scp_like(const char *text, struct remote *out)
{
    size_t host_end = strcspn(text, ":");
    const char *at = last_at(text, host_end);
    out->kind = REMOTE_SSH;
    out->url = xstrdup(text);
    out->user = at ? xstrndup(text, (size_t)(at - text)) : NULL;
    const char *host = at ? at + 1 : text;
    out->host = lower(xstrndup(host, host_end - (size_t)(host - text)));
    return 0;
}

static int parse_any(const char *text, struct remote *out, struct error *err)
{
    if (!*text)
        return error_set(err, ERROR_USAGE, "the repository is empty: give a URL or a folder");
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
        if (!strncasecmp(text, schemes[i].prefix, strlen(schemes[i].prefix)))
            return parse_url(schemes[i].kind, text, out, err);
    if (strstr(text, "://") || strstr(text, "::")) {
        AUTO_FREE char *masked = remote_mask(text);
        return error_set(
            err, ERROR_USAGE,
            "'%s' has a scheme that is not spoken here: https, http, git, ssh and file "
            "are",
            masked);
    }
    if (!path_exists(text) && is_scp_like(text))
        return parse_scp_like(text, out);
    return parse_local(text, out, err);
}

int remote_parse(const char *text, struct remote *out, struct error *err)
{
    AUTO_REMOTE struct remote parsed = {0};
    int failed = parse_any(text, &parsed, err);
    if (failed)
        return failed;
    set_name_and_key(&parsed);
    *out = parsed;
    parsed = (struct remote){0};
    return 0;
}

/* Cuts the last part off a path; it may not go above `floor`. */
static bool cut_last(char *path, size_t floor)
{
    char *slash = strrchr(path, '/');
    char *colon = slash ? NULL : strrchr(path, ':');
    char *cut = slash ? slash : (colon ? colon + 1 : NULL);
    if (!cut || (size_t)(cut - path) < floor || !*cut)
        return false;
    *cut = '\0';
    return true;
}

/* `base` with the leading "./" and "../" of `relative` applied, as git-submodule does it. NULL when
 * they lead above it. */
static char *join_relative(const char *base, const char *relative)
{
    size_t authority_len = 0;
    const char *authority = authority_of(base, &authority_len);
    size_t floor = authority ? (size_t)(authority - base) + authority_len : 0;
    AUTO_FREE char *at = xstrdup(base);
    size_t len = strlen(at);
    while (len && at[len - 1] == '/')
        at[--len] = '\0';
    for (;;) {
        if (!strncmp(relative, "./", 2)) {
            relative += 2;
        } else if (!strncmp(relative, "../", 3)) {
            relative += 3;
            if (!cut_last(at, floor))
                return NULL;
        } else {
            break;
        }
    }
    len = strlen(at);
    return xasprintf("%s%s%s", at, len && at[len - 1] == ':' ? "" : "/", relative);
}

int remote_parse_submodule(const struct remote *parent, const char *url, struct remote *out,
                           struct error *err)
{
    bool relative = !strncmp(url, "./", 2) || !strncmp(url, "../", 3);
    AUTO_FREE char *whole = relative ? join_relative(parent->url, url) : xstrdup(url);
    AUTO_REMOTE struct remote parsed = {0};
    if (!whole)
        return error_set(err, ERROR_INPUT, "the submodule's URL '%s' leads above its parent's",
                         url);
    bool local = !relative && (*url == '/' || !strncasecmp(url, "file:", 5) ||
                               (!strstr(url, "://") && !is_scp_like(url)));
    if (local)
        return error_set(
            err, ERROR_INPUT,
            "the submodule's URL '%s' names a folder of this machine, which is refused", url);
    int failed = remote_parse(whole, &parsed, err);
    if (failed)
        return failed;
    if (relative && parsed.kind == parent->kind && parent->host &&
        !strcmp(parsed.host, parent->host) && !parsed.user) {
        parsed.user = xstrdup(parent->user);
        parsed.password = xstrdup(parent->password);
    }
    *out = parsed;
    parsed = (struct remote){0};
    return 0;
}

void remote_release(struct remote *remote)
{
    free(remote->url);
    free(remote->host);
    free(remote->name);
    free(remote->key);
    free(remote->user);
    if (remote->password)
        explicit_bzero(remote->password, strlen(remote->password));
    free(remote->password);
    *remote = (struct remote){0};
}
