/*
 * Whether and when a request is sent again: a pure decision over what came of one try.
 *
 * - The server has not heard the request (no connection; 429; a 403 that is a rate limit): it may
 * be sent again whatever its method.
 * - Nobody knows whether the server has acted (a lost connection, a 5xx): only what is idempotent.
 *
 * A limit ends at Retry-After, else at x-ratelimit-reset where x-ratelimit-remaining is 0, else
 * (GitHub's advice for a secondary limit that names no time) a minute from now, doubled each time.
 * A time that a server names is one of its own clock, which the answer's Date tells: the clock here
 * may be wrong.
 * Other pauses are 1, 2, 4, … 30 seconds, each cut to between its half and its whole at random, so
 * that clients that failed together do not come back together.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct retry_policy {
    int max_tries;
    double max_wait_s; /* in all pauses of one request */
};

struct retry_attempt {
    int number;      /* 1 for the first */
    double waited_s; /* so far */
    bool answered;   /* a whole answer came: `status` and what follows are its */
    bool unheard;    /* no answer, and the request did not reach the server */
    bool idempotent; /* the request may be carried out twice */
    long status;
    const char *retry_after, *remaining, *reset, *date; /* header values, or NULL */
    bool says_limit;                                    /* the body speaks of a rate limit */
    int64_t now_s;
    double random; /* in [0, 1) */
};

enum retry_verdict {
    RETRY_STOP,    /* this answer, or this failure, is final */
    RETRY_AGAIN,   /* after wait_s */
    RETRY_LIMITED, /* a rate limit until until_s, longer than may be waited */
};

struct retry_decision {
    enum retry_verdict verdict;
    double wait_s;
    int64_t until_s; /* Unix seconds, of a rate limit; else 0 */
};

struct retry_decision retry_decide(const struct retry_policy *policy,
                                   const struct retry_attempt *attempt);
