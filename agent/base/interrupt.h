/*
 * Ctrl-C, SIGTERM and SIGHUP. The first one sets a flag that every loop which waits looks at; the
 * second one ends the process at once. What else a process inherits of signals is set right too:
 * SIGPIPE is an error of write(), and children leave an exit code. A forked child ends by such a
 * signal, unless it installs its own.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>

void interrupt_install(void);
bool interrupted(void);
/* A descriptor that becomes readable with the first signal, for poll(); -1 before install. */
int interrupt_fd(void);
/* ERROR_INTERRUPTED once a signal has come, else 0. */
int interrupt_check(struct error *err) MUST_CHECK;
/* Acknowledges the signal: what was gathered until then is still to be saved, and the next signal
 * stops that in turn. */
void interrupt_clear(void);
