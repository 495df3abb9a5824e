/*
 * GOOD and BAD as people name them:
 *  - a commit of the line by its id, or a beginning of 7 characters and more;
 *  - a date or time (UTC): the newest commit of the line that was made by then, a day counting to
 *    its last second;
 *  - else a branch, a tag, or what git takes with ~N behind it, as the repository knows it.
 */
#pragma once

#include "pipeline/schedule/schedule_source.h"

struct bisect_end {
    const char *text; /* borrowed */
    char *id;         /* or its beginning, in lower case; NULL: a date */
    int64_t by_s;     /* where it is a date */
};

void bisect_end_release(struct bisect_end *end);
#define AUTO_BISECT_END __attribute__((cleanup(bisect_end_release)))

/* Asks the repository where it has to. ERROR_NOT_FOUND: there is no such revision. */
int bisect_end_read(const struct source_request *source, const char *text, struct bisect_end *out,
                    struct error *err) MUST_CHECK;
/* Its index in a list with the newest first; list->count: it is not there. ERROR_USAGE: several
 * begin with that id. */
int bisect_end_find(const struct commit_list *list, const struct bisect_end *end, size_t *out,
                    struct error *err) MUST_CHECK;
