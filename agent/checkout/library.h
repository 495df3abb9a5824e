/*
 * libgit2, as checkout/ uses it: started once, deaf to the machine's and the user's git
 * configuration, and with its errors told in this program's idiom. No other folder includes it.
 */
#pragma once

#include "base/error.h"

#include <git2.h>

/* Starts libgit2 for this process (once) and sets after how many seconds of silence a server is
 * given up on. */
int library_start(double stall_s, struct error *err) MUST_CHECK;
/* Trusts the certificates of a PEM file (NULL: OpenSSL's default). Reading it takes some
 * milliseconds, so it is left until a connection needs it. */
int library_trust(const char *ca_file, struct error *err) MUST_CHECK;

/* Returns ERROR_FAILURE, or ERROR_NOT_FOUND for GIT_ENOTFOUND, with "context: libgit2's reason". */
int library_fail(struct error *err, int git_code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* libgit2's last reason in this thread, never NULL. */
const char *library_reason(void);

#define LIBRARY_CLEANUP(type, release)          \
    static inline void cleanup_##type(type **p) \
    {                                           \
        release(*p);                            \
    }
LIBRARY_CLEANUP(git_repository, git_repository_free)
LIBRARY_CLEANUP(git_odb, git_odb_free)
LIBRARY_CLEANUP(git_odb_object, git_odb_object_free)
LIBRARY_CLEANUP(git_object, git_object_free)
LIBRARY_CLEANUP(git_commit, git_commit_free)
LIBRARY_CLEANUP(git_tree, git_tree_free)
LIBRARY_CLEANUP(git_tree_entry, git_tree_entry_free)
LIBRARY_CLEANUP(git_blob, git_blob_free)
LIBRARY_CLEANUP(git_index, git_index_free)
LIBRARY_CLEANUP(git_config, git_config_free)
LIBRARY_CLEANUP(git_config_iterator, git_config_iterator_free)
LIBRARY_CLEANUP(git_reference, git_reference_free)
LIBRARY_CLEANUP(git_diff, git_diff_free)
LIBRARY_CLEANUP(git_status_list, git_status_list_free)
#undef LIBRARY_CLEANUP
/* AUTO_GIT(git_commit) git_commit *commit = NULL; */
#define AUTO_GIT(type) __attribute__((cleanup(cleanup_##type)))

#define COMMIT_ID_SIZE (GIT_OID_SHA1_HEXSIZE + 1)
