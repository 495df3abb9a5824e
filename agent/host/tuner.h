/* One tune or survey under way: what tune.c, restore.c and the knobs with an apply() of their own
 * share. */
#pragma once

#include "host/journal.h"
#include "host/knob.h"

struct found_value {
    char *path, *before;
    uint32_t path_hash;
};

struct tuner {
    const struct host_place *place;
    struct knob_context ctx;
    struct topology topology;
    struct journal journal;
    struct tune_report *report;
    char *boot;
    /* Every target's text before the first write: what one knob's write does to another's file is
     * no longer what was found. */
    struct found_value *found;
    size_t found_count, found_cap;
    size_t found_cursor; /* where a path is looked for first: they are asked for in their order */
    /* What each knob wants as the machine was found, one for each of knobs[]. */
    struct knob_targets *planned;
};

/* Reads the topology and chooses the CPUs. With `survey`, CPUs that cannot be chosen are a warning
 * of the report. */
int tuner_init(struct tuner *tuner, const struct host_place *place,
               const struct tune_request *request, bool survey, struct tune_report *report,
               struct error *err) MUST_CHECK;
void tuner_release(struct tuner *tuner);
#define AUTO_TUNER __attribute__((cleanup(tuner_release)))

/* A knob's files and what the profile wants of them; those that it must not touch are only looked
 * at. */
void tuner_targets(const struct tuner *tuner, const struct knob *knob, struct knob_targets *out);
/* The text that was found in one of the planned files; NULL: it could not be read. */
const char *tuner_found(struct tuner *tuner, const char *path);

/* A fresh string: this boot's id, or "unknown". */
char *tuner_boot(const struct host_io *io);

/* The journal's records of what writing these targets will change. All knobs' go to the disk with
 * one fsync; a target that wants something else by then is noted again. */
void tuner_note(struct tuner *tuner, const struct knob *knob, const struct knob_targets *targets,
                struct strbuf *lines);
/* Journals (where that is not done yet) and writes a knob's targets, reads them back, adds their
 * rows. */
int tuner_write(struct tuner *tuner, const struct knob *knob, const struct knob_targets *targets,
                struct error *err) MUST_CHECK;
/* Journals and makes a folder. What the kernel refuses is *refused, an errno, and no error. */
int tuner_make_folder(struct tuner *tuner, const struct knob *knob, const char *path, int *refused,
                      struct error *err) MUST_CHECK;
/* Undoes what the journal says of these paths, last one first, and forgets it. */
int tuner_undo(struct tuner *tuner, const char *const *paths, size_t count,
               struct error *err) MUST_CHECK;

/* restore.c: puts one entry back. 0 or a negative errno; 0 when there is nothing to do. */
int entry_undo(const struct host_io *io, const struct journal_entry *entry);
/* restore.c: with the lock held; see host_restore(). */
int restore_locked(const struct host_place *place, bool force, struct tune_report *report,
                   struct error *err) MUST_CHECK;

/* tune_report.c: an empty row to fill; valid until the next one. */
struct tune_row *tune_report_add(struct tune_report *report, const char *knob, const char *path,
                                 enum tune_outcome outcome);
