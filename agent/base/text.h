/* Questions about strings that string.h has no answer to. */
#pragma once

#include <stdbool.h>

bool text_ends_with(const char *text, const char *end);
