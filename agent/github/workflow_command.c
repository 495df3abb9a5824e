#include "github/workflow_command.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUTPUT_MAX = 1 << 20, DELIMITER_BYTES = 16 };

bool workflow_is_running(void)
{
    const char *value = getenv("GITHUB_ACTIONS");
    return value && !strcmp(value, "true");
}

/* As the runner decodes it again (actions/runner, ActionCommand.cs): in a property also ":" and ","
 * have a meaning. */
static void add_escaped(struct strbuf *out, const char *text, bool property)
{
    size_t left = strlen(text);
    while (left) {
        size_t len = utf8_sequence(text, left);
        if (*text == '%' || *text == '\r' || *text == '\n')
            strbuf_addf(out, "%%%02X", (unsigned char)*text);
        else if (property && (*text == ':' || *text == ','))
            strbuf_addf(out, "%%%02X", (unsigned char)*text);
        else if (len <= 1 && *text != '\t')
            escape_terminal(out, text, 1);
        else if (!utf8_turns_direction(text, len))
            strbuf_add(out, text, len);
        len = len ? len : 1;
        text += len;
        left -= len;
    }
}

static void add_property(struct strbuf *out, const char *name, const char *value, bool *first)
{
    if (!value || !*value)
        return;
    strbuf_addf(out, "%s%s=", *first ? " " : ",", name);
    add_escaped(out, value, true);
    *first = false;
}

static void add_number(struct strbuf *out, const char *name, int64_t value, bool *first)
{
    AUTO_FREE char *text = value > 0 ? xasprintf("%" PRId64, value) : NULL;
    add_property(out, name, text, first);
}

void workflow_annotate(struct strbuf *out, const struct workflow_annotation *annotation)
{
    static const char *const names[] = {"notice", "warning", "error"};
    bool first = true;
    strbuf_addf(out, "::%s", names[annotation->level]);
    add_property(out, "file", annotation->file, &first);
    add_number(out, "line", annotation->line, &first);
    add_number(out, "endLine", annotation->end_line, &first);
    add_property(out, "title", annotation->title, &first);
    strbuf_addstr(out, "::");
    add_escaped(out, annotation->message, false);
    strbuf_addch(out, '\n');
}

void workflow_group(struct strbuf *out, const char *title)
{
    strbuf_addstr(out, "::group::");
    add_escaped(out, title, false);
    strbuf_addch(out, '\n');
}

void workflow_end_group(struct strbuf *out)
{
    strbuf_addstr(out, "::endgroup::\n");
}

static int random_hex(char *out, size_t bytes, struct error *err)
{
    unsigned char random[WORKFLOW_FENCE_SIZE / 2];
    if (getrandom(random, bytes, 0) != (ssize_t)bytes)
        return error_errno(err, ERROR_FAILURE, errno, "the kernel gives no random bytes");
    for (size_t i = 0; i < bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", random[i]);
    return 0;
}

int workflow_fence_new(char token[WORKFLOW_FENCE_SIZE], struct error *err)
{
    return random_hex(token, WORKFLOW_FENCE_SIZE / 2, err);
}

void workflow_fence(struct strbuf *out, const char *token)
{
    strbuf_addf(out, "::stop-commands::%s\n", token);
}

void workflow_end_fence(struct strbuf *out, const char *token)
{
    strbuf_addf(out, "::%s::\n", token);
}

int workflow_record(struct strbuf *out, const char *name, const char *value, struct error *err)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    char delimiter[2 * DELIMITER_BYTES + 1];
    if (!*name || name[strspn(name, allowed)])
        return error_set(err, ERROR_USAGE, "'%s' is no name of an output: letters, digits, _ and -",
                         name);
    if (strlen(value) > OUTPUT_MAX)
        return error_set(err, ERROR_INPUT, "the output %s has %zu bytes; GitHub takes %d", name,
                         strlen(value), OUTPUT_MAX);
    do {
        int failed = random_hex(delimiter, DELIMITER_BYTES, err);
        if (failed)
            return failed;
    } while (strstr(value, delimiter));
    strbuf_addf(out, "%s<<%s\n%s\n%s\n", name, delimiter, value, delimiter);
    return 0;
}

/* Opens the file that a variable names and starts a new line in it: others write there too. *fd
 * stays -1 outside a workflow. */
static int open_command_file(const char *variable, int *fd, size_t *size, struct error *err)
{
    const char *path = getenv(variable);
    if (!path || !*path)
        return 0;
    AUTO_CLOSE int opened = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    struct stat status;
    if (opened < 0 || fstat(opened, &status))
        return error_errno(err, ERROR_FAILURE, errno, "cannot write %s (%s)", path, variable);
    char last = '\n';
    if (status.st_size > 0)
        (void)!pread(opened, &last, 1, status.st_size - 1);
    *size = (size_t)status.st_size;
    if (last != '\n') {
        (void)!write(opened, "\n", 1);
        ++*size;
    }
    *fd = take_fd(&opened);
    return 0;
}

static int append(int fd, const char *variable, const struct strbuf *text, struct error *err)
{
    int failed = fd_write_all(fd, text->buf, text->len);
    return failed
               ? error_errno(err, ERROR_FAILURE, -failed, "cannot write the file of %s", variable)
               : 0;
}

int workflow_output(const char *name, const char *value, struct error *err)
{
    AUTO_CLOSE int fd = -1;
    AUTO_STRBUF struct strbuf record = STRBUF_INIT;
    size_t size = 0;
    int failed = workflow_record(&record, name, value, err);
    if (!failed)
        failed = open_command_file("GITHUB_OUTPUT", &fd, &size, err);
    if (!failed && fd >= 0)
        failed = append(fd, "GITHUB_OUTPUT", &record, err);
    return failed;
}

/* How many bytes of the text to keep so that they end with a line, else with a character. */
static size_t cut_at(const char *text, size_t room)
{
    const char *line = memrchr(text, '\n', room);
    if (line)
        return (size_t)(line - text) + 1;
    while (room && ((unsigned char)text[room] & 0xc0) == 0x80)
        room--;
    return room;
}

int workflow_summary(const char *markdown, struct error *err)
{
    static const char note[] = "\n\n_Cut here: GitHub shows no more than 1 MiB of a summary._\n";
    AUTO_CLOSE int fd = -1;
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    size_t size = 0, len = strlen(markdown);
    int failed = open_command_file("GITHUB_STEP_SUMMARY", &fd, &size, err);
    if (failed || fd < 0)
        return failed;
    size_t room = size < WORKFLOW_SUMMARY_MAX ? WORKFLOW_SUMMARY_MAX - size : 0;
    if (len + 1 <= room) {
        strbuf_addf(&text, "%s\n", markdown);
    } else if (room > strlen(note)) {
        strbuf_add(&text, markdown, cut_at(markdown, room - strlen(note)));
        strbuf_addstr(&text, note);
    }
    return append(fd, "GITHUB_STEP_SUMMARY", &text, err);
}
