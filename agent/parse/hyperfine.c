#include "parse/hyperfine.h"

#include "base/alloc.h"
#include "base/json_write.h"
#include "base/strlist.h"
#include "parse/gather.h"
#include "parse/json_outline.h"
#include "parse/json_value.h"

#include <math.h>
#include <string.h>

struct command {
    struct strbuf name, parameters, exit_codes;
    struct strlist keys, settings; /* of the parameters */
    struct double_list times;
    double mean, user, system;
};

#define COMMAND_INIT                                                              \
    {                                                                             \
        .name = STRBUF_INIT, .parameters = STRBUF_INIT, .exit_codes = STRBUF_INIT \
    }

static void command_release(struct command *c)
{
    strbuf_release(&c->name);
    strbuf_release(&c->parameters);
    strbuf_release(&c->exit_codes);
    strlist_release(&c->keys);
    strlist_release(&c->settings);
    free(c->times.items);
}

#define AUTO_COMMAND __attribute__((cleanup(command_release)))

static void command_clear(struct command *c)
{
    strbuf_clear(&c->name);
    strbuf_clear(&c->parameters);
    strbuf_clear(&c->exit_codes);
    strlist_clear(&c->keys);
    strlist_clear(&c->settings);
    c->times.count = 0;
    c->mean = c->user = c->system = NAN;
}

/* A number, or null. */
static int read_time(struct json_reader *r, double *out, struct error *err)
{
    bool is_null = false;
    int rc = json_try_null(r, &is_null, err);
    return rc || is_null ? rc : json_read_double(r, out, err);
}

static int read_times(struct json_reader *r, struct double_list *out, struct error *err)
{
    bool is_null = false;
    int rc = json_try_null(r, &is_null, err);
    return rc || is_null ? rc : json_read_doubles(r, out, err);
}

/* An object of strings; other versions may write null. */
static int read_parameters(struct json_reader *r, struct command *c, struct error *err)
{
    AUTO_STRBUF struct strbuf value = STRBUF_INIT;
    bool more = false, is_null = false;
    int rc = json_try_null(r, &is_null, err);
    if (rc || is_null)
        return rc;
    strbuf_clear(&c->parameters);
    strbuf_addch(&c->parameters, '{');
    rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        strlist_push(&c->keys, r->text.buf);
        strbuf_clear(&value);
        rc = json_copy(r, &value, BENCHMARK_DETAILS_MAX / 2, err);
        if (rc)
            return rc;
        strlist_push(&c->settings, *value.buf == '"' ? r->text.buf : value.buf);
        json_raw(&c->parameters, c->keys.items[c->keys.count - 1], value.buf);
        if (c->parameters.len > BENCHMARK_DETAILS_MAX / 2)
            return json_fail(r, err, "parameters of more than %zu bytes",
                             BENCHMARK_DETAILS_MAX / 2);
    }
    strbuf_addch(&c->parameters, '}');
    return rc;
}

/* With -n, commands of other parameters may have one name: what it does not show goes behind it. */
static void complete_name(struct command *c)
{
    AUTO_STRBUF struct strbuf hidden = STRBUF_INIT;
    for (size_t i = 0; i < c->keys.count; i++)
        if (!strstr(c->name.buf, c->settings.items[i]))
            strbuf_addf(&hidden, "%s%s=%s", hidden.len ? ", " : "", c->keys.items[i],
                        c->settings.items[i]);
    if (hidden.len)
        strbuf_addf(&c->name, " (%s)", hidden.buf);
}

static int read_member(struct json_reader *r, struct command *c, struct error *err)
{
    if (json_text_is(r, "command"))
        return json_read_text(r, &c->name, err);
    if (json_text_is(r, "times"))
        return read_times(r, &c->times, err);
    if (json_text_is(r, "mean"))
        return read_time(r, &c->mean, err);
    if (json_text_is(r, "user"))
        return read_time(r, &c->user, err);
    if (json_text_is(r, "system"))
        return read_time(r, &c->system, err);
    if (json_text_is(r, "parameters"))
        return read_parameters(r, c, err);
    if (!json_text_is(r, "exit_codes"))
        return json_skip(r, err);
    strbuf_clear(&c->exit_codes);
    return json_copy(r, &c->exit_codes, BENCHMARK_DETAILS_MAX / 2, err);
}

static void write_details(const struct command *c, struct strbuf *out)
{
    strbuf_addch(out, '{');
    if (c->parameters.len > 2)
        json_raw(out, "parameters", c->parameters.buf);
    if (strpbrk(c->exit_codes.buf, "123456789"))
        json_raw(out, "exit_codes", c->exit_codes.buf);
    strbuf_addch(out, '}');
}

static int keep_command(struct gather *gather, struct command *c, struct error *err)
{
    AUTO_STRBUF struct strbuf details = STRBUF_INIT;
    write_details(c, &details);
    complete_name(c);
    bool mean_only = !c->times.count;
    double mean = c->mean * 1e9, cpu = (c->user + c->system) * 1e9;
    for (size_t i = 0; i < c->times.count; i++)
        c->times.items[i] *= 1e9;
    if (mean_only && isnan(mean))
        return error_set(err, ERROR_INPUT, "command %.128s: neither times nor a mean", c->name.buf);
    struct gather_piece piece = {
        .benchmark = &c->name,
        .units = "nanoseconds",
        .values = mean_only ? &mean : c->times.items,
        .count = mean_only ? 1 : c->times.count,
        .mean_only = mean_only,
        .details = details.len > 2 ? details.buf : NULL,
    };
    int rc = gather_add(gather, &piece, err);
    if (rc || isnan(cpu))
        return rc;
    piece.metric = "cpu_time";
    piece.values = &cpu;
    piece.count = 1;
    piece.mean_only = true;
    return gather_add(gather, &piece, err);
}

static int parse_commands(struct json_reader *r, const struct measurement_sink *sink,
                          struct parse_report *report, struct error *err)
{
    AUTO_COMMAND struct command c = COMMAND_INIT;
    AUTO_GATHER struct gather gather = GATHER_INIT;
    bool more = false, members = false;
    int rc = json_enter(r, JSON_ARRAY_BEGIN, err);
    while (!rc && !(rc = json_next_item(r, &more, err)) && more) {
        command_clear(&c);
        rc = json_enter(r, JSON_OBJECT_BEGIN, err);
        while (!rc && !(rc = json_next_key(r, &members, err)) && members)
            rc = read_member(r, &c, err);
        if (!rc)
            rc = keep_command(&gather, &c, err);
        if (!rc)
            rc = gather_hand_on(&gather, sink, report, err);
    }
    return rc;
}

static int hyperfine_parse(struct input *input, const struct measurement_sink *sink,
                           struct parse_report *report, struct error *err)
{
    AUTO_JSON_READER struct json_reader r;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    bool more = false;
    int rc = json_enter(&r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(&r, &more, err)) && more)
        rc = json_text_is(&r, "results") ? parse_commands(&r, sink, report, err)
                                         : json_skip(&r, err);
    return rc ? rc : json_finish(&r, err);
}

static bool hyperfine_recognise(const char *head, size_t len)
{
    static const char *const paths[] = {"results[].command", "results[].mean", NULL};
    return json_head_has(head, len, paths);
}

const struct parse_format hyperfine_format = {
    .name = "hyperfine",
    .harness = "hyperfine",
    .description = "hyperfine's JSON",
    .kind = INPUT_FILE,
    .recognise = hyperfine_recognise,
    .parse = hyperfine_parse,
};
