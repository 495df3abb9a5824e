/*
 * Rows for people and programs: one table, printed as aligned text, GitHub Markdown, CSV or a JSON
 * array of objects. CSV and JSON are written as the rows come; text and Markdown need them all for
 * the widths.
 */
#pragma once

#include "base/strbuf.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum table_format { TABLE_TEXT, TABLE_MARKDOWN, TABLE_CSV, TABLE_JSON };

struct table;

/* Takes nothing over; `out` stays open. */
struct table *table_new(enum table_format format, FILE *out);
void table_free(struct table *table);

static inline void cleanup_table(struct table **table)
{
    table_free(*table);
}
#define AUTO_TABLE __attribute__((cleanup(cleanup_table)))

/* Before the first row. A numeric column is aligned to the right. */
void table_column(struct table *table, const char *name, bool numeric);
/* Several at once; bit n of `numeric` is for the n-th of them. */
void table_columns(struct table *table, const char *const *names, size_t count, unsigned numeric);

/* Each adds a cell; table_end_row() follows the last one. NULL text, NAN and table_null() are null:
 * empty in text and CSV. */
void table_text(struct table *table, const char *text);
void table_text_len(struct table *table, const char *text, size_t len);
void table_integer(struct table *table, int64_t value);
void table_number(struct table *table, double value); /* all its digits */
void table_null(struct table *table);
void table_bool(struct table *table, bool value);
/* JSON text, as it is in JSON and as a string elsewhere. */
void table_json(struct table *table, const char *json);
/* An array in JSON, ", " between the items elsewhere; NULL is null. */
void table_list(struct table *table, const struct strlist *list);
/* For people `shown`, for programs `value`. */
void table_shown(struct table *table, double value, const char *shown);
void table_end_row(struct table *table);
/* Prints what is left to print. */
void table_finish(struct table *table);

/* The shortest decimal that reads back as the same double; "NaN", "Infinity". */
void format_double(struct strbuf *out, double value);
/* A time per iteration for people: "12.35 µs". */
void format_nanoseconds(struct strbuf *out, double ns);
/* A change for people: "+5.2", "-12", "+1e+30". */
void format_percent(struct strbuf *out, double percent);
/* "1.5 GiB" */
void format_bytes(struct strbuf *out, uint64_t bytes);
