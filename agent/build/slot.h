/*
 * The build cache: one slot for each (remote, toolchain, features), so that the next commit
 * compiles only what changed.
 *
 *     <cache>/build/<project>-<key>/source/   the target's files (sync.h)
 *                                   target/   CARGO_TARGET_DIR
 *                                   slot.json what it is for
 *
 * A slot is used by one run at a time: a lock that ends with the process. Its age is the
 * modification time of slot.json. One that is in use is never removed.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "sandbox/sandbox.h"

#include <stdbool.h>
#include <stdint.h>

struct slot {
    char *path, *source, *target;
    int lock;
};

/* `identity` is what makes slots differ, in any words; `project` is for the reader of the folder's
 * name. Waits for another run that uses the slot, and says so. */
int slot_open(const char *project, const struct strlist *identity,
              const struct sandbox_report *report, struct slot *out, struct error *err) MUST_CHECK;
/* One that nobody else will use, below `folder`: for a pull request's throw-away build. */
int slot_open_private(const char *folder, const struct sandbox_report *report, struct slot *out,
                      struct error *err) MUST_CHECK;
void slot_release(struct slot *slot);
#define AUTO_SLOT __attribute__((cleanup(slot_release)))

/*
 * Something beside the slots that several targets share: downloaded crates, a Python environment,
 * generated data.
 *
 *     <cache>/build/<name>-<user>/tree/     what foreign code writes
 *                                slot.json  there once it is complete
 */
struct shared_dir {
    char *path, *tree;
    bool complete;
    int lock;
};

/* Opens it, or creates it, and locks it. */
int shared_dir_open(const char *name, const struct sandbox_report *report, struct shared_dir *out,
                    struct error *err) MUST_CHECK;
/* The same below `folder`, for one pull request. */
int shared_dir_open_private(const char *folder, const char *name,
                            const struct sandbox_report *report, struct shared_dir *out,
                            struct error *err) MUST_CHECK;
/* Empties what an earlier run left incomplete. */
int shared_dir_clear(struct shared_dir *dir, const struct sandbox_report *report,
                     struct error *err) MUST_CHECK;
/* Notes that it is complete, and used now. */
int shared_dir_mark(struct shared_dir *dir, const char *what_for, struct error *err) MUST_CHECK;
void shared_dir_release(struct shared_dir *dir);
#define AUTO_SHARED_DIR __attribute__((cleanup(shared_dir_release)))

struct cached_build {
    char *name, *path;
    uint64_t bytes;
    int64_t used_at; /* Unix seconds */
};

struct cached_builds {
    struct cached_build *items;
    size_t count, cap;
};

/* What is in the cache, oldest first. Sizes are those of the disk, and take a walk. */
int cached_builds_list(struct cached_builds *out, struct error *err) MUST_CHECK;
void cached_builds_release(struct cached_builds *builds);
#define AUTO_CACHED_BUILDS __attribute__((cleanup(cached_builds_release)))
/* Removes it, unless a run uses it: then ERROR_CONFLICT. */
int cached_build_remove(const struct cached_build *build, struct error *err) MUST_CHECK;
