/* Comparisons of two commits as decide/paired.h decides them, with made-up pairs of known truth.
 *
 *     head_to_head_sim SESSIONS BENCHMARKS CHANGE NOISE KIND [ALPHA [MAX_PAIRS [LAYOUTS WIDTH
 * [BLIND]]]]
 *
 * CHANGE is in per cent; NOISE, the standard deviation of ln(B/A), too. KIND is "normal", "t3"
 * (Student's with three degrees of freedom, of that standard deviation), "wild" (normal, one in
 * twenty ten times as far), or a file with the recorded pairs of one benchmark on each line: then
 * NOISE only scales them (1: as they are), and their signs are drawn anew, which is what measuring
 * the same program on both sides does. Each pair runs one of LAYOUTS, whose ln(B/A) are normal with
 * the deviation WIDTH, per cent, and drawn for each benchmark of each session; BLIND: the rule is
 * not told which. Prints one line; built and run by head_to_head.py. */
#include "decide/paired.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SETS_MAX = 64, PAIRS_MAX = 4096, LAYOUTS_MAX = 1000 };

struct noise {
    const char *kind;
    double scale;
    double *sets[SETS_MAX];
    size_t lengths[SETS_MAX], count;
};

static uint64_t state = 1;

static double uniform(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    return ((double)(z >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
    double radius = sqrt(-2 * log(uniform()));
    return radius * cos(2 * M_PI * uniform());
}

static double draw(const struct noise *noise, size_t benchmark)
{
    if (noise->count) {
        size_t set = benchmark % noise->count;
        double x = noise->sets[set][(size_t)(uniform() * (double)noise->lengths[set])];
        return noise->scale * (uniform() < 0.5 ? x : -x);
    }
    double x = normal();
    if (!strcmp(noise->kind, "t3")) {
        double squares = 0;
        for (int i = 0; i < 3; i++) {
            double z = normal();
            squares += z * z;
        }
        x /= sqrt(squares / 3) * sqrt(3);
    } else if (!strcmp(noise->kind, "wild") && uniform() < 0.05) {
        x *= 10;
    }
    return noise->scale * x;
}

static void read_sets(struct noise *noise)
{
    static char line[1 << 20];
    FILE *file = fopen(noise->kind, "re");
    if (!file) {
        perror(noise->kind);
        exit(1);
    }
    while (noise->count < SETS_MAX && fgets(line, sizeof(line), file)) {
        double *set = malloc(PAIRS_MAX * sizeof(*set));
        size_t n = 0;
        char *end, *at = line;
        for (double x = strtod(at, &end); end != at && n < PAIRS_MAX; x = strtod(at = end, &end))
            set[n++] = x;
        noise->sets[noise->count] = set;
        noise->lengths[noise->count] = n;
        noise->count += n > 0;
    }
    fclose(file);
}

struct tally {
    size_t called, wrong, candidates, same, undecided, covered, benchmarks;
    double pairs, pairs_of_called, pairs_before_found;
};

struct layouts {
    size_t count; /* 0: what is not shared by pairs is in the noise */
    double width;
};

static bool simulate(const struct paired_rule *rule, const struct noise *noise,
                     const struct layouts *layouts, size_t benchmark, double effect,
                     struct tally *t)
{
    struct paired paired = {.rule = rule};
    double shifts[LAYOUTS_MAX];
    for (size_t i = 0; i < layouts->count; i++)
        shifts[i] = layouts->width * normal();
    while (paired_wants_more(&paired)) {
        size_t layout = layouts->count ? paired.count % layouts->count : 0;
        double shift = layouts->count ? shifts[layout] : 0;
        paired_add_grouped(&paired, effect + shift + draw(noise, benchmark), layout);
        if (paired.state == PAIRED_FOUND)
            paired_confirm(&paired);
    }
    struct paired_estimate estimate;
    paired_estimate(&paired, &estimate);
    bool called = paired.state == PAIRED_CALLED;
    t->benchmarks++;
    t->called += called;
    t->wrong += called && (effect == 0 || paired.up != (effect > 0));
    t->candidates += paired.first_session > 0;
    t->same += paired.state == PAIRED_SAME;
    t->undecided += paired.state == PAIRED_UNDECIDED;
    t->covered += log1p(estimate.low) <= effect && effect <= log1p(estimate.high);
    t->pairs += (double)paired.count;
    t->pairs_of_called += called ? (double)paired.count : 0;
    t->pairs_before_found += called ? (double)paired.first_session : 0;
    paired_release(&paired);
    return called;
}

int main(int argc, char **argv)
{
    if (argc < 6)
        return 1;
    size_t sessions = strtoul(argv[1], NULL, 10), benchmarks = strtoul(argv[2], NULL, 10);
    double effect = log1p(strtod(argv[3], NULL) / 100);
    struct noise noise = {.kind = argv[5], .scale = strtod(argv[4], NULL) / 100};
    if (strcmp(argv[5], "normal") && strcmp(argv[5], "t3") && strcmp(argv[5], "wild")) {
        noise.scale *= 100;
        read_sets(&noise);
    }
    struct paired_rule rule;
    paired_rule_init(&rule, argc > 6 ? strtod(argv[6], NULL) : PAIRED_ALPHA, 0.05, benchmarks,
                     argc > 7 ? strtoul(argv[7], NULL, 10) : PAIRED_MAX_PAIRS);
    struct layouts layouts = {0};
    if (argc > 9) {
        layouts.count = strtoul(argv[8], NULL, 10);
        layouts.width = strtod(argv[9], NULL) / 100;
        rule.groups = argc > 10 ? 0 : layouts.count;
    }
    if (layouts.count > LAYOUTS_MAX)
        return 1;
    struct tally t = {0};
    size_t alarms = 0;
    for (size_t s = 0; s < sessions; s++) {
        bool any = false;
        for (size_t b = 0; b < benchmarks; b++)
            any |= simulate(&rule, &noise, &layouts, b, effect, &t);
        alarms += any;
    }
    double n = (double)t.benchmarks, called = t.called ? (double)t.called : 1;
    printf("{\"sessions\": %zu, \"with_a_call\": %.5f, \"called\": %.4f, \"wrong_way\": %.5f, "
           "\"candidates\": %.4f, \"same\": %.4f, \"unsure\": %.4f, \"covered\": %.4f, "
           "\"pairs\": %.2f, \"pairs_of_called\": %.2f, \"before_confirmation\": %.2f}\n",
           sessions, (double)alarms / (double)sessions, (double)t.called / n, (double)t.wrong / n,
           (double)t.candidates / n, (double)t.same / n, (double)t.undecided / n,
           (double)t.covered / n, t.pairs / n, t.pairs_of_called / called,
           t.pairs_before_found / called);
    return 0;
}
