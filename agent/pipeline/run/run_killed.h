/*
 * Runs by hand that were killed while they stored their results. Each leaves a note in its job's
 * folder while it stores, which is gone when it has ended in any other way:
 *
 *     <cache>/jobs/<id>/logs/storing    database, commit, test bed and run, one a line
 *
 * The next run of that commit finds it there, and takes the killed one back once it has measured
 * anew all that the killed one had stored: nothing is there twice, and nothing is lost. What a
 * workflow's job has left on another machine is the part of run_cut_off.h, and a poller's execution
 * has a fence.
 */
#pragma once

#include "pipeline/run/run_state.h"

/* Leaves the note. Without one the run is stored all the same. */
void run_note_storing(const struct run *run, const char *test_bed);
/* The run has ended. */
void run_forget_storing(const struct run *run);

/* Takes back what was killed on this machine, by the rule above. Only when the run's own results
 * are in the database. A run under the same name keeps its rows: they have the same ids. */
int run_take_back_killed(const struct run *run, const char *test_bed, struct error *err) MUST_CHECK;
