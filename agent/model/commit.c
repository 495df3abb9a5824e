#include "model/commit.h"

#include "base/alloc.h"

#include <stdlib.h>

char *commit_id_lower(const char *id)
{
    char *lower = xstrdup(id);
    for (char *p = lower; *p; p++)
        if (*p >= 'A' && *p <= 'F')
            *p |= 0x20;
    return lower;
}

void commit_release(struct commit *commit)
{
    free(commit->id);
    free(commit->parent);
    free(commit->subject);
    free(commit->branch);
    free(commit->expected);
    *commit = (struct commit){0};
}
