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

static void tell(const struct harness_watch *watch)
{
    if (watch->harness->on_progress)
        watch->harness->on_progress(watch->harness->context, watch->done, watch->elapsed_s);
}

static void on_line(void *context, const char *text)
{
    struct harness_watch *watch = context;
    if (!watch->is_done(text))
        return;
    watch->done++;
    tell(watch);
}

void harness_watch_init(struct harness_watch *watch, const struct harness *harness,
                        bool (*is_done)(const char *line))
{
    *watch = (struct harness_watch){
        .harness = harness,
        .is_done = is_done,
        .lines = {.line = on_line, .context = watch},
    };
}

void harness_watch_output(void *context, const char *bytes, size_t len)
{
    struct harness_watch *watch = context;
    line_watch_add(&watch->lines, bytes, len);
}

void harness_watch_tick(void *context, double elapsed_s)
{
    struct harness_watch *watch = context;
    watch->elapsed_s = elapsed_s;
    tell(watch);
}
