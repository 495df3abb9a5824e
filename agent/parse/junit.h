/*
 * JUnit XML as pytest writes it (`--junit-xml`), and others, format "junit": for suites that are
 * not written with pytest-benchmark.
 *
 * A benchmark is called `classname::name`. Its one value is how long the test took with its setup
 * and teardown, which is no benchmark's time per iteration: it is the metric "test_duration", in
 * nanoseconds, and never wall time. Tests that failed or were skipped are left out; failed ones are
 * warned of.
 *
 * This is no XML reader: elements and attributes are found, entities are decoded, comments, CDATA
 * and processing instructions are passed over, and a document type is refused.
 */
#pragma once

#include "parse/format.h"

extern const struct parse_format junit_format;
