/*
 * A machine for the tests of tuning: one of tests/fixtures/host unpacked into a scratch folder,
 * behind a table of functions that answers as the kernel does. It takes single words and shows
 * lists with brackets, fills new control groups, hides the files of a CPU that is offline, lets a
 * governor reset turbo and the energy preference, and refuses a lower limit above the upper one. A
 * governor takes its tunables with it and comes back with the default, `userspace` without its
 * frequency; the common boost sets that of each policy, and without turbo intel_pstate cuts its
 * lower limit down: for files that a test has added.
 */
#pragma once

#include "host/place.h"
#include "host/tune.h"

#include <stdbool.h>
#include <stddef.h>

enum fault_kind {
    FAULT_REFUSE,    /* writing answers -err */
    FAULT_IGNORE,    /* writing answers 0 and changes nothing */
    FAULT_INVALID,   /* writing `text` makes it read "text invalid (Cpu list …)" */
    FAULT_FORBIDDEN, /* writable() answers -err too */
};

struct fault {
    const char *suffix; /* of the path */
    enum fault_kind kind;
    int err;
    const char *text; /* FAULT_INVALID: only this word; NULL: any */
};

struct fake {
    char *dir; /* tree/ and state/ */
    struct host_io files;
    struct host_place place;
    struct fault faults[4];
    size_t writes;  /* changes of the tree so far */
    size_t die_at;  /* the process ends at this one (from 1); 0: never */
    bool ondemand;  /* the governor has one tunable, up_threshold, for all its policies */
    bool die_after; /* behind the change instead of before it */
};

#define FAKE_DIED 77

/* A fresh scratch folder with the fixture of this name. */
void fake_init(struct fake *fake, const char *machine);
void fake_release(struct fake *fake); /* removes the folder */
/* The whole tree as one string: paths and texts in order. */
char *fake_snapshot(const struct fake *fake);
/* The file's text without its line break, "" when it is not there. A static buffer. */
const char *fake_text(const struct fake *fake, const char *path);
/* As another program would, without the table above. */
void fake_put(const struct fake *fake, const char *path, const char *text);

/* Runs in a process of its own and gives its exit code: 0, 1 for a failure, FAKE_DIED. */
int fake_tune(struct fake *fake, const struct tune_request *request);
int fake_restore(struct fake *fake, bool force);

/* The first row of this knob whose path ends so (NULL: any), or NULL. */
const struct tune_row *report_row(const struct tune_report *report, const char *knob,
                                  const char *suffix);
