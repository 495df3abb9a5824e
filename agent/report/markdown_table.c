#include "report/markdown_table.h"

#include "base/code_span.h"
#include "base/escape.h"

#include <string.h>

#define CODE_MAX 200 /* bytes of foreign words */

void markdown_table_init(struct markdown_table *t, struct strbuf *out, size_t max)
{
    *t = (struct markdown_table){
        .out = out,
        .end = out->len + (max > MARKDOWN_CLOSING ? max - MARKDOWN_CLOSING : 0),
        .lead = STRBUF_INIT,
        .rule = STRBUF_INIT,
        .row = STRBUF_INIT,
        .left_out = STRBUF_INIT,
    };
}

void markdown_table_release(struct markdown_table *t)
{
    strbuf_release(&t->lead);
    strbuf_release(&t->rule);
    strbuf_release(&t->row);
    strbuf_release(&t->left_out);
}

void markdown_table_fold(struct markdown_table *t, size_t count, const char *what)
{
    t->folded = true;
    strbuf_addf(&t->lead, "<details><summary>%s: %zu</summary>\n\n", what, count);
}

void markdown_table_column(struct markdown_table *t, const char *name, bool right)
{
    strbuf_addf(&t->lead, "| %s ", name);
    strbuf_addstr(&t->rule, right ? "|--:" : "|---");
}

struct strbuf *markdown_table_cell(struct markdown_table *t)
{
    strbuf_addstr(&t->row, t->row.len ? " | " : "| ");
    return &t->row;
}

bool markdown_table_end_row(struct markdown_table *t)
{
    strbuf_addstr(&t->row, " |\n");
    if (!t->rows && t->rule.len) {
        strbuf_addf(&t->lead, "|\n%s|\n", t->rule.buf);
        strbuf_clear(&t->rule);
    }
    t->full |= t->out->len + t->lead.len + t->row.len > t->end;
    if (!t->full) {
        strbuf_add(t->out, t->lead.buf, t->lead.len);
        strbuf_add(t->out, t->row.buf, t->row.len);
        strbuf_clear(&t->lead);
        t->rows++;
    }
    strbuf_clear(&t->row);
    return !t->full;
}

void markdown_table_end(struct markdown_table *t, const char *what, size_t count)
{
    if (t->rows)
        strbuf_addstr(t->out, t->folded ? "\n</details>\n\n" : "\n");
    if (t->rows < count)
        strbuf_addf(&t->left_out, "%s%zu of %zu %s", t->left_out.len ? ", " : "", count - t->rows,
                    count, what);
    strbuf_clear(&t->lead);
    strbuf_clear(&t->rule);
    t->rows = 0;
    t->folded = false;
}

void markdown_code(struct strbuf *out, const char *words)
{
    code_span(out, words ? words : "?", CODE_MAX);
}

void markdown_words(struct strbuf *out, const char *words)
{
    if (strpbrk(words, "@#"))
        markdown_code(out, words);
    else
        escape_markdown(out, words, strlen(words));
}
