/*
 * Tables of GitHub-flavoured Markdown, one behind the other in a text of limited length. A table
 * may be folded under a line that is always seen. Rows that do not fit any more are left out whole,
 * and counted.
 *
 *     markdown_table_fold(&t, count, "same");          or not
 *     markdown_table_column(&t, "benchmark", false);   …
 *     markdown_code(markdown_table_cell(&t), name);    …
 *     more = markdown_table_end_row(&t);               …
 *     markdown_table_end(&t, "same", count);
 *
 * Foreign words are code spans: GitHub looks for mentions and numbers of issues in rendered text,
 * where no escape is left, but not in code.
 */
#pragma once

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

struct markdown_table {
    struct strbuf *out;
    size_t end; /* what `out` may have, less MARKDOWN_CLOSING */
    bool folded, full;
    size_t rows;        /* of the table at hand that were printed */
    struct strbuf lead; /* its first lines, until a row has come */
    struct strbuf rule, row;
    struct strbuf left_out; /* "12 of 39 same, …": of all tables */
};

#define MARKDOWN_CLOSING ((size_t)900) /* bytes kept for ends of tables and the last lines */

/* `max` is of `out` from here on. */
void markdown_table_init(struct markdown_table *t, struct strbuf *out, size_t max);
void markdown_table_release(struct markdown_table *t);

/* Folded under "what: count". */
void markdown_table_fold(struct markdown_table *t, size_t count, const char *what);
void markdown_table_column(struct markdown_table *t, const char *name, bool right);
/* Begins a cell; what is appended to the result is in it. */
struct strbuf *markdown_table_cell(struct markdown_table *t);
/* False when the row did not fit: none behind it will. */
bool markdown_table_end_row(struct markdown_table *t);
/* `count` is how many rows there should have been. A table without a row leaves nothing. */
void markdown_table_end(struct markdown_table *t, const char *what, size_t count);

/* Foreign words; NULL is "?". */
void markdown_code(struct strbuf *out, const char *words);
/* Words of this program that may have foreign ones among them. */
void markdown_words(struct strbuf *out, const char *words);
