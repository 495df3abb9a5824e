#include "model/commit.h"

#include <stdlib.h>

void commit_release(struct commit *commit)
{
    free(commit->id);
    free(commit->parent);
    free(commit->subject);
    free(commit->branch);
    *commit = (struct commit){0};
}
