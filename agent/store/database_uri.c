#include "store/database_uri.h"

#include "base/alloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What may stand in a header of HTTP and in a URL. */
static bool is_plain(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text > '~')
            return false;
    return true;
}

static int refuse(const char *uri, const char *why, struct error *err)
{
    return error_set(err, ERROR_USAGE, "%s is no database: %s", uri, why);
}

static int check_s3(const char *uri, struct error *err)
{
    const char *bucket = uri + strlen("s3://");
    size_t len = strcspn(bucket, "/");
    if (!len)
        return error_set(err, ERROR_USAGE, "%s names no bucket: s3://bucket/prefix", uri);
    size_t known = strspn(bucket, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.-_");
    if (known < len)
        return refuse(uri,
                      "a bucket's name has letters, digits, dots and dashes; keys belong into "
                      "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a server into AWS_ENDPOINT_URL",
                      err);
    /* Slashes at the end are taken off by whoever opens it. */
    const char *prefix = bucket + len, *empty = strstr(prefix, "//");
    if (empty && empty[strspn(empty, "/")])
        return refuse(uri, "there is nothing between two of its slashes", err);
    for (const char *p = prefix; *p; p++)
        if ((unsigned char)*p < ' ')
            return refuse(uri, "a line break or another control character is in it", err);
    return 0;
}

/* http(s)://host[:port][/path] */
static bool is_endpoint(const char *url)
{
    bool http = !strncmp(url, "http://", 7), https = !strncmp(url, "https://", 8);
    if ((!http && !https) || !is_plain(url) || strpbrk(url, "?#@"))
        return false;
    const char *host = url + (https ? 8 : 7);
    const char *end = *host == '[' ? strchr(host, ']') : host + strcspn(host, ":/");
    if (!end || end == host)
        return false;
    end += *end == ']';
    if (*end == ':') {
        const char *port = end + 1;
        size_t digits = strspn(port, "0123456789");
        if (!digits || digits > 5 || strtol(port, NULL, 10) > 65535)
            return false;
        end = port + digits;
    }
    return !*end || *end == '/';
}

static int check_settings(struct error *err)
{
    static const char *const endpoints[] = {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL",
                                            "AWS_ENDPOINT"};
    static const char *const words[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"};
    for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
        const char *value = getenv(endpoints[i]);
        if (value && *value && !is_endpoint(value))
            return error_set(err, ERROR_USAGE,
                             "%s is no URL such as https://host:9000 or http://host:9000",
                             endpoints[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        const char *value = getenv(words[i]);
        if (value && !is_plain(value))
            return error_set(err, ERROR_USAGE,
                             "%s has a blank, a line break or another character in it that does "
                             "not belong there: was more copied than the value?",
                             words[i]);
    }
    return 0;
}

int database_uri_check(const char *uri, struct error *err)
{
    bool s3 = !strncmp(uri, "s3://", 5);
    if (!s3 && !strncmp(uri, "s3:", 3))
        return refuse(uri, "s3://bucket/prefix has two slashes behind the colon", err);
    if ((s3 || !strncmp(uri, "file://", 7)) && strpbrk(uri, "?#"))
        return refuse(uri,
                      s3 ? "'?' and '#' cannot be in its name"
                         : "'?' and '#' mean something else in a URL: give the folder without "
                           "file://",
                      err);
    int failed = s3 ? check_s3(uri, err) : 0;
    return failed || !s3 ? failed : check_settings(err);
}
