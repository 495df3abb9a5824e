/* Units of time, to nanoseconds. */
#pragma once

#include <stdbool.h>

struct time_unit {
    double multiply, divide; /* nanoseconds = value * multiply / divide: exact where it can be */
};

/* Far beyond any time, and small enough that squares can be summed. */
#define TIME_NS_MAX 1e100

/* "ps", "ns", "us" (or with a micro or mu sign), "ms", "s"; false for anything else. */
bool time_unit_find(const char *name, struct time_unit *out);
static inline double time_unit_to_ns(const struct time_unit *unit, double value)
{
    return value * unit->multiply / unit->divide;
}
