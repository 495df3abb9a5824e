/*
 * irqbalance spreads interrupts over the CPUs, again and again, and leaves those alone that it is
 * told are banned. It is told so at a socket, /run/irqbalance/irqbalance<PID>.sock, which host/io.h
 * reads and writes as if it were a file with a CPU list; what it was told is gone when it ends.
 *
 * The socket's language (irqbalance 1.4 to 1.9): one request a connection. "setup" is answered with
 * "SLEEP <seconds> … BANNED <mask in hexadecimal>"; "settings cpus <list>" bans these in place of
 * what its configuration says, and "settings cpus NULL" has the configuration hold again. Neither
 * is answered. It heeds them at its next round: after at most the seconds of SLEEP.
 */
#pragma once

#include "base/strbuf.h"

#define IRQBALANCE_FOLDER "/run/irqbalance"
#define IRQBALANCE_WAIT_S 15.0 /* for its next round, at most; rounds are 10 s by default */

/* Appends the list of banned CPUs. 0 or a negative errno: -ECONNREFUSED where nobody listens,
 * -EPROTO for an answer that is none. */
int irqbalance_read(const char *socket_path, struct strbuf *out);
/* Bans the CPUs of the list `cpus`, none where it is empty, and waits until they are. 0 or a
 * negative errno; -EINVAL: it is no list. Where its next round takes longer than IRQBALANCE_WAIT_S
 * it is 0, and what is read is not yet what was written. */
int irqbalance_write(const char *socket_path, const char *cpus);
