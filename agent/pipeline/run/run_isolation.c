#include "pipeline/run/run_isolation.h"

#include "base/alloc.h"
#include "base/json_write.h"
#include "evidence/workload_child.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What a child found when it took the place that benchmarks are to have. */
struct trial {
    int failed;
    char reason[512];
};

static void try_place(const void *context, void *result)
{
    struct error err = ERROR_INIT;
    struct trial *trial = result;
    trial->failed = placement_enter(context, &err);
    snprintf(trial->reason, sizeof(trial->reason), "%.500s", err.message);
}

static void refuse(struct run_isolation *isolation, const char *reason)
{
    isolation->state = "refused";
    free(isolation->reason);
    isolation->reason = xstrdup(reason);
}

void run_isolation_release(struct run_isolation *isolation)
{
    free(isolation->group);
    free(isolation->kind);
    free(isolation->reason);
    *isolation = (struct run_isolation){0};
}

bool run_isolation_enter(struct run_isolation *isolation, const struct host_place *place,
                         struct placement *placement)
{
    AUTO_BENCH_GROUP struct bench_group group = {0};
    struct error err = ERROR_INIT;
    struct trial trial = {0};
    if (!placement->cpus || !bench_group_find(place, &group))
        return false;
    free(isolation->group);
    free(isolation->kind);
    isolation->group = xstrdup(group.path);
    isolation->kind = xstrdup(group.kind);
    int failed = bench_group_open(place, &group, placement, &err);
    if (!failed)
        failed = workload_child(NULL, try_place, placement, &trial, sizeof(trial), &err);
    if (!failed && !trial.failed) {
        isolation->state = "entered";
        return true;
    }
    refuse(isolation, failed ? err.message : trial.reason);
    if (placement->group)
        close(placement->group);
    placement->group = 0;
    return false;
}

void run_isolation_note(struct run_isolation *isolation, const struct tune_report *report)
{
    for (size_t i = 0; i < report->count && !isolation->state; i++) {
        const struct tune_row *row = &report->rows[i];
        if (strcmp(row->knob, "isolation") || !row->reason || row->outcome == TUNE_SET)
            continue;
        refuse(isolation, row->reason);
        if (row->outcome == TUNE_ALREADY)
            isolation->state = "boot";
    }
}

void run_isolation_write(const struct run_isolation *isolation, struct strbuf *out)
{
    if (!isolation->state) {
        strbuf_addstr(out, "null");
        return;
    }
    strbuf_addch(out, '{');
    json_text(out, "state", isolation->state);
    json_text(out, "group", isolation->group);
    json_text(out, "kind", isolation->kind);
    json_text(out, "reason", isolation->reason);
    strbuf_addch(out, '}');
}
