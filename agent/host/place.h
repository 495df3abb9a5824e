/* Which machine is tuned, and where what was found on it is kept until it is given back. */
#pragma once

#include "host/io.h"

/* Survives a reboot. */
#define HOST_STATE_DEFAULT "/var/lib/lance-bench/host"

struct host_place {
    struct host_io io;
    char *state; /* owned: the folder of the journal and of its lock */
};

/* `sysroot` NULL: this machine. `state` NULL: HOST_STATE_DEFAULT. */
void host_place_init(const char *sysroot, const char *state, struct host_place *out);
void host_place_release(struct host_place *place);
#define AUTO_HOST_PLACE __attribute__((cleanup(host_place_release)))
