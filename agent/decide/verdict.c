#include "decide/verdict.h"

#include "base/alloc.h"
#include "decide/family.h"

#include <math.h>
#include <string.h>

const char *verdict_name(enum verdict_kind kind)
{
    static const char *const names[] = {
        [VERDICT_NO_HISTORY] = "no history", [VERDICT_SAME] = "same",   [VERDICT_UNSURE] = "unsure",
        [VERDICT_BETTER] = "better",         [VERDICT_WORSE] = "worse",
    };
    return names[kind];
}

/* What Holm's p-values are raised by. */
static double margin_of(size_t tests)
{
    return tests < 2 ? 1 : VERDICT_MARGIN;
}

/* What the test at hand is tested at when nothing else was called before it. */
static double alpha_of(const struct verdict_rule *rule, size_t tests)
{
    return rule->alone || !tests ? rule->alpha : rule->alpha / margin_of(tests) / (double)tests;
}

static void correct(const struct verdict_rule *rule, size_t tests, double *p, size_t count)
{
    if (rule->alone)
        return;
    family_holm(p, count, p);
    for (size_t i = 0; i < count; i++)
        p[i] = isnan(p[i]) ? NAN : fmin(1, p[i] * margin_of(tests));
}

/* Whether the interval leaves no room for a change for the worse that matters. */
static bool excludes(const struct prediction *p, bool higher_is_worse, double matters)
{
    if (!p->relative)
        return p->low == p->high && p->effect == 0;
    return higher_is_worse ? p->high < matters : p->low > 1 / (1 + matters) - 1;
}

static double matters_of(const struct verdict_test *test, const struct verdict_rule *rule)
{
    return fmax(test->matters > 0 ? test->matters : rule->matters, test->minimum_effect);
}

/* Whether the effect is one that is called at all. Nothing that is not relative is small: a count
 * that was 0 has grown beyond any share of it. */
static bool is_large(const struct verdict_test *test)
{
    const struct prediction *p = test->prediction;
    double size = p->relative        ? fabs(p->effect)
                  : p->expected != 0 ? fabs(p->effect / p->expected)
                                     : INFINITY;
    return size >= test->minimum_effect;
}

static void decide_one(const struct verdict_test *test, const struct verdict_rule *rule,
                       double alpha, struct verdict *out)
{
    const struct prediction *p = test->prediction;
    double matters = matters_of(test, rule);
    out->matters = matters;
    out->smallest = predict_smallest(p, alpha, VERDICT_POWER);
    out->runs_needed = p->relative ? predict_runs_needed(p, alpha, VERDICT_POWER, matters) : 0;
    out->kind = excludes(p, test->higher_is_worse, matters) ? VERDICT_SAME : VERDICT_UNSURE;
}

void verdicts_of(const struct verdict_test *tests, size_t count, const struct verdict_rule *rule,
                 struct verdict *out)
{
    AUTO_FREE double *worse = xreallocarray(NULL, 2 * count + 1, sizeof(*worse));
    double *better = worse + count;
    size_t possible = 0;
    for (size_t i = 0; i < count; i++) {
        const struct prediction *p = tests[i].prediction;
        bool up = tests[i].higher_is_worse;
        worse[i] = !p ? NAN : up ? p->p_higher : p->p_lower;
        better[i] = !p ? NAN : up ? p->p_lower : p->p_higher;
        possible += p != NULL;
    }
    correct(rule, possible, worse, count);
    correct(rule, possible, better, count);
    for (size_t i = 0; i < count; i++) {
        out[i] = (struct verdict){.kind = VERDICT_NO_HISTORY, .p = NAN, .smallest = NAN};
        if (!tests[i].prediction)
            continue;
        decide_one(&tests[i], rule, alpha_of(rule, possible), &out[i]);
        out[i].p = fmin(worse[i], better[i]);
        if (!is_large(&tests[i]))
            continue;
        if (worse[i] <= rule->alpha)
            out[i].kind = VERDICT_WORSE;
        else if (better[i] <= rule->alpha)
            out[i].kind = VERDICT_BETTER;
    }
}

enum verdict_kind verdict_overall(const struct verdict *verdicts, size_t count)
{
    static const enum verdict_kind order[] = {VERDICT_WORSE, VERDICT_UNSURE, VERDICT_BETTER,
                                              VERDICT_SAME};
    for (size_t k = 0; k < ARRAY_SIZE(order); k++)
        for (size_t i = 0; i < count; i++)
            if (verdicts[i].kind == order[k])
                return order[k];
    return VERDICT_NO_HISTORY;
}
