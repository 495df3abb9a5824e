/*
 * The JSON reader: what is copied can be read again and comes out the same, skipping accepts what
 * copying accepts, and lists read in bulk are those read one by one.
 */
#include "fuzz.h"
#include "parse/json_value.h"

#include <stdlib.h>
#include <string.h>

static int copy(const void *bytes, size_t len, struct strbuf *out, struct error *err)
{
    AUTO_INPUT struct input *input = input_from_memory("input", bytes, len);
    AUTO_JSON_READER struct json_reader r;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    int rc = json_copy(&r, out, SIZE_MAX, err);
    return rc < 0 ? rc : json_finish(&r, err);
}

static int skip(const void *bytes, size_t len, struct error *err)
{
    AUTO_INPUT struct input *input = input_from_memory("input", bytes, len);
    AUTO_JSON_READER struct json_reader r;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    int rc = json_skip(&r, err);
    return rc < 0 ? rc : json_finish(&r, err);
}

static int read_one_by_one(const void *bytes, size_t len, struct double_list *out,
                           struct error *err)
{
    AUTO_INPUT struct input *input = input_from_memory("input", bytes, len);
    AUTO_JSON_READER struct json_reader r;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    bool more = false;
    int rc = json_enter(&r, JSON_ARRAY_BEGIN, err);
    while (!rc && !(rc = json_next_item(&r, &more, err)) && more) {
        double value = 0;
        rc = json_read_double(&r, &value, err);
        if (!rc) {
            out->items = realloc(out->items, (out->count + 1) * sizeof(double));
            fuzz_require(out->items != NULL, "there is memory");
            out->items[out->count++] = value;
        }
    }
    return rc;
}

static void check_lists(const void *bytes, size_t len)
{
    struct double_list bulk = {0}, single = {0};
    struct error bulk_err = ERROR_INIT, single_err = ERROR_INIT;
    AUTO_INPUT struct input *input = input_from_memory("input", bytes, len);
    AUTO_JSON_READER struct json_reader r;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    int bulk_rc = json_read_doubles(&r, &bulk, &bulk_err);
    int single_rc = read_one_by_one(bytes, len, &single, &single_err);
    fuzz_require(bulk_rc == single_rc, "both ways to read a list agree");
    fuzz_require(!strcmp(bulk_err.message, single_err.message), "and in the message");
    fuzz_require(bulk.count == single.count, "and in the length");
    fuzz_require(!bulk.count || !memcmp(bulk.items, single.items, bulk.count * sizeof(double)),
                 "and in the numbers");
    free(bulk.items);
    free(single.items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_STRBUF struct strbuf once = STRBUF_INIT, twice = STRBUF_INIT;
    struct error err = ERROR_INIT, skip_err = ERROR_INIT;
    int rc = copy(data, size, &once, &err);
    int skip_rc = skip(data, size, &skip_err);
    if (!rc) {
        fuzz_require(!skip_rc, "what is copied can be skipped");
        fuzz_require(copy(once.buf, once.len, &twice, &err) == 0, "a copy can be read");
        fuzz_require(once.len == twice.len && !memcmp(once.buf, twice.buf, once.len),
                     "a copy of a copy is the same");
    } else {
        fuzz_check_error(rc, &err);
        if (skip_rc < 0)
            fuzz_check_error(skip_rc, &skip_err);
    }
    check_lists(data, size);
    return 0;
}
