#include "parse/junit.h"

#include "base/log.h"
#include "parse/gather.h"
#include "parse/text_number.h"
#include "parse/xml_tags.h"

#include <inttypes.h>
#include <string.h>

struct testcase {
    struct strbuf name;
    double ns;
    bool open, failed, skipped;
};

static int begin(struct xml_tags *xml, struct testcase *test, struct error *err)
{
    double seconds = 0;
    strbuf_clear(&test->name);
    const struct strbuf *value = xml_attribute(xml, "classname");
    if (value && value->len)
        strbuf_addf(&test->name, "%s::", value->buf);
    value = xml_attribute(xml, "name");
    if (!value || !value->len)
        return error_set(err, ERROR_INPUT, "a testcase without a name");
    strbuf_add(&test->name, value->buf, value->len);
    value = xml_attribute(xml, "time");
    if (!value || !text_number(value->buf, value->len, &seconds) || seconds < 0)
        return error_set(err, ERROR_INPUT, "testcase %.128s: its time \"%.32s\" is no number",
                         test->name.buf, value ? value->buf : "");
    test->ns = seconds * 1e9;
    test->failed = test->skipped = false;
    test->open = true;
    return 0;
}

static int finish(struct testcase *test, const struct measurement_sink *sink,
                  struct parse_report *report, struct error *err)
{
    AUTO_GATHER struct gather gather = GATHER_INIT;
    test->open = false;
    if (test->failed) {
        log_warning("test %s failed, skipping", test->name.buf);
        report->without_data++;
    }
    if (test->failed || test->skipped)
        return 0;
    const struct gather_piece piece = {
        .benchmark = &test->name,
        .metric = "test_duration",
        .units = "nanoseconds",
        .values = &test->ns,
        .count = 1,
        .details = "{\"whole_test\":true}",
    };
    int rc = gather_add(&gather, &piece, err);
    return rc ? rc : gather_hand_on(&gather, sink, report, err);
}

static int parse_tag(struct xml_tags *xml, struct testcase *test,
                     const struct measurement_sink *sink, struct parse_report *report,
                     struct error *err)
{
    const char *name = xml->name.buf;
    if (!strcmp(name, "testcase")) {
        int rc = !xml->closes ? begin(xml, test, err) : 0;
        bool done = xml->closes || xml->empty;
        return rc || !done || !test->open ? rc : finish(test, sink, report, err);
    }
    if (test->open && (!strcmp(name, "failure") || !strcmp(name, "error")))
        test->failed = true;
    if (test->open && !strcmp(name, "skipped"))
        test->skipped = true;
    return 0;
}

static int junit_parse(struct input *input, const struct measurement_sink *sink,
                       struct parse_report *report, struct error *err)
{
    AUTO_XML_TAGS struct xml_tags xml;
    struct testcase test = {.name = STRBUF_INIT};
    bool more = false, closed = false;
    xml_tags_init(&xml, input);
    int rc = 0;
    while (!rc && !(rc = xml_next(&xml, &more, err)) && more) {
        rc = parse_tag(&xml, &test, sink, report, err);
        if (rc)
            (void)error_wrap(err, "line %" PRIu64, json_window_line(&xml.window));
        closed = xml.closes && !strncmp(xml.name.buf, "testsuite", 9);
    }
    if (!rc && !closed)
        rc = error_set(err, ERROR_INPUT, "the file ends before its test suites do");
    strbuf_release(&test.name);
    return rc;
}

static bool junit_recognise(const char *head, size_t len)
{
    return *head == '<' && memmem(head, len, "<testsuite", 10);
}

const struct parse_format junit_format = {
    .name = "junit",
    .harness = "junit",
    .description = "JUnit XML",
    .kind = INPUT_FILE,
    .recognise = junit_recognise,
    .parse = junit_parse,
};
