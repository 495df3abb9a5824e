/* Benchmark histories. */
#include "fuzz.h"
#include "parse/history.h"

#include <math.h>
#include <string.h>

static int check(void *context, const struct history_item *item, struct error *err)
{
    (void)context;
    (void)err;
    fuzz_check_measurement(&item->measurement);
    fuzz_require(strlen(item->commit) == 40, "the commit is a full id");
    fuzz_require(item->measurement.summary->mean == item->measurement.values[0],
                 "the value is the mean");
    fuzz_require(!isinf(item->standard_error), "the standard error is a number or unknown");
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_INPUT struct input *input = input_from_memory("input", data, size);
    struct parse_report report = PARSE_REPORT_INIT;
    struct error err = ERROR_INIT;
    const struct history_sink sink = {check, NULL};
    int rc = history_parse(input, &sink, &report, &err);
    if (rc < 0)
        fuzz_check_error(rc, &err);
    return 0;
}
