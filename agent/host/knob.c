#include "host/knob.h"

#include "base/alloc.h"
#include "base/cpu_mask.h"

#include <string.h>

void knob_targets_release(struct knob_targets *targets)
{
    for (size_t i = 0; i < targets->count; i++) {
        free(targets->items[i].path);
        free(targets->items[i].wanted);
    }
    free(targets->items);
    *targets = (struct knob_targets){0};
}

void knob_target_add(const struct knob_context *ctx, struct knob_targets *targets, char *path,
                     enum value_form form, const char *wanted)
{
    if (!host_io_exists(ctx->io, path)) {
        free(path);
        return;
    }
    ARRAY_RESERVE(targets->items, targets->cap, targets->count + 1);
    targets->items[targets->count++] = (struct knob_target){path, xstrdup(wanted), form};
}

void knob_target_number(const struct knob_context *ctx, struct knob_targets *out, const char *path,
                        const char *wanted)
{
    knob_target_add(ctx, out, xstrdup(path), VALUE_TEXT, wanted);
}

static bool policy_has_benchmark_cpu(const struct knob_context *ctx, const char *policy)
{
    AUTO_FREE char *text = host_io_textf(ctx->io, "%s/related_cpus", policy);
    AUTO_STRLIST struct strlist words = STRLIST_INIT;
    strlist_split(&words, text ? text : "", ' ');
    for (size_t i = 0; i < words.count; i++) {
        cpu_set_t cpus;
        if (!cpu_mask_parse_list(words.items[i], &cpus))
            continue;
        CPU_AND(&cpus, &cpus, &ctx->cpus);
        if (CPU_COUNT(&cpus))
            return true;
    }
    return false;
}

void knob_policies(const struct knob_context *ctx, struct strlist *out)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (ctx->io->ops->list(ctx->io, CPU_ROOT "/cpufreq", &names))
        return;
    for (size_t i = 0; i < names.count; i++) {
        if (strncmp(names.items[i], "policy", 6))
            continue;
        AUTO_FREE char *policy = xasprintf(CPU_ROOT "/cpufreq/%s", names.items[i]);
        if (ctx->request->profile != TUNE_SHARED || policy_has_benchmark_cpu(ctx, policy))
            strlist_push(out, policy);
    }
}

bool knob_offers(const struct host_io *io, const char *path, const char *word)
{
    AUTO_FREE char *text = host_io_text(io, path);
    AUTO_STRLIST struct strlist words = STRLIST_INIT;
    strlist_split(&words, text ? text : "", ' ');
    return strlist_contains(&words, word);
}

cpu_set_t knob_moved_away(const struct knob_context *ctx, const cpu_set_t *from)
{
    cpu_set_t quiet, left;
    CPU_OR(&quiet, &ctx->cpus, &ctx->siblings);
    cpu_mask_without(from, &quiet, &left);
    return CPU_COUNT(&left) ? left : ctx->system;
}

void knob_target_mask(const struct knob_context *ctx, struct knob_targets *out, const char *path)
{
    cpu_set_t now;
    AUTO_FREE char *text = host_io_text(ctx->io, path);
    if (!text || !cpu_mask_parse_hex(text, &now))
        return;
    cpu_set_t wanted = knob_moved_away(ctx, &now);
    const struct topology *t = ctx->topology;
    AUTO_FREE char *mask = cpu_mask_hex(&wanted, t->cpus[t->count - 1].id + 1);
    knob_target_add(ctx, out, xstrdup(path), VALUE_MASK, mask);
}
