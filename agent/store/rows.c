#include "store/rows.h"

#include "base/alloc.h"

#include <errno.h>
#include <math.h>
#include <string.h>

void rows_release(struct rows *rows)
{
    if (rows->batch.release)
        rows->batch.release(&rows->batch);
    if (rows->schema.release)
        rows->schema.release(&rows->schema);
    if (rows->stream.release)
        rows->stream.release(&rows->stream);
    *rows = (struct rows){0};
}

/* `status` is the errno that the stream gave: EIO for a database that cannot be reached. Arrow puts
 * a word of its own in front of the reason. */
static int stream_failed(struct rows *rows, int status, struct error *err)
{
    const char *reason = rows->stream.get_last_error(&rows->stream);
    const char *source = rows->source ? rows->source : "the database";
    if (!reason)
        reason = "the core gives no reason";
    static const char *const words[] = {"External error: ", "Io error: "};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (!strncmp(reason, words[i], strlen(words[i])))
            reason += strlen(words[i]);
    if (status == EIO)
        return error_set(err, ERROR_UNREACHABLE, "Database connection failed: reading %s: %s",
                         source, reason);
    return error_set(err, ERROR_FAILURE, "reading %s: %s", source, reason);
}

int rows_begin(struct rows *rows, struct error *err)
{
    int status = rows->stream.get_schema(&rows->stream, &rows->schema);
    return status ? stream_failed(rows, status, err) : 0;
}

int rows_next(struct rows *rows, struct error *err)
{
    do {
        if (rows->batch.release)
            rows->batch.release(&rows->batch);
        rows->batch = (struct ArrowArray){0};
        rows->count = 0;
        int status = rows->stream.get_next(&rows->stream, &rows->batch);
        if (status)
            return stream_failed(rows, status, err);
        if (!rows->batch.release)
            return 0;
        rows->count = (size_t)rows->batch.length;
    } while (!rows->count);
    return 1;
}

struct cells rows_column_at(const struct rows *rows, size_t index)
{
    return (struct cells){
        .schema = rows->schema.children[index],
        .array = rows->batch.children[index],
    };
}

size_t rows_column_count(const struct rows *rows)
{
    return (size_t)rows->schema.n_children;
}

struct cells cells_child(const struct cells *cells, size_t index)
{
    struct cells child = *cells;
    if (child.parent_count == ARRAY_SIZE(child.parents))
        return (struct cells){0};
    child.parents[child.parent_count++] = cells->array;
    child.schema = cells->schema->children[index];
    child.array = cells->array->children[index];
    return child;
}

static bool find_child(const struct ArrowSchema *schema, const char *name, size_t len,
                       size_t *index)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        const char *child = schema->children[i]->name;
        if (child && strlen(child) == len && !memcmp(child, name, len)) {
            *index = (size_t)i;
            return true;
        }
    }
    return false;
}

bool rows_have_column(const struct rows *rows, const char *path)
{
    const struct ArrowSchema *schema = &rows->schema;
    while (*path) {
        size_t len = strcspn(path, "."), index = 0;
        if (!find_child(schema, path, len, &index))
            return false;
        schema = schema->children[index];
        path += len + (path[len] == '.');
    }
    return true;
}

struct cells rows_column(const struct rows *rows, const char *path)
{
    struct cells cells = {.schema = &rows->schema, .array = &rows->batch};
    for (bool top = true; *path; top = false) {
        size_t len = strcspn(path, "."), index = 0;
        if (!find_child(cells.schema, path, len, &index))
            return (struct cells){0};
        cells = top ? rows_column_at(rows, index) : cells_child(&cells, index);
        path += len + (path[len] == '.');
    }
    return cells;
}

enum cell_type cells_type(const struct cells *cells)
{
    const char *format = cells->schema ? cells->schema->format : "n";
    switch (format[0]) {
    case 'b':
        return CELL_BOOL;
    case 'i':
    case 'l':
        return CELL_INT;
    case 'L':
        return CELL_UINT;
    case 'g':
        return CELL_NUMBER;
    case 'u':
        return CELL_TEXT;
    case '+':
        return format[1] == 's' ? CELL_STRUCT : CELL_LIST;
    default:
        return CELL_NULL;
    }
}

static bool bit_at(const void *bits, int64_t at)
{
    return ((const uint8_t *)bits)[at / 8] >> (at % 8) & 1;
}

/* A child of a struct is as long as the struct's offset and length ask for; the struct's own offset
 * applies to its children. */
static int64_t row_in(const struct cells *cells, size_t row, size_t depth)
{
    int64_t at = (int64_t)row;
    for (size_t i = 0; i < depth; i++)
        at += cells->parents[i]->offset;
    return at;
}

bool cell_is_null(const struct cells *cells, size_t row)
{
    if (!cells->schema || cells_type(cells) == CELL_NULL)
        return true;
    for (size_t i = 0; i < cells->parent_count; i++) {
        const struct ArrowArray *parent = cells->parents[i];
        if (parent->buffers[0] &&
            !bit_at(parent->buffers[0], row_in(cells, row, i) + parent->offset))
            return true;
    }
    int64_t at = row_in(cells, row, cells->parent_count) + cells->array->offset;
    return cells->array->buffers[0] && !bit_at(cells->array->buffers[0], at);
}

static int64_t position(const struct cells *cells, size_t row)
{
    return row_in(cells, row, cells->parent_count) + cells->array->offset;
}

bool cell_bool(const struct cells *cells, size_t row)
{
    return !cell_is_null(cells, row) && bit_at(cells->array->buffers[1], position(cells, row));
}

int64_t cell_int(const struct cells *cells, size_t row)
{
    if (cell_is_null(cells, row))
        return 0;
    const void *data = cells->array->buffers[1];
    int64_t at = position(cells, row);
    switch (cells->schema->format[0]) {
    case 'i':
        return ((const int32_t *)data)[at];
    case 'l':
    case 'L':
        return ((const int64_t *)data)[at];
    case 'g':
        return (int64_t)((const double *)data)[at];
    default:
        return 0;
    }
}

double cell_number(const struct cells *cells, size_t row)
{
    if (cell_is_null(cells, row))
        return NAN;
    if (cells->schema->format[0] == 'g')
        return ((const double *)cells->array->buffers[1])[position(cells, row)];
    if (cells->schema->format[0] == 'L')
        return (double)(uint64_t)cell_int(cells, row);
    return (double)cell_int(cells, row);
}

const char *cell_text(const struct cells *cells, size_t row, size_t *len)
{
    *len = 0;
    if (cell_is_null(cells, row) || cells_type(cells) != CELL_TEXT)
        return NULL;
    const int32_t *offsets = cells->array->buffers[1];
    int64_t at = position(cells, row);
    *len = (size_t)(offsets[at + 1] - offsets[at]);
    return *len ? (const char *)cells->array->buffers[2] + offsets[at] : "";
}

char *cell_strdup(const struct cells *cells, size_t row)
{
    size_t len = 0;
    const char *text = cell_text(cells, row, &len);
    return text ? xstrndup(text, len) : NULL;
}

void cell_list(const struct cells *cells, size_t row, struct cells *items, size_t *first,
               size_t *count)
{
    *items = (struct cells){0};
    *first = *count = 0;
    if (cell_is_null(cells, row) || cells_type(cells) != CELL_LIST)
        return;
    const int32_t *offsets = cells->array->buffers[1];
    int64_t at = position(cells, row);
    items->schema = cells->schema->children[0];
    items->array = cells->array->children[0];
    *first = (size_t)offsets[at];
    *count = (size_t)(offsets[at + 1] - offsets[at]);
}

const double *cell_numbers(const struct cells *cells, size_t row, size_t *count)
{
    struct cells items;
    size_t first = 0;
    cell_list(cells, row, &items, &first, count);
    if (!*count || items.schema->format[0] != 'g') {
        *count = 0;
        return NULL;
    }
    const double *data = items.array->buffers[1];
    return data + items.array->offset + first;
}
