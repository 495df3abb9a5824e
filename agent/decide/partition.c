#include "decide/partition.h"

#include "base/alloc.h"

#include <math.h>

/* Cost for levels up to `high`, from where the piece before it ends:
 * floor + weight * (level - centre)^2. Kept around its own centre, so that nothing large cancels.
 */
struct piece {
    double high;
    double weight, centre, floor;
    size_t last; /* where the stretch with this level began */
};

struct pieces {
    struct piece *items;
    size_t count, cap;
};

struct partition {
    double cap, penalty;
    struct pieces now, next;
    double best;         /* cost of the best cut of all points so far */
    double lowest;       /* while a point is added: the lowest cost of all pieces, */
    size_t lowest_start; /* and where its stretch begins */
    size_t *starts; /* for each point, the begin of the last stretch of the best cut up to it */
    size_t count, starts_cap;
};

struct partition *partition_new(double cap, double penalty)
{
    struct partition *p = xcalloc(1, sizeof(*p));
    partition_clear(p, cap, penalty);
    return p;
}

void partition_free(struct partition *p)
{
    if (!p)
        return;
    free(p->now.items);
    free(p->next.items);
    free(p->starts);
    free(p);
}

void partition_clear(struct partition *p, double cap, double penalty)
{
    p->cap = cap;
    p->penalty = penalty;
    p->now.count = p->count = 0;
    p->best = 0;
}

/* fmin() and fmax() are calls, for the sake of NAN, which never comes here. */
static double lower(double a, double b)
{
    return a < b ? a : b;
}

/* Joined with the piece before it where the two are one function. */
static inline void push(struct pieces *to, const struct piece *from, double high)
{
    if (to->count) {
        struct piece *before = &to->items[to->count - 1];
        if (high <= before->high)
            return;
        if (before->last == from->last && before->floor == from->floor &&
            before->weight == from->weight &&
            (before->centre == from->centre || before->weight == 0)) {
            before->high = high;
            return;
        }
    }
    to->items[to->count] = *from;
    to->items[to->count++].high = high;
}

/* Where a level costs more than `limit`, a new stretch that begins at this point is as good. */
static void push_limited(struct pieces *to, const struct piece *piece, double low, double limit,
                         size_t point)
{
    const struct piece fresh = {.floor = limit, .last = point};
    if (piece->floor >= limit) {
        push(to, &fresh, piece->high);
        return;
    }
    if (piece->weight == 0) {
        push(to, piece, piece->high);
        return;
    }
    double reach = sqrt((limit - piece->floor) / piece->weight);
    double from = piece->centre - reach, till = piece->centre + reach;
    if (till <= low || from >= piece->high) {
        push(to, &fresh, piece->high);
        return;
    }
    if (from > low)
        push(to, &fresh, from);
    push(to, piece, lower(till, piece->high));
    if (till < piece->high)
        push(to, &fresh, piece->high);
}

/* push(), and keeps the lowest cost seen. */
static inline void push_lowest(struct partition *p, const struct piece *piece, double low,
                               double high)
{
    push(&p->now, piece, high);
    double off = 0, cost = piece->floor;
    if (piece->centre < low)
        off = low - piece->centre;
    else if (piece->centre > high)
        off = piece->centre - high;
    if (piece->weight != 0)
        cost += piece->weight * off * off;
    if (cost < p->lowest) {
        p->lowest = cost;
        p->lowest_start = piece->last;
    }
}

/* One point further: within `cap` of it a quadratic more, elsewhere the fixed price. */
static void push_point(struct partition *p, const struct piece *piece, double low, double x)
{
    double cap = p->cap;
    struct piece capped = *piece, near = *piece;
    capped.floor += cap * cap;
    double off = x - piece->centre;
    near.weight += 1;
    near.centre = piece->weight == 0 ? x : piece->centre + off / near.weight;
    near.floor += piece->weight == 0 ? 0 : piece->weight / near.weight * off * off;
    if (low < x - cap)
        push_lowest(p, &capped, low, lower(piece->high, x - cap));
    if (piece->high > x - cap && low < x + cap)
        push_lowest(p, &near, low > x - cap ? low : x - cap, lower(piece->high, x + cap));
    if (piece->high > x + cap)
        push_lowest(p, &capped, low > x + cap ? low : x + cap, piece->high);
}

void partition_add(struct partition *p, double x)
{
    double low = -INFINITY;
    /* A piece becomes three at most, twice. */
    ARRAY_RESERVE(p->next.items, p->next.cap, 3 * p->now.count + 1);
    p->next.count = 0;
    if (!p->count) {
        const struct piece all = {.high = INFINITY};
        push(&p->next, &all, INFINITY);
    }
    for (size_t i = 0; p->count && i < p->now.count; low = p->now.items[i++].high)
        push_limited(&p->next, &p->now.items[i], low, p->best + p->penalty, p->count);

    ARRAY_RESERVE(p->now.items, p->now.cap, 3 * p->next.count);
    p->now.count = 0;
    p->lowest = INFINITY;
    low = -INFINITY;
    for (size_t i = 0; i < p->next.count; low = p->next.items[i++].high)
        push_point(p, &p->next.items[i], low, x);
    p->best = p->lowest;
    ARRAY_RESERVE(p->starts, p->starts_cap, p->count + 1);
    p->starts[p->count++] = p->lowest_start;
}

size_t partition_cuts(const struct partition *p, size_t *cuts)
{
    size_t count = 0;
    for (size_t at = p->count ? p->starts[p->count - 1] : 0; at; at = p->starts[at - 1])
        cuts[count++] = at;
    for (size_t i = 0; i < count / 2; i++) {
        size_t kept = cuts[i];
        cuts[i] = cuts[count - 1 - i];
        cuts[count - 1 - i] = kept;
    }
    return count;
}
