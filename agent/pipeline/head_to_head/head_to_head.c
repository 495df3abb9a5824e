#include "pipeline/head_to_head/head_to_head.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "decide/robust.h"
#include "host/machine.h"
#include "pipeline/head_to_head/head_to_head_state.h"
#include "pipeline/run/run_evidence.h"
#include "pipeline/run/run_host.h"

#include <math.h>
#include <string.h>

void head_to_head_release(struct head_to_head *result)
{
    for (size_t i = 0; i < result->count; i++) {
        struct head_to_head_row *row = &result->rows[i];
        free(row->benchmark);
        free(row->base_name);
        free(row->units);
        free(row->log_ratios);
        strlist_release(&row->notes);
    }
    free(result->rows);
    free(result->base);
    free(result->head);
    free(result->project);
    free(result->cpus);
    free(result->sandbox);
    strlist_release(&result->only_base);
    strlist_release(&result->only_head);
    *result = (struct head_to_head){0};
}

/* What was handed over to the result is no longer there. */
static void match_release(struct match *match)
{
    for (size_t i = 0; i < match->series_count; i++) {
        struct series *series = &match->series[i];
        free(series->row.benchmark);
        free(series->row.units);
        free(series->base_name);
        strlist_release(&series->row.notes);
        paired_release(&series->paired);
        for (int side = 0; side < SIDES; side++)
            free(series->levels[side]);
    }
    free(match->series);
    for (size_t i = 0; i < match->unit_count; i++) {
        for (int side = 0; side < SIDES; side++)
            free(match->units[i].benchmark[side]);
        free(match->units[i].series);
        free(match->units[i].layouts);
    }
    free(match->units);
    policy_release(&match->policy);
    policy_release(&match->aliases);
    strlist_release(&match->seeds);
    test_bed_release(&match->test_bed);
    for (int i = 0; i < SIDES; i++) {
        side_release_layouts(&match->sides[i]);
        run_release(&match->sides[i].run);
        run_outcome_release(&match->sides[i].outcome);
        free(match->sides[i].config);
    }
}

#define AUTO_MATCH __attribute__((cleanup(match_release)))

/* A change that is there, and smaller than what the policy wants to hear of. */
static bool is_below_minimum(const struct series *series)
{
    struct paired_estimate estimate;
    paired_estimate(&series->paired, &estimate);
    return fabs(log1p(estimate.change)) < log1p(series->row.minimum_effect);
}

static enum verdict_kind verdict_of(const struct series *series)
{
    switch (series->paired.state) {
    case PAIRED_CALLED:
        if (is_below_minimum(series))
            return VERDICT_SAME;
        return series->paired.up == series->row.higher_is_better ? VERDICT_BETTER : VERDICT_WORSE;
    case PAIRED_SAME:
        return VERDICT_SAME;
    case PAIRED_MEASURING:
    case PAIRED_FOUND:
    case PAIRED_CONFIRMING:
    case PAIRED_UNDECIDED:
        break;
    }
    return VERDICT_UNSURE;
}

static void note_circumstances(const struct match *match, const struct series *series,
                               struct strlist *notes)
{
    const char *before = match->sides[BASE].outcome.toolchain;
    const char *after = match->sides[HEAD].outcome.toolchain;
    const struct paired *paired = &series->paired;
    if (paired->state == PAIRED_UNDECIDED && paired->first_session)
        strlist_push(notes, "a change was found, and the fresh session did not confirm it");
    if (paired->state == PAIRED_CALLED && is_below_minimum(series))
        strlist_pushf(notes, "changed by less than the minimum effect of %g %%",
                      100 * series->row.minimum_effect);
    if (strcmp(series->base_name, series->row.benchmark))
        strlist_pushf(notes, "it was called %s", series->base_name);
    if (match->request->layouts > 1 && !series->rule.groups)
        strlist_push(notes, "its code has one layout, which is in all its pairs");
    if (series->spoiled)
        strlist_push(notes, "others disturbed some of its pairs");
    if (before && after && strcmp(before, after))
        strlist_pushf(notes, "another toolchain: %s against %s", before, after);
}

static void take_row(struct match *match, struct series *series)
{
    struct head_to_head *out = match->out;
    ARRAY_RESERVE(out->rows, out->cap, out->count + 1);
    struct head_to_head_row *row = &out->rows[out->count++];
    struct paired *paired = &series->paired;
    note_circumstances(match, series, &series->row.notes);
    series->row.verdict = verdict_of(series);
    *row = series->row;
    series->row = (struct head_to_head_row){0};
    paired_estimate(paired, &row->estimate);
    row->pairs = paired->count;
    row->first_session = paired->first_session;
    row->layouts = series->rule.groups ? series->rule.groups : 1;
    row->base_name = take_ptr(series->base_name);
    row->base = paired->count ? robust_median(series->levels[BASE], paired->count) : NAN;
    row->head = paired->count ? robust_median(series->levels[HEAD], paired->count) : NAN;
    row->log_ratios = take_ptr(paired->pairs);
    paired->count = paired->cap = 0;
}

/* By identical programs nothing but layout can differ. */
static void compare_programs(struct match *match)
{
    const struct run *base = &match->sides[BASE].run, *head = &match->sides[HEAD].run;
    size_t same = 0, both = 0;
    for (size_t i = 0; i < base->targets.count && i < head->targets.count; i++) {
        AUTO_RUN_EVIDENCE struct run_evidence a = {0};
        AUTO_RUN_EVIDENCE struct run_evidence b = {0};
        run_evidence_open(base, base->targets.items[i].executable, &a);
        run_evidence_open(head, head->targets.items[i].executable, &b);
        both++;
        same += *a.executable && !strcmp(a.executable, b.executable);
    }
    match->out->same_programs = both && same == both;
    if (match->out->same_programs)
        log_info("the programs of both sides are the same, byte for byte");
}

/* The policy in a commit's lance-bench.json; --config FILE stands before it. */
static int read_policy(const struct match *match, int side, struct policy *out, struct error *err)
{
    const struct side *at = &match->sides[side];
    AUTO_FREE char *own = path_join(at->run.checkout.path, CONFIG_FILE);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (match->request->run->config)
        return policy_load(match->request->run->config, out, err);
    if (!path_exists(own))
        return 0;
    int failed = file_read(own, CONFIG_MAX_BYTES, &text, err);
    if (!failed)
        failed = policy_parse(text.buf, text.len, CONFIG_FILE, out, err);
    return failed ? error_wrap(err, "%s %.12s", at->name, at->outcome.commit) : 0;
}

/* BASE's, whatever HEAD makes of its own. */
static int load_policy(struct match *match, struct error *err)
{
    const struct head_to_head_request *request = match->request;
    int failed = machine_test_bed(request->run->testbed_name, &match->test_bed, err);
    if (failed)
        return failed;
    struct policy *policy = &match->policy;
    failed = read_policy(match, BASE, policy, err);
    if (!failed)
        failed = read_policy(match, HEAD, &match->aliases, err);
    if (failed)
        return failed;
    if (!isnan(request->matters))
        policy->matters = request->matters;
    if (!isnan(request->minimum_effect))
        policy->minimum_effect = request->minimum_effect;
    match->out->alpha = isnan(request->alpha) ? policy_alpha(policy, PAIRED_ALPHA) : request->alpha;
    return 0;
}

static int measure(struct match *match, struct error *err)
{
    struct run *head = &match->sides[HEAD].run;
    int failed = run_host_begin(head, err);
    if (!failed)
        failed = run_measure_with(head, match_play, match, err);
    /* The group's descriptor is closed there. */
    run_host_end(head);
    match->sides[BASE].run.placement = (struct placement){0};
    return failed;
}

static void describe(struct match *match)
{
    struct head_to_head *out = match->out;
    struct run_outcome *head = &match->sides[HEAD].outcome;
    out->base = take_ptr(match->sides[BASE].outcome.commit);
    out->head = take_ptr(head->commit);
    out->project = take_ptr(head->project);
    out->cpus = take_ptr(head->cpus);
    out->sandbox = take_ptr(head->sandbox);
    out->clock = head->clock;
    out->canary = head->canary;
    for (size_t i = 0; i < match->series_count; i++)
        take_row(match, &match->series[i]);
}

int head_to_head(const struct head_to_head_request *request, struct head_to_head *out,
                 struct error *err)
{
    AUTO_MATCH struct match match = {
        .request = request,
        .out = out,
        .sides = {[BASE] = {.name = "base", .request = *request->run},
                  [HEAD] = {.name = "head", .request = *request->run}},
        .random = request->seed,
    };
    out->layouts = 1;
    match.sides[BASE].request.revision = request->base;
    match.sides[HEAD].request.revision = request->head;
    for (int i = 0; i < SIDES; i++)
        run_init(&match.sides[i].run, &match.sides[i].request, &match.sides[i].outcome);
    double start = clock_monotonic_s();
    int failed = sides_build(&match, err);
    out->build_s = clock_monotonic_s() - start;
    if (!failed)
        failed = load_policy(&match, err);
    if (!failed) {
        compare_programs(&match);
        failed = measure(&match, err);
    }
    for (int i = 0; i < SIDES; i++)
        run_close(&match.sides[i].run, failed);
    if (!failed)
        describe(&match);
    return failed;
}
