#include "base/text.h"

#include <string.h>

bool text_ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);
    return len >= tail && !strcmp(text + len - tail, end);
}
