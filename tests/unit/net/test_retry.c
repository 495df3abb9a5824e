/* Which request is sent again, and when. */
#include "net/retry.h"

#include <criterion/criterion.h>
#include <math.h>

static const struct retry_policy policy = {.max_tries = 5, .max_wait_s = 120};

/* 2026-11-21T12:00:00Z */
#define NOW INT64_C(1795262400)

static struct retry_attempt answer(long status)
{
    return (struct retry_attempt){
        .number = 1,
        .answered = true,
        .idempotent = true,
        .status = status,
        .now_s = NOW,
        .random = .5,
    };
}

static enum retry_verdict verdict(struct retry_attempt attempt)
{
    return retry_decide(&policy, &attempt).verdict;
}

static double wait_of(struct retry_attempt attempt)
{
    struct retry_decision decision = retry_decide(&policy, &attempt);
    cr_assert_eq(decision.verdict, RETRY_AGAIN);
    return decision.wait_s;
}

Test(retry, answers_that_another_try_does_not_change_are_final)
{
    static const long final[] = {200, 201, 204, 304, 400, 401, 403, 404, 409, 410, 422, 501, 505};
    for (size_t i = 0; i < sizeof(final) / sizeof(final[0]); i++)
        cr_assert_eq(verdict(answer(final[i])), RETRY_STOP, "%ld", final[i]);
}

Test(retry, a_server_error_is_tried_again_where_that_is_harmless)
{
    static const long transient[] = {408, 500, 502, 503, 504};
    for (size_t i = 0; i < sizeof(transient) / sizeof(transient[0]); i++) {
        struct retry_attempt attempt = answer(transient[i]);
        cr_assert_eq(verdict(attempt), RETRY_AGAIN, "%ld", transient[i]);
        attempt.idempotent = false;
        cr_assert_eq(verdict(attempt), RETRY_STOP, "%ld", transient[i]);
    }
}

Test(retry, a_lost_answer_is_asked_for_again_only_where_that_is_harmless)
{
    struct retry_attempt lost = {.number = 1, .idempotent = true, .now_s = NOW};
    cr_assert_eq(verdict(lost), RETRY_AGAIN);
    lost.idempotent = false;
    cr_assert_eq(verdict(lost), RETRY_STOP);
    lost.unheard = true;
    cr_assert_eq(verdict(lost), RETRY_AGAIN, "the server never saw it");
}

Test(retry, tries_and_pauses_have_an_end)
{
    struct retry_attempt attempt = answer(503);
    attempt.number = 5;
    cr_assert_eq(verdict(attempt), RETRY_STOP);
    attempt.number = 2;
    attempt.waited_s = 119;
    cr_assert_eq(verdict(attempt), RETRY_STOP);
}

Test(retry, pauses_grow_up_to_a_cap_and_are_spread)
{
    struct retry_attempt attempt = answer(503);
    attempt.random = 0;
    cr_assert_float_eq(wait_of(attempt), .5, 1e-9);
    attempt.random = .999999;
    cr_assert_float_eq(wait_of(attempt), 1, 1e-3);
    attempt.number = 3;
    cr_assert_float_eq(wait_of(attempt), 4, 1e-2);
    struct retry_policy patient = {.max_tries = 1000, .max_wait_s = 1e9};
    attempt.number = 900;
    struct retry_decision decision = retry_decide(&patient, &attempt);
    cr_assert_eq(decision.verdict, RETRY_AGAIN);
    cr_assert(decision.wait_s <= 30);
}

Test(retry, a_server_that_names_a_pause_gets_it)
{
    struct retry_attempt attempt = answer(503);
    attempt.retry_after = "17";
    cr_assert_float_eq(wait_of(attempt), 17, 1e-9);
    attempt.retry_after = "Sat, 21 Nov 2026 12:00:40 GMT";
    cr_assert_float_eq(wait_of(attempt), 40, 1e-9);
}

Test(retry, what_was_refused_unheard_is_sent_again_whatever_its_method)
{
    struct retry_attempt attempt = answer(429);
    attempt.idempotent = false;
    attempt.retry_after = "30";
    cr_assert_float_eq(wait_of(attempt), 30, 1e-9);
}

Test(retry, a_403_is_a_rate_limit_only_when_it_says_so)
{
    struct retry_attempt attempt = answer(403);
    attempt.remaining = "12";
    cr_assert_eq(verdict(attempt), RETRY_STOP);
    attempt.retry_after = "1";
    cr_assert_float_eq(wait_of(attempt), 1, 1e-9);
    attempt.retry_after = NULL;
    attempt.says_limit = true;
    cr_assert_float_eq(wait_of(attempt), 60, 1e-9);
    attempt.number = 2;
    cr_assert_float_eq(wait_of(attempt), 120, 1e-9);
}

Test(retry, an_hourly_limit_ends_when_its_header_says)
{
    struct retry_attempt attempt = answer(403);
    attempt.remaining = "0";
    attempt.reset = "1795262450"; /* NOW + 50 */
    cr_assert_float_eq(wait_of(attempt), 51, 1e-9);
    attempt.reset = "1795262300"; /* past: the clocks differ */
    cr_assert_float_eq(wait_of(attempt), 1, 1e-9);
}

Test(retry, a_limit_ends_by_the_clock_of_the_server)
{
    struct retry_attempt attempt = answer(403);
    attempt.date = "Sat, 21 Nov 2026 13:00:00 GMT"; /* an hour ahead of the clock here */
    attempt.remaining = "0";
    attempt.reset = "1795266050"; /* NOW + 3600 + 50 */
    cr_assert_float_eq(wait_of(attempt), 51, 1e-9);
    attempt.retry_after = "Sat, 21 Nov 2026 13:00:20 GMT";
    cr_assert_float_eq(wait_of(attempt), 20, 1e-9);
    attempt.retry_after = NULL;
    attempt.date = "Sat, 21 Nov 2026 11:00:00 GMT"; /* and an hour behind */
    attempt.reset = "1795258850";
    cr_assert_float_eq(wait_of(attempt), 51, 1e-9);
    attempt.date = "nonsense";
    attempt.reset = "1795262450";
    cr_assert_float_eq(wait_of(attempt), 51, 1e-9);
}

Test(retry, a_limit_that_outlasts_patience_says_until_when)
{
    struct retry_attempt attempt = answer(429);
    attempt.retry_after = "3000";
    struct retry_decision decision = retry_decide(&policy, &attempt);
    cr_assert_eq(decision.verdict, RETRY_LIMITED);
    cr_assert_eq(decision.until_s, NOW + 3000);
}

Test(retry, nonsense_in_a_header_is_bounded)
{
    static const char *const nonsense[] = {"-5", "soon", "", "99999999999999999999", "1e9", "0x10"};
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
        struct retry_attempt attempt = answer(429);
        attempt.retry_after = nonsense[i];
        attempt.reset = nonsense[i];
        attempt.remaining = "0";
        struct retry_decision decision = retry_decide(&policy, &attempt);
        cr_assert_neq(decision.verdict, RETRY_STOP, "%s", nonsense[i]);
        cr_assert(decision.wait_s >= 0 && decision.wait_s <= 86400, "%s", nonsense[i]);
    }
}
