/*
 * Building record batches: columns that grow row by row and are handed over through the Arrow C
 * data interface without a copy.
 */
#pragma once

#include "lance_store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum column_kind {
    COLUMN_UTF8,
    COLUMN_INT32,
    COLUMN_INT64,
    COLUMN_FLOAT64,
    COLUMN_FLOAT64_LIST, /* list<item: float64> */
    COLUMN_STRUCT,
};

/* A column of a table's schema; every column is nullable, as upstream's are. */
struct column_spec {
    const char *name;
    enum column_kind kind;
    const struct column_spec *children; /* of a struct */
    size_t child_count;
};

#define COLUMN_OF(n, k)       \
    {                         \
        .name = n, .kind = k, \
    }
#define TEXT_COLUMN(n) COLUMN_OF(n, COLUMN_UTF8)
#define INT64_COLUMN(n) COLUMN_OF(n, COLUMN_INT64)

/* One column under construction; all zero is not valid, see columns_new(). */
struct column {
    const struct column_spec *spec;
    struct column *children;
    size_t length; /* rows */
    size_t nulls;
    uint8_t *validity; /* a bit a row, least significant first */
    size_t validity_cap;
    int32_t *offsets; /* length + 1 of them, for text and lists */
    size_t offsets_cap;
    char *data; /* the values' bytes */
    size_t data_len, data_cap;
};

/* A batch under construction: a struct column without a name. */
struct column *columns_new(const struct column_spec *specs, size_t count);
void columns_free(struct column *columns);

/* Each adds one row to a column of its kind. NULL text, NAN and column_add_null() add a null. */
void column_add_text(struct column *c, const char *text);
void column_add_text_len(struct column *c, const char *text, size_t len);
void column_add_int(struct column *c, int64_t value); /* both integer kinds */
void column_add_number(struct column *c, double value);
void column_add_numbers(struct column *c, const double *values, size_t count);
void column_add_null(struct column *c); /* in a struct: in its children too */
/* Ends a row of a struct whose children have got theirs. */
void column_end_row(struct column *c);

/* Bytes that the batch holds so far. */
size_t columns_bytes(const struct column *columns);
/* Hands the rows over and leaves an empty batch behind. */
void columns_take(struct column *columns, struct ArrowArray *out);
/* The schema of such a batch. */
void columns_schema(const struct column_spec *specs, size_t count, struct ArrowSchema *out);
