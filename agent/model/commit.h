/* A commit of the target, as checkout/ finds it. */
#pragma once

#include <stdint.h>

struct commit {
    char *id;       /* 40 lower-case hexadecimal characters */
    char *parent;   /* id of the first parent, NULL for a root or where a shallow history ends */
    char *subject;  /* first line of the message */
    char *branch;   /* the branch asked for or the remote's default one, NULL when not known */
    int64_t time;   /* committer's time, Unix seconds */
    char *expected; /* what its message says of expected changes: expected.h; NULL: nothing */
};

#define COMMIT_SHORT_LEN 7 /* characters of the id in a version, as upstream writes it */

/* The id in lower case, as git writes it, as a fresh string. */
char *commit_id_lower(const char *id);
void commit_release(struct commit *commit);
