#include "base/log.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct log_options settings = {.level = LOG_INFO, .format = LOG_TEXT};
static bool line_is_drawn;
static double last_drawn_s;

static const struct {
    const char *name;   /* in JSON */
    const char *prefix; /* in text */
    const char *color;
} levels[] = {
    [LOG_ERROR] = {"error", "error: ", "\x1b[31m"},
    [LOG_WARNING] = {"warning", "warning: ", "\x1b[33m"},
    [LOG_INFO] = {"info", "", ""},
    [LOG_DEBUG] = {"debug", "debug: ", "\x1b[2m"},
};

void log_configure(const struct log_options *options)
{
    settings = *options;
}

static bool log_enabled(enum log_level level)
{
    return level <= settings.level;
}

bool log_is_live(void)
{
    return settings.format == LOG_TEXT && settings.level >= LOG_INFO && isatty(STDERR_FILENO);
}

static void wipe_line(void)
{
    if (line_is_drawn)
        fputs("\r\x1b[K", stderr);
    line_is_drawn = false;
}

void log_message(enum log_level level, const char *fmt, ...)
{
    if (!log_enabled(level))
        return;
    AUTO_STRBUF struct strbuf text = STRBUF_INIT, line = STRBUF_INIT;
    va_list args;
    va_start(args, fmt);
    strbuf_vaddf(&text, fmt, args);
    va_end(args);

    wipe_line();
    if (settings.format == LOG_JSON) {
        char now[TIME_ISO_SIZE];
        time_format_iso(clock_unix_s(), now);
        strbuf_addf(&line, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", now,
                    levels[level].name);
        escape_json(&line, text.buf, text.len);
        strbuf_addstr(&line, "}\n");
    } else {
        bool color = settings.color && *levels[level].color;
        strbuf_addf(&line, "%s%s", color ? levels[level].color : "", levels[level].prefix);
        escape_terminal(&line, text.buf, text.len);
        strbuf_addf(&line, "%s\n", color ? "\x1b[0m" : "");
    }
    /* One write: lines of processes that share the terminal stay whole. */
    fwrite(line.buf, 1, line.len, stderr);
    fflush(stderr);
}

void log_progress_clear(void)
{
    wipe_line();
    fflush(stderr);
}

void log_progress(const char *fmt, ...)
{
    double now = clock_monotonic_s();
    if (!log_is_live() || now - last_drawn_s < 0.1)
        return;
    last_drawn_s = now;
    AUTO_STRBUF struct strbuf text = STRBUF_INIT, line = STRBUF_INIT;
    va_list args;
    va_start(args, fmt);
    strbuf_vaddf(&text, fmt, args);
    va_end(args);
    escape_terminal(&line, text.buf, text.len);
    struct winsize size = {0};
    size_t columns = !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : 80;
    if (line.len >= columns)
        strbuf_truncate(&line, columns - 1);
    fprintf(stderr, "\r\x1b[K%s", line.buf);
    fflush(stderr);
    line_is_drawn = true;
}
