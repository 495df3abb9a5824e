#include "decide/partition.h"

#include "random.h"

#include <criterion/criterion.h>
#include <math.h>

static double cost_of(const double *x, size_t begin, size_t end, double cap)
{
    /* The best level is the mean of some of the points: with few, all sets can be tried. */
    double best = INFINITY;
    size_t n = end - begin;
    for (unsigned set = 1; set < 1u << n; set++) {
        double sum = 0, cost = 0;
        int count = 0;
        for (size_t i = 0; i < n; i++)
            if (set >> i & 1) {
                sum += x[begin + i];
                count++;
            }
        for (size_t i = begin; i < end; i++) {
            double off = fabs(x[i] - sum / count);
            cost += off < cap ? off * off : cap * cap;
        }
        best = fmin(best, cost);
    }
    return best;
}

static double cost_of_cuts(const double *x, size_t n, unsigned cuts, double cap, double penalty)
{
    double cost = 0;
    size_t begin = 0;
    for (size_t i = 1; i <= n; i++)
        if (i == n || cuts >> i & 1) {
            cost += cost_of(x, begin, i, cap) + (begin ? penalty : 0);
            begin = i;
        }
    return cost;
}

Test(partition, finds_the_cheapest_of_all_cuts)
{
    uint64_t seed = 4;
    for (int trial = 0; trial < 30; trial++) {
        double x[8], best = INFINITY;
        size_t n = 8, cuts[8];
        for (size_t i = 0; i < n; i++)
            x[i] = random_normal(&seed) + (i >= 4 && trial % 2 ? 4 : 0) + (i == 6 ? 9 : 0);
        for (unsigned set = 0; set < 1u << n; set += 2)
            best = fmin(best, cost_of_cuts(x, n, set, 2.5, 3));
        struct partition *p = partition_new(2.5, 3);
        for (size_t i = 0; i < n; i++)
            partition_add(p, x[i]);
        size_t count = partition_cuts(p, cuts);
        unsigned found = 0;
        for (size_t i = 0; i < count; i++)
            found |= 1u << cuts[i];
        cr_assert_float_eq(cost_of_cuts(x, n, found, 2.5, 3), best, 1e-9, "trial %d", trial);
        partition_free(p);
    }
}

Test(partition, an_empty_one_has_no_cuts)
{
    size_t cuts[1];
    struct partition *p = partition_new(3, 10);
    cr_assert_eq(partition_cuts(p, cuts), 0);
    partition_add(p, 1);
    cr_assert_eq(partition_cuts(p, cuts), 0);
    partition_free(p);
    partition_free(NULL);
}
