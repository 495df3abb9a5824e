/* What an answer of GitHub that is no success means, as one line. */
#pragma once

#include "base/error.h"
#include "net/http.h"

struct problem_context {
    const char *repository, *doing, *permission; /* as in struct github_call; may be NULL */
    bool has_token;
};

/* Sets the error for a response with status 400 or above, and returns its code. */
int problem_describe(const struct problem_context *context, const struct http_response *response,
                     struct error *err);
