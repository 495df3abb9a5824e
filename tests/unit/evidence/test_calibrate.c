#include "evidence/calibrate.h"

#include "base/alloc.h"
#include "parse/calibration.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { ROUNDS = 10 };

/* Rounds in which the integer work takes these times, and quantum i takes i ns. */
static void make_rounds(struct calibrate_round *rounds, const double *integer_ns)
{
    for (size_t i = 0; i < ROUNDS; i++) {
        rounds[i] = (struct calibrate_round){.frequency_hz = 3e9 + (double)i * 1e6,
                                             .wall_all_ns = 1000,
                                             .cpu_all_ns = 900,
                                             .migrations = 2,
                                             .correct = true};
        for (size_t j = 0; j < CALIBRATE_QUANTA; j++)
            rounds[i].quanta_ns[CALIBRATE_QUANTA - 1 - j] = (double)(j + 1);
        for (size_t kind = 0; kind < WORKLOADS; kind++)
            for (size_t j = 0; j < CALIBRATE_REPEATS; j++)
                rounds[i].wall_ns[kind][j] = kind ? 100 : integer_ns[i];
    }
    rounds[3].quanta_ns[17] = 5000;
}

static double figure(const struct calibration *calibration, const char *name)
{
    const struct calibration_row *row = calibration_row(calibration, name);
    cr_assert(row, "%s", name);
    return row->figure;
}

Test(calibrate, figures_are_those_of_the_rounds)
{
    static const double times[ROUNDS] = {98, 102, 98, 102, 98, 102, 98, 102, 98, 102};
    struct calibrate_round rounds[ROUNDS];
    make_rounds(rounds, times);
    AUTO_CALIBRATION struct calibration c = {0};
    calibration_of(rounds, ROUNDS, &c);
    cr_assert_float_eq(figure(&c, "quantum/p50"), 201, 1.5);
    cr_assert_float_eq(figure(&c, "quantum/p99"), 396, 1.5);
    cr_assert_eq(figure(&c, "quantum/max"), 5000);
    cr_assert_eq(figure(&c, "integer"), 100);
    /* Ten values 2 from their mean of 100: the deviation of the sample is sqrt(40 / 9). */
    cr_assert_float_eq(figure(&c, "integer/cv"), sqrt(40.0 / 9) / 100, 1e-12);
    cr_assert_eq(figure(&c, "memory/cv"), 0);
    cr_assert_eq(figure(&c, "memory/smallest_change"), 0);
    cr_assert_float_eq(figure(&c, "lost"), 0.1, 1e-12);
    cr_assert_eq(figure(&c, "migrations"), 2 * ROUNDS);
    cr_assert_float_eq(figure(&c, "frequency"), 3.0045e9, 1);
    cr_assert_eq(calibration_row(&c, "quantum/max")->count, ROUNDS);
    cr_assert_null(calibration_row(&c, "nothing"));
}

Test(calibrate, the_smallest_change_is_that_of_the_power_formula)
{
    /* 2.8016 * .01 * sqrt(.2): 1.253 %. */
    cr_assert_float_eq(calibration_smallest_change(0.01, 10), 0.012529, 1e-6);
    cr_assert_float_eq(calibration_smallest_change(0.01, 40), 0.0062645, 1e-6);
    cr_assert_eq(calibration_smallest_change(0, 10), 0);
}

Test(calibrate, what_it_writes_is_what_the_parser_reads)
{
    static const double times[ROUNDS] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 1.0 / 3};
    struct calibrate_round rounds[ROUNDS];
    make_rounds(rounds, times);
    AUTO_CALIBRATION struct calibration c = {0};
    calibration_of(rounds, ROUNDS, &c);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    calibration_write(&c, "{\"rounds\":10}", &text);
    size_t lines = 0;
    for (const char *at = text.buf; (at = strchr(at, '\n')); at++)
        lines++;
    cr_assert_eq(lines, c.count);
    cr_assert(strstr(text.buf, "0.33333333333333331"));
    cr_assert(calibration_format.recognise(text.buf, text.len));
}

Test(calibrate, this_machine_can_be_calibrated)
{
    struct host_io io;
    host_io_real(NULL, &io);
    AUTO_CALIBRATION struct calibration c = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(calibrate(&io, &(struct placement){0}, 0.1, NULL, &c, &err), 0, "%s", err.message);
    cr_assert_geq(c.rounds, CALIBRATE_MIN_ROUNDS);
    cr_assert_leq(figure(&c, "quantum/p50"), figure(&c, "quantum/p99"));
    cr_assert_leq(figure(&c, "quantum/p99"), figure(&c, "quantum/max"));
    cr_assert(figure(&c, "lost") >= 0 && figure(&c, "lost") < 1);
    host_io_release(&io);
}
