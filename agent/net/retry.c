#include "net/retry.h"

#include "base/number.h"

#include <curl/curl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A server's clock or arithmetic may be wrong: no limit is believed to last longer. */
enum { LIMIT_MAX_S = 24 * 3600, PAUSE_MAX_S = 30, SECONDARY_S = 60 };

/* The server's clock, where the answer has it. */
static int64_t server_s(const struct retry_attempt *attempt)
{
    time_t date = attempt->date ? curl_getdate(attempt->date, NULL) : -1;
    return date < 0 ? attempt->now_s : (int64_t)date;
}

/* Seconds from now, -1 when the header says nothing. */
static double retry_after_s(const char *value, int64_t now_s)
{
    int64_t number;
    if (!value)
        return -1;
    if (parse_int64(value, &number))
        return number < 0 ? -1 : (double)number;
    time_t date = curl_getdate(value, NULL);
    return date < 0 ? -1 : fmax(0, (double)((int64_t)date - now_s));
}

static double doubled(double first, int number)
{
    return ldexp(first, number > 20 ? 20 : number - 1);
}

static bool is_limit(const struct retry_attempt *attempt)
{
    if (attempt->status == 429)
        return true;
    return attempt->status == 403 && (attempt->retry_after || attempt->says_limit ||
                                      (attempt->remaining && !strcmp(attempt->remaining, "0")));
}

static double limit_s(const struct retry_attempt *attempt)
{
    double wait = retry_after_s(attempt->retry_after, server_s(attempt));
    int64_t reset;
    if (wait < 0 && attempt->remaining && !strcmp(attempt->remaining, "0") && attempt->reset &&
        parse_int64(attempt->reset, &reset))
        /* One more second: the times are whole ones. */
        wait = fmax(0, (double)reset - (double)server_s(attempt)) + 1;
    if (wait < 0)
        wait = doubled(SECONDARY_S, attempt->number);
    return fmin(wait, LIMIT_MAX_S);
}

static double pause_s(const struct retry_attempt *attempt)
{
    double wait = fmin(doubled(1, attempt->number), PAUSE_MAX_S);
    double asked = attempt->answered ? retry_after_s(attempt->retry_after, server_s(attempt)) : -1;
    return fmax(wait * (.5 + attempt->random / 2), asked);
}

struct retry_decision retry_decide(const struct retry_policy *policy,
                                   const struct retry_attempt *attempt)
{
    struct retry_decision decision = {.verdict = RETRY_STOP};
    bool limited = attempt->answered && is_limit(attempt);
    bool transient = attempt->answered && (attempt->status == 408 || attempt->status == 500 ||
                                           (attempt->status >= 502 && attempt->status <= 504));
    if (limited) {
        decision.wait_s = limit_s(attempt);
        decision.until_s = server_s(attempt) + (int64_t)ceil(decision.wait_s);
    } else if (attempt->answered ? transient && attempt->idempotent
                                 : attempt->idempotent || attempt->unheard) {
        decision.wait_s = pause_s(attempt);
    } else {
        return decision;
    }
    bool may = attempt->number < policy->max_tries &&
               attempt->waited_s + decision.wait_s <= policy->max_wait_s;
    if (may)
        decision.verdict = RETRY_AGAIN;
    else if (limited)
        decision.verdict = RETRY_LIMITED;
    return decision;
}
