#include "decide/family.h"

#include "base/alloc.h"

#include <math.h>

struct ranked {
    double p;
    size_t place;
};

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->p != b->p)
        return a->p < b->p ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

/* The tests among `p`, the smallest first. */
static struct ranked *rank(const double *p, size_t count, size_t *tests)
{
    struct ranked *order = xreallocarray(NULL, count + 1, sizeof(*order));
    *tests = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(p[i]))
            order[(*tests)++] = (struct ranked){p[i], i};
    qsort(order, *tests, sizeof(*order), compare_ranked);
    return order;
}

void family_holm(const double *p, size_t count, double *adjusted)
{
    size_t tests;
    AUTO_FREE struct ranked *order = rank(p, count, &tests);
    double most = 0;
    for (size_t i = 0; i < count; i++)
        adjusted[i] = p[i];
    for (size_t i = 0; i < tests; i++) {
        most = fmax(most, fmin(1, order[i].p * (double)(tests - i)));
        adjusted[order[i].place] = most;
    }
}
