/* One request and its answer, over libcurl: no redirect, no second try. The only user of libcurl's
 * easy interface. */
#pragma once

#include "base/error.h"
#include "net/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct transfer_limits {
    double connect_timeout_s, timeout_s, stall_s;
    size_t max_bytes;
};

struct transfer_request {
    enum http_method method;
    const char *url;
    const struct strlist *headers; /* all of them, "Name: value" */
    const void *body;              /* NULL: none */
    size_t body_len;
    int fd;     /* takes the body; -1: memory */
    bool fresh; /* on a connection of its own: libcurl silently repeats a request when a reused
                   connection turns out to be closed */
    struct transfer_limits limits;
};

enum transfer_outcome {
    TRANSFER_ANSWERED, /* a whole answer */
    TRANSFER_UNHEARD,  /* no connection: the server does not know of the request */
    TRANSFER_LOST,     /* none, or half an answer; the server may have acted */
    TRANSFER_FINAL,    /* an error that another try does not mend */
};

struct transfer; /* a connection cache */

struct transfer *transfer_new(void);
void transfer_free(struct transfer *transfer);

/* Fills status, headers, body and *redirect (an absolute URL, NULL: none; to be freed) when it
 * returns 0 with TRANSFER_ANSWERED. On failure *outcome says which kind. */
int transfer_run(struct transfer *transfer, const struct transfer_request *request,
                 struct http_response *response, char **redirect, enum transfer_outcome *outcome,
                 struct error *err) MUST_CHECK;
