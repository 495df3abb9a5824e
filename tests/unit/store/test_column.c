#include "store/column.h"

#include "base/alloc.h"
#include "store/rows.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct column_spec inner[] = {
    {.name = "text", .kind = COLUMN_UTF8},
    {.name = "number", .kind = COLUMN_FLOAT64},
};
static const struct column_spec middle[] = {
    {.name = "inner", .kind = COLUMN_STRUCT, .children = inner, .child_count = 2},
    {.name = "small", .kind = COLUMN_INT32},
};
static const struct column_spec specs[] = {
    {.name = "id", .kind = COLUMN_UTF8},
    {.name = "middle", .kind = COLUMN_STRUCT, .children = middle, .child_count = 2},
    {.name = "values", .kind = COLUMN_FLOAT64_LIST},
    {.name = "big", .kind = COLUMN_INT64},
};

static void add_inner(struct column *c, const char *text, double number)
{
    column_add_text(&c->children[0], text);
    column_add_number(&c->children[1], number);
    column_end_row(c);
}

/* Row i: nulls at every level, in turn. */
static void add_row(struct column *columns, size_t i)
{
    char text[32];
    snprintf(text, sizeof(text), "row %zu", i);
    double values[7] = {(double)i, 1, 2, 3, 4, 5, 6};
    struct column *c = columns->children;
    column_add_text(&c[0], i % 5 ? text : NULL);
    if (i % 7 == 0) {
        column_add_null(&c[1]);
    } else {
        if (i % 3 == 0)
            column_add_null(&c[1].children[0]);
        else
            add_inner(&c[1].children[0], i % 2 ? text : NULL, i % 4 ? (double)i / 4 : NAN);
        column_add_int(&c[1].children[1], -(int64_t)i);
        column_end_row(&c[1]);
    }
    if (i % 6 == 5)
        column_add_null(&c[2]);
    else
        column_add_numbers(&c[2], values, i % 8);
    column_add_int(&c[3], (int64_t)i << 40);
    column_end_row(columns);
}

static void has_text(const struct rows *rows, const char *path, size_t row, const char *want)
{
    struct cells cells = rows_column(rows, path);
    AUTO_FREE char *text = cell_strdup(&cells, row);
    if (want)
        cr_assert(text && !strcmp(text, want), "%s of row %zu is \"%s\"", path, row,
                  text ? text : "null");
    else
        cr_assert(!text && cell_is_null(&cells, row), "%s of row %zu is null", path, row);
}

static void has_number(const struct rows *rows, const char *path, size_t row, double want)
{
    struct cells cells = rows_column(rows, path);
    double got = cell_number(&cells, row);
    cr_assert(isnan(want) ? isnan(got) : got == want, "%s of row %zu is %g, not %g", path, row, got,
              want);
}

static void check_row(const struct rows *rows, size_t i)
{
    char text[32];
    snprintf(text, sizeof(text), "row %zu", i);
    bool no_middle = i % 7 == 0, no_inner = no_middle || i % 3 == 0;
    has_text(rows, "id", i, i % 5 ? text : NULL);
    has_text(rows, "middle.inner.text", i, !no_inner && i % 2 ? text : NULL);
    has_number(rows, "middle.inner.number", i, !no_inner && i % 4 ? (double)i / 4 : NAN);
    has_number(rows, "middle.small", i, no_middle ? NAN : -(double)i);
    has_number(rows, "big", i, (double)((int64_t)i << 40));
    struct cells values = rows_column(rows, "values");
    size_t count = 99;
    const double *numbers = cell_numbers(&values, i, &count);
    cr_assert_eq(count, i % 6 == 5 ? 0 : i % 8);
    for (size_t k = 0; k < count; k++)
        cr_assert_eq(numbers[k], k ? (double)k : (double)i);
    cr_assert_eq(cell_is_null(&values, i), i % 6 == 5);
}

Test(column, what_was_added_is_read_back_with_its_nulls)
{
    struct column *columns = columns_new(specs, ARRAY_SIZE(specs));
    for (size_t round = 0; round < 2; round++) {
        size_t count = round ? 3 : 1000;
        for (size_t i = 0; i < count; i++)
            add_row(columns, i);
        cr_assert_eq(columns->length, count);
        cr_assert_gt(columns_bytes(columns), 0);
        AUTO_ROWS struct rows rows = {.count = count};
        columns_take(columns, &rows.batch);
        columns_schema(specs, ARRAY_SIZE(specs), &rows.schema);
        cr_assert_eq(columns->length, 0, "the batch is empty again");
        for (size_t i = 0; i < count; i++)
            check_row(&rows, i);
    }
    columns_free(columns);
}

Test(column, a_batch_that_was_never_taken_is_freed)
{
    struct column *columns = columns_new(specs, ARRAY_SIZE(specs));
    add_row(columns, 1);
    columns_free(columns);
    columns_free(NULL);
}

Test(column, an_empty_batch_can_be_taken)
{
    struct column *columns = columns_new(specs, ARRAY_SIZE(specs));
    AUTO_ROWS struct rows rows = {0};
    columns_take(columns, &rows.batch);
    cr_assert_eq(rows.batch.length, 0);
    columns_free(columns);
}

Test(rows, a_column_that_is_not_there_reads_as_null)
{
    struct column *columns = columns_new(specs, ARRAY_SIZE(specs));
    add_row(columns, 1);
    AUTO_ROWS struct rows rows = {.count = 1};
    columns_take(columns, &rows.batch);
    columns_schema(specs, ARRAY_SIZE(specs), &rows.schema);
    columns_free(columns);
    static const char *const paths[] = {"nowhere", "middle.nowhere", "id.text",
                                        "middle.inner.nowhere.x"};
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        struct cells cells = rows_column(&rows, paths[i]);
        size_t len = 9;
        cr_assert(cell_is_null(&cells, 0), "%s", paths[i]);
        cr_assert_null(cell_text(&cells, 0, &len));
        cr_assert(isnan(cell_number(&cells, 0)));
        cr_assert_not(rows_have_column(&rows, paths[i]));
    }
    cr_assert(rows_have_column(&rows, "middle.inner.text"));
}
