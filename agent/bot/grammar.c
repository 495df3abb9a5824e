#include "bot/grammar.h"

#include "base/alloc.h"

#include <ctype.h>
#include <string.h>

#define LETTERS_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define HEX "0123456789abcdefABCDEF"

static const char *const verbs[] = {
    [BOT_NOTHING] = "",      [BOT_BENCHMARK] = "benchmark", [BOT_COMPARE] = "compare",
    [BOT_STATUS] = "status", [BOT_CANCEL] = "cancel",       [BOT_HELP] = "help",
};

void bot_command_release(struct bot_command *command)
{
    strlist_release(&command->crates);
    free(command->base);
    *command = (struct bot_command){0};
}

const char *bot_verb_name(enum bot_verb verb)
{
    return verbs[verb];
}

bool bot_is_full_sha(const char *text, size_t len)
{
    return len == BOT_SHA_SIZE - 1 && strspn(text, HEX) >= len;
}

static bool is_word(const char *text, const char *allowed, size_t max)
{
    size_t len = strlen(text);
    return len && len <= max && strspn(text, allowed) == len;
}

bool bot_is_crate(const char *text)
{
    return is_word(text, LETTERS_DIGITS "_-", BOT_WORD_MAX) && *text != '-';
}

bool bot_is_revision(const char *text)
{
    size_t len = strlen(text);
    return is_word(text, LETTERS_DIGITS "._/-", BOT_WORD_MAX) && !strchr("-./", *text) &&
           !strstr(text, "..") && !strstr(text, "//") && !strstr(text, "/.") &&
           text[len - 1] != '/' && text[len - 1] != '.' &&
           !(len > 5 && !strcmp(text + len - 5, ".lock"));
}

bool bot_is_repository(const char *text)
{
    const char *slash = strchr(text, '/');
    size_t owner = slash ? (size_t)(slash - text) : 0;
    return owner && owner <= 39 && strspn(text, LETTERS_DIGITS "-") == owner && *text != '-' &&
           is_word(slash + 1, LETTERS_DIGITS "._-", 100) && strcmp(slash + 1, ".") &&
           strcmp(slash + 1, "..");
}

bool bot_is_login(const char *text)
{
    size_t len = strlen(text), name = strspn(text, LETTERS_DIGITS "-_");
    return name && name <= 64 && *text != '-' && (name == len || !strcmp(text + name, "[bot]"));
}

/* Where a line stands in what the reader sees. */
struct reader {
    char fence; /* of the code block that is open, or 0 */
    size_t fence_len;
    bool in_comment; /* <!-- … --> */
    bool in_pre;     /* <pre> … </pre> */
    bool in_quote;   /* a quote was there, and no blank line since */
    const char *mention;
    struct bot_command *out;
    size_t commands;
    bool many_quoted; /* the quoted lines name more than one commit */
    struct error *err;
};

struct line {
    const char *text;
    size_t len;
};

/* `part` in `line` in any mixture of cases, or NULL. */
static const char *find_text(const struct line *line, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= line->len; i++)
        if (!strncasecmp(line->text + i, part, len))
            return line->text + i;
    return NULL;
}

static struct line behind(const struct line *line, const char *at)
{
    return (struct line){at, line->len - (size_t)(at - line->text)};
}

static size_t indent_of(const struct line *line)
{
    size_t n = 0;
    while (n < line->len && line->text[n] == ' ')
        n++;
    return n;
}

static bool is_blank(const struct line *line)
{
    for (size_t i = 0; i < line->len; i++)
        if (line->text[i] != ' ' && line->text[i] != '\t')
            return false;
    return true;
}

/* Length of the run of backticks or tildes that a fence is, or 0. */
static size_t fence_of(const struct line *line, char *kind)
{
    size_t start = indent_of(line), end = start;
    if (start > 3 || start == line->len || !strchr("`~", line->text[start]))
        return 0;
    *kind = line->text[start];
    while (end < line->len && line->text[end] == *kind)
        end++;
    struct line info = behind(line, line->text + end);
    /* What stands behind backticks has none: else it is code within a line. */
    if (*kind == '`' && memchr(info.text, '`', info.len))
        return 0;
    return end - start >= 3 ? end - start : 0;
}

static bool closes_fence(const struct reader *r, const struct line *line)
{
    char kind = 0;
    size_t len = fence_of(line, &kind);
    if (kind != r->fence || len < r->fence_len)
        return false;
    struct line rest = behind(line, line->text + indent_of(line) + len);
    return is_blank(&rest);
}

/* Full ids in a quoted line: what a reply names. */
static void note_quoted(struct reader *r, const struct line *line)
{
    for (size_t i = 0; i < line->len;) {
        size_t run = 0;
        while (i + run < line->len && isxdigit((unsigned char)line->text[i + run]))
            run++;
        bool joined = i && isalnum((unsigned char)line->text[i - 1]);
        bool goes_on = i + run < line->len && isalnum((unsigned char)line->text[i + run]);
        if (run == BOT_SHA_SIZE - 1 && !joined && !goes_on) {
            char id[BOT_SHA_SIZE] = "";
            for (size_t j = 0; j < run; j++)
                id[j] = (char)tolower((unsigned char)line->text[i + j]);
            r->many_quoted |= *r->out->quoted && strcmp(r->out->quoted, id);
            memcpy(r->out->quoted, id, sizeof(id));
        }
        i += run ? run : 1;
    }
}

static int refuse(struct error *err, const char *why)
{
    return error_set(err, ERROR_INPUT, "%s", why);
}

/* The words of a command line behind its mention. */
static int split_words(const struct line *line, struct strlist *words, struct error *err)
{
    for (size_t i = 0; i < line->len; i++) {
        unsigned char c = (unsigned char)line->text[i];
        if ((c < 0x20 && c != '\t') || c > 0x7e)
            return error_set(err, ERROR_INPUT,
                             "the command has a character that is not plain ASCII (byte 0x%02x): "
                             "type it anew instead of pasting it",
                             c);
    }
    for (size_t i = 0; i < line->len;) {
        size_t end = i;
        while (end < line->len && line->text[end] != ' ' && line->text[end] != '\t')
            end++;
        if (end > i)
            strlist_push_owned(words, xstrndup(line->text + i, end - i));
        i = end + 1;
    }
    return 0;
}

static int add_crate(struct bot_command *out, const char *name, struct error *err)
{
    if (!name || !bot_is_crate(name))
        return refuse(err, "--crate takes the name of a crate: letters, digits, - and _");
    if (out->crates.count == BOT_CRATES_MAX)
        return refuse(err, "more crates than one command may name");
    if (!strlist_contains(&out->crates, name))
        strlist_push(&out->crates, name);
    return 0;
}

static int parse_benchmark(const struct strlist *words, struct bot_command *out, struct error *err)
{
    int failed = 0;
    for (size_t i = 1; !failed && i < words->count; i++) {
        const char *word = words->items[i];
        size_t len = strlen(word);
        if (!strcmp(word, "--rust-only"))
            out->rust_only = true;
        else if (!strcmp(word, "--python-only"))
            out->python_only = true;
        else if (!strcmp(word, "--crate"))
            failed = add_crate(out, words->items[++i], err);
        else if (!strncmp(word, "--crate=", 8))
            failed = add_crate(out, word + 8, err);
        else if (bot_is_full_sha(word, len) && !*out->commit)
            for (size_t j = 0; j < len; j++)
                out->commit[j] = (char)tolower((unsigned char)word[j]);
        else if (bot_is_full_sha(word, len))
            failed = refuse(err, "the command names two commits");
        else if (len >= 4 && strspn(word, HEX) == len)
            failed = refuse(err, "a commit is named by its full id of 40 characters");
        else
            failed = refuse(err, "benchmark takes a full commit id, --rust-only, --python-only "
                                 "and --crate NAME, and nothing else");
    }
    if (!failed && out->python_only && (out->rust_only || out->crates.count))
        failed = refuse(err, "--python-only excludes --rust-only and --crate");
    return failed;
}

static int parse_words(const struct strlist *words, struct bot_command *out, struct error *err)
{
    if (!words->count)
        return refuse(err, "there is no command behind the mention; try help");
    for (enum bot_verb verb = BOT_BENCHMARK; verb <= BOT_HELP; verb++)
        if (!strcasecmp(words->items[0], verbs[verb]))
            out->verb = verb;
    if (out->verb == BOT_NOTHING)
        return refuse(err, "that is no command; there are benchmark, compare, status, cancel "
                           "and help");
    if (out->verb == BOT_BENCHMARK)
        return parse_benchmark(words, out, err);
    if (out->verb != BOT_COMPARE)
        return words->count > 1 ? refuse(err, "that command takes nothing behind it") : 0;
    if (words->count != 2 || !bot_is_revision(words->items[1]))
        return refuse(err, "compare takes one commit id, branch or tag");
    out->base = xstrdup(words->items[1]);
    return 0;
}

static int take_command(struct reader *r, const struct line *line)
{
    AUTO_STRLIST struct strlist words = STRLIST_INIT;
    struct line rest = behind(line, line->text + strlen(r->mention));
    if (r->commands++)
        return refuse(r->err, "a comment may hold one command; this one has several, and none of "
                              "them was taken");
    int failed = split_words(&rest, &words, r->err);
    return failed ? failed : parse_words(&words, r->out, r->err);
}

static bool is_command(const struct reader *r, const struct line *line)
{
    size_t len = strlen(r->mention);
    if (line->len < len || strncasecmp(line->text, r->mention, len))
        return false;
    return line->len == len || line->text[len] == ' ' || line->text[len] == '\t';
}

/* Whether what begins on this line hides what follows: <!-- or <pre>, opened and not closed. */
static bool opens(const struct line *line, const char *begin, const char *end)
{
    struct line rest = *line;
    for (const char *at; (at = find_text(&rest, begin));) {
        rest = behind(&rest, at + strlen(begin));
        const char *close = find_text(&rest, end);
        if (!close)
            return true;
        rest = behind(&rest, close + strlen(end));
    }
    return false;
}

static int read_visible(struct reader *r, const struct line *line)
{
    size_t indent = indent_of(line);
    char kind = 0;
    size_t fence = fence_of(line, &kind);
    if (fence) {
        r->fence = kind;
        r->fence_len = fence;
        r->in_quote = false;
        return 0;
    }
    if (is_blank(line)) {
        r->in_quote = false;
        return 0;
    }
    if (indent <= 3 && line->text[indent] == '>') {
        r->in_quote = true;
        note_quoted(r, line);
        return 0;
    }
    r->in_comment = opens(line, "<!--", "-->");
    r->in_pre = opens(line, "<pre", "</pre>");
    return !r->in_quote && is_command(r, line) ? take_command(r, line) : 0;
}

static int read_line(struct reader *r, const struct line *line)
{
    if (r->fence) {
        if (closes_fence(r, line))
            r->fence = 0;
        return 0;
    }
    if (r->in_comment || r->in_pre) {
        const char *end = find_text(line, r->in_comment ? "-->" : "</pre>");
        if (end)
            r->in_comment = r->in_pre = false;
        return 0;
    }
    return read_visible(r, line);
}

int bot_command_parse(const char *text, size_t len, const char *mention, struct bot_command *out,
                      struct error *err)
{
    const struct line all = {text, len};
    if (len > BOT_COMMENT_MAX)
        return find_text(&all, mention) ? refuse(err, "the comment is too long to be read") : 0;
    AUTO_BOT_COMMAND struct bot_command command = {0};
    struct reader reader = {.mention = mention, .out = &command, .err = err};
    int failed = 0;
    for (size_t i = 0; i <= len;) {
        const char *end = i < len ? memchr(text + i, '\n', len - i) : NULL;
        size_t stop = end ? (size_t)(end - text) : len;
        struct line line = {text + i, stop - i};
        if (line.len && line.text[line.len - 1] == '\r')
            line.len--;
        int result = read_line(&reader, &line);
        /* A second command outweighs what is wrong with the first. */
        if (result && (!failed || reader.commands > 1))
            failed = result;
        i = stop + 1;
    }
    if (failed)
        return failed;
    if (reader.many_quoted || *command.commit || command.verb != BOT_BENCHMARK)
        command.quoted[0] = '\0';
    *out = command;
    command = (struct bot_command){0};
    return 0;
}
