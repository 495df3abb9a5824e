/*
 * GitHub's self-hosted runners on this machine: where they lie, and the two lines in each one's
 * `.env` that name its job hooks.
 *
 * A runner's folder belongs to an account that is not to become root, so nothing in it is trusted:
 * it is opened once, without following a link, has to belong to that account, and the file is
 * replaced relative to it and given to that account.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

#include <sys/types.h>

struct host_account {
    char *name, *home;
    uid_t uid;
    gid_t gid;
};
void host_account_release(struct host_account *account);
#define AUTO_HOST_ACCOUNT __attribute__((cleanup(host_account_release)))

/* Look an account up in /etc/passwd below `root`. ERROR_NOT_FOUND: it is not there. */
int host_account_by_name(const char *root, const char *name, struct host_account *out,
                         struct error *err) MUST_CHECK;
int host_account_by_uid(const char *root, uid_t uid, struct host_account *out,
                        struct error *err) MUST_CHECK;

/* Adds the folders below `home`, at most three levels deep, that hold a configured runner (a file
 * `.runner`). Links are not followed. */
void runner_find(const char *home, struct strlist *out);
/* Who owns the runner in `folder`. ERROR_USAGE when there is no configured runner, or it is root's.
 */
int runner_owner(const char *folder, uid_t *out, struct error *err) MUST_CHECK;

/* Puts "NAME=value" lines at the end of the runner's `.env`; those that are there already stay as
 * they are. ERROR_FAILURE when a name has another value: somebody else's hook is not replaced. */
int runner_env_add(const char *folder, uid_t owner, const struct strlist *lines,
                   struct error *err) MUST_CHECK;
/* Takes exactly these lines out again. A file that is empty then is removed. A folder that is not
 * there any more is fine. */
int runner_env_remove(const char *folder, const struct strlist *lines,
                      struct error *err) MUST_CHECK;
/* What runner_env_add() would refuse, without writing. */
int runner_env_check(const char *folder, uid_t owner, const struct strlist *lines,
                     struct error *err) MUST_CHECK;
