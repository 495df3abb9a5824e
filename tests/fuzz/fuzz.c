#include "fuzz.h"

#include "base/escape.h"
#include "base/log.h"
#include "parse/json_value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_require(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz: this does not hold: %s\n", what);
    abort();
}

void fuzz_check_error(int code, const struct error *err)
{
    fuzz_require(code == ERROR_INPUT || code == ERROR_NO_DATA, "a failure has an expected code");
    fuzz_require(*err->message && memchr(err->message, '\0', sizeof(err->message)) != NULL,
                 "a failure has a message");
}

static void check_details(const char *details)
{
    struct error err = ERROR_INIT;
    AUTO_INPUT struct input *input = input_from_memory("details", details, strlen(details));
    AUTO_JSON_READER struct json_reader r;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    enum json_token token = JSON_END;
    int rc = json_next(&r, &token, &err);
    fuzz_require(!rc && token == JSON_OBJECT_BEGIN, "details are an object");
    rc = json_skip_to_depth(&r, 0, &err);
    if (!rc)
        rc = json_finish(&r, &err);
    fuzz_require(!rc, "details are valid JSON");
}

void fuzz_check_measurement(const struct measurement *m)
{
    size_t len = strlen(m->benchmark);
    fuzz_require(len > 0 && len <= BENCHMARK_NAME_MAX, "the name has an allowed length");
    fuzz_require(utf8_is_valid(m->benchmark, len), "the name is UTF-8");
    fuzz_require(m->value_count > 0, "there is a value");
    for (size_t i = 0; i < m->value_count; i++) {
        fuzz_require(isfinite(m->values[i]) && m->values[i] >= 0, "a value is a time");
        fuzz_require(!m->iterations || m->iterations[i] > 0, "a value has iterations");
    }
    fuzz_require(!m->throughput.name || m->throughput.unit_system, "a throughput has a system");
    if (m->details)
        check_details(m->details);
}

static int check(void *context, const struct measurement *m, struct error *err)
{
    (void)err;
    (*(uint64_t *)context)++;
    fuzz_check_measurement(m);
    return 0;
}

void fuzz_input(const char *name, struct input *input)
{
    log_configure(&(struct log_options){.level = LOG_ERROR});
    struct error err = ERROR_INIT;
    struct parse_report report = PARSE_REPORT_INIT;
    const struct parse_format *format = NULL;
    uint64_t count = 0;
    const struct measurement_sink sink = {check, &count};
    int rc = format_select(name, input, &format, &err);
    if (!rc)
        rc = format_parse(format, input, &sink, &report, &err);
    if (rc < 0)
        fuzz_check_error(rc, &err);
    else
        fuzz_require(count > 0, "success means that there are results");
    fuzz_require(report.found == count, "the report counts what the sink took");
}

void fuzz_format(const char *name, const uint8_t *data, size_t size)
{
    AUTO_INPUT struct input *input = input_from_memory("input", data, size);
    fuzz_input(name, input);
}
