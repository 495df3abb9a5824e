#include "store/column.h"

#include "base/alloc.h"
#include "base/escape.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static void column_init(struct column *c, const struct column_spec *spec)
{
    *c = (struct column){.spec = spec};
    c->children = spec->child_count ? xcalloc(spec->child_count, sizeof(*c->children)) : NULL;
    for (size_t i = 0; i < spec->child_count; i++)
        column_init(&c->children[i], &spec->children[i]);
}

static void column_release(struct column *c)
{
    for (size_t i = 0; i < c->spec->child_count; i++)
        column_release(&c->children[i]);
    free(c->children);
    free(c->validity);
    free(c->offsets);
    free(c->data);
}

struct column *columns_new(const struct column_spec *specs, size_t count)
{
    struct column_spec *root = xcalloc(1, sizeof(*root));
    *root = (struct column_spec){"", COLUMN_STRUCT, specs, count};
    struct column *columns = xcalloc(1, sizeof(*columns));
    column_init(columns, root);
    return columns;
}

void columns_free(struct column *columns)
{
    if (!columns)
        return;
    const struct column_spec *root = columns->spec;
    column_release(columns);
    free((void *)(uintptr_t)root);
    free(columns);
}

static bool has_offsets(const struct column *c)
{
    return c->spec->kind == COLUMN_UTF8 || c->spec->kind == COLUMN_FLOAT64_LIST;
}

static void add_bytes(struct column *c, const void *bytes, size_t len)
{
    ARRAY_RESERVE(c->data, c->data_cap, c->data_len + len);
    if (len)
        memcpy(c->data + c->data_len, bytes, len);
    c->data_len += len;
}

/* Counts the row that was just added. */
static void end_row(struct column *c, bool valid)
{
    size_t byte = c->length / 8;
    if (byte >= c->validity_cap) {
        size_t old = c->validity_cap;
        ARRAY_RESERVE(c->validity, c->validity_cap, byte + 1);
        memset(c->validity + old, 0, c->validity_cap - old);
    }
    uint8_t bit = (uint8_t)(1u << (c->length % 8));
    if (valid)
        c->validity[byte] = (uint8_t)(c->validity[byte] | bit);
    else
        c->validity[byte] = (uint8_t)(c->validity[byte] & ~bit);
    c->nulls += !valid;
    if (has_offsets(c)) {
        ARRAY_RESERVE(c->offsets, c->offsets_cap, c->length + 2);
        c->offsets[0] = 0;
        size_t unit = c->spec->kind == COLUMN_UTF8 ? 1 : sizeof(double);
        assert(c->data_len / unit <= INT32_MAX);
        c->offsets[c->length + 1] = (int32_t)(c->data_len / unit);
    }
    c->length++;
}

/* One row that is not UTF-8 would make the whole table unreadable, to every reader. */
static void add_repaired(struct column *c, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t step = utf8_sequence(text + i, len - i);
        add_bytes(c, step ? text + i : "\xef\xbf\xbd", step ? step : 3);
        i += step ? step : 1;
    }
}

void column_add_text(struct column *c, const char *text)
{
    if (text)
        column_add_text_len(c, text, strlen(text));
    else
        column_add_null(c);
}

void column_add_text_len(struct column *c, const char *text, size_t len)
{
    assert(c->spec->kind == COLUMN_UTF8);
    if (utf8_is_valid(text, len))
        add_bytes(c, text, len);
    else
        add_repaired(c, text, len);
    end_row(c, true);
}

static void add_int(struct column *c, int64_t value)
{
    if (c->spec->kind == COLUMN_INT32) {
        int32_t narrow = (int32_t)value;
        add_bytes(c, &narrow, sizeof(narrow));
    } else {
        assert(c->spec->kind == COLUMN_INT64);
        add_bytes(c, &value, sizeof(value));
    }
}

void column_add_int(struct column *c, int64_t value)
{
    add_int(c, value);
    end_row(c, true);
}

void column_add_number(struct column *c, double value)
{
    assert(c->spec->kind == COLUMN_FLOAT64);
    double stored = isnan(value) ? 0 : value;
    add_bytes(c, &stored, sizeof(stored));
    end_row(c, !isnan(value));
}

void column_add_numbers(struct column *c, const double *values, size_t count)
{
    assert(c->spec->kind == COLUMN_FLOAT64_LIST);
    add_bytes(c, values, count * sizeof(*values));
    end_row(c, true);
}

void column_add_null(struct column *c)
{
    const double nothing = 0;
    if (c->spec->kind == COLUMN_INT32 || c->spec->kind == COLUMN_INT64)
        add_int(c, 0);
    else if (c->spec->kind == COLUMN_FLOAT64)
        add_bytes(c, &nothing, sizeof(nothing));
    for (size_t i = 0; i < c->spec->child_count; i++)
        column_add_null(&c->children[i]);
    end_row(c, false);
}

void column_end_row(struct column *c)
{
    assert(c->spec->kind == COLUMN_STRUCT);
    for (size_t i = 0; i < c->spec->child_count; i++)
        assert(c->children[i].length == c->length + 1);
    end_row(c, true);
}

size_t columns_bytes(const struct column *c)
{
    size_t bytes = c->data_len + c->length * 5;
    for (size_t i = 0; i < c->spec->child_count; i++)
        bytes += columns_bytes(&c->children[i]);
    return bytes;
}

/* What an exported array owns. */
struct export_data {
    const void *buffers[3];
};

static void release_array(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release)
            array->children[i]->release(array->children[i]);
        free(array->children[i]);
    }
    free(array->children);
    struct export_data *data = array->private_data;
    for (size_t i = 0; i < ARRAY_SIZE(data->buffers); i++)
        free((void *)(uintptr_t)data->buffers[i]);
    free(data);
    array->release = NULL;
}

static void export_init(struct ArrowArray *out, int64_t length, int64_t nulls, int64_t buffers)
{
    struct export_data *data = xcalloc(1, sizeof(*data));
    *out = (struct ArrowArray){
        .length = length,
        .null_count = nulls,
        .n_buffers = buffers,
        .buffers = data->buffers,
        .release = release_array,
        .private_data = data,
    };
}

static void add_children(struct ArrowArray *out, size_t count)
{
    out->n_children = (int64_t)count;
    out->children = xcalloc(count, sizeof(struct ArrowArray *));
    for (size_t i = 0; i < count; i++)
        out->children[i] = xcalloc(1, sizeof(struct ArrowArray));
}

static void column_take(struct column *c, struct ArrowArray *out)
{
    /* A reader may look at the first offset of an empty column. */
    if (has_offsets(c) && !c->offsets)
        c->offsets = xcalloc(1, sizeof(*c->offsets));
    if (!c->data)
        c->data = xcalloc(1, 8);
    int64_t length = (int64_t)c->length;
    int64_t buffers = c->spec->kind == COLUMN_STRUCT ? 1 : c->spec->kind == COLUMN_UTF8 ? 3 : 2;
    export_init(out, length, (int64_t)c->nulls, buffers);
    struct export_data *data = out->private_data;
    data->buffers[0] = take_ptr(c->validity);
    if (c->spec->kind == COLUMN_FLOAT64_LIST) {
        data->buffers[1] = take_ptr(c->offsets);
        add_children(out, 1);
        export_init(out->children[0], (int64_t)(c->data_len / sizeof(double)), 0, 2);
        struct export_data *items = out->children[0]->private_data;
        items->buffers[1] = take_ptr(c->data);
    } else if (c->spec->kind == COLUMN_UTF8) {
        data->buffers[1] = take_ptr(c->offsets);
        data->buffers[2] = take_ptr(c->data);
    } else if (c->spec->kind != COLUMN_STRUCT) {
        data->buffers[1] = take_ptr(c->data);
    } else {
        add_children(out, c->spec->child_count);
        for (size_t i = 0; i < c->spec->child_count; i++)
            column_take(&c->children[i], out->children[i]);
        free(take_ptr(c->data));
    }
    c->length = c->nulls = c->data_len = 0;
    c->validity_cap = c->offsets_cap = c->data_cap = 0;
}

void columns_take(struct column *columns, struct ArrowArray *out)
{
    column_take(columns, out);
}

static void release_schema(struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release)
            schema->children[i]->release(schema->children[i]);
        free(schema->children[i]);
    }
    free(schema->children);
    schema->release = NULL;
}

static void schema_init(struct ArrowSchema *out, const char *format, const char *name,
                        size_t children)
{
    *out = (struct ArrowSchema){
        .format = format,
        .name = name,
        .flags = ARROW_FLAG_NULLABLE,
        .n_children = (int64_t)children,
        .release = release_schema,
    };
    out->children = children ? xcalloc(children, sizeof(struct ArrowSchema *)) : NULL;
    for (size_t i = 0; i < children; i++)
        out->children[i] = xcalloc(1, sizeof(struct ArrowSchema));
}

static void spec_schema(const struct column_spec *spec, struct ArrowSchema *out)
{
    static const char *const formats[] = {
        [COLUMN_UTF8] = "u",    [COLUMN_INT32] = "i",         [COLUMN_INT64] = "l",
        [COLUMN_FLOAT64] = "g", [COLUMN_FLOAT64_LIST] = "+l", [COLUMN_STRUCT] = "+s",
    };
    bool list = spec->kind == COLUMN_FLOAT64_LIST;
    schema_init(out, formats[spec->kind], spec->name, list ? 1 : spec->child_count);
    if (list)
        schema_init(out->children[0], "g", "item", 0);
    for (size_t i = 0; i < spec->child_count; i++)
        spec_schema(&spec->children[i], out->children[i]);
}

void columns_schema(const struct column_spec *specs, size_t count, struct ArrowSchema *out)
{
    const struct column_spec root = {"", COLUMN_STRUCT, specs, count};
    spec_schema(&root, out);
}
