/*
 * Where a repository is: a URL or a folder, taken apart. Credentials inside a URL are kept beside
 * it and never in it, so that no message, log or file can show them.
 */
#pragma once

#include "base/error.h"

enum remote_kind { REMOTE_LOCAL, REMOTE_HTTP, REMOTE_HTTPS, REMOTE_GIT, REMOTE_SSH };

struct remote {
    enum remote_kind kind;
    char *url;  /* without credentials (ssh keeps its user name); the absolute path when local */
    char *host; /* lower case, with ":port" where the URL names one; NULL when local */
    char *name; /* last part of the path, without ".git": the project */
    char *key;  /* "<name>-<12 hexadecimal characters of a hash of the url>": a file name */
    char *user; /* from the URL, percent-decoded; NULL: none */
    char *password;
};

/* Reads https://, http://, git://, ssh:// and file:// URLs, `user@host:path` and paths. A path must
 * exist (ERROR_NOT_FOUND). */
int remote_parse(const char *text, struct remote *out, struct error *err) MUST_CHECK;
/* The URL of a submodule, which may be relative to its parent's. A submodule of a repository on the
 * network may not name a folder of this machine, nor may one here name an absolute one: both would
 * carry into the build what the repository's author has no right to see. */
int remote_parse_submodule(const struct remote *parent, const char *url, struct remote *out,
                           struct error *err) MUST_CHECK;
void remote_release(struct remote *remote);
#define AUTO_REMOTE __attribute__((cleanup(remote_release)))

/* A fresh string: `text` with the credentials of a URL in it replaced by "***". */
char *remote_mask(const char *text);
/* A fresh string: host and port of a URL in lower case; NULL when there are none in it. */
char *remote_host_of(const char *url);
