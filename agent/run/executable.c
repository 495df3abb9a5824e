#include "run/executable.h"

#include "base/alloc.h"

#include <string.h>
#include <unistd.h>

static bool has_any(const char *bytes, size_t len, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memmem(bytes, len, texts[i], strlen(texts[i])))
            return true;
    return false;
}

bool executable_has_text(const struct sandbox *sandbox, const char *path, const char *const *texts,
                         size_t count)
{
    enum { BUFFER = 1 << 20 };
    AUTO_CLOSE int fd = sandbox_open_foreign(sandbox, path);
    if (fd < 0)
        return false;
    AUTO_FREE char *bytes = xmalloc(BUFFER);
    size_t have = 0;
    for (ssize_t got; (got = read(fd, bytes + have, BUFFER - have)) > 0;) {
        have += (size_t)got;
        if (has_any(bytes, have, texts, count))
            return true;
        size_t keep = have < EXECUTABLE_TEXT_MAX ? have : EXECUTABLE_TEXT_MAX;
        memmove(bytes, bytes + have - keep, keep);
        have = keep;
    }
    return false;
}

void executable_take_names(const char *text, struct strlist *names)
{
    static const char mark[] = ": benchmark";
    AUTO_STRLIST struct strlist lines = STRLIST_INIT;
    strlist_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        size_t len = strlen(lines.items[i]), tail = sizeof(mark) - 1;
        if (len > tail && !strcmp(lines.items[i] + len - tail, mark))
            strlist_push_owned(names, xstrndup(lines.items[i], len - tail));
    }
}
