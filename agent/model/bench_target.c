#include "model/bench_target.h"

#include "base/alloc.h"

struct bench_target *bench_targets_add(struct bench_targets *targets)
{
    ARRAY_RESERVE(targets->items, targets->cap, targets->count + 1);
    struct bench_target *added = &targets->items[targets->count++];
    *added = (struct bench_target){0};
    return added;
}

void bench_targets_release(struct bench_targets *targets)
{
    for (size_t i = 0; i < targets->count; i++) {
        struct bench_target *target = &targets->items[i];
        free(target->package);
        free(target->version);
        free(target->bench);
        free(target->folder);
        free(target->executable);
        free(target->filter);
        strlist_release(&target->arguments);
    }
    free(targets->items);
    *targets = (struct bench_targets){0};
}
