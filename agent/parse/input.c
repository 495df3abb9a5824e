#include "parse/input.h"

#include "base/alloc.h"
#include "base/file.h"
#include "parse/criterion_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_SIZE ((size_t)256 << 10)

struct input {
    char *name;
    enum input_kind kind;
    int fd;             /* -1 for memory and folders */
    const char *memory; /* NULL for files */
    size_t memory_len;
    uint64_t max_bytes, position;
    char sha256[SHA256_HEX_SIZE]; /* empty: not computed yet */
};

void input_free(struct input *input)
{
    if (!input)
        return;
    if (input->fd >= 0)
        close(input->fd);
    free(input->name);
    free(input);
}

enum input_kind input_kind(const struct input *input)
{
    return input->kind;
}

const char *input_name(const struct input *input)
{
    return input->name;
}

uint64_t input_max_bytes(const struct input *input)
{
    return input->max_bytes;
}

uint64_t input_position(const struct input *input)
{
    return input->position;
}

static struct input *input_new(const char *name, enum input_kind kind, uint64_t max_bytes)
{
    struct input *input = xcalloc(1, sizeof(*input));
    input->name = xstrdup(name);
    input->kind = kind;
    input->fd = -1;
    input->max_bytes = max_bytes;
    return input;
}

struct input *input_from_memory(const char *name, const void *bytes, size_t len)
{
    struct input *input = input_new(name, INPUT_FILE, INPUT_MAX_DEFAULT);
    input->memory = bytes;
    input->memory_len = len;
    return input;
}

static int too_large(const struct input *input, struct error *err)
{
    uint64_t max = input->max_bytes;
    bool whole = max % (1 << 20) == 0;
    return error_set(err, ERROR_INPUT, "%s is larger than %" PRIu64 " %s (--max-input)",
                     input->name, whole ? max >> 20 : max, whole ? "MiB" : "bytes");
}

static ssize_t read_retry(int fd, void *buf, size_t len)
{
    ssize_t got;
    do
        got = read(fd, buf, len);
    while (got < 0 && errno == EINTR);
    return got;
}

/* An unlinked file in $TMPDIR. */
static int temporary_file(int *out, struct error *err)
{
    const char *dir = getenv("TMPDIR");
    if (!dir || !*dir)
        dir = "/tmp";
    AUTO_FREE char *path = xasprintf("%s/lance-bench-input-XXXXXX", dir);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, ERROR_FAILURE, errno, "cannot make a file in %s (TMPDIR)", dir);
    unlink(path);
    *out = fd;
    return 0;
}

/* Copies what `from` yields into `to` and digests it on the way. */
static int copy_stream(struct input *input, int from, int to, struct sha256 *hash,
                       struct error *err)
{
    AUTO_FREE char *buf = xmalloc(COPY_SIZE);
    uint64_t total = 0;
    for (;;) {
        ssize_t got = read_retry(from, buf, COPY_SIZE);
        if (got < 0)
            return error_errno(err, ERROR_INPUT, errno, "cannot read %s", input->name);
        if (got == 0)
            return 0;
        total += (uint64_t)got;
        if (total > input->max_bytes)
            return too_large(input, err);
        sha256_update(hash, buf, (size_t)got);
        int failed = fd_write_all(to, buf, (size_t)got);
        if (failed)
            return error_errno(err, ERROR_FAILURE, -failed,
                               "cannot copy %s to a temporary file (TMPDIR)", input->name);
    }
}

/* Puts a rewindable copy of the pipe `from` in its place. */
static int keep_stream(struct input *input, int from, struct error *err)
{
    AUTO_CLOSE int copy = -1;
    int rc = temporary_file(&copy, err);
    if (rc < 0)
        return rc;
    struct sha256 *hash = sha256_new();
    rc = copy_stream(input, from, copy, hash, err);
    if (!rc)
        sha256_hex(hash, input->sha256);
    sha256_free(hash);
    if (rc < 0)
        return rc;
    input->fd = take_fd(&copy);
    return input_rewind(input, err);
}

static int open_path(const char *path, int *out, struct error *err)
{
    bool is_stdin = !strcmp(path, "-");
    int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return error_set(err, ERROR_NOT_FOUND, "File not found: %s", path);
    if (fd < 0)
        return error_errno(err, ERROR_INPUT, errno, "cannot read %s",
                           is_stdin ? "standard input" : path);
    *out = fd;
    return 0;
}

int input_open(const char *path, uint64_t max_bytes, struct input **out, struct error *err)
{
    AUTO_CLOSE int fd = -1;
    int rc = open_path(path, &fd, err);
    if (rc < 0)
        return rc;
    struct stat st;
    if (fstat(fd, &st) < 0)
        return error_errno(err, ERROR_INPUT, errno, "cannot read %s", path);
    bool folder = S_ISDIR(st.st_mode);
    AUTO_INPUT struct input *input = input_new(strcmp(path, "-") ? path : "standard input",
                                               folder ? INPUT_FOLDER : INPUT_FILE, max_bytes);
    if (S_ISREG(st.st_mode)) {
        if ((uint64_t)st.st_size > max_bytes)
            return too_large(input, err);
        input->fd = take_fd(&fd);
        rc = input_rewind(input, err);
    } else if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || S_ISCHR(st.st_mode)) {
        rc = keep_stream(input, fd, err);
    } else if (!folder) {
        rc = error_set(err, ERROR_INPUT, "%s is neither a file, a folder nor a pipe", path);
    }
    if (rc < 0)
        return rc;
    *out = take_ptr(input);
    return 0;
}

static size_t read_memory(struct input *input, void *buf, size_t cap)
{
    size_t left = input->memory_len - (size_t)input->position;
    size_t got = left < cap ? left : cap;
    if (got)
        memcpy(buf, input->memory + input->position, got);
    return got;
}

int input_read(struct input *input, void *buf, size_t cap, size_t *got, struct error *err)
{
    size_t count = 0;
    if (input->kind == INPUT_FOLDER)
        return error_set(err, ERROR_INPUT, "%s is a folder", input->name);
    if (input->fd < 0) {
        count = read_memory(input, buf, cap);
    } else {
        ssize_t n = read_retry(input->fd, buf, cap);
        if (n < 0)
            return error_errno(err, ERROR_INPUT, errno, "cannot read %s", input->name);
        count = (size_t)n;
    }
    if (input->position + count > input->max_bytes)
        return too_large(input, err);
    input->position += count;
    *got = count;
    return 0;
}

int input_rewind(struct input *input, struct error *err)
{
    if (input->fd >= 0 && lseek(input->fd, 0, SEEK_SET) < 0)
        return error_errno(err, ERROR_INPUT, errno, "cannot read %s again", input->name);
    input->position = 0;
    return 0;
}

static int digest_file(struct input *input, char out[SHA256_HEX_SIZE], struct error *err)
{
    AUTO_FREE char *buf = xmalloc(COPY_SIZE);
    int rc = input_rewind(input, err);
    if (rc < 0)
        return rc;
    struct sha256 *hash = sha256_new();
    size_t got = 0;
    while (!(rc = input_read(input, buf, COPY_SIZE, &got, err)) && got)
        sha256_update(hash, buf, got);
    if (!rc)
        sha256_hex(hash, out);
    sha256_free(hash);
    return rc < 0 ? rc : input_rewind(input, err);
}

int input_sha256(struct input *input, char out[SHA256_HEX_SIZE], struct error *err)
{
    int rc = 0;
    if (!*input->sha256 && input->kind == INPUT_FOLDER)
        rc = criterion_folder_sha256(input->name, input->max_bytes, input->sha256, err);
    else if (!*input->sha256)
        rc = digest_file(input, input->sha256, err);
    if (rc < 0)
        return rc;
    memcpy(out, input->sha256, SHA256_HEX_SIZE);
    return 0;
}
