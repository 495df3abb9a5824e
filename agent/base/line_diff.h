/* How one text becomes another, line by line, in the unified format that diff and git print and
 * that patch reads. */
#pragma once

#include "base/strbuf.h"

struct line_diff_side {
    const char *name; /* as it stands behind "---" and "+++": "/dev/null" for what is not there */
    const char *text;
    size_t len;
};

/* Appends nothing when both are the same. The longest common subsequence of lines, as long as the
 * part that differs is below some thousand lines on each side; beyond that it is replaced whole. */
void line_diff(const struct line_diff_side *before, const struct line_diff_side *after,
               struct strbuf *out);
