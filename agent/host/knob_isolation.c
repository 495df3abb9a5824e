/*
 * The benchmark CPUs for the benchmark alone, by control groups.
 *
 * cgroup v2: a cpuset partition. `isolated` also takes the scheduler's load balancing away: with
 * one CPU that is wanted; with several, all threads of a benchmark would stay on the CPU of the
 * first, so that several CPUs become a `root` partition, which balances among its own. The kernel
 * accepts the word and answers "isolated invalid (why)" when it did not happen: that is a refusal,
 * and what was made for it is undone.
 *
 * cgroup v1 has no partitions: all processes that may run anywhere move to a group of the other
 * CPUs. Kernel threads that refuse and processes that somebody has pinned stay.
 *
 * What is written inside a group of ours goes with the group and needs no journal.
 */
#include "base/alloc.h"
#include "base/cpu_list.h"
#include "base/cpu_mask.h"
#include "host/bench_group.h"
#include "host/knobs.h"
#include "host/tuner.h"

#include <errno.h>
#include <string.h>

#define V2_ROOT "/sys/fs/cgroup"
#define V2_CONTROL V2_ROOT "/cgroup.subtree_control"
#define V1_ROOT "/sys/fs/cgroup/cpuset"
#define GROUP BENCH_GROUP_NAME
#define SYSTEM_GROUP "/lance-bench-system"

enum { MOVE_PASSES = 10 };

static void targets(const struct knob_context *ctx, struct knob_targets *out)
{
    knob_target_add(ctx, out, xstrdup(CPU_ROOT "/isolated"), VALUE_LIST, NULL);
    knob_target_add(ctx, out, xstrdup(CPU_ROOT "/nohz_full"), VALUE_LIST, NULL);
}

static struct tune_row *add_row(struct tuner *tuner, const char *path, enum tune_outcome outcome,
                                char *reason)
{
    struct tune_row *row = tune_report_add(tuner->report, knob_isolation.name, path, outcome);
    row->reason = reason;
    return row;
}

static char *folder_reason(const char *path, int refused)
{
    return refused == -EEXIST ? xasprintf("%s is there already and not ours: another tool's cpuset "
                                          "is in the way",
                                          path)
                              : xasprintf("making it: %s", strerror(-refused));
}

static int write_in(const struct host_io *io, const char *group, const char *file, const char *text)
{
    AUTO_FREE char *path = xasprintf("%s/%s", group, file);
    return io->ops->write(io, path, text);
}

/* --- cgroup v2 --- */

/* Tries one kind of partition. On success *answer is what the kernel calls it, else why not. */
static bool try_partition(const struct host_io *io, const char *kind, char **answer)
{
    int refused = write_in(io, V2_ROOT GROUP, "cpuset.cpus.partition", kind);
    free(*answer);
    *answer = refused ? xasprintf("%s: %s", kind, strerror(-refused))
                      : host_io_text(io, V2_ROOT GROUP "/cpuset.cpus.partition");
    return !refused && *answer && !strcmp(*answer, kind);
}

static int fill_v2(struct tuner *tuner, bool *done, struct error *err)
{
    static const char *const made[] = {V2_CONTROL, V2_ROOT GROUP};
    const struct host_io *io = &tuner->place->io;
    AUTO_FREE char *cpus = cpu_list_text(&tuner->ctx.cpus);
    AUTO_FREE char *answer = NULL;
    bool one = CPU_COUNT(&tuner->ctx.cpus) == 1;
    /* Of an earlier tune: a partition is dissolved before its CPUs change. */
    (void)!write_in(io, V2_ROOT GROUP, "cpuset.cpus.partition", "member");
    int refused = write_in(io, V2_ROOT GROUP, "cpuset.cpus", cpus);
    *done = !refused &&
            ((one && try_partition(io, "isolated", &answer)) || try_partition(io, "root", &answer));
    char *reason = *done     ? NULL
                   : refused ? xasprintf("cpuset.cpus: %s", strerror(-refused))
                             : xstrdup(answer);
    struct tune_row *row = add_row(tuner, V2_ROOT GROUP "/cpuset.cpus.partition",
                                   *done                                 ? TUNE_SET
                                   : answer && strstr(answer, "invalid") ? TUNE_INVALID
                                                                         : TUNE_REFUSED,
                                   reason);
    row->after = *done ? take_ptr(answer) : NULL;
    return *done ? 0 : tuner_undo(tuner, made, ARRAY_SIZE(made), err);
}

static int apply_v2(struct tuner *tuner, const struct knob *knob, struct error *err)
{
    static const char *const made[] = {V2_CONTROL};
    AUTO_KNOB_TARGETS struct knob_targets control = {0};
    int refused = 0;
    bool done = false;
    knob_target_add(&tuner->ctx, &control, xstrdup(V2_CONTROL), VALUE_CPUSET, "+cpuset");
    int failed = tuner_write(tuner, knob, &control, err);
    if (!failed)
        failed = tuner_make_folder(tuner, knob, V2_ROOT GROUP, &refused, err);
    if (failed)
        return failed;
    if (!refused)
        return fill_v2(tuner, &done, err);
    add_row(tuner, V2_ROOT GROUP, TUNE_REFUSED, folder_reason(V2_ROOT GROUP, refused));
    return tuner_undo(tuner, made, ARRAY_SIZE(made), err);
}

/* --- cgroup v1 --- */

static int fill_v1(const struct host_io *io, const char *group, const cpu_set_t *cpus)
{
    AUTO_FREE char *list = cpu_list_text(cpus);
    AUTO_FREE char *mems = host_io_text(io, V1_ROOT "/cpuset.mems");
    int refused = write_in(io, group, "cpuset.cpus", list);
    return refused ? refused : write_in(io, group, "cpuset.mems", mems ? mems : "0");
}

/* Whether the process may run on every CPU that is online: nobody has pinned it. */
static bool is_free(const struct tuner *tuner, const char *id)
{
    static const char key[] = "\nCpus_allowed_list:";
    AUTO_FREE char *status = host_io_textf(&tuner->place->io, "/proc/%s/status", id);
    const char *at = status ? strstr(status, key) : NULL;
    if (!at)
        return false;
    at += strlen(key);
    AUTO_FREE char *list = xstrndup(at, strcspn(at, "\n"));
    cpu_set_t allowed, missing;
    if (!cpu_mask_parse_list(list, &allowed))
        return false;
    cpu_mask_without(&tuner->topology.online, &allowed, &missing);
    return !CPU_COUNT(&missing);
}

/* One pass over the root group; *stay: those that are left in it. */
static size_t move_pass(const struct tuner *tuner, size_t *stay)
{
    const struct host_io *io = &tuner->place->io;
    AUTO_FREE char *procs = host_io_text(io, V1_ROOT "/cgroup.procs");
    AUTO_STRLIST struct strlist ids = STRLIST_INIT;
    size_t moved = 0;
    strlist_split(&ids, procs ? procs : "", '\n');
    for (size_t i = 0; i < ids.count; i++)
        moved += is_free(tuner, ids.items[i]) &&
                 !write_in(io, V1_ROOT SYSTEM_GROUP, "cgroup.procs", ids.items[i]);
    *stay = ids.count - moved;
    return moved;
}

/* Other tools' groups (a container's, say) keep their CPUs: cgroup v1 has no way to take them. */
static void warn_neighbours(struct tuner *tuner)
{
    const struct host_io *io = &tuner->place->io;
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (io->ops->list(io, V1_ROOT, &names))
        return;
    for (size_t i = 0; i < names.count; i++) {
        AUTO_FREE char *list = host_io_textf(io, V1_ROOT "/%s/cpuset.cpus", names.items[i]);
        AUTO_FREE char *path = xasprintf("/%s", names.items[i]);
        cpu_set_t cpus;
        if (!list || !strcmp(path, GROUP) || !cpu_mask_parse_list(list, &cpus))
            continue;
        CPU_AND(&cpus, &cpus, &tuner->ctx.cpus);
        if (CPU_COUNT(&cpus))
            strlist_pushf(&tuner->report->warnings,
                          "what runs in the control group " V1_ROOT "%s is not kept off the "
                          "benchmark CPUs: take them out of its cpuset.cpus",
                          path);
    }
}

static void move_processes(struct tuner *tuner)
{
    size_t moved = 0, now = 1, stay = 0;
    /* What a process forks after the list was read, and before it is moved, is not in it. */
    for (int pass = 0; now && pass < MOVE_PASSES; pass++) {
        now = move_pass(tuner, &stay);
        moved += now;
    }
    struct tune_row *row =
        add_row(tuner, V1_ROOT SYSTEM_GROUP, TUNE_SET,
                xasprintf("%zu processes moved, %zu stay: pinned, or bound to a CPU by the kernel",
                          moved, stay));
    row->after = cpu_list_text(&tuner->ctx.system);
}

static int apply_v1(struct tuner *tuner, const struct knob *knob, struct error *err)
{
    static const char *const groups[] = {V1_ROOT GROUP, V1_ROOT SYSTEM_GROUP};
    const cpu_set_t *const cpus[] = {&tuner->ctx.cpus, &tuner->ctx.system};
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
        int refused = 0;
        int failed = tuner_make_folder(tuner, knob, groups[i], &refused, err);
        if (failed)
            return failed;
        char *reason = refused ? folder_reason(groups[i], refused) : NULL;
        if (!refused)
            refused = fill_v1(&tuner->place->io, groups[i], cpus[i]);
        if (!refused)
            continue;
        add_row(tuner, groups[i], TUNE_REFUSED,
                reason ? reason : xasprintf("its CPUs: %s", strerror(-refused)));
        return tuner_undo(tuner, groups, ARRAY_SIZE(groups), err);
    }
    move_processes(tuner);
    warn_neighbours(tuner);
    return 0;
}

/* --- both --- */

static int apply(struct tuner *tuner, const struct knob *knob, struct error *err)
{
    const struct host_io *io = &tuner->place->io;
    AUTO_KNOB_TARGETS struct knob_targets looked = {0};
    targets(&tuner->ctx, &looked);
    int failed = tuner_write(tuner, knob, &looked, err);
    cpu_set_t shared;
    cpu_mask_without(&tuner->ctx.cpus, &tuner->topology.isolated, &shared);
    if (failed || !tuner->ctx.request->isolate)
        return failed;
    if (!CPU_COUNT(&shared)) {
        add_row(tuner, NULL, TUNE_ALREADY, xstrdup("isolated since the boot (isolcpus=)"));
        return 0;
    }
    if (knob_offers(io, V2_ROOT "/cgroup.controllers", "cpuset"))
        return apply_v2(tuner, knob, err);
    if (host_io_exists(io, V1_ROOT "/cpuset.cpus"))
        return apply_v1(tuner, knob, err);
    add_row(tuner, NULL, TUNE_ABSENT, xstrdup("there is no cpuset controller, of cgroup v2 or v1"));
    return 0;
}

char *host_bench_group(const struct host_place *place)
{
    static const char *const groups[] = {V2_ROOT GROUP, V1_ROOT GROUP};
    AUTO_JOURNAL struct journal journal = {.fd = -1};
    if (journal_load(place, &journal, NULL))
        return NULL;
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
        if (journal_find(&journal, groups[i]) && host_io_exists(&place->io, groups[i]))
            return xstrdup(groups[i]);
    return NULL;
}

const struct knob knob_isolation = {
    .name = "isolation",
    .summary = "the benchmark CPUs for the benchmark alone (on request)",
    .targets = targets,
    .apply = apply,
};
