/* How many runs `bisect` takes, and how often it is wrong, beside bisection with a fixed number of
 * runs of each commit. Prints a table for one noise; built and run by bisection.py. */
#include "decide/bisect.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS_MAX = 5000, ALLOWED = 2000 };

/* Noise from run to run is 2 %; of wild runs the program makes so many, up to tens of it away. */
#define NOISE 0.02

struct world {
    size_t commits, first_new;
    double effect, wild;
    uint64_t seed;
};

struct score {
    double runs;
    size_t cases, wrong, none, unsure;
};

static double uniform(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    return ((double)(z >> 11) + 0.5) / 9007199254740992.0;
}

static double draw(struct world *w, size_t commit)
{
    double radius = sqrt(-2 * log(uniform(&w->seed)));
    double noise = NOISE * radius * cos(2 * M_PI * uniform(&w->seed));
    if (uniform(&w->seed) < w->wild)
        noise -= 8 * NOISE * log(uniform(&w->seed));
    return exp(noise + (commit >= w->first_new ? w->effect : 0)) * 1000;
}

/* `stored` runs of each end cost nothing. */
static void ours(struct world *w, size_t stored, struct score *score)
{
    static struct bisect_run runs[RUNS_MAX];
    bool *closed = calloc(w->commits, sizeof(*closed));
    size_t count = 0, last = w->commits - 1;
    struct bisect_state state;
    for (size_t i = 0; i < stored; i++) {
        runs[count++] = (struct bisect_run){0, draw(w, 0)};
        runs[count++] = (struct bisect_run){last, draw(w, last)};
    }
    size_t free_of_charge = count;
    for (;;) {
        const struct bisect_question question = {
            .runs = runs,
            .run_count = count,
            .closed = closed,
            .commits = w->commits,
            .confidence = BISECT_CONFIDENCE,
            .matters = w->effect > 0 ? expm1(w->effect) / 2 : 0.05,
        };
        bisect_decide(&question, &state);
        if (state.answer != BISECT_MEASURE || count == free_of_charge + ALLOWED)
            break;
        runs[count++] = (struct bisect_run){state.next, draw(w, state.next)};
    }
    score->cases++;
    score->runs += (double)(count - free_of_charge);
    score->none += state.answer == BISECT_SAME;
    score->unsure += state.answer == BISECT_MEASURE;
    score->wrong +=
        state.answer == BISECT_FOUND && (state.first != w->first_new || state.last != w->first_new);
    free(closed);
}

static double mean_of(struct world *w, size_t commit, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += log(draw(w, commit));
    return sum / (double)count;
}

/* `git bisect`, with the middle between the ends' means as the line between good and bad. */
static void plain(struct world *w, size_t each, size_t stored, struct score *score)
{
    size_t low = 0, high = w->commits - 1, ends = stored ? stored : each;
    double line = (mean_of(w, low, ends) + mean_of(w, high, ends)) / 2;
    score->runs += stored ? 0 : 2 * (double)each;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(mean_of(w, middle, each) > line ? &high : &low) = middle;
        score->runs += (double)each;
    }
    score->cases++;
    score->wrong += high != w->first_new;
}

static void print(const char *title, const struct score *s)
{
    double cases = (double)s->cases;
    printf(" | %s%.1f runs, %.1f %%", title, s->runs / cases, 100 * (double)s->wrong / cases);
    if (s->none + s->unsure)
        printf(" (no answer: %.1f %%)", 100 * (double)(s->none + s->unsure) / cases);
}

static void cell(size_t commits, double ratio, double wild, size_t stored, size_t cases)
{
    static const size_t fixed[] = {1, 3, 5, 9};
    struct world w = {.commits = commits, .effect = ratio * NOISE, .wild = wild, .seed = 1};
    struct score bisect = {0};
    printf("%4zu commits, effect/noise %g, %zu stored", commits, ratio, stored);
    for (size_t i = 0; i < cases; i++) {
        w.first_new = 1 + (size_t)(uniform(&w.seed) * (double)(commits - 1));
        ours(&w, stored, &bisect);
    }
    print("bisect: ", &bisect);
    for (size_t k = 0; k < sizeof(fixed) / sizeof(fixed[0]); k++) {
        struct score score = {0};
        char title[32];
        for (size_t i = 0; i < 20 * cases; i++) {
            w.first_new = 1 + (size_t)(uniform(&w.seed) * (double)(commits - 1));
            plain(&w, fixed[k], stored, &score);
        }
        snprintf(title, sizeof(title), "%zu each: ", fixed[k]);
        print(title, &score);
    }
    putchar('\n');
    fflush(stdout);
}

static void without_change(size_t commits, size_t stored, size_t cases)
{
    struct world w = {.commits = commits, .first_new = commits, .seed = 2};
    struct score score = {0};
    for (size_t i = 0; i < cases; i++)
        ours(&w, stored, &score);
    printf("%4zu commits, no change, %zu stored | %.1f runs, named a commit: %.1f %%, unsure: %.1f "
           "%%\n",
           commits, stored, score.runs / (double)cases,
           100 * (double)(score.cases - score.none - score.unsure) / (double)cases,
           100 * (double)score.unsure / (double)cases);
}

int main(int argc, char **argv)
{
    static const size_t ranges[] = {8, 32, 128, 512};
    static const double ratios[] = {4, 2, 1};
    size_t cases = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 200;
    double wild = argc > 2 ? strtod(argv[2], NULL) : 0;
    size_t stored = argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : 0;
    clock_t begin = clock();
    for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++)
        for (size_t j = 0; j < sizeof(ranges) / sizeof(ranges[0]); j++)
            cell(ranges[j], ratios[i], wild, stored, cases);
    without_change(32, stored, cases);
    printf("%.0f s of CPU\n", (double)(clock() - begin) / CLOCKS_PER_SEC);
    return 0;
}
