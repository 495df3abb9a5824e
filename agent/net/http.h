/*
 * One HTTP client, over libcurl: small requests to an API, answered whole or not at all.
 *
 *     AUTO_HTTP_CLIENT struct http_client *client = NULL;
 *     failed = http_client_new(&(struct http_options){.base_url = url, .bearer = token}, &client,
 * err); AUTO_HTTP_RESPONSE struct http_response response = HTTP_RESPONSE_INIT; failed =
 * http_send(client, &(struct http_request){.target = "/user"}, &response, err);
 *
 * What it takes care of:
 * - Trying again: what is idempotent after a lost connection or a 5xx, with growing pauses;
 * anything that the server refused unheard (429, and a 403 that is a rate limit) once the time that
 * the server names has come. A POST whose fate is unknown is never sent twice.
 * - Redirects (301, 302, 307, 308), on the same scheme, host and port only. The bearer token is
 * sent to no other place; `anywhere` follows elsewhere without it.
 * - Limits on everything: time to connect, time for all of it, a transfer that crawls, bytes of
 *   headers and body.
 * - Ctrl-C, while it waits or transfers.
 * The token and the query never stand in a message or in the log.
 */
#pragma once

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_BODY_MAX ((size_t)32 << 20) /* bytes of a body that is kept in memory */

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE };

/* Time and chance, so that a test need not wait. */
struct http_clock {
    int64_t (*unix_s)(void *context);
    /* 0, or ERROR_INTERRUPTED when a signal ended it. */
    int (*sleep_s)(void *context, double seconds, struct error *err);
    double (*random)(void *context); /* in [0, 1) */
    void *context;
};

struct http_options {
    const char *base_url;          /* in front of a target that starts with a slash */
    const char *bearer;            /* copied, sent as "Authorization: Bearer …"; NULL: none */
    const struct strlist *headers; /* "Name: value", sent with every request; copied; may be NULL */
    double connect_timeout_s;      /* 0: 10 */
    double timeout_s;              /* of one try as a whole; 0: 60 */
    double stall_s;                /* a transfer under 16 bytes/s for so long ends; 0: 20 */
    double max_wait_s; /* in all the pauses of one request; 0: 120. A limit that ends later is an
                          error that says when. Below 0: no pauses, and nothing is tried again */
    int max_tries;     /* 0: 5 */
    const struct http_clock *clock; /* NULL: the real one */
};

struct http_client;

/* The certificates of net/ca.h are settled on the first https URL. */
int http_client_new(const struct http_options *options, struct http_client **out,
                    struct error *err) MUST_CHECK;
/* Wipes the token from memory. */
void http_client_free(struct http_client *client);

static inline void cleanup_http_client(struct http_client **client)
{
    http_client_free(*client);
}
#define AUTO_HTTP_CLIENT __attribute__((cleanup(cleanup_http_client)))

struct http_pair {
    const char *name, *value; /* a NULL value leaves the pair out */
};

struct http_request {
    enum http_method method;
    const char *target;            /* "/path", or an absolute http(s) URL */
    const struct http_pair *query; /* percent-encoded by the client */
    size_t query_count;
    const struct strlist *headers; /* more of them, "Name: value"; may be NULL */
    const char *content_type;      /* of the body; NULL: application/json */
    const void *body;              /* NULL: none */
    size_t body_len;
    size_t max_bytes; /* of the answer's body; 0: HTTP_BODY_MAX */
    int *file;        /* a descriptor that takes the body instead of memory; NULL: memory. It is
                         written from its start, and cut back when a try fails */
    bool repeatable;  /* a POST or PATCH that may be sent twice without harm */
    double timeout_s; /* of one try as a whole; 0: the client's */
    bool anywhere;    /* redirects may lead to another host (https only), without the token */
};

struct http_response {
    long status;
    struct strlist headers; /* "name: value", the name in lower case */
    struct strbuf body;     /* empty with `file` */
    uint64_t body_bytes;
};

#define HTTP_RESPONSE_INIT  \
    {                       \
        .body = STRBUF_INIT \
    }

void http_response_release(struct http_response *response);
#define AUTO_HTTP_RESPONSE __attribute__((cleanup(http_response_release)))

/*
 * 0 with any status that the server has for good (also 404 or 500), when it has answered in whole.
 * The response's former content is released. ERROR_UNREACHABLE: no answer, after all tries, or a
 * rate limit that outlasts max_wait_s.
 * ERROR_INPUT: an answer that is larger than max_bytes, or is no HTTP. ERROR_INTERRUPTED.
 */
int http_send(struct http_client *client, const struct http_request *request,
              struct http_response *response, struct error *err) MUST_CHECK;

/* The value of a header (its name in lower case), or NULL. */
const char *http_header(const struct http_response *response, const char *name);
/* A fresh string: the URL of the Link header's rel="next"; NULL: this is the last page. */
char *http_next_page(const struct http_response *response);

/* Whether an absolute URL has the scheme, host and port of base_url, so that the token goes there.
 */
bool http_client_is_home(const struct http_client *client, const char *url);
/* Overwrites the token with "*" wherever it stands in `text`: for words of the server. */
void http_client_redact(const struct http_client *client, char *text);

/* Waits by the client's clock. ERROR_INTERRUPTED. */
int http_client_sleep(struct http_client *client, double seconds, struct error *err) MUST_CHECK;

/* Whether the server may have carried out the request of the last http_send(), though no success
 * came back: the connection was lost behind it, or the server failed (5xx). */
bool http_client_may_have_acted(const struct http_client *client);
/* HTTP requests sent so far, with every try and redirect. */
uint64_t http_client_requests(const struct http_client *client);
