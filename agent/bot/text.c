#include "bot/text.h"

#include "base/alloc.h"
#include "base/code_span.h"

#include <stdbool.h>
#include <string.h>

#define MARK "<!-- " BOT_MARKER ":"
#define END_OF_MARK " -->\n"
#define CUT_NOTE "\n\n_The rest is cut off: GitHub takes no longer comments._\n"

void bot_text_release(struct bot_text *text)
{
    free(text->job);
    free(text->state);
    free(text->result);
    free(text->answer);
    *text = (struct bot_text){0};
}

void bot_text_set(char **section, const char *markdown)
{
    char *copy = xstrdup(markdown);
    free(*section);
    *section = copy;
}

/* What stands between the mark `name` and the next one, without blank lines around it. A mark
 * stands at the beginning of its line, where foreign words never do. */
static char *section_of(const char *body, const char *name)
{
    AUTO_FREE char *mark = xasprintf("\n" MARK "%s" END_OF_MARK, name);
    const char *begin = strstr(body, mark);
    if (!begin)
        return NULL;
    begin += strlen(mark);
    const char *end = strstr(begin - 1, "\n" MARK);
    size_t len = end ? (size_t)(end + 1 - begin) : strlen(begin);
    while (len && begin[len - 1] == '\n')
        len--;
    return len ? xstrndup(begin, len) : NULL;
}

static char *job_of(const char *body)
{
    static const char mark[] = "\n" MARK "job ";
    const char *begin = strstr(body, mark);
    if (!begin)
        return NULL;
    begin += strlen(mark);
    return xstrndup(begin, strcspn(begin, " \n"));
}

/* GitHub hands comments out with the line ends they were sent with, or with CRLF. */
static char *without_returns(const char *body)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    for (const char *p = body; *p; p++)
        if (*p != '\r')
            strbuf_addch(&text, *p);
    return strbuf_detach(&text);
}

void bot_text_parse(const char *body, struct bot_text *out)
{
    AUTO_FREE char *text = without_returns(body);
    *out = (struct bot_text){
        .job = job_of(text),
        .state = section_of(text, "state"),
        .result = section_of(text, "result"),
        .answer = section_of(text, "answer"),
    };
}

static void add_section(struct strbuf *out, const char *name, const char *text, size_t len)
{
    if (text)
        strbuf_addf(out, MARK "%s" END_OF_MARK "%.*s\n\n", name, (int)len, text);
}

/* Length of the whole lines of `text` that fit into `max` bytes. */
static size_t lines_within(const char *text, size_t max)
{
    size_t len = 0;
    for (const char *end; (end = strchr(text + len, '\n'));) {
        size_t next = (size_t)(end - text) + 1;
        if (next > max)
            break;
        len = next;
    }
    return len;
}

static size_t length(const char *text)
{
    return text ? strlen(text) : 0;
}

void bot_text_print(const struct bot_text *text, struct strbuf *out)
{
    enum { MARKS = 400, ANSWER_MAX = BOT_RESULT_MAX, STATE_MAX = 4000 };
    size_t state = length(text->state), answer = length(text->answer);
    state = state > STATE_MAX ? lines_within(text->state, STATE_MAX) : state;
    answer = answer > ANSWER_MAX ? lines_within(text->answer, ANSWER_MAX) : answer;
    size_t room = BOT_TEXT_MAX - MARKS - strlen(CUT_NOTE) - state - answer - length(text->job);
    size_t result = length(text->result);
    bool cut = result > room;
    if (cut)
        result = lines_within(text->result, room);
    strbuf_addstr(out, "### Benchmarks\n\n");
    if (text->job)
        strbuf_addf(out, MARK "job %s" END_OF_MARK, text->job);
    add_section(out, "state", text->state, state);
    add_section(out, "result", text->result, result);
    if (cut)
        strbuf_addstr(out, CUT_NOTE);
    add_section(out, "answer", text->answer, answer);
    strbuf_addstr(out, MARK "end" END_OF_MARK);
}

void bot_code(struct strbuf *out, const char *words)
{
    code_span(out, words, BOT_CODE_MAX);
}
