/*
 * A report as Markdown for GitHub: a pull request's comment, a job's summary. The verdict comes
 * first, then what changed; everything else is folded.
 *
 * Foreign words are code spans, in which GitHub sees no mention, link or HTML. What does not fit
 * into `max_bytes` is left out row by row, from the least important, and the last line says how
 * much that was.
 */
#pragma once

#include "base/strbuf.h"
#include "report/report.h"

#define REPORT_MARKDOWN_MIN ((size_t)10000)
/* GitHub takes comments of 65,536 characters, and cuts none: it refuses longer ones. */
#define REPORT_MARKDOWN_MAX ((size_t)65000)

struct report_markdown_options {
    size_t max_bytes; /* 0: REPORT_MARKDOWN_MAX; at least REPORT_MARKDOWN_MIN */
    bool part;        /* only a part was to be measured: what else the base has is not missing */
    bool untitled;    /* without the heading: it stands in a text that has one */
};

void report_markdown(const struct report *report, const struct report_markdown_options *options,
                     struct strbuf *out);
