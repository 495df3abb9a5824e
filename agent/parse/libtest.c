#include "parse/libtest.h"

#include "base/json_write.h"
#include "base/log.h"
#include "parse/gather.h"
#include "parse/text_lines.h"
#include "parse/text_number.h"

#include <string.h>

#define MARK "bench:"
#define NAME_END " ... "

struct figure {
    double ns, deviation, megabytes; /* 0: none of the latter */
};

/* What stands behind "bench:". */
static bool read_figure(const char *text, struct figure *out)
{
    size_t len = 0;
    *out = (struct figure){0};
    const char *word = text_word(&text, &len);
    if (!word || !text_number_grouped(word, len, &out->ns))
        return false;
    word = text_word(&text, &len);
    if (!word || len != 7 || strncmp(word, "ns/iter", 7))
        return false;
    word = text_word(&text, &len);
    if (!word || len != 4 || strncmp(word, "(+/-", 4))
        return false;
    word = text_word(&text, &len);
    if (!word || word[len - 1] != ')' || !text_number_grouped(word, len - 1, &out->deviation))
        return false;
    word = text_word(&text, &len);
    if (!word)
        return true;
    word = *word == '=' ? text_word(&text, &len) : NULL;
    if (!word || !text_number_grouped(word, len, &out->megabytes))
        return false;
    word = text_word(&text, &len);
    return word && len == 4 && !strncmp(word, "MB/s", 4);
}

static int keep_figure(const struct strbuf *name, const struct figure *figure,
                       const struct measurement_sink *sink, struct parse_report *report,
                       struct error *err)
{
    AUTO_GATHER struct gather gather = GATHER_INIT;
    AUTO_STRBUF struct strbuf details = STRBUF_INIT;
    strbuf_addf(&details, "{\"deviation\":%.17g}", figure->deviation);
    struct gather_piece piece = {
        .benchmark = name,
        .units = "nanoseconds",
        .values = &figure->ns,
        .count = 1,
        .mean_only = true,
        .details = details.buf,
    };
    if (figure->megabytes > 0 && figure->ns > 0)
        piece.throughput = (struct throughput){gather_work(figure->megabytes * 1e6, figure->ns),
                                               "bytes", "binary"};
    int rc = gather_add(&gather, &piece, err);
    return rc ? rc : gather_hand_on(&gather, sink, report, err);
}

/* The name of a line "test NAME ... "; false when it is none. */
static bool read_name(const char *line, struct strbuf *name)
{
    line += strspn(line, " \t");
    const char *end = strncmp(line, "test ", 5) ? NULL : strstr(line, NAME_END);
    if (!end || end < line + 5)
        return false;
    /* "bench:" in the name itself, or " ... ": the last one in front of the figure counts. */
    const char *mark = strstr(line, NAME_END MARK);
    for (const char *next = mark; next; next = strstr(next + 1, NAME_END MARK))
        mark = next;
    end = mark ? mark : end;
    strbuf_clear(name);
    strbuf_add(name, line + 5, (size_t)(end - line - 5));
    strbuf_rtrim(name);
    return true;
}

static const char *find_mark(const char *line, bool named)
{
    if (!named) {
        line += strspn(line, " \t");
        return strncmp(line, MARK, sizeof(MARK) - 1) ? NULL : line;
    }
    const char *mark = NULL;
    for (const char *at = line; (at = strstr(at, NAME_END MARK)); at++)
        mark = at + sizeof(NAME_END) - 1;
    return mark;
}

/* `name` is that of the benchmark whose figure is still to come, or empty. */
static int parse_line(const struct text_lines *lines, struct strbuf *name,
                      const struct measurement_sink *sink, struct parse_report *report,
                      struct error *err)
{
    const char *line = lines->line.buf;
    bool named = read_name(line, name);
    const char *mark = named || name->len ? find_mark(line, named) : NULL;
    struct figure figure;
    if (!mark) {
        size_t len = lines->line.len;
        if (named && len > 7 && !strcmp(line + len - 6, "FAILED")) {
            log_warning("benchmark %s failed, skipping", name->buf);
            report->without_data++;
            strbuf_clear(name);
        }
        return 0;
    }
    if (!read_figure(mark + sizeof(MARK) - 1, &figure))
        return error_set(err, ERROR_INPUT,
                         "benchmark %.128s: \"%.100s\" is not \"N ns/iter (+/- N)\"", name->buf,
                         mark);
    int rc = keep_figure(name, &figure, sink, report, err);
    strbuf_clear(name);
    return rc;
}

static int libtest_parse(struct input *input, const struct measurement_sink *sink,
                         struct parse_report *report, struct error *err)
{
    AUTO_TEXT_LINES struct text_lines lines;
    AUTO_STRBUF struct strbuf name = STRBUF_INIT;
    text_lines_init(&lines, input);
    bool more = false;
    int rc = 0;
    while (!rc && !(rc = text_lines_next(&lines, &more, err)) && more) {
        rc = parse_line(&lines, &name, sink, report, err);
        if (rc)
            (void)text_lines_wrap(&lines, err);
    }
    return rc;
}

static bool libtest_recognise(const char *head, size_t len)
{
    return *head != '{' && *head != '[' && *head != '<' &&
           memmem(head, len, NAME_END MARK, sizeof(NAME_END MARK) - 1) &&
           memmem(head, len, " ns/iter (+/- ", 14);
}

const struct parse_format libtest_format = {
    .name = "libtest",
    .harness = "libtest",
    .description = "what Rust's benchmark harness prints",
    .kind = INPUT_FILE,
    .recognise = libtest_recognise,
    .parse = libtest_parse,
};
