#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void format_message(char *buf, size_t size, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

static void format_message(char *buf, size_t size, const char *fmt, va_list args)
{
    int len = vsnprintf(buf, size, fmt, args);
    if (len < 0)
        buf[0] = '\0';
    else if ((size_t)len >= size)
        memcpy(buf + size - 4, "...", 4);
}

int error_set(struct error *err, int code, const char *fmt, ...)
{
    if (!err)
        return code;
    char text[sizeof(err->message)];
    va_list args;
    va_start(args, fmt);
    format_message(text, sizeof(text), fmt, args);
    va_end(args);
    err->code = code;
    memcpy(err->message, text, sizeof(text));
    return code;
}

int error_errno(struct error *err, int code, int errno_value, const char *fmt, ...)
{
    if (!err)
        return code;
    char text[sizeof(err->message)];
    va_list args;
    va_start(args, fmt);
    format_message(text, sizeof(text), fmt, args);
    va_end(args);
    return error_set(err, code, "%s: %s", text, strerror(errno_value));
}

int error_wrap(struct error *err, const char *fmt, ...)
{
    if (!err)
        return ERROR_FAILURE;
    char text[sizeof(err->message)];
    va_list args;
    va_start(args, fmt);
    format_message(text, sizeof(text), fmt, args);
    va_end(args);
    char reason[sizeof(err->message)];
    memcpy(reason, err->message, sizeof(reason));
    return error_set(err, err->code ? err->code : ERROR_FAILURE, "%s: %s", text, reason);
}
