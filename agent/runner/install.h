/*
 * Installing on a machine with self-hosted runners: the agent, its configuration, the unit that
 * restores at boot, the hooks with the one thing that they may do as root, and taking all of it
 * away again.
 *
 * What is written stands in a manifest before it is written, so that an installation that was cut
 * off can be repeated or removed. A file that is there and is not in the manifest is somebody
 * else's: it is never replaced. With a `prefix` the files go below it, and their contents name the
 * paths without it: a chroot, or the tree of an image.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define INSTALL_AGENT "/usr/local/bin/lance-bench"
#define INSTALL_FOLDER "/usr/local/lib/lance-bench"
#define INSTALL_MANIFEST INSTALL_FOLDER "/manifest"
#define INSTALL_HELPER INSTALL_FOLDER "/host-helper"
#define INSTALL_STARTED INSTALL_FOLDER "/job-started.sh"
#define INSTALL_COMPLETED INSTALL_FOLDER "/job-completed.sh"
#define INSTALL_SUDOERS "/etc/sudoers.d/lance-bench"
#define INSTALL_UNIT "/etc/systemd/system/lance-bench-restore.service"
#define INSTALL_WANTED "/etc/systemd/system/multi-user.target.wants/lance-bench-restore.service"

/* `lance-bench poll` as a service, and what root writes about it: options, keys, a token. */
#define INSTALL_POLL_UNIT "/etc/systemd/system/lance-bench-poll.service"
#define INSTALL_POLL_WANTED "/etc/systemd/system/multi-user.target.wants/lance-bench-poll.service"
#define INSTALL_POLL_ENV "/etc/lance-bench/poll.env"

/* Everything is borrowed. What is NULL or empty is as the installed configuration has it. */
struct install_request {
    const char *prefix;            /* "" for this machine */
    const char *user;              /* whose runners, all that lie below its home */
    const struct strlist *runners; /* folders of runners, without the prefix */
    const char *cpus, *profile;
    const char *poll; /* a repository that the machine is to poll; NULL: no such service */
};

enum install_kind {
    INSTALL_DIR,
    INSTALL_FILE,
    INSTALL_COPY, /* of the running agent */
    INSTALL_LINK, /* symbolic; `text` is where it points */
    INSTALL_LINE, /* `text` at the end of a runner's .env */
};

struct install_item {
    enum install_kind kind;
    char *path; /* without the prefix; of the runner's folder for INSTALL_LINE */
    char *text; /* NULL for INSTALL_DIR and INSTALL_COPY */
    mode_t mode;
    uid_t owner; /* of the runner */
};

struct install_plan {
    char *prefix;
    struct install_item *items; /* in the order of writing */
    size_t count, cap;
    struct strlist users;   /* who may call the helper */
    struct strlist runners; /* all that have the hooks then */
};

void install_plan_release(struct install_plan *plan);
#define AUTO_INSTALL_PLAN __attribute__((cleanup(install_plan_release)))

/* What would be written; nothing is. ERROR_USAGE: an account, a runner, a profile or CPUs that are
 * not there. ERROR_FAILURE names a file of somebody else's that is in the way, and says when the
 * hooks have no sudo. *out is to be released. */
int install_plan(const struct install_request *request, struct install_plan *out,
                 struct error *err) MUST_CHECK;
/* Writes it: root alone may. */
int install_apply(const struct install_plan *plan, struct error *err) MUST_CHECK;
/*
 * Removes what the manifest names. What somebody has changed since stays, and is added to `kept`;
 * the rest is added to `removed`. ERROR_NOT_FOUND: nothing is installed.
 */
int install_remove(const char *prefix, struct strlist *removed, struct strlist *kept,
                   struct error *err) MUST_CHECK;
