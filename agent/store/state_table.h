/*
 * A small table of things that change their state: jobs, alerts.
 *
 * It is always written whole, on top of the version that was read, so each version of it is one
 * consistent list and one data file, and of two writers one is told to look again. A version is
 * made by a change alone. Old versions are removed now and then.
 */
#pragma once

#include "store/database.h"

#include <stddef.h>
#include <stdint.h>

enum state_field_kind {
    STATE_TEXT,    /* char *, owned; NULL is null */
    STATE_INTEGER, /* int64_t; null is 0 */
    STATE_NUMBER,  /* double; NAN is null */
    STATE_WORD,    /* an enum, stored as its word */
};

struct state_field {
    const char *name;
    enum state_field_kind kind;
    size_t offset; /* in the item */
    /* For STATE_WORD: the word of a value, and back; false: a word that is not known. */
    const char *(*word)(int value);
    bool (*parse)(const char *word, int *out);
};

/* What stands in the table; the column `schema` is added behind the fields. */
struct state_table {
    const char *name;
    const struct state_field *fields;
    size_t field_count;
    size_t item_size;
    bool (*is_complete)(const void *item); /* what was read has all that it needs */
    void (*release)(void *item);
};

/* An array of items of the table's item_size. */
struct state_rows {
    void *items;
    size_t count, cap;
};

void state_rows_release(const struct state_table *table, struct state_rows *rows);

/* A database without the table has no rows, and version 0. */
int state_table_read(struct database *db, const struct state_table *table, struct state_rows *out,
                     uint64_t *version, struct error *err) MUST_CHECK;
/* ERROR_CONFLICT, with nothing changed, when the table is no longer at `version`. Where the answer
 * of an s3:// database got lost (ERROR_UNREACHABLE), it may be written all the same. */
int state_table_write(struct database *db, const struct state_table *table,
                      const struct state_rows *rows, uint64_t version,
                      struct error *err) MUST_CHECK;

/* Changes the rows: positive when there is something to write, 0 when not, or a negative code. It
 * may be called again, with the rows as they are then. */
typedef int state_change(void *context, struct state_rows *rows, struct error *err);
/* Reads, changes and writes until nobody came in between. What `change` returned, or a code. */
int state_table_update(struct database *db, const struct state_table *table, state_change *change,
                       void *context, struct error *err) MUST_CHECK;
