/*
 * How far a machine is fit to measure on, as a number from 0 to 100 with the reasons: what each
 * costs is a row of one table in fitness.c. It is a rule of thumb that orders machines and says
 * what to do next, not a measurement; that is `host calibrate`.
 */
#pragma once

#include "host/place.h"
#include "host/tune.h"

struct fitness {
    int score;
    char *virtualisation; /* owned: how it shows that this is a virtual machine; NULL: it is none */
    char *driver;         /* owned: of the CPU frequency, with its mode; NULL: there is none */
    struct strlist reasons; /* "-20 governor: powersave, not performance" */
};

/* `survey` is what host_survey() has filled. */
void fitness_of(const struct host_place *place, const struct tune_report *survey,
                struct fitness *out);
void fitness_release(struct fitness *fitness);
#define AUTO_FITNESS __attribute__((cleanup(fitness_release)))
