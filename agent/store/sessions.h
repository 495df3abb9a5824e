/*
 * The table `host_sessions` read back: what stands there once for all results of a session, as far
 * as it decides whether two results can be held against each other.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "store/database.h"

#include <stddef.h>

/* Everything is owned, NULL where the table has null. */
struct stored_session {
    char *id, *cpu, *toolchain;
    char *canary; /* its verdict: "trusted", "drifting", "spoiled" or "unknown" */
};

struct stored_sessions {
    struct stored_session *items; /* in the order of their ids */
    size_t count, cap;
};

void stored_sessions_release(struct stored_sessions *sessions);
#define AUTO_STORED_SESSIONS __attribute__((cleanup(stored_sessions_release)))

/* Those with these ids; repetitions are fine. A database without the table has none. */
int sessions_read(struct database *db, const struct strlist *ids, struct stored_sessions *out,
                  struct error *err) MUST_CHECK;
/* NULL when there is none, or `id` is NULL. */
const struct stored_session *sessions_find(const struct stored_sessions *sessions, const char *id);
