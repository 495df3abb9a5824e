/*
 * Reading record batches: a stream of rows, and views of its columns.
 *
 *     AUTO_ROWS struct rows rows = {0};
 *     … a call that fills rows …
 *     int got;
 *     while ((got = rows_next(&rows, err)) > 0)
 *         for (size_t i = 0; i < rows.count; i++)
 *             puts(cell_text(rows_column(&rows, "dut.version"), i, &len));
 */
#pragma once

#include "base/error.h"
#include "lance_store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rows {
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    size_t count;       /* rows of the batch at hand */
    const char *source; /* the database's URI for messages, borrowed; may be NULL */
};

/* What one column of the batch at hand is; valid until the next rows_next(). */
struct cells {
    const struct ArrowSchema *schema; /* NULL: the stream has no such column */
    const struct ArrowArray *array;
    const struct ArrowArray *parents[4]; /* structs that it is inside of, outermost first */
    size_t parent_count;
};

void rows_release(struct rows *rows);
#define AUTO_ROWS __attribute__((cleanup(rows_release)))

/* Reads the schema of a stream that has just been opened. */
int rows_begin(struct rows *rows, struct error *err) MUST_CHECK;
/* 1 when there is a batch, 0 at the end, a negative code on failure (ERROR_UNREACHABLE where the
 * database could not be reached any more). */
int rows_next(struct rows *rows, struct error *err) MUST_CHECK;

/* Whether the schema has a column of this dotted path. */
bool rows_have_column(const struct rows *rows, const char *path);
/* The column of a dotted path ("dut.version"). */
struct cells rows_column(const struct rows *rows, const char *path);
/* The n-th column. */
struct cells rows_column_at(const struct rows *rows, size_t index);
size_t rows_column_count(const struct rows *rows);
/* The n-th member of a struct column. */
struct cells cells_child(const struct cells *cells, size_t index);

enum cell_type {
    CELL_NULL,
    CELL_BOOL,
    CELL_INT,
    CELL_UINT,
    CELL_NUMBER,
    CELL_TEXT,
    CELL_LIST,
    CELL_STRUCT
};
enum cell_type cells_type(const struct cells *cells);

bool cell_is_null(const struct cells *cells, size_t row);
bool cell_bool(const struct cells *cells, size_t row);
/* 0 for null. */
int64_t cell_int(const struct cells *cells, size_t row);
/* NAN for null; integers are converted. */
double cell_number(const struct cells *cells, size_t row);
/* Not NUL-terminated; NULL for null. */
const char *cell_text(const struct cells *cells, size_t row, size_t *len);
/* A fresh string; NULL for null. */
char *cell_strdup(const struct cells *cells, size_t row);
/* The items of a list: the rows *first … *first + *count - 1 of *items. */
void cell_list(const struct cells *cells, size_t row, struct cells *items, size_t *first,
               size_t *count);
/* The numbers of a list<float64> without nulls; NULL and 0 for null. */
const double *cell_numbers(const struct cells *cells, size_t row, size_t *count);
