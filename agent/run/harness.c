#include "run/harness.h"

#include <string.h>

void line_watch_add(struct line_watch *watch, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != '\n') {
            if (watch->len < sizeof(watch->text) - 1)
                watch->text[watch->len++] = bytes[i];
            continue;
        }
        watch->text[watch->len] = '\0';
        watch->len = 0;
        watch->line(watch->context, watch->text);
    }
}
