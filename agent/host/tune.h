/*
 * Making a machine quiet for benchmarks, and giving it back as it was.
 *
 * host_tune() notes the value of every knob in a journal (fsync) before it writes the first one,
 * writes, and reads back. host_restore() undoes the journal in reverse. Both may be killed at any
 * point: a later host_restore() finishes the work. Both hold the lock of the state folder, so that
 * two of them take turns.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "host/place.h"

#include <stdbool.h>
#include <stddef.h>

enum tune_profile {
    TUNE_BARE_METAL, /* the machine is for benchmarks alone */
    TUNE_SHARED,     /* only what does not slow down the neighbours */
    TUNE_CONTAINER,  /* writes nothing: says how the host is set */
};

enum tune_aslr { TUNE_ASLR_LEAVE, TUNE_ASLR_ON, TUNE_ASLR_OFF };

struct tune_request {
    enum tune_profile profile;
    const char *cpus; /* a list such as "2-5"; NULL: topology_choose() */
    enum tune_aslr aslr;
    /* Also take the CPUs away from everything else, with a control group. A process reaches them
     * only through the group of host_bench_group(): whoever asks for it puts the benchmark there.
     */
    bool isolate;
};

enum tune_outcome {
    TUNE_SET,      /* written, and reads back as written */
    TUNE_ALREADY,  /* was so already */
    TUNE_REFUSED,  /* the kernel said no; `reason` is its errno */
    TUNE_IGNORED,  /* the write was accepted and the value is another one */
    TUNE_ABSENT,   /* this machine has no such file */
    TUNE_INVALID,  /* the kernel accepted the write and then calls the setting invalid */
    TUNE_PENDING,  /* host_survey(): tuning would change it */
    TUNE_OBSERVED, /* is looked at and never written */
    TUNE_RESTORED, /* host_restore(): is as it was */
    TUNE_CHANGED,  /* host_restore(): somebody else changed it since; left alone */
    TUNE_GONE, /* host_restore(): the reboot undid it, or the file has vanished with its device */
};

struct tune_row {
    char *knob;   /* owned */
    char *path;   /* owned; may be NULL with TUNE_ABSENT */
    char *before; /* owned; NULL: there was nothing */
    char *after;  /* owned; the value now, or with TUNE_PENDING the one that tuning wants */
    char *reason; /* owned, or NULL */
    enum tune_outcome outcome;
};

struct tune_report {
    char *cpus; /* owned: the benchmark CPUs; NULL after host_restore() */
    struct tune_row *rows;
    size_t count, cap;
    struct strlist warnings; /* one line each */
};

void tune_report_release(struct tune_report *report);
#define AUTO_TUNE_REPORT __attribute__((cleanup(tune_report_release)))

/* "set", "already", … */
const char *tune_outcome_name(enum tune_outcome outcome);
const char *tune_profile_name(enum tune_profile profile);
/* False: there is no such profile. */
bool tune_profile_parse(const char *text, enum tune_profile *out);

/* The rows of every knob and what tuning would change, without writing anything. */
int host_survey(const struct host_place *place, const struct tune_request *request,
                struct tune_report *report, struct error *err) MUST_CHECK;
/*
 * What single files refuse is a row of the report and no failure. ERROR_USAGE: the CPUs cannot be
 * used. ERROR_FAILURE: not root, /sys is read-only, or the journal cannot be written; then nothing
 * was changed, or what was changed so far is in the journal. The report is filled in either case.
 */
int host_tune(const struct host_place *place, const struct tune_request *request,
              struct tune_report *report, struct error *err) MUST_CHECK;
/* Without a journal there is nothing to do: 0. With `force` also what somebody else has changed.
 * ERROR_FAILURE: something could not be restored; it stays in the journal, unless what the journal
 * said of it was damaged. */
int host_restore(const struct host_place *place, bool force, struct tune_report *report,
                 struct error *err) MUST_CHECK;
/* Whether a journal with something to restore is there. */
bool host_is_tuned(const struct host_place *place);
/* A fresh string: the folder of the control group of the benchmark CPUs (its `cgroup.procs` takes
 * process ids); NULL unless the journal says that this program made it. */
char *host_bench_group(const struct host_place *place);
