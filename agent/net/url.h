/* URLs of the HTTP client: put together, compared, and shown without their secrets. */
#pragma once

#include "base/error.h"
#include "net/http.h"

#include <stdbool.h>
#include <stddef.h>

/* A fresh string: `target` itself where it is absolute, else `base` and `target` (which starts with
 * a slash), and the query behind it, percent-encoded. */
char *url_make(const char *base, const char *target, const struct http_pair *query, size_t count);
/* Appends `text` with everything but letters, digits and "-._~" percent-encoded: one piece of a
 * path, or one value of a query. */
void url_escape(struct strbuf *out, const char *text);
/* ERROR_USAGE unless it is an http or https URL with a host and without user, password, query or
 * fragment; `what` names it in the message ("GITHUB_API_URL"). */
int url_check_base(const char *url, const char *what, struct error *err) MUST_CHECK;
/* The same scheme, host and port. */
bool url_same_origin(const char *a, const char *b);
bool url_is_https(const char *url);
/* Whether the host is this machine: 127.0.0.0/8, [::1] or localhost. */
bool url_is_loopback(const char *url);
/* A fresh string for messages: "host/path"; queries and what stands in front of an @ can be
 * secret. */
char *url_shown(const char *url);
