#include "source/python_source.h"

#include <stdbool.h>
#include <string.h>

static bool is_word(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c & 0x80);
}

/* Behind `word` and the blanks after it; NULL when the line does not begin so. */
static const char *behind(const char *line, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(line, word, len) != 0 || (line[len] != ' ' && line[len] != '\t'))
        return NULL;
    return line + len + strspn(line + len, " \t");
}

static bool defines(const char *line, const char *keyword, const char *name)
{
    const char *async = behind(line, "async");
    const char *found = behind(async ? async : line, keyword);
    size_t len = strlen(name);
    return found && !strncmp(found, name, len) && !is_word(found[len]);
}

int64_t python_definition(const char *text, const char *class, const char *function)
{
    bool inside = !class;
    int64_t number = 1;
    for (const char *line = text; line; number++) {
        size_t indent = strspn(line, " \t");
        bool blank = !line[indent] || strchr("\r\n#", line[indent]);
        if (class && !indent && !blank)
            inside = defines(line, "class", class);
        if (inside && !indent == !class && defines(line + indent, "def", function))
            return number;
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return 0;
}
