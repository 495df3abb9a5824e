#include "jobs/lease.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <string.h>

#define TERMS ((struct lease_terms){600, 60, 300, 3})

static struct poll_job queued(void)
{
    return (struct poll_job){
        .id = xstrdup("11111111-2222-5333-8444-555555555555"),
        .repository = xstrdup("https://example.org/x"),
        .commit = xstrdup("0123456789abcdef0123456789abcdef01234567"),
        .test_bed = xstrdup("bed"),
        .added_at = 1000,
    };
}

static const struct lease_terms terms = TERMS;

Test(lease, a_lease_has_an_owner_an_end_and_a_token)
{
    struct poll_job job = queued();
    int64_t token = 0;
    cr_assert(lease_is_free(&job, OWNER_ELSEWHERE, &terms, 1000));
    lease_take(&job, "a", &terms, 2000, &token);
    cr_assert_eq(job.state, POLL_JOB_LEASED);
    cr_assert_eq(token, 1);
    cr_assert_eq(job.token, 1);
    cr_assert_eq(job.attempts, 1);
    cr_assert_eq(job.lease_until, 2600);
    cr_assert_str_eq(job.owner, "a");
    cr_assert_eq(lease_publish(&job, token, &terms, 2100, NULL), 0);
    cr_assert_eq(job.state, POLL_JOB_PUBLISHING);
    cr_assert_eq(job.lease_until, 2700, "publishing begins with a whole lease");
    cr_assert_eq(lease_finish(&job, token, 2200, NULL), 0);
    cr_assert_eq(job.state, POLL_JOB_DONE);
    cr_assert_eq(job.ended_at, 2200);
    cr_assert_null(job.owner);
    poll_job_release(&job);
}

Test(lease, another_machine_takes_over_only_after_the_end_and_the_margin_for_clocks)
{
    struct poll_job job = queued();
    int64_t first = 0, second = 0;
    lease_take(&job, "a", &terms, 1000, &first);
    cr_assert_not(lease_is_free(&job, OWNER_ELSEWHERE, &terms, 1000));
    cr_assert_not(lease_is_free(&job, OWNER_ELSEWHERE, &terms, 1600));
    cr_assert_not(lease_is_free(&job, OWNER_ELSEWHERE, &terms, 1660));
    cr_assert(lease_is_free(&job, OWNER_ELSEWHERE, &terms, 1661));
    cr_assert_not(lease_is_free(&job, OWNER_ALIVE, &terms, 1660));
    cr_assert(lease_is_free(&job, OWNER_DEAD, &terms, 1001), "a dead process holds nothing");
    cr_assert(lease_is_free(&job, OWNER_SELF, &terms, 1001));
    lease_take(&job, "b", &terms, 1661, &second);
    cr_assert_gt(second, first);
    cr_assert_eq(job.attempts, 2);
    poll_job_release(&job);
}

/* The whole struct but its texts, which are compared one by one. */
static void expect_same(const struct poll_job *a, const struct poll_job *b)
{
    cr_assert_eq(a->state, b->state);
    cr_assert_eq(a->token, b->token);
    cr_assert_eq(a->attempts, b->attempts);
    cr_assert_eq(a->lease_until, b->lease_until);
    cr_assert_eq(a->not_before, b->not_before);
    cr_assert_eq(a->ended_at, b->ended_at);
    cr_assert_eq(!a->owner, !b->owner);
    if (a->owner)
        cr_assert_str_eq(a->owner, b->owner);
}

static int act(struct poll_job *job, int action, int64_t token, struct error *err)
{
    switch (action) {
    case 0:
        return lease_renew(job, token, &terms, 5000, err);
    case 1:
        return lease_publish(job, token, &terms, 5000, err);
    case 2:
        return lease_finish(job, token, 5000, err);
    case 3:
        return lease_fail(job, token, "broken", &terms, 5000, err);
    case 4:
        return lease_refuse(job, token, "broken", 5000, err);
    default:
        return lease_give_back(job, token, "stopped", err);
    }
}

Test(lease, a_stale_token_is_refused_by_every_action_and_changes_nothing)
{
    for (int action = 0; action < 6; action++) {
        struct poll_job job = queued();
        struct error err = ERROR_INIT;
        int64_t first = 0, second = 0;
        lease_take(&job, "a", &terms, 1000, &first);
        lease_take(&job, "b", &terms, 4000, &second);
        struct poll_job before = poll_job_copy(&job);
        cr_assert_eq(act(&job, action, first, &err), ERROR_CONFLICT, "action %d", action);
        cr_assert(strstr(err.message, "taken over"));
        expect_same(&job, &before);
        cr_assert_eq(act(&job, action, second, NULL), 0, "action %d", action);
        poll_job_release(&before);
        poll_job_release(&job);
    }
}

Test(lease, every_action_in_every_state_is_allowed_only_while_the_job_is_held)
{
    for (int state = POLL_JOB_QUEUED; state <= POLL_JOB_CANCELLED; state++)
        for (int action = 0; action < 6; action++) {
            struct poll_job job = queued();
            int64_t token = 0;
            lease_take(&job, "a", &terms, 1000, &token);
            job.state = (enum poll_job_state)state;
            struct poll_job before = poll_job_copy(&job);
            bool held = state == POLL_JOB_LEASED || state == POLL_JOB_PUBLISHING;
            cr_assert_eq(act(&job, action, token, NULL), held ? 0 : ERROR_CONFLICT,
                         "state %d, action %d", state, action);
            if (!held)
                expect_same(&job, &before);
            poll_job_release(&before);
            poll_job_release(&job);
        }
}

Test(lease, a_job_that_is_cancelled_while_it_runs_refuses_to_be_published)
{
    struct poll_job job = queued();
    struct error err = ERROR_INIT;
    int64_t token = 0;
    lease_take(&job, "a", &terms, 1000, &token);
    cr_assert_eq(lease_cancel(&job, "not needed", 1100, NULL), 0);
    cr_assert_eq(job.state, POLL_JOB_CANCELLED);
    cr_assert_eq(lease_publish(&job, token, &terms, 1200, &err), ERROR_CONFLICT);
    cr_assert(strstr(err.message, "it is cancelled"));
    cr_assert_eq(lease_cancel(&job, NULL, 1300, NULL), ERROR_CONFLICT);
    cr_assert_eq(lease_retry(&job, 1400, NULL), 0);
    cr_assert_eq(job.state, POLL_JOB_QUEUED);
    cr_assert_eq(lease_publish(&job, token, &terms, 1500, NULL), ERROR_CONFLICT);
    lease_take(&job, "b", &terms, 1600, &token);
    cr_assert_eq(lease_publish(&job, token - 1, &terms, 1700, NULL), ERROR_CONFLICT);
    cr_assert_eq(lease_publish(&job, token, &terms, 1700, NULL), 0);
    poll_job_release(&job);
}

Test(lease, a_failed_try_waits_and_the_last_one_ends_the_job)
{
    struct poll_job job = queued();
    int64_t token = 0, now = 1000;
    for (int attempt = 1; attempt <= 3; attempt++) {
        cr_assert(lease_is_free(&job, OWNER_ELSEWHERE, &terms, now));
        lease_take(&job, "a", &terms, now, &token);
        cr_assert_eq(lease_fail(&job, token, "broken", &terms, now + 10, NULL), 0);
        cr_assert_str_eq(job.reason, "broken");
        cr_assert_eq(job.state, attempt < 3 ? POLL_JOB_QUEUED : POLL_JOB_FAILED);
        cr_assert_not(lease_is_free(&job, OWNER_ELSEWHERE, &terms, now + 11));
        now += 310;
    }
    cr_assert_not(lease_is_free(&job, OWNER_ELSEWHERE, &terms, now + 100000));
    cr_assert_eq(lease_retry(&job, now, NULL), 0);
    cr_assert_eq(job.round, 1);
    cr_assert(lease_is_free(&job, OWNER_ELSEWHERE, &terms, now));
    poll_job_release(&job);
}

Test(lease, a_job_that_was_given_back_has_lost_no_try)
{
    struct poll_job job = queued();
    int64_t token = 0;
    for (int i = 0; i < 10; i++) {
        lease_take(&job, "a", &terms, 1000, &token);
        cr_assert_eq(lease_give_back(&job, token, "stopped", NULL), 0);
    }
    cr_assert_eq(job.attempts, 0);
    cr_assert_eq(job.token, 10);
    cr_assert(lease_is_free(&job, OWNER_ELSEWHERE, &terms, 1000));
    poll_job_release(&job);
}

Test(lease, is_renewed_in_its_second_half_only)
{
    struct poll_job job = queued();
    int64_t token = 0;
    cr_assert_not(lease_is_due(&job, &terms, 1000));
    lease_take(&job, "a", &terms, 1000, &token);
    cr_assert_not(lease_is_due(&job, &terms, 1299));
    cr_assert(lease_is_due(&job, &terms, 1300));
    cr_assert_eq(lease_renew(&job, token, &terms, 1300, NULL), 0);
    cr_assert_not(lease_is_due(&job, &terms, 1599));
    poll_job_release(&job);
}

static unsigned next_random(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Three machines act in any order on what is there; a machine may sleep for longer than its lease,
 * and wakes with the token that it had. */
Test(lease, whatever_happens_only_the_newest_token_publishes_and_tokens_only_grow)
{
    static const char *const names[] = {"a", "b", "c"};
    for (unsigned seed = 1; seed <= 300; seed++) {
        struct poll_job job = queued();
        unsigned random = seed;
        int64_t tokens[3] = {0}, now = 1000, newest = 0;
        for (int step = 0; step < 200; step++) {
            unsigned who = next_random(&random) % 3, what = next_random(&random) % 10;
            int64_t before = job.token;
            bool mine = lease_is_held(&job) && tokens[who] == job.token;
            now += next_random(&random) % 400;
            enum owner_life life = mine ? OWNER_SELF : OWNER_ELSEWHERE;
            if (what < 4 && lease_is_free(&job, life, &terms, now)) {
                lease_take(&job, names[who], &terms, now, &tokens[who]);
                newest = job.token;
            } else if (what < 7) {
                cr_assert_eq(!lease_publish(&job, tokens[who], &terms, now, NULL), mine);
                if (mine)
                    cr_assert_eq(tokens[who], newest, "seed %u, step %d", seed, step);
            } else if (what == 7) {
                cr_assert_eq(!lease_fail(&job, tokens[who], "x", &terms, now, NULL), mine);
            } else if (what == 8) {
                cr_assert_eq(!lease_finish(&job, tokens[who], now, NULL), mine);
            } else if (lease_is_over(&job, life, &terms, now) && job.attempts >= 3) {
                lease_give_up(&job, now);
            } else if (lease_cancel(&job, "x", now, NULL)) {
                cr_assert_eq(lease_retry(&job, now, NULL), 0);
            }
            cr_assert_geq(job.token, before);
            cr_assert_leq(job.attempts, 3);
        }
        poll_job_release(&job);
    }
}
