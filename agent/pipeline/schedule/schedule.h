/*
 * Which commits of a branch have to be measured, as the database and the branch say. Nothing is
 * kept beside them: a schedule that was killed is made once more and comes out the same, less what
 * was measured meanwhile.
 *
 * Looked at are the commits since the last measured one (plan/due.h has the rules), on the branch's
 * own line. A commit is settled when its runs hold every benchmark that they expected, or say why
 * one is not there (plan/coverage.h).
 */
#pragma once

#include "base/strlist.h"
#include "pipeline/schedule/schedule_source.h"
#include "plan/coverage.h"
#include "plan/due.h"

/* Everything is borrowed. */
struct schedule_request {
    struct source_request source;
    const char *db;
    const char *project;      /* NULL: as the repository is called */
    const char *test_bed;     /* only what this machine measured counts; NULL: any */
    const char *since_commit; /* 7 to 40 hex: everything behind it; NULL: since the last measured */
    size_t first;             /* how many are due when nothing was ever measured */
    size_t retry_failed;      /* so often is a commit measured again that failed */
};

/* What is done about a commit, or was. */
enum schedule_action {
    SCHEDULE_NONE,       /* settled, or older than what is looked at */
    SCHEDULE_DUE,        /* to be measured */
    SCHEDULE_LATER,      /* due, and beyond the limit of this time */
    SCHEDULE_QUEUED,     /* a workflow run for it waits or is under way */
    SCHEDULE_LOST,       /* a workflow run for it ended and left no record */
    SCHEDULE_DISPATCHED, /* a workflow run was started */
    SCHEDULE_MEASURED,   /* measured here */
    SCHEDULE_BROKEN,     /* could not be dispatched, or measuring failed: `problem` */
};
const char *schedule_action_name(enum schedule_action action);

struct scheduled {
    struct commit commit;
    struct coverage coverage;
    enum due why;
    enum schedule_action action;
    char *url;     /* of the workflow run, where there is one */
    char *problem; /* one line */
};

struct schedule {
    struct scheduled *items; /* newest first: what is due, and the commit that it is counted from */
    size_t count;
    char *project;
    char *test_bed;       /* only what this machine measured counts; NULL: all */
    char *newest;         /* id of the branch's newest commit */
    bool newest_settled;  /* which is then nothing to do for */
    struct strlist notes; /* of what is unusual: a history that was rewritten, a shallow clone */
};

void schedule_release(struct schedule *schedule);
#define AUTO_SCHEDULE __attribute__((cleanup(schedule_release)))

/* Reads the branch (one request to GitHub as long as the last measured commit is among the newest
 * 50) and the database. Where that cannot be reached it is tried three times, 2 and 4 seconds
 * apart. ERROR_USAGE: since_commit is not on the branch. */
int schedule_make(const struct schedule_request *request, struct schedule *out,
                  struct error *err) MUST_CHECK;
/* Number of commits with that action. */
size_t schedule_count(const struct schedule *schedule, enum schedule_action action);
/* Notes in the table `commits` what is due and not known there yet, in one version; none when there
 * is nothing. */
int schedule_note(const char *db, const struct schedule *schedule, struct error *err) MUST_CHECK;
/* Leaves `max` due commits, the oldest, and puts the others off; 0: all stay. */
void schedule_limit(struct schedule *schedule, size_t max);
