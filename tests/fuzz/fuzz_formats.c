/* Every format of the list in parse/format_list.h: the first line is the format's word, and what
 * follows is the file. */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[64];
    const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
    if (!newline || (size_t)(newline - data) >= sizeof(name))
        return 0;
    snprintf(name, sizeof(name), "%.*s", (int)(newline - data), (const char *)data);
    size_t skip = (size_t)(newline - data) + 1;
    for (size_t i = 0; i < parse_format_count; i++)
        if (!strcmp(parse_formats[i]->name, name) && parse_formats[i]->kind == INPUT_FILE &&
            parse_formats[i]->parse)
            fuzz_format(name, data + skip, size - skip);
    return 0;
}
