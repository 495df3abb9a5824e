#include "net/url.h"

#include "base/alloc.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>

static void cleanup_curl_url(CURLU **url)
{
    curl_url_cleanup(*url);
}
#define AUTO_CURL_URL __attribute__((cleanup(cleanup_curl_url)))

static void cleanup_curl_text(char **text)
{
    curl_free(*text);
}
#define AUTO_CURL_TEXT __attribute__((cleanup(cleanup_curl_text)))

/* NULL when it is no URL. */
static CURLU *parse(const char *url)
{
    CURLU *parsed = curl_url();
    if (parsed && curl_url_set(parsed, CURLUPART_URL, url, 0)) {
        curl_url_cleanup(parsed);
        parsed = NULL;
    }
    return parsed;
}

/* NULL where the URL has no such part. */
static char *part(CURLU *url, CURLUPart which)
{
    char *text = NULL;
    if (!url || curl_url_get(url, which, &text, CURLU_DEFAULT_PORT))
        return NULL;
    return text;
}

void url_escape(struct strbuf *out, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *text; text++) {
        if (strchr(plain, *text))
            strbuf_addch(out, *text);
        else
            strbuf_addf(out, "%%%02X", (unsigned char)*text);
    }
}

char *url_make(const char *base, const char *target, const struct http_pair *query, size_t count)
{
    AUTO_STRBUF struct strbuf url = STRBUF_INIT;
    if (*target == '/') {
        strbuf_addstr(&url, base);
        if (url.len && url.buf[url.len - 1] == '/')
            strbuf_truncate(&url, url.len - 1);
    }
    strbuf_addstr(&url, target);
    char separator = strchr(target, '?') ? '&' : '?';
    for (size_t i = 0; i < count; i++) {
        if (!query[i].value)
            continue;
        strbuf_addch(&url, separator);
        url_escape(&url, query[i].name);
        strbuf_addch(&url, '=');
        url_escape(&url, query[i].value);
        separator = '&';
    }
    return strbuf_detach(&url);
}

int url_check_base(const char *url, const char *what, struct error *err)
{
    AUTO_CURL_URL CURLU *parsed = parse(url);
    AUTO_CURL_TEXT char *scheme = part(parsed, CURLUPART_SCHEME);
    AUTO_CURL_TEXT char *host = part(parsed, CURLUPART_HOST);
    AUTO_CURL_TEXT char *user = part(parsed, CURLUPART_USER);
    AUTO_CURL_TEXT char *password = part(parsed, CURLUPART_PASSWORD);
    if (user || password)
        return error_set(err, ERROR_USAGE, "%s has a user or password in it: give the token apart",
                         what);
    if (!scheme || (strcmp(scheme, "http") && strcmp(scheme, "https")) || !host || !*host ||
        strpbrk(url, "?#"))
        return error_set(err, ERROR_USAGE, "%s is not an http(s) URL: '%s'", what, url);
    return 0;
}

bool url_same_origin(const char *a, const char *b)
{
    AUTO_CURL_URL CURLU *first = parse(a), *second = parse(b);
    static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        AUTO_CURL_TEXT char *one = part(first, parts[i]), *two = part(second, parts[i]);
        if (!one || !two || strcasecmp(one, two))
            return false;
    }
    return true;
}

bool url_is_https(const char *url)
{
    return !strncasecmp(url, "https://", 8);
}

bool url_is_loopback(const char *url)
{
    AUTO_CURL_URL CURLU *parsed = parse(url);
    AUTO_CURL_TEXT char *host = part(parsed, CURLUPART_HOST);
    struct in_addr address;
    if (host && inet_pton(AF_INET, host, &address) == 1)
        return ntohl(address.s_addr) >> 24 == 127;
    return host && (!strcasecmp(host, "localhost") || !strcmp(host, "[::1]"));
}

char *url_shown(const char *url)
{
    AUTO_CURL_URL CURLU *parsed = parse(url);
    AUTO_CURL_TEXT char *host = part(parsed, CURLUPART_HOST);
    AUTO_CURL_TEXT char *path = part(parsed, CURLUPART_PATH);
    return xasprintf("%s%s", host ? host : "an address", path ? path : "");
}
