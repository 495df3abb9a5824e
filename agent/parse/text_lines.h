/*
 * The lines of a text, in bounded memory: what harnesses print for people.
 *
 *     AUTO_TEXT_LINES struct text_lines lines;
 *     text_lines_init(&lines, input);
 *     while (!(rc = text_lines_next(&lines, &more, err)) && more)
 *         … lines.line.buf …
 *
 * A line comes without its "\n" or "\r\n" and without terminal colours, and is valid UTF-8 without
 * a NUL: bytes that are none are U+FFFD. A byte order mark is left out, and so is what the log of a
 * GitHub job has in front of each line. Of a line longer than TEXT_LINE_MAX the beginning is handed
 * out.
 */
#pragma once

#include "base/error.h"
#include "base/strbuf.h"
#include "parse/input.h"

#include <stdbool.h>
#include <stdint.h>

#define TEXT_LINE_MAX ((size_t)256 << 10) /* bytes */

struct text_lines {
    struct input *input; /* borrowed */
    char *buf;
    size_t pos, end;
    struct strbuf line; /* public to read */
    uint64_t number;    /* of the line, from 1: public to read */
    bool cut;           /* the line was longer than TEXT_LINE_MAX */
    bool is_open;       /* the input ended without a newline behind it */
};

/* Reads `input` (borrowed) from where it stands. */
void text_lines_init(struct text_lines *lines, struct input *input);
void text_lines_release(struct text_lines *lines);
#define AUTO_TEXT_LINES __attribute__((cleanup(text_lines_release)))

/* *more is false, and there is no line, at the end of the input. */
int text_lines_next(struct text_lines *lines, bool *more, struct error *err) MUST_CHECK;
/* Puts "line N" in front of the reason; returns the code that is there. */
int text_lines_wrap(const struct text_lines *lines, struct error *err);

/* What is done to a line, for text that comes another way. */
void text_clean(struct strbuf *text);
/* Takes the colours alone out of `text`; the bytes that are left. */
size_t text_cut_colours(char *text, size_t len);
/*
 * Bytes of what GitHub puts in front of a line of a job's log: the time and a blank, and in front
 * of those, where `gh run view --log` wrote the file, the job and the step with tabs behind them.
 */
size_t text_log_prefix(const char *line, size_t len);
