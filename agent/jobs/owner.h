/*
 * Who holds a lease, and whether that process still lives as far as this machine can tell.
 *
 * As text: "<host>/<machine id>/<boot id>/<PID namespace>/<pid>/<start of the process>", the last
 * in the kernel's ticks since boot, so that a process that got a dead one's pid is not taken for
 * it.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct owner {
    char host[65];
    char machine[33]; /* /etc/machine-id; "-" where there is none */
    char boot[37];    /* /proc/sys/kernel/random/boot_id */
    int64_t pid_namespace, pid, start;
};

/* This process. */
int owner_self(struct owner *out, struct error *err) MUST_CHECK;
/* A fresh string. */
char *owner_text(const struct owner *owner);
/* False: it is no such text. */
bool owner_parse(const char *text, struct owner *out);

enum owner_life {
    OWNER_SELF,      /* this very process */
    OWNER_ALIVE,     /* another one of this machine, which runs */
    OWNER_DEAD,      /* one of this machine that has ended: its lease is over at once */
    OWNER_ELSEWHERE, /* another machine, or a container that cannot be looked into: only the clock
                        tells when its lease is over */
};

/* Judges `text` as seen from `self`. `start_now` is when the process that has that pid today was
 * started, 0 when there is none. Machines that are clones have one machine id, so a machine that
 * was booted again counts as the same only when it also has the same host name. */
enum owner_life owner_judge(const char *text, const struct owner *self, int64_t start_now);
/* The same, after a look at /proc. */
enum owner_life owner_look(const char *text, const struct owner *self);
