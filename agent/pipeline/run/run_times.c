#include "pipeline/run/run_times.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/number.h"
#include "base/strbuf.h"
#include "base/strlist.h"

#include <ctype.h>
#include <string.h>

#define TIMES_MAX ((size_t)1 << 20)

static char *times_path(const char *project)
{
    AUTO_FREE char *cache = NULL;
    if (cache_dir(&cache, NULL))
        return NULL;
    AUTO_FREE char *folder = path_join(cache, "times");
    if (dir_make(folder, NULL))
        return NULL;
    AUTO_FREE char *name = xstrndup(project, 80);
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '-')
            *c = '_';
    return path_join(folder, name);
}

/* Lines of "<seconds> <name>". */
void run_times_load(struct run_times *times, const char *project)
{
    AUTO_FREE char *path = times_path(project);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    AUTO_STRLIST struct strlist lines = STRLIST_INIT;
    if (!path || file_read(path, TIMES_MAX, &text, NULL))
        return;
    strlist_split(&lines, text.buf, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        char *space = strchr(lines.items[i], ' ');
        double seconds = 0;
        if (!space)
            continue;
        *space = '\0';
        if (parse_double(lines.items[i], &seconds) && seconds >= 0)
            run_times_set(times, space + 1, seconds);
    }
}

void run_times_save(const struct run_times *times, const char *project)
{
    AUTO_FREE char *path = times_path(project);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    struct error err = ERROR_INIT;
    for (size_t i = 0; i < times->count; i++)
        strbuf_addf(&text, "%.3f %s\n", times->items[i].seconds, times->items[i].name);
    if (path && file_write_atomic(path, text.buf, text.len, &err))
        log_debug("%s", err.message);
}

void run_times_release(struct run_times *times)
{
    for (size_t i = 0; i < times->count; i++)
        free(times->items[i].name);
    free(times->items);
    *times = (struct run_times){0};
}

static struct run_time *find(const struct run_times *times, const char *name)
{
    for (size_t i = 0; i < times->count; i++)
        if (!strcmp(times->items[i].name, name))
            return &times->items[i];
    return NULL;
}

double run_times_get(const struct run_times *times, const char *name)
{
    const struct run_time *time = find(times, name);
    return time ? time->seconds : -1;
}

void run_times_set(struct run_times *times, const char *name, double seconds)
{
    struct run_time *time = find(times, name);
    if (!time) {
        ARRAY_RESERVE(times->items, times->cap, times->count + 1);
        time = &times->items[times->count++];
        time->name = xstrdup(name);
    }
    time->seconds = seconds;
}
