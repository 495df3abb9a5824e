/* Powers of five to 128 bits, for decimal.c. The table is written by power_of_five.py. */
#pragma once

#include <stdint.h>

#define POWER_OF_FIVE_FIRST (-342)
#define POWER_OF_FIVE_LAST 308
#define POWER_OF_FIVE_COUNT (POWER_OF_FIVE_LAST - POWER_OF_FIVE_FIRST + 1)

/* The leading 128 bits of 5**q, cut off; the top bit of `high` is set. */
struct power_of_five {
    uint64_t high, low;
};

/* Row q - POWER_OF_FIVE_FIRST is 5**q. */
extern const struct power_of_five power_of_five[POWER_OF_FIVE_COUNT];
