#include "host/journal.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "base/file.h"
#include "host/irqbalance.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { CHECKSUM_LEN = 16, FIELDS_MAX = 7 };

/* --- one line --- */

static const char hex_digits[] = "0123456789ABCDEF";

/* Bytes at the beginning of `text` that stand in a field as they are: printable ASCII. */
static size_t plain_len(const char *text)
{
    size_t len = 0;
    while (text[len] > ' ' && text[len] < 0x7f && text[len] != '%')
        len++;
    return len;
}

/* A field: "=" and the text with everything but printable ASCII as %XX, or "-" for NULL. */
static void add_field(struct strbuf *out, const char *text)
{
    strbuf_addstr(out, text ? " =" : " -");
    while (text && *text) {
        size_t plain = plain_len(text);
        strbuf_add(out, text, plain);
        text += plain;
        if (!*text)
            break;
        unsigned char c = (unsigned char)*text++;
        const char coded[] = {'%', hex_digits[c >> 4], hex_digits[c & 15]};
        strbuf_add(out, coded, sizeof(coded));
    }
}

static int hex_value(char c)
{
    const char *at = c ? strchr(hex_digits, c) : NULL;
    return at ? (int)(at - hex_digits) : -1;
}

static char *read_field(const char *field)
{
    if (*field != '=')
        return NULL;
    field++;
    char *text = xmalloc(strlen(field) + 1), *end = text;
    for (; *field; field++) {
        int high = *field == '%' ? hex_value(field[1]) : -1;
        int low = high >= 0 ? hex_value(field[2]) : -1;
        *end++ = low >= 0 ? (char)(high * 16 + low) : *field;
        field += low >= 0 ? 2 : 0;
    }
    *end = '\0';
    return text;
}

static void add_line(struct strbuf *lines, const struct strbuf *record)
{
    char hex[SHA256_HEX_SIZE];
    sha256_hex_of(record->buf, record->len, hex);
    strbuf_add(lines, hex, CHECKSUM_LEN);
    strbuf_addch(lines, ' ');
    strbuf_add(lines, record->buf, record->len);
    strbuf_addch(lines, '\n');
}

void journal_note(struct strbuf *lines, const struct journal_entry *entry)
{
    AUTO_STRBUF struct strbuf record = STRBUF_INIT;
    strbuf_addch(&record, entry->before ? 'W' : 'D');
    add_field(&record, entry->boot);
    if (entry->before)
        strbuf_addf(&record, " =%d", (int)entry->form);
    add_field(&record, entry->knob);
    add_field(&record, entry->path);
    if (entry->before) {
        add_field(&record, entry->before);
        add_field(&record, entry->wanted);
    }
    add_line(lines, &record);
}

void journal_note_answer(struct strbuf *lines, const char *path, const char *answer)
{
    AUTO_STRBUF struct strbuf record = STRBUF_INIT;
    strbuf_addch(&record, 'A');
    add_field(&record, path);
    add_field(&record, answer);
    add_line(lines, &record);
}

void journal_note_mark(struct strbuf *lines, char mark, const char *path)
{
    AUTO_STRBUF struct strbuf record = STRBUF_INIT;
    strbuf_addch(&record, mark);
    if (path)
        add_field(&record, path);
    add_line(lines, &record);
}

/* --- from lines to entries --- */

static void entry_release(struct journal_entry *entry)
{
    free(entry->boot);
    free(entry->knob);
    free(entry->path);
    free(entry->before);
    free(entry->wanted);
    free(entry->answer);
}

/* FNV-1a. */
uint32_t journal_hash(const char *path)
{
    uint32_t hash = UINT32_C(2166136261);
    for (; *path; path++)
        hash = (hash ^ (unsigned char)*path) * UINT32_C(16777619);
    return hash;
}

struct journal_entry *journal_find(struct journal *journal, const char *path)
{
    uint32_t hash = journal_hash(path);
    for (size_t i = 0, at = journal->cursor; i < journal->count; i++, at++) {
        at = at < journal->count ? at : 0;
        struct journal_entry *entry = &journal->entries[at];
        if (entry->path_hash == hash && !strcmp(entry->path, path)) {
            journal->cursor = at + 1;
            return entry;
        }
    }
    return NULL;
}

static void forget(struct journal *journal, struct journal_entry *entry)
{
    entry_release(entry);
    size_t index = (size_t)(entry - journal->entries);
    memmove(entry, entry + 1, (--journal->count - index) * sizeof(*entry));
}

/* Takes the entry's strings over. */
static void enter(struct journal *journal, struct journal_entry *entry)
{
    struct journal_entry *known = journal_find(journal, entry->path);
    journal->restoring = false;
    if (known && known->foreign) {
        forget(journal, known);
        known = NULL;
    }
    if (!known) {
        entry->path_hash = journal_hash(entry->path);
        ARRAY_RESERVE(journal->entries, journal->cap, journal->count + 1);
        journal->entries[journal->count++] = *entry;
        return;
    }
    free(known->wanted);
    known->wanted = take_ptr(entry->wanted);
    free(known->answer);
    known->answer = NULL;
    entry_release(entry);
}

/* The kernel's own files, and irqbalance's socket: what a journal may make root write to. */
static bool path_is_ours(const char *path)
{
    static const char *const folders[] = {"/sys/", "/proc/", IRQBALANCE_FOLDER "/"};
    bool below = false;
    for (size_t i = 0; path && i < ARRAY_SIZE(folders); i++)
        below |= !strncmp(path, folders[i], strlen(folders[i]));
    return below && !strstr(path, "/../") && !strstr(path, "//");
}

static bool enter_value(struct journal *journal, char *const *f, size_t count)
{
    struct journal_entry entry = {0};
    if (count == 7) {
        AUTO_FREE char *form = read_field(f[2]);
        entry = (struct journal_entry){.boot = read_field(f[1]),
                                       .form = (enum value_form)(form ? *form - '0' : -1),
                                       .knob = read_field(f[3]),
                                       .path = read_field(f[4]),
                                       .before = read_field(f[5]),
                                       .wanted = read_field(f[6])};
    } else if (count == 4) {
        entry = (struct journal_entry){
            .boot = read_field(f[1]), .knob = read_field(f[2]), .path = read_field(f[3])};
    }
    bool whole = entry.boot && entry.knob && path_is_ours(entry.path) &&
                 (unsigned)entry.form <= VALUE_CPUSET &&
                 (count == 4 || (entry.before && entry.wanted));
    if (whole)
        enter(journal, &entry);
    else
        entry_release(&entry);
    return whole;
}

static bool enter_record(struct journal *journal, char *record)
{
    char *fields[FIELDS_MAX + 1] = {0}, *rest = record;
    size_t count = 0;
    while (rest && count <= FIELDS_MAX)
        fields[count++] = strsep(&rest, " ");
    if (count > FIELDS_MAX || strlen(fields[0]) != 1)
        return false;
    char kind = *fields[0];
    if (kind == 'W' || kind == 'D')
        return enter_value(journal, fields, count);
    if (kind == 'R') {
        journal->restoring = true;
        return true;
    }
    AUTO_FREE char *path = count > 1 ? read_field(fields[1]) : NULL;
    struct journal_entry *entry = path ? journal_find(journal, path) : NULL;
    if (!entry)
        return path != NULL;
    if (kind == 'A' && count == 3) {
        free(entry->answer);
        entry->answer = read_field(fields[2]);
    } else if (kind == 'U') {
        forget(journal, entry);
    } else if (kind == 'F') {
        entry->foreign = true;
    }
    return strchr("AUF", kind) != NULL;
}

/* `line` without its line break; written to. `own`: it was made a moment ago and is whole. */
static bool enter_line(struct journal *journal, char *line, bool own)
{
    char hex[SHA256_HEX_SIZE];
    if (own)
        return enter_record(journal, line + CHECKSUM_LEN + 1);
    if (strlen(line) < CHECKSUM_LEN + 2 || line[CHECKSUM_LEN] != ' ')
        return false;
    char *record = line + CHECKSUM_LEN + 1;
    sha256_hex_of(record, strlen(record), hex);
    return !strncmp(line, hex, CHECKSUM_LEN) && enter_record(journal, record);
}

static void enter_lines(struct journal *journal, struct strbuf *text, bool own)
{
    char *at = text->buf, *end, *good_end = text->buf;
    size_t bad = 0; /* lines since the last good one */
    /* A NUL within the text (blocks that a power cut left empty) ends a line's strlen() early, and
     * its checksum is wrong. */
    while ((end = memchr(at, '\n', text->len - (size_t)(at - text->buf)))) {
        *end = '\0';
        bool good = enter_line(journal, at, own);
        at = end + 1;
        if (good) {
            journal->damaged += bad;
            good_end = at;
        }
        bad = good ? 0 : bad + 1;
    }
    journal->good_len = (size_t)(good_end - text->buf);
}

/* --- the file --- */

static int check_owner(const char *path, struct error *err)
{
    struct stat st;
    if (lstat(path, &st))
        return errno == ENOENT ? 0
                               : error_errno(err, ERROR_FAILURE, errno, "cannot look at %s", path);
    if (!S_ISREG(st.st_mode) || (geteuid() == 0 && st.st_uid != 0) || (st.st_mode & 022))
        return error_set(
            err, ERROR_FAILURE,
            "%s is not a file that only root may write: nothing was done; remove it when "
            "this machine has been restarted since",
            path);
    return 0;
}

int journal_load(const struct host_place *place, struct journal *out, struct error *err)
{
    AUTO_JOURNAL struct journal journal = {.path = path_join(place->state, "journal"), .fd = -1};
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    int failed = check_owner(journal.path, err);
    if (failed)
        return failed;
    failed = file_read(journal.path, JOURNAL_FILE_MAX, &text, err);
    if (failed && failed != ERROR_NOT_FOUND)
        return error_wrap(err, "the host's journal");
    if (!failed)
        enter_lines(&journal, &text, false);
    *out = journal;
    journal = (struct journal){.fd = -1};
    return 0;
}

void journal_release(struct journal *journal)
{
    for (size_t i = 0; i < journal->count; i++)
        entry_release(&journal->entries[i]);
    free(journal->entries);
    free(journal->path);
    if (journal->fd >= 0)
        close(journal->fd);
    *journal = (struct journal){.fd = -1};
}

static int sync_folder(const char *path)
{
    AUTO_FREE char *folder = xstrndup(path, (size_t)(path_basename(path) - path));
    AUTO_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) ? -errno : 0;
}

static int open_for_append(struct journal *journal)
{
    journal->fd = open(journal->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (journal->fd < 0)
        return -errno;
    /* A line that was cut off must not become the beginning of the next one. */
    if (ftruncate(journal->fd, (off_t)journal->good_len))
        return -errno;
    return sync_folder(journal->path);
}

int journal_append(struct journal *journal, const struct strbuf *lines, bool sync,
                   struct error *err)
{
    if (journal->good_len + lines->len > JOURNAL_FILE_MAX)
        return error_set(err, ERROR_FAILURE,
                         "the journal %s would grow beyond the %zu bytes that a restore reads: run "
                         "'lance-bench host restore' first",
                         journal->path, JOURNAL_FILE_MAX);
    int failed = journal->fd < 0 ? open_for_append(journal) : 0;
    if (!failed)
        failed = fd_write_all(journal->fd, lines->buf, lines->len);
    if (!failed && sync && fsync(journal->fd))
        failed = -errno;
    if (failed) {
        if (journal->fd >= 0)
            (void)!ftruncate(journal->fd, (off_t)journal->good_len);
        return error_errno(err, ERROR_FAILURE, -failed, "cannot write the journal %s",
                           journal->path);
    }
    AUTO_STRBUF struct strbuf copy = STRBUF_INIT;
    strbuf_add(&copy, lines->buf, lines->len);
    size_t before = journal->good_len;
    enter_lines(journal, &copy, true);
    journal->good_len = before + lines->len;
    return 0;
}

static int replace_file(struct journal *journal, const struct strbuf *lines, struct error *err)
{
    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = -1;
    mode_t mask = umask(022);
    int failed = file_write_atomic(journal->path, lines->buf, lines->len, err);
    umask(mask);
    if (!failed)
        journal->good_len = lines->len;
    return failed;
}

int journal_compact(struct journal *journal, struct error *err)
{
    AUTO_STRBUF struct strbuf lines = STRBUF_INIT;
    for (size_t i = 0; i < journal->count; i++) {
        const struct journal_entry *entry = &journal->entries[i];
        journal_note(&lines, entry);
        if (entry->answer)
            journal_note_answer(&lines, entry->path, entry->answer);
        if (entry->foreign)
            journal_note_mark(&lines, 'F', entry->path);
    }
    if (journal->restoring)
        journal_note_mark(&lines, 'R', NULL);
    return replace_file(journal, &lines, err);
}

int journal_keep(struct journal *journal, const bool *keep, struct error *err)
{
    AUTO_STRBUF struct strbuf lines = STRBUF_INIT;
    for (size_t i = 0; i < journal->count; i++) {
        if (!keep[i])
            continue;
        journal_note(&lines, &journal->entries[i]);
        if (journal->entries[i].foreign)
            journal_note_mark(&lines, 'F', journal->entries[i].path);
    }
    if (lines.len)
        return replace_file(journal, &lines, err);
    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = -1;
    if (unlink(journal->path) && errno != ENOENT)
        return error_errno(err, ERROR_FAILURE, errno, "cannot remove the journal %s",
                           journal->path);
    (void)sync_folder(journal->path);
    return 0;
}
