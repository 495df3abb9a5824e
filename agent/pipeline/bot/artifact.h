/*
 * Publishing what a stranger's job has left: artifact → parse → store, into results_pr.
 *
 * What is believed of an artifact is what its harnesses measured and nothing else. Where it belongs
 * comes from the caller: the commit from the approval, the test bed's and the project's name from
 * the job that publishes; what the machine is like, from that test bed's own results. Everything is
 * read through once before the first row is written, so that what is refused leaves nothing behind.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stdint.h>

/* Everything is borrowed. */
struct artifact_request {
    const char *db;       /* URI */
    const char *path;     /* the zip, or the folder */
    const char *commit;   /* 40 lower-case hexadecimal characters: the approved one */
    const char *project;  /* dut.name */
    const char *test_bed; /* its name */
    const char *run;      /* what the run is called; NULL: after the digest of the manifest */
    int64_t commit_time;  /* Unix seconds; 0: as the artifact says */
};

struct artifact_outcome {
    char *run;
    char *outcome;                       /* of the run as a whole, as it says and as it was found */
    char *reason;                        /* one line of foreign words, or NULL */
    struct strlist problems;             /* "<part>: <why>", foreign words */
    uint64_t found, inserted, unchanged; /* rows */
};

void artifact_outcome_release(struct artifact_outcome *outcome);
#define AUTO_ARTIFACT_OUTCOME __attribute__((cleanup(artifact_outcome_release)))

/*
 * Publishes it; the same artifact once more changes nothing. ERROR_INPUT: it is refused, and the
 * line says why. ERROR_NO_DATA: it is in order and holds no result; `outcome` tells why, also then.
 */
int artifact_publish(const struct artifact_request *request, struct artifact_outcome *outcome,
                     struct error *err) MUST_CHECK;
