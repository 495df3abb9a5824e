#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "host/tuner.h"

#include <errno.h>
#include <string.h>

/* A write may change another knob's file again (a governor resets turbo and limits): what does not
 * hold after a pass is written in the next. */
enum { PASSES = 4, GROUP_PASSES = 20, LOCK_WAIT_S = 60 };

/* --- one entry --- */

/* The group's processes go back to where they were taken from: its parent. */
static int empty_group(const struct host_io *io, const char *path)
{
    AUTO_FREE char *parent = xstrndup(path, (size_t)(path_basename(path) - path - 1));
    AUTO_FREE char *to = xasprintf("%s/cgroup.procs", parent);
    AUTO_FREE char *procs = host_io_textf(io, "%s/cgroup.procs", path);
    AUTO_STRLIST struct strlist ids = STRLIST_INIT;
    strlist_split(&ids, procs ? procs : "", '\n');
    int failed = 0;
    for (size_t i = 0; i < ids.count; i++) {
        int refused = io->ops->write(io, to, ids.items[i]);
        failed = refused && refused != -ESRCH ? refused : failed;
    }
    return failed;
}

static int undo_folder(const struct host_io *io, const char *path)
{
    int failed = 0;
    for (int pass = 0; pass < GROUP_PASSES; pass++) {
        failed = empty_group(io, path);
        int refused = io->ops->remove_dir(io, path);
        if (!refused || refused == -ENOENT)
            return 0;
        failed = refused;
        /* A process that has just ended or forked still keeps the group for a moment. */
        clock_sleep_s(0.005);
    }
    return failed;
}

/* *changed: the file tells something else than before. */
static int undo_value(const struct host_io *io, const struct journal_entry *entry, bool *changed)
{
    AUTO_STRBUF struct strbuf now = STRBUF_INIT;
    int failed = io->ops->read(io, entry->path, &now);
    if (failed)
        return failed;
    bool plain = host_io_is_plain(io);
    if (plain ? !strcmp(now.buf, entry->before) : value_equal(entry->form, now.buf, entry->before))
        return 0;
    AUTO_FREE char *text = value_to_restore(entry->form, entry->before, plain);
    failed = io->ops->write(io, entry->path, text);
    if (failed)
        return failed;
    AUTO_STRBUF struct strbuf after = STRBUF_INIT;
    failed = io->ops->read(io, entry->path, &after);
    if (failed)
        return failed;
    *changed = strcmp(now.buf, after.buf) != 0;
    return value_equal(entry->form, after.buf, entry->before) ? 0 : -EAGAIN;
}

static int undo_entry(const struct host_io *io, const struct journal_entry *entry, bool *changed)
{
    *changed = false;
    if (entry->before)
        return undo_value(io, entry, changed);
    return host_io_exists(io, entry->path) ? undo_folder(io, entry->path) : 0;
}

int entry_undo(const struct host_io *io, const struct journal_entry *entry)
{
    bool changed;
    return undo_entry(io, entry, &changed);
}

/* --- what is to become of each --- */

enum fate { FATE_UNDO, FATE_DONE, FATE_FOREIGN, FATE_GONE };

struct restoring {
    const struct host_place *place;
    struct journal *journal;
    char *boot;
    bool force;
    enum fate *fates; /* one for each entry */
    int *failures;    /* negative errno of the last try, or 0 */
};

/* sysfs forgets with the reboot: only what still is as we wrote it (something has kept it) is ours
 * to undo. */
static enum fate fate_after_reboot(const struct journal_entry *entry, const char *now)
{
    bool ours = now && entry->wanted && value_equal(entry->form, now, entry->wanted) &&
                !value_equal(entry->form, now, entry->before);
    return ours ? FATE_UNDO : FATE_GONE;
}

static enum fate fate_of(const struct restoring *r, const struct journal_entry *entry)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    bool readable = entry->before && !r->place->io.ops->read(&r->place->io, entry->path, &text);
    if (strcmp(entry->boot, r->boot))
        return fate_after_reboot(entry, readable ? text.buf : NULL);
    if (!readable || r->force)
        return FATE_UNDO;
    if (value_equal(entry->form, text.buf, entry->before))
        return FATE_UNDO; /* nothing to write, unless undoing another one changes it */
    if (entry->foreign)
        return FATE_FOREIGN;
    /* How far an unanswered write got is not known, nor what an unfinished restore left. */
    bool ours = r->journal->restoring || !entry->answer ||
                value_equal(entry->form, text.buf, entry->wanted) ||
                value_equal(entry->form, text.buf, entry->answer);
    return ours ? FATE_UNDO : FATE_FOREIGN;
}

/* Written down before the first write, which may make a value look like somebody else's. */
static void note_begin(struct restoring *r)
{
    AUTO_STRBUF struct strbuf lines = STRBUF_INIT;
    struct error why = ERROR_INIT;
    for (size_t i = 0; i < r->journal->count; i++) {
        r->fates[i] = fate_of(r, &r->journal->entries[i]);
        if (r->fates[i] == FATE_FOREIGN && !r->journal->entries[i].foreign)
            journal_note_mark(&lines, 'F', r->journal->entries[i].path);
    }
    journal_note_mark(&lines, 'R', NULL);
    /* On a full disk the machine is given back all the same. */
    if (journal_append(r->journal, &lines, false, &why))
        log_debug("%s", why.message);
}

static bool undo_pass(struct restoring *r)
{
    bool clean = true;
    for (size_t i = r->journal->count; i-- > 0;) {
        if (r->fates[i] != FATE_UNDO)
            continue;
        bool changed = false;
        r->failures[i] = undo_entry(&r->place->io, &r->journal->entries[i], &changed);
        clean &= !r->failures[i] && !changed;
    }
    return clean;
}

/* A file that is not there has gone with its device and its setting, unless it is hidden by
 * something that could not be restored, such as a CPU that is still offline. */
static void settle_missing(struct restoring *r)
{
    bool stuck = false;
    for (size_t i = 0; i < r->journal->count; i++)
        stuck |= r->failures[i] && r->failures[i] != -ENOENT;
    for (size_t i = 0; i < r->journal->count; i++) {
        if (r->fates[i] == FATE_UNDO && !r->failures[i])
            r->fates[i] = FATE_DONE;
        else if (r->failures[i] == -ENOENT && !stuck)
            r->fates[i] = FATE_GONE;
    }
}

/* --- the report --- */

static const char *failure_text(int failure)
{
    return failure == -EAGAIN ? "accepted, and another value is there" : strerror(-failure);
}

static void add_row(const struct restoring *r, size_t index, struct tune_report *report)
{
    static const enum tune_outcome outcomes[] = {[FATE_UNDO] = TUNE_REFUSED,
                                                 [FATE_DONE] = TUNE_RESTORED,
                                                 [FATE_FOREIGN] = TUNE_CHANGED,
                                                 [FATE_GONE] = TUNE_GONE};
    const struct journal_entry *entry = &r->journal->entries[index];
    struct tune_row *row =
        tune_report_add(report, entry->knob, entry->path, outcomes[r->fates[index]]);
    row->before = entry->before ? value_of(entry->form, entry->before) : NULL;
    if (r->fates[index] == FATE_DONE && entry->before) {
        row->after = xstrdup(row->before); /* as the last pass has read */
        return;
    }
    AUTO_FREE char *now = host_io_text(&r->place->io, entry->path);
    row->after = now ? value_of(entry->form, now) : NULL;
    if (r->fates[index] == FATE_UNDO)
        row->reason =
            xasprintf("writing '%s' back: %s", row->before ? row->before : "",
                      r->failures[index] == -EAGAIN ? "accepted, and another value is there"
                                                    : strerror(-r->failures[index]));
    else if (r->fates[index] == FATE_FOREIGN)
        row->reason =
            xasprintf("somebody else has set it since; --force gives back '%s'", row->before);
    else if (r->fates[index] == FATE_GONE)
        row->reason = xstrdup(strcmp(entry->boot, r->boot) ? "the reboot has undone it"
                                                           : "its device has gone");
}

static int finish(struct restoring *r, struct tune_report *report, struct error *err)
{
    AUTO_FREE bool *keep = xcalloc(r->journal->count, sizeof(*keep));
    size_t stuck = 0, foreign = 0, of_before = 0;
    const char *first = NULL;
    int first_errno = 0;
    for (size_t i = 0; i < r->journal->count; i++) {
        add_row(r, i, report);
        of_before += strcmp(r->journal->entries[i].boot, r->boot) != 0;
        stuck += r->fates[i] == FATE_UNDO;
        foreign += r->fates[i] == FATE_FOREIGN;
        keep[i] = r->fates[i] == FATE_UNDO || r->fates[i] == FATE_FOREIGN;
        r->journal->entries[i].foreign = r->fates[i] == FATE_FOREIGN;
        /* A file that is hidden is not the reason. */
        if (r->fates[i] == FATE_UNDO && (!first || first_errno == -ENOENT)) {
            first = r->journal->entries[i].path;
            first_errno = r->failures[i];
        }
    }
    if (foreign)
        strlist_pushf(&report->warnings,
                      "%zu settings were changed by somebody else since the tune and were left as "
                      "they are; 'host restore --force' gives back what was there before it",
                      foreign);
    /* What a reboot has undone needs no journal. */
    bool lost = r->journal->damaged && (!of_before || of_before < r->journal->count);
    if (r->journal->damaged)
        strlist_pushf(&report->warnings,
                      "%zu lines of the journal are damaged and were passed over",
                      r->journal->damaged);
    AUTO_FREE char *stuck_path = xstrdup(first);
    int failed = journal_keep(r->journal, keep, err);
    if (!failed && stuck)
        failed =
            error_set(err, ERROR_FAILURE,
                      "%zu settings could not be restored and stay in the journal, such as %s: "
                      "%s; try 'host restore' again, as root",
                      stuck, stuck_path, failure_text(first_errno));
    else if (!failed && lost)
        failed = error_set(err, ERROR_FAILURE,
                           "%zu lines of the journal were damaged, and what they had noted is not "
                           "restored: restart the machine, or see 'lance-bench host show'",
                           r->journal->damaged);
    return failed;
}

int restore_locked(const struct host_place *place, bool force, struct tune_report *report,
                   struct error *err)
{
    AUTO_JOURNAL struct journal journal = {.fd = -1};
    int failed = journal_load(place, &journal, err);
    if (failed)
        return failed;
    AUTO_FREE char *boot = tuner_boot(&place->io);
    AUTO_FREE enum fate *fates = xcalloc(journal.count + 1, sizeof(*fates));
    AUTO_FREE int *failures = xcalloc(journal.count + 1, sizeof(*failures));
    struct restoring r = {.place = place,
                          .journal = &journal,
                          .boot = boot,
                          .force = force,
                          .fates = fates,
                          .failures = failures};
    if (journal.count) {
        note_begin(&r);
        for (int pass = 0; pass < PASSES && !undo_pass(&r); pass++)
            continue;
        settle_missing(&r);
    }
    return finish(&r, report, err);
}

int host_restore(const struct host_place *place, bool force, struct tune_report *report,
                 struct error *err)
{
    AUTO_FREE char *lock_path = path_join(place->state, "lock");
    AUTO_FREE char *journal_path = path_join(place->state, "journal");
    AUTO_CLOSE int lock = -1;
    if (!path_exists(lock_path) && !path_exists(journal_path))
        return 0;
    int failed = lock_acquire(lock_path, LOCK_WAIT_S, &lock, err);
    return failed ? failed : restore_locked(place, force, report, err);
}

bool host_is_tuned(const struct host_place *place)
{
    AUTO_JOURNAL struct journal journal = {.fd = -1};
    bool tuned = false;
    if (journal_load(place, &journal, NULL))
        return false;
    for (size_t i = 0; i < journal.count; i++)
        tuned |= !journal.entries[i].foreign;
    return tuned;
}
