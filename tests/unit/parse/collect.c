#include "collect.h"

#include "base/alloc.h"
#include "parse/calibration.h"

#include <criterion/criterion.h>
#include <string.h>

static int keep(void *context, const struct measurement *m, struct error *err)
{
    (void)err;
    struct collection *c = context;
    ARRAY_RESERVE(c->items, c->cap, c->count + 1);
    struct collected *item = &c->items[c->count++];
    *item = (struct collected){
        .benchmark = xstrdup(m->benchmark),
        .metric = xstrdup(m->metric),
        .details = xstrdup(m->details),
        .throughput_name = xstrdup(m->throughput.name),
        .unit_system = xstrdup(m->throughput.unit_system),
        .values = xreallocarray(NULL, m->value_count, sizeof(double)),
        .value_count = m->value_count,
        .throughput = m->throughput.multiplier,
    };
    item->units = xstrdup(m->units);
    memcpy(item->values, m->values, m->value_count * sizeof(double));
    if (m->iterations) {
        item->iterations = xreallocarray(NULL, m->value_count, sizeof(uint64_t));
        memcpy(item->iterations, m->iterations, m->value_count * sizeof(uint64_t));
    }
    return 0;
}

static void collect(const char *name, struct input *input, struct collection *c)
{
    const struct parse_format *format = NULL;
    const struct measurement_sink sink = {keep, c};
    c->rc = format_select(name, input, &format, &c->err);
    if (!c->rc)
        c->rc = format_parse(format, input, &sink, &c->report, &c->err);
    if (!c->rc)
        cr_assert_eq(c->report.found, c->count);
    /* One format alone says the units of what is no metric. */
    for (size_t i = 0; i < c->count && format != &calibration_format; i++)
        cr_assert(c->items[i].metric || !strcmp(c->items[i].units, "nanoseconds"));
}

struct collection collect_text(const char *name, const char *text, size_t len)
{
    struct collection c = {0};
    AUTO_INPUT struct input *input =
        input_from_memory("input", text, len == SIZE_MAX ? strlen(text) : len);
    collect(name, input, &c);
    return c;
}

struct collection collect_path(const char *name, const char *path)
{
    struct collection c = {0};
    AUTO_INPUT struct input *input = NULL;
    AUTO_FREE char *full = *path == '/' ? xstrdup(path) : xasprintf("%s/parse/%s", FIXTURES, path);
    c.rc = input_open(full, INPUT_MAX_DEFAULT, &input, &c.err);
    if (!c.rc)
        collect(name, input, &c);
    return c;
}

void collection_release(struct collection *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->items[i].benchmark);
        free(c->items[i].metric);
        free(c->items[i].details);
        free(c->items[i].throughput_name);
        free(c->items[i].unit_system);
        free(c->items[i].units);
        free(c->items[i].values);
        free(c->items[i].iterations);
    }
    free(c->items);
}

void assert_fails(const struct collection *c, int code, const char *words)
{
    cr_assert_eq(c->rc, code, "code %d, message \"%s\"", c->rc, c->err.message);
    cr_assert(strstr(c->err.message, words), "\"%s\" is not in \"%s\"", words, c->err.message);
    cr_assert_null(strchr(c->err.message, '\n'), "the message is one line");
}
