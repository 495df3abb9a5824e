/* What the commands of the group `host` share: their options, and the rows of a report. */
#pragma once

#include "command/command.h"
#include "host/place.h"
#include "host/tune.h"

struct host_options {
    const char *sysroot, *state, *profile, *cpus, *aslr;
    double min_score;
    bool force, isolate;
};

#define HOST_OPTION(field, kind, name, value, help) \
    OPTION(struct host_options, field, kind, name, value, help)

#define HOST_PLACE_OPTIONS                                                      \
    HOST_OPTION(state, OPTION_STRING, "state", "DIR",                           \
                "where the journal is kept (default: " HOST_STATE_DEFAULT ")"), \
        HOST_OPTION(sysroot, OPTION_STRING, "sysroot", "DIR",                   \
                    "a tree of plain files in place of this machine's /sys and /proc")

#define HOST_CPUS_OPTION                             \
    HOST_OPTION(cpus, OPTION_STRING, "cpus", "LIST", \
                "the benchmark CPUs, such as 2-5 (default: chosen from the topology)")

#define HOST_PROFILE_OPTION                                                                     \
    HOST_OPTION(profile, OPTION_STRING, "profile", "NAME",                                      \
                "bare-metal (default), shared (only what slows down nobody else) or container " \
                "(writes nothing)")

#define HOST_ASLR_OPTION                             \
    HOST_OPTION(aslr, OPTION_STRING, "aslr", "WORD", \
                "random addresses of processes: on or off (default: as they are)")

/* ERROR_USAGE: a word that an option does not know, a sysroot that is no folder. *place is to be
 * released only on success. */
int command_host_place(const struct host_options *o, struct host_place *place,
                       struct error *err) MUST_CHECK;
int command_host_request(const struct host_options *o, struct tune_request *request,
                         struct error *err) MUST_CHECK;

/* The rows on stdout; equal rows of a knob are one line for people, and single for programs. */
void command_host_rows(const struct globals *globals, const struct tune_report *report);
/* The warnings of the report, on stderr. */
void command_host_warnings(const struct tune_report *report);
