/* One more point in a series whose changes have been found, against all of its points again. Prints
 * medians of CPU time over 200 points; built and run by changes.py append. */
#include "decide/change.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MORE = 200 };

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*state >> 11) + 0.5) / 9007199254740992.0;
}

static double value(size_t i, uint64_t *state)
{
    double radius = sqrt(-2 * log(uniform(state)));
    double noise = radius * cos(2 * M_PI * uniform(state));
    return 1e6 * exp(0.01 * noise + 0.05 * (double)(i / 150 % 2));
}

static int compare(const void *a, const void *b)
{
    return *(const double *)a < *(const double *)b ? -1 : 1;
}

static double median(double *x)
{
    qsort(x, MORE, sizeof(*x), compare);
    return x[MORE / 2];
}

int main(void)
{
    static const size_t lengths[] = {100, 500, 1000, 10000};
    printf("%8s%20s%20s%8s\n", "points", "one more, us", "all again, us", "share");
    for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
        struct change_finder *kept = change_finder_new(NULL), *fresh = change_finder_new(NULL);
        double *x = malloc((lengths[k] + MORE) * sizeof(*x)), one[MORE], all[MORE];
        const struct change *changes;
        uint64_t state = 1;
        for (size_t i = 0; i < lengths[k] + MORE; i++) {
            x[i] = value(i, &state);
            change_finder_add(kept, x[i]);
            double begin = now_us();
            if (i < lengths[k])
                continue;
            size_t count = change_finder_find(kept, &changes), again;
            double middle = now_us();
            change_finder_clear(fresh);
            for (size_t j = 0; j <= i; j++)
                change_finder_add(fresh, x[j]);
            again = change_finder_find(fresh, &changes);
            one[i - lengths[k]] = middle - begin;
            all[i - lengths[k]] = now_us() - middle;
            if (count != again)
                return 1;
        }
        double m = median(one), n = median(all);
        printf("%8zu%20.1f%20.1f%8.2f\n", lengths[k], m, n, m / n);
        change_finder_free(kept);
        change_finder_free(fresh);
        free(x);
    }
    return 0;
}
