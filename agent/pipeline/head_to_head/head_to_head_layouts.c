/* compare --measure: programs whose code lies elsewhere from pair to pair. */
#include "pipeline/head_to_head/head_to_head_state.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "sandbox/job.h"

#include <string.h>

void match_draw_layouts(struct match *match)
{
    const struct head_to_head_request *request = match->request;
    /* A stream of its own: with --layouts 1 nothing else changes by a seed. */
    struct match seeds = {.random = ~request->seed};
    size_t count = request->layouts ? request->layouts : HEAD_TO_HEAD_LAYOUTS;
    if (!request->layouts && count > request->max_pairs)
        count = request->max_pairs;
    for (size_t i = 0; count > 1 && i < count; i++)
        strlist_pushf(&match->seeds, "%llu",
                      (unsigned long long)match_draw(&seeds, (uint64_t)1 << 31));
}

static bool has_wanted(const struct match *match, const struct run_part *part)
{
    const char *wanted = match->request->benchmark;
    for (size_t i = 0; wanted && i < part->expected.count; i++)
        if (strstr(part->expected.items[i], wanted))
            return true;
    return !wanted;
}

/* The folder of the target's programs; NULL: it has one layout. */
static int link_target(struct match *match, struct side *side, size_t index, char **out,
                       struct error *err)
{
    struct run *run = &side->run;
    AUTO_FREE char *folder = NULL;
    AUTO_FREE char *name = xasprintf("layouts-%03zu", index);
    bool linked = false;
    int failed = job_output_dir(&run->job, name, &folder, err);
    if (failed)
        return failed;
    const struct relink asked = {
        .target = &run->targets.items[index], .seeds = &match->seeds, .folder = folder};
    failed = run_relink(run, &asked, &linked, err);
    if (!failed && linked)
        *out = take_ptr(folder);
    return failed;
}

int side_link_layouts(struct match *match, struct side *side, struct error *err)
{
    struct run *run = &side->run;
    side->layouts = xcalloc(run->targets.count + 1, sizeof(*side->layouts));
    for (size_t i = 0; match->seeds.count && i < run->out->part_count; i++) {
        const struct run_part *part = &run->out->parts[i];
        const struct bench_target *target = run_target_of(run, part);
        if (!target || part->problem || !has_wanted(match, part))
            continue;
        log_info("linking %s in %zu code layouts", part->name, match->seeds.count);
        size_t index = (size_t)(target - run->targets.items);
        double start = clock_monotonic_s();
        char took[TIME_ISO_SIZE];
        int failed = link_target(match, side, index, &side->layouts[index], err);
        if (failed)
            return failed;
        duration_format(clock_monotonic_s() - start, took);
        if (side->layouts[index])
            log_info("linked %s in %s", part->name, took);
    }
    return 0;
}

void side_release_layouts(struct side *side)
{
    for (size_t i = 0; side->layouts && i < side->run.targets.count; i++)
        free(side->layouts[i]);
    free(take_ptr(side->layouts));
}

static const char *layouts_of(struct match *match, const struct unit *unit, int which)
{
    struct side *side = &match->sides[which];
    const struct bench_target *target = run_target_of(&side->run, match_part(match, unit, which));
    return target ? side->layouts[target - side->run.targets.items] : NULL;
}

void unit_draw_layouts(struct match *match, struct unit *unit)
{
    size_t count = match->seeds.count;
    if (!layouts_of(match, unit, BASE) || !layouts_of(match, unit, HEAD))
        return;
    unit->layouts = xcalloc(count, sizeof(*unit->layouts));
    for (size_t i = 0; i < count; i++)
        unit->layouts[i] = i;
    match_shuffle(match, unit->layouts, count);
    match->out->layouts = count;
}

size_t unit_layout(const struct match *match, const struct unit *unit, size_t pair)
{
    return unit->layouts ? unit->layouts[(unit->pairs + pair) % match->seeds.count] : 0;
}

void unit_take_layout(struct match *match, const struct unit *unit, int side, size_t layout)
{
    struct bench_target *target =
        run_target_of(&match->sides[side].run, match_part(match, unit, side));
    if (!unit->layouts)
        return;
    char *path = relink_path(layouts_of(match, unit, side), target, layout);
    free(target->executable);
    target->executable = path;
}
