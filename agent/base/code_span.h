/* Foreign words in Markdown that GitHub renders. */
#pragma once

#include "base/strbuf.h"

/*
 * Words as a code span: nothing in it is a mention, a link, HTML or the end of a table's cell. Line
 * breaks and controls are blanks; a bar behind a backslash is a broken bar; "##[" gets a blank;
 * marks that turn the direction of text or are invisible are written out as "U+202E"; more than
 * `max` bytes are cut with an ellipsis.
 */
void code_span(struct strbuf *out, const char *words, size_t max);
