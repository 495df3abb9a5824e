#include "pipeline/run/run_cut_off.h"

#include <criterion/criterion.h>

Test(run_cut_off, attempts_and_dispatches_of_a_job_are_the_same_job)
{
    cr_assert(run_is_same_job("71-1", "71-2"));
    cr_assert(run_is_same_job("71.1-rust", "71.2-rust"));
    cr_assert(run_is_same_job("71.1-rust", "9000000001.12-rust"));
    cr_assert(run_is_same_job("71.1-rust", "71.1-rust"));
}

Test(run_cut_off, another_job_and_another_name_are_not)
{
    cr_assert_not(run_is_same_job("71.1-rust", "71.2-python"));
    cr_assert_not(run_is_same_job("71-1", "71.2-rust"));
    cr_assert_not(run_is_same_job("bisect-1-2", "bisect-1-3"));
    cr_assert_not(run_is_same_job("nightly", "nightly"));
    cr_assert_not(run_is_same_job("71", "72"));
    cr_assert_not(run_is_same_job("71-", "72-"));
    cr_assert_not(run_is_same_job("", ""));
}
