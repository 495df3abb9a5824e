#include "parse/go_benchmark.h"

#include "base/alloc.h"
#include "base/json_write.h"
#include "base/log.h"
#include "parse/gather.h"
#include "parse/go_metric.h"
#include "parse/json_value.h"
#include "parse/text_lines.h"
#include "parse/text_number.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* What one package has printed so far; of a text, there is one stream for all. */
struct stream {
    struct strbuf package, goos, goarch, cpu;
    struct strbuf name;    /* of a benchmark whose numbers are still to come, or empty */
    struct strbuf part;    /* of a line that is not finished (-json) */
    struct strbuf details; /* what the settings above say, as JSON */
};

struct go_file {
    struct text_pool packages; /* number n is streams[n] */
    struct stream *streams;
    size_t cap;
    struct gather gather;
    struct parse_report *report;
    bool is_open; /* the line is the last one, and has no newline behind it */
};

static void go_file_release(struct go_file *file)
{
    for (size_t i = 0; i < file->packages.count; i++) {
        struct stream *s = &file->streams[i];
        strbuf_release(&s->package);
        strbuf_release(&s->goos);
        strbuf_release(&s->goarch);
        strbuf_release(&s->cpu);
        strbuf_release(&s->name);
        strbuf_release(&s->part);
        strbuf_release(&s->details);
    }
    free(file->streams);
    text_pool_release(&file->packages);
    gather_release(&file->gather);
}

#define AUTO_GO_FILE __attribute__((cleanup(go_file_release)))

/* NULL when there are too many. */
static struct stream *find_stream(struct go_file *file, const char *package)
{
    size_t before = file->packages.count;
    uint32_t number = text_pool_add(&file->packages, package);
    if (number < before)
        return &file->streams[number];
    ARRAY_RESERVE(file->streams, file->cap, before + 1);
    file->streams[number] = (struct stream){STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT,
                                            STRBUF_INIT, STRBUF_INIT, STRBUF_INIT};
    strbuf_addstr(&file->streams[number].package, package);
    return before < GO_PACKAGES_MAX ? &file->streams[number] : NULL;
}

static void write_details(struct stream *s)
{
    strbuf_clear(&s->details);
    strbuf_addch(&s->details, '{');
    if (s->goos.len)
        json_text(&s->details, "goos", s->goos.buf);
    if (s->goarch.len)
        json_text(&s->details, "goarch", s->goarch.buf);
    if (s->cpu.len)
        json_text(&s->details, "cpu", s->cpu.buf);
    strbuf_addch(&s->details, '}');
}

/* "key: value" lines in front of a package's benchmarks. */
static bool read_setting(struct stream *s, const char *line)
{
    const struct {
        const char *key;
        struct strbuf *value;
    } settings[] = {
        {"pkg: ", &s->package}, {"goos: ", &s->goos}, {"goarch: ", &s->goarch}, {"cpu: ", &s->cpu}};
    for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
        size_t len = strlen(settings[i].key);
        if (strncmp(line, settings[i].key, len))
            continue;
        strbuf_clear(settings[i].value);
        strbuf_addstr(settings[i].value, line + len);
        write_details(s);
        return true;
    }
    return false;
}

/* Of a line that was cut off, the last unit is the beginning of one, unless it is known. */
static bool is_cut(const struct go_file *file, const char *rest, const struct go_metric *metric)
{
    bool known = metric->is_rate || metric->is_wall_time || !strcmp(metric->units, "bytes") ||
                 !strcmp(metric->units, "allocations");
    return file->is_open && !known && !rest[strspn(rest, " \t")];
}

/* The pairs of value and unit behind the iterations; wall time comes first, and the rate is of
 * it. */
static int keep_pairs(struct go_file *file, const struct stream *s, const struct strbuf *name,
                      uint64_t iterations, const char *text, struct error *err)
{
    double ns = 0, rate = strstr(text, "MB/s") ? go_rate(text, &ns) : 0;
    int rc = 0;
    for (;;) {
        size_t value_len = 0, unit_len = 0;
        const char *number = text_word(&text, &value_len), *unit = text_word(&text, &unit_len);
        struct go_metric metric;
        double value = 0;
        if (!number || rc)
            return rc;
        if (!unit || !go_number(number, value_len, &value) ||
            !go_metric_of(unit, unit_len, &metric))
            return error_set(err, ERROR_INPUT, "%.128s: \"%.*s %.*s\" is no value with its unit",
                             name->buf, (int)(value_len < 64 ? value_len : 64), number,
                             (int)(unit_len < 64 ? unit_len : 64), unit ? unit : "");
        if (is_cut(file, text, &metric))
            return error_set(err, ERROR_INPUT,
                             "%.128s: the file ends in \"%s\", without a newline: it is cut off",
                             name->buf, metric.units);
        if (metric.is_rate)
            continue;
        struct gather_piece piece = {
            .benchmark = name,
            .metric = metric.is_wall_time ? NULL : metric.name,
            .units = metric.units,
            .values = &value,
            .count = 1,
            .iterations = &iterations,
            .details = s->details.len > 2 ? s->details.buf : NULL,
        };
        if (metric.is_wall_time && rate > 0 && ns > 0)
            piece.throughput = (struct throughput){gather_work(rate, ns), "bytes", "binary"};
        rc = gather_add(&file->gather, &piece, err);
    }
}

/* "N  value unit …" with N > 0: *text goes behind N. */
static bool read_iterations(const char **text, uint64_t *out)
{
    const char *at = *text;
    size_t len = 0, pair = 0;
    const char *word = text_word(&at, &len);
    uint64_t value = 0;
    if (!word || len > 18)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)word[i]))
            return false;
        value = 10 * value + (uint64_t)(word[i] - '0');
    }
    /* A number must follow: a log line may begin with one, too. */
    const char *ahead = at;
    double ignored = 0;
    const char *first = text_word(&ahead, &pair);
    if (!value || !first || !go_number(first, pair, &ignored))
        return false;
    *out = value;
    *text = at;
    return true;
}

static bool is_name(const char *word, size_t len)
{
    return len >= 9 && !strncmp(word, "Benchmark", 9) &&
           (len == 9 || !islower((unsigned char)word[9]));
}

static bool is_wall_time(const char *text)
{
    size_t len = 0, unit_len = 0;
    double ignored = 0;
    const char *number = text_word(&text, &len), *unit = text_word(&text, &unit_len);
    return unit && go_number(number, len, &ignored) && unit_len == 5 && !strncmp(unit, "ns/op", 5);
}

/*
 * "N\tvalue ns/op" at the end of other words, which the benchmark itself has printed between its
 * name and its figures, or in front of both. Log lines are indented, and are none.
 */
static const char *find_figures(const char *line)
{
    for (const char *tab = *line == ' ' ? NULL : strchr(line, '\t'); tab;
         tab = strchr(tab + 1, '\t')) {
        const char *digits = tab;
        while (digits > line && isdigit((unsigned char)digits[-1]))
            digits--;
        if (digits < tab && is_wall_time(tab))
            return digits;
    }
    return NULL;
}

/* The last name in front of the figures; false when there is none. */
static bool find_name(const char *line, const char *figures, struct strbuf *out)
{
    const char *word = NULL;
    bool found = false;
    for (size_t len = 0; (word = text_word(&line, &len)) && word < figures;)
        if (is_name(word, len)) {
            strbuf_clear(out);
            strbuf_add(out, word, len);
            found = true;
        }
    return found;
}

static int keep_line(struct go_file *file, const struct stream *s, const char *name, size_t len,
                     uint64_t iterations, const char *text, struct error *err)
{
    AUTO_STRBUF struct strbuf full = STRBUF_INIT;
    strbuf_add(&full, s->package.buf, s->package.len);
    if (s->package.len)
        strbuf_addch(&full, '.');
    strbuf_add(&full, name, len);
    return keep_pairs(file, s, &full, iterations, text, err);
}

static int parse_line(struct go_file *file, struct stream *s, const char *line, struct error *err)
{
    static const char failed[] = "--- FAIL: Benchmark";
    const char *text = line;
    size_t len = 0;
    uint64_t iterations = 0;
    if (read_setting(s, line))
        return 0;
    const char *word = text_word(&text, &len);
    if (!word)
        return 0;
    if (!strncmp(line + strspn(line, " \t"), failed, sizeof(failed) - 1)) {
        log_warning("%s.%s failed, skipping", s->package.buf, strstr(line, "Benchmark"));
        file->report->without_data++;
        strbuf_clear(&s->name);
        return 0;
    }
    if (is_name(word, len)) {
        strbuf_clear(&s->name);
        strbuf_add(&s->name, word, len);
    } else {
        text = line;
    }
    if (!s->name.len || !read_iterations(&text, &iterations)) {
        text = find_figures(line);
        if (!text || !find_name(line, text, &s->name) || !read_iterations(&text, &iterations))
            return 0;
    }
    int rc = keep_line(file, s, s->name.buf, s->name.len, iterations, text, err);
    strbuf_clear(&s->name);
    return rc;
}

/* The lines of a piece of a package's output. */
static int parse_output(struct go_file *file, struct stream *s, const struct strbuf *output,
                        struct error *err)
{
    const char *at = output->buf, *end = output->buf + output->len;
    int rc = 0;
    while (!rc && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((newline ? newline : end) - at);
        if (s->part.len + len <= TEXT_LINE_MAX)
            strbuf_add(&s->part, at, len);
        at += len + (newline != NULL);
        if (!newline)
            break;
        text_clean(&s->part);
        strbuf_rtrim(&s->part);
        rc = parse_line(file, s, s->part.buf, err);
        strbuf_clear(&s->part);
    }
    return rc;
}

struct event {
    struct strbuf action, package, output;
};

static void event_release(struct event *e)
{
    strbuf_release(&e->action);
    strbuf_release(&e->package);
    strbuf_release(&e->output);
}

static int read_event(struct json_reader *r, struct event *e, struct error *err)
{
    bool more = false;
    strbuf_clear(&e->action);
    strbuf_clear(&e->package);
    strbuf_clear(&e->output);
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "Action"))
            rc = json_read_text(r, &e->action, err);
        else if (json_text_is(r, "Package"))
            rc = json_read_text(r, &e->package, err);
        else if (json_text_is(r, "Output"))
            rc = json_read_text(r, &e->output, err);
        else
            rc = json_skip(r, err);
    }
    return rc ? rc : json_finish(r, err);
}

static int parse_event(struct go_file *file, struct json_reader *r, struct event *e,
                       struct error *err)
{
    int rc = read_event(r, e, err);
    if (rc || strcmp(e->action.buf, "output"))
        return rc;
    struct stream *s = find_stream(file, e->package.buf);
    if (!s)
        return error_set(err, ERROR_INPUT, "output of more than %d packages; publish it in parts",
                         GO_PACKAGES_MAX);
    rc = parse_output(file, s, &e->output, err);
    if (rc)
        (void)error_wrap(err, "line %" PRIu64, json_window_line(&r->window));
    return rc;
}

/* What a package's output ended with, where no newline followed. */
static int parse_parts(struct go_file *file, struct error *err)
{
    int rc = 0;
    file->is_open = true;
    for (size_t i = 0; !rc && i < file->packages.count; i++)
        if (file->streams[i].part.len)
            rc = parse_line(file, &file->streams[i], file->streams[i].part.buf, err);
    return rc;
}

static int parse_json(struct go_file *file, struct input *input, struct error *err)
{
    AUTO_JSON_READER struct json_reader r;
    __attribute__((cleanup(event_release))) struct event e = {STRBUF_INIT, STRBUF_INIT,
                                                              STRBUF_INIT};
    json_reader_init(&r, input, JSON_LINES);
    bool more = false;
    char first = 0;
    int rc = 0;
    while (!rc && !(rc = json_line_next(&r, &first, &more, err)) && more) {
        if (first == '{')
            rc = parse_event(file, &r, &e, err);
        else
            file->report->skipped_lines += first != '\n';
    }
    return rc ? rc : parse_parts(file, err);
}

static int parse_text(struct go_file *file, struct input *input, struct error *err)
{
    AUTO_TEXT_LINES struct text_lines lines;
    text_lines_init(&lines, input);
    struct stream *s = find_stream(file, "");
    bool more = false;
    int rc = 0;
    while (!rc && !(rc = text_lines_next(&lines, &more, err)) && more) {
        strbuf_rtrim(&lines.line);
        file->is_open = lines.is_open;
        rc = parse_line(file, s, lines.line.buf, err);
        if (rc)
            (void)text_lines_wrap(&lines, err);
    }
    return rc;
}

/* Whether a line of test2json comes before one of the text: other lines may stand in front. */
static int is_json(struct input *input, bool *out, struct error *err)
{
    AUTO_TEXT_LINES struct text_lines lines;
    text_lines_init(&lines, input);
    bool more = false, text = false;
    int rc = 0;
    *out = false;
    while (!rc && !*out && !text && !(rc = text_lines_next(&lines, &more, err)) && more) {
        const char *line = lines.line.buf;
        *out = *line == '{' && strstr(line, "\"Action\":\"");
        text = !strncmp(line, "pkg: ", 5) || !strncmp(line, "Benchmark", 9);
    }
    return rc ? rc : input_rewind(input, err);
}

static int go_parse(struct input *input, const struct measurement_sink *sink,
                    struct parse_report *report, struct error *err)
{
    AUTO_GO_FILE struct go_file file = {.gather = GATHER_INIT, .report = report};
    bool json = false;
    int rc = is_json(input, &json, err);
    if (!rc)
        rc = json ? parse_json(&file, input, err) : parse_text(&file, input, err);
    return rc ? rc : gather_hand_on(&file.gather, sink, report, err);
}

/* A line of test2json, or one that begins with "Benchmark" and has " ns/op" or another pair. */
static bool go_recognise(const char *head, size_t len)
{
    const char *end = head + len;
    for (const char *line = head; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        size_t size = (size_t)((newline ? newline : end) - line);
        if (size > 10 && *line == '{' && memmem(line, size, "\"Action\":\"", 10) &&
            memmem(line, size, "\"Package\":\"", 11))
            return true;
        AUTO_FREE char *copy = xstrndup(line, size);
        const char *text = copy;
        size_t word = 0;
        uint64_t iterations = 0;
        const char *name = text_word(&text, &word);
        if (name && is_name(name, word) && read_iterations(&text, &iterations))
            return true;
        line += size + 1;
    }
    return false;
}

const struct parse_format go_benchmark_format = {
    .name = "go",
    .harness = "go",
    .description = "what 'go test -bench' prints",
    .kind = INPUT_FILE,
    .recognise = go_recognise,
    .parse = go_parse,
};
