/*
 * Every writer of a report, with foreign words wherever a report can have some: what is written is
 * well formed, and nothing in it is a tag, a mention, a command or a formula.
 *
 * The input is words between newlines, which take all places in turn; tests/fuzz/json.dict has
 * none of the words that matter here: the corpus has.
 */
#include "base/alloc.h"
#include "base/escape.h"
#include "fuzz.h"
#include "report/html.h"
#include "report/report_bmf.h"
#include "report/report_csv.h"
#include "report/report_data_js.h"
#include "report/report_json.h"
#include "report/report_markdown.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

/* In place of the page's own files. */
__asm__(".section .rodata\n"
        ".globl report_style, report_style_end, report_script, report_script_end\n"
        ".globl report_body, report_body_end\n"
        "report_style: .ascii \"s\"\nreport_style_end:\n"
        "report_script: .ascii \"c\"\nreport_script_end:\n"
        "report_body: .ascii \"b\"\nreport_body_end: .byte 0\n"
        ".text\n");

enum { SERIES = 3, COMMITS = 2 };

struct words {
    struct strlist list;
    size_t next;
    bool harmless; /* "w" in place of each: what the report looks like without foreign words */
};

static const char *word(struct report *report, struct words *words)
{
    const char *text = words->harmless || !words->list.count
                           ? "w"
                           : words->list.items[words->next++ % words->list.count];
    return text_pool_get(&report->texts, text_pool_add(&report->texts, text));
}

static void fill_series(struct report *report, struct report_series *s, struct words *words)
{
    *s = (struct report_series){
        .name = word(report, words),
        .benchmark = word(report, words),
        .metric = word(report, words),
        .test_bed = word(report, words),
        .units = word(report, words),
        .has_namesakes = true,
        .points = xcalloc(COMMITS, sizeof(*s->points)),
        .count = COMMITS,
        .runs = xcalloc(COMMITS, sizeof(*s->runs)),
        .run_count = COMMITS,
        .levels = xcalloc(1, sizeof(*s->levels)),
        .level_count = 1,
        .base = s == report->series ? 4 : NAN,
        .at = s == report->series + 2 ? REPORT_NONE : 1,
        .samples = xcalloc(1, sizeof(*s->samples)),
        .sample_count = 1,
    };
    for (size_t i = 0; i < COMMITS; i++) {
        s->runs[i] = 3.25;
        s->points[i] = (struct report_point){i, 3.25, 3.25, 3.25, i, 1};
    }
    s->levels[0] = (struct report_level){0, 1, 3.25, 3, 3.5};
    s->samples[0] = (struct report_samples){1, word(report, words), xcalloc(1, sizeof(double)), 1};
    s->verdict = (struct report_verdict){
        .outcome = s->at == REPORT_NONE  ? REPORT_NOT_MEASURED
                   : s == report->series ? REPORT_WORSE
                                         : REPORT_NOT_COMPARABLE,
        .known = true,
        .expected = 3,
        .change = .1,
        .oldest = 0,
        .newest = 0,
    };
    strlist_push(&s->verdict.notes, word(report, words));
}

static void fill(struct report *report, struct words *words)
{
    report->project = word(report, words);
    report->generator = "lance-bench";
    report->head = 1;
    report->base = 0;
    report->overall = REPORT_WORSE;
    report->commits = xcalloc(COMMITS, sizeof(*report->commits));
    report->commit_count = COMMITS;
    for (size_t i = 0; i < COMMITS; i++)
        report->commits[i] = (struct report_commit){
            .id = word(report, words),
            .subject = word(report, words),
            .version = word(report, words),
            .main = true,
        };
    report->series = xcalloc(SERIES, sizeof(*report->series));
    report->series_count = SERIES;
    for (size_t i = 0; i < SERIES; i++) {
        fill_series(report, &report->series[i], words);
        report->outcomes[report->series[i].verdict.outcome]++;
    }
    report->changes = xcalloc(1, sizeof(*report->changes));
    report->change_count = 1;
    report->changes[0] = (struct report_change){.before = 0,
                                                .after = 1,
                                                .latest = 1,
                                                .open = true,
                                                .status = "open",
                                                .note = word(report, words)};
    report->test_beds = xcalloc(2, sizeof(*report->test_beds));
    report->test_bed_count = 2;
    for (size_t i = 0; i < 2; i++)
        report->test_beds[i] = (struct report_test_bed){
            .name = report->series[i].test_bed,
            .cpu = word(report, words),
            .os = word(report, words),
            .toolchain = word(report, words),
        };
    strlist_push(&report->notes, word(report, words));
}

static void check_text(const struct strbuf *text, const char *what)
{
    fuzz_require(utf8_is_valid(text->buf, text->len), what);
    fuzz_require(strlen(text->buf) == text->len, "there is no NUL");
    for (size_t i = 0; i < text->len; i++) {
        unsigned char c = (unsigned char)text->buf[i];
        fuzz_require((c >= 0x20 && c != 0x7f) || c == '\n', "there is no control character");
    }
}

static void check_command(const struct strbuf *text)
{
    fuzz_require(!strstr(text->buf, "##["), "there is no command to the runner");
    fuzz_require(strncmp(text->buf, "::", 2) && !strstr(text->buf, "\n::"), "nor one of its lines");
}

/* Outside of code spans only what the writer itself says. */
static void check_markdown(const struct strbuf *text)
{
    check_text(text, "Markdown is UTF-8");
    check_command(text);
    for (size_t i = 0; i < text->len; i++)
        fuzz_require(!utf8_turns_direction(text->buf + i, 3) &&
                         !utf8_turns_direction(text->buf + i, 2),
                     "nothing turns the direction of text");
    bool code = false;
    for (const char *c = text->buf; *c; c++) {
        if (!code && *c == '\\') {
            c++; /* an escape */
            continue;
        }
        code = *c == '`' ? !code : code;
        fuzz_require(!code || *c != '\n', "a code span ends in its line");
        if (code)
            continue;
        fuzz_require(*c != '@', "nobody is mentioned");
        fuzz_require(*c != '<' || !strncmp(c, "<details><summary>", 18) ||
                         !strncmp(c, "<summary>", 9) || !strncmp(c, "</summary>", 10) ||
                         !strncmp(c, "</details>", 10),
                     "there is no other tag");
        fuzz_require(*c != '#' || c < text->buf + 3 || !strncmp(c - 1, "&#", 2),
                     "there is no number of an issue");
        fuzz_require(strncmp(c, "](", 2), "there is no link");
    }
    fuzz_require(!code, "code spans are closed");
}

static void check_json(const char *json, size_t len, const char *what)
{
    cJSON *read = cJSON_ParseWithLength(json, len);
    fuzz_require(!!read, what);
    cJSON_Delete(read);
}

/* One field at `c`; returns what stands behind it. */
static const char *csv_field(const char *c)
{
    fuzz_require(!strchr("=+-@\t", *c) || !*c, "no field is a formula");
    if (*c != '"')
        return c + strcspn(c, ",\n");
    fuzz_require(!strchr("=+-@\t\r", c[1]) || !c[1], "no quoted field is one either");
    for (c++; *c; c++) {
        if (*c == '"' && c[1] != '"')
            return c + 1;
        c += *c == '"';
    }
    fuzz_require(0, "a quoted field ends");
    return c;
}

static void check_csv(const struct strbuf *text)
{
    enum { FIELDS = 15 };
    size_t fields = 0, rows = 0;
    for (const char *c = text->buf; *c;) {
        c = csv_field(c);
        fields++;
        fuzz_require(*c == ',' || *c == '\n', "a field ends where the next one begins");
        if (*c++ == ',')
            continue;
        fuzz_require(fields == FIELDS, "each row has its fields");
        fields = 0;
        rows++;
    }
    fuzz_require(rows == 1 + SERIES * COMMITS, "each point has a row");
}

static void check_data_js(const struct strbuf *text)
{
    static const char assignment[] = "window.BENCHMARK_DATA = ";
    check_text(text, "data.js is UTF-8");
    check_command(text);
    fuzz_require(!strpbrk(text->buf, "<>&"), "nothing in data.js is a tag");
    fuzz_require(!strncmp(text->buf, assignment, sizeof(assignment) - 1), "it is an assignment");
    check_json(text->buf + sizeof(assignment) - 1, text->len - sizeof(assignment) + 1,
               "of an object");
}

static size_t count(const struct strbuf *text, char c)
{
    size_t found = 0;
    for (size_t i = 0; i < text->len; i++)
        found += text->buf[i] == c;
    return found;
}

static void write_html(struct words *words, struct strbuf *out)
{
    AUTO_REPORT struct report report = {0};
    fill(&report, words);
    html_report(&report, out);
}

static void check_html(struct words *words)
{
    AUTO_STRBUF struct strbuf foreign = STRBUF_INIT, plain = STRBUF_INIT;
    struct words none = {.harmless = true};
    write_html(words, &foreign);
    write_html(&none, &plain);
    check_text(&foreign, "HTML is UTF-8");
    fuzz_require(count(&foreign, '<') == count(&plain, '<'), "foreign words add no tag");
}

static int add_piece(const char *bytes, size_t len, void *context, struct error *err)
{
    (void)err;
    strbuf_add(context, bytes, len);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_FREE char *text = xstrndup((const char *)data, size);
    AUTO_STRBUF struct strbuf markdown = STRBUF_INIT, json = STRBUF_INIT, csv = STRBUF_INIT,
                              bmf = STRBUF_INIT, script = STRBUF_INIT;
    AUTO_REPORT struct report report = {0};
    struct words words = {0};
    strlist_split(&words.list, text, '\n');
    fill(&report, &words);
    const struct report_markdown_options options = {.max_bytes = 20000};
    report_markdown(&report, &options, &markdown);
    check_markdown(&markdown);
    fuzz_require(markdown.len <= 20000, "it is no longer than it may be");
    report_json(&report, &json);
    check_text(&json, "JSON is UTF-8");
    check_command(&json);
    check_json(json.buf, json.len, "it is JSON");
    fuzz_require(!report_csv(&report, add_piece, &csv, NULL), "CSV is written");
    check_csv(&csv);
    report_bmf(&report, &bmf);
    check_text(&bmf, "BMF is UTF-8");
    check_json(bmf.buf, bmf.len, "it is JSON too");
    report_data_js(&report, &script);
    check_data_js(&script);
    check_html(&words);
    strlist_release(&words.list);
    return 0;
}
