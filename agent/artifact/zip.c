#include "artifact/zip.h"

#include "base/alloc.h"
#include "base/interrupt.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum {
    END_SIZE = 22,
    CENTRAL_SIZE = 46,
    LOCAL_SIZE = 30,
    DESCRIPTOR_SIZE_MIN = 12,
    PIECE = 64 << 10,
};

#define SIGNATURE_END UINT32_C(0x06054b50)
#define SIGNATURE_CENTRAL UINT32_C(0x02014b50)
#define SIGNATURE_LOCAL UINT32_C(0x04034b50)

enum { METHOD_STORED = 0, METHOD_DEFLATE = 8 };
enum {
    FLAG_ENCRYPTED = 1 << 0,
    FLAG_DESCRIPTOR = 1 << 3,
    FLAG_PATCH = 1 << 5,
    FLAG_STRONG = 1 << 6,
    FLAG_MASKED = 1 << 13,
};
enum { MADE_BY_UNIX = 3, MADE_BY_MACOS = 19 };

const struct zip_limits zip_limits_default = {
    .archive_bytes = UINT64_C(512) << 20,
    .entry_bytes = UINT64_C(256) << 20,
    .total_bytes = UINT64_C(1) << 30,
    .entries = 65534,
    .ratio = 200,
    .ratio_from = 1 << 20,
};

/* An entry as the directory has it. */
struct record {
    struct zip_entry entry; /* first: zip_entry() hands it out */
    uint64_t packed, header, data;
    uint32_t crc;
    uint16_t flags, method;
    bool is_folder;
};

struct zip {
    int fd;
    char *name;
    const struct zip_limits *limits;
    uint64_t size, directory; /* of the file; where its directory begins */
    struct record *records;
    size_t count, cap;
};

void zip_free(struct zip *zip)
{
    if (!zip)
        return;
    for (size_t i = 0; i < zip->count; i++)
        free(zip->records[i].entry.name);
    free(zip->records);
    free(zip->name);
    free(zip);
}

size_t zip_count(const struct zip *zip)
{
    return zip->count;
}

const struct zip_entry *zip_entry(const struct zip *zip, size_t index)
{
    return &zip->records[index].entry;
}

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) | (uint32_t)get16(p + 2) << 16;
}

static int refuse(const struct zip *zip, struct error *err, const char *why)
{
    return error_set(err, ERROR_INPUT, "%s is refused: %s", zip->name, why);
}

static int refuse_entry(const struct zip *zip, const struct record *r, struct error *err,
                        const char *why)
{
    return error_set(err, ERROR_INPUT, "%s is refused: the entry %s %s", zip->name, r->entry.name,
                     why);
}

static int read_at(const struct zip *zip, uint64_t offset, void *buf, size_t len, struct error *err)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = pread(zip->fd, (char *)buf + done, len - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, ERROR_INPUT, errno, "cannot read %s", zip->name);
        if (!got)
            return refuse(zip, err, "it ends too early");
        done += (size_t)got;
    }
    return 0;
}

bool zip_name_is_safe(const char *name, size_t len)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/";
    if (!len || len > ZIP_NAME_MAX || memchr(name, '\0', len))
        return false;
    for (size_t start = 0, i = 0; i <= len; i++) {
        if (i < len && name[i] != '/') {
            if (!strchr(allowed, name[i]))
                return false;
            continue;
        }
        size_t part = i - start;
        bool folder = i == len && !part && start; /* the slash behind a folder's name */
        if (!folder && (!part || (part <= 2 && !strncmp(name + start, "..", part))))
            return false;
        start = i + 1;
    }
    return true;
}

/* What the writer's system says of the entry's kind, in the upper half of the attributes. */
static bool is_ordinary(uint16_t made_by, uint32_t attributes, bool folder)
{
    unsigned system = made_by >> 8, mode = attributes >> 16;
    if (system != MADE_BY_UNIX && system != MADE_BY_MACOS)
        return true;
    unsigned type = mode & S_IFMT;
    return !type || type == (folder ? S_IFDIR : S_IFREG);
}

static int check_content(const struct zip *zip, const struct record *r, struct error *err)
{
    const struct zip_limits *limits = zip->limits;
    if (r->flags & (FLAG_ENCRYPTED | FLAG_STRONG | FLAG_MASKED))
        return refuse_entry(zip, r, err, "is encrypted");
    if (r->flags & FLAG_PATCH)
        return refuse_entry(zip, r, err, "is a patch");
    if (r->method != METHOD_STORED && r->method != METHOD_DEFLATE)
        return refuse_entry(zip, r, err, "is neither stored nor deflated");
    if (r->packed == UINT32_MAX || r->entry.size == UINT32_MAX || r->header == UINT32_MAX)
        return refuse_entry(zip, r, err, "is in the zip64 format, which results do not need");
    if (r->method == METHOD_STORED && r->packed != r->entry.size)
        return refuse_entry(zip, r, err, "is stored in another size than its own");
    if (r->is_folder && r->entry.size)
        return refuse_entry(zip, r, err, "is a folder with content");
    if (r->entry.size > limits->entry_bytes)
        return refuse_entry(zip, r, err, "is larger than a result may be");
    if (r->entry.size > limits->ratio_from && r->entry.size / limits->ratio > r->packed)
        return refuse_entry(zip, r, err, "is compressed further than results ever are");
    return 0;
}

/* One record of the directory, which has `left` bytes; *used is how long it is. */
static int add_record(struct zip *zip, const uint8_t *p, size_t left, size_t *used,
                      struct error *err)
{
    if (left < CENTRAL_SIZE || get32(p) != SIGNATURE_CENTRAL)
        return refuse(zip, err, "its directory is broken");
    size_t name_len = get16(p + 28), extra = get16(p + 30), comment = get16(p + 32);
    if (left - CENTRAL_SIZE < name_len + extra + comment)
        return refuse(zip, err, "its directory is broken");
    const char *name = (const char *)p + CENTRAL_SIZE;
    if (!zip_name_is_safe(name, name_len))
        return refuse(zip, err, "it has an entry whose name is no plain relative path");
    if (get16(p + 34))
        return refuse(zip, err, "it is one of several disks");
    ARRAY_RESERVE(zip->records, zip->cap, zip->count + 1);
    struct record *r = &zip->records[zip->count++];
    *r = (struct record){
        .entry = {.name = xstrndup(name, name_len), .size = get32(p + 24)},
        .packed = get32(p + 20),
        .header = get32(p + 42),
        .crc = get32(p + 16),
        .flags = get16(p + 8),
        .method = get16(p + 10),
        .is_folder = name[name_len - 1] == '/',
    };
    *used = CENTRAL_SIZE + name_len + extra + comment;
    if (!is_ordinary(get16(p + 4), get32(p + 38), r->is_folder))
        return refuse_entry(zip, r, err, "is no ordinary file");
    return check_content(zip, r, err);
}

/* The end record: it is the last thing in the file, since a comment is refused. */
static int find_directory(struct zip *zip, size_t *count, struct error *err)
{
    uint8_t end[END_SIZE];
    if (zip->size < END_SIZE)
        return refuse(zip, err, "it is no zip archive");
    int failed = read_at(zip, zip->size - END_SIZE, end, sizeof(end), err);
    if (failed)
        return failed;
    if (get32(end) != SIGNATURE_END || get16(end + 20))
        return refuse(zip, err, "it is no zip archive, or has something behind its end");
    if (get16(end + 4) || get16(end + 6) || get16(end + 8) != get16(end + 10))
        return refuse(zip, err, "it is one of several disks");
    *count = get16(end + 10);
    uint64_t size = get32(end + 12);
    zip->directory = get32(end + 16);
    if (*count == UINT16_MAX || size == UINT32_MAX || zip->directory == UINT32_MAX)
        return refuse(zip, err, "it is in the zip64 format, which results do not need");
    if (*count > zip->limits->entries)
        return refuse(zip, err, "it has too many entries");
    if (zip->directory + size != zip->size - END_SIZE)
        return refuse(zip, err, "its directory is not where its end says");
    return 0;
}

static int read_directory(struct zip *zip, struct error *err)
{
    size_t count = 0;
    int failed = find_directory(zip, &count, err);
    if (failed)
        return failed;
    size_t len = (size_t)(zip->size - END_SIZE - zip->directory), pos = 0;
    /* Each record is at least this long: no directory of a gigabyte is read for nothing. */
    if (len > count * (CENTRAL_SIZE + ZIP_NAME_MAX + 2 * UINT64_C(1024)))
        return refuse(zip, err, "its directory is larger than its entries need");
    AUTO_FREE uint8_t *bytes = xmalloc(len ? len : 1);
    failed = read_at(zip, zip->directory, bytes, len, err);
    uint64_t total = 0;
    for (size_t i = 0; !failed && i < count; i++) {
        size_t used = 0;
        failed = add_record(zip, bytes + pos, len - pos, &used, err);
        pos += used;
        if (!failed)
            total += zip->records[i].entry.size;
    }
    if (failed)
        return failed;
    if (pos != len)
        return refuse(zip, err, "its directory has more than its entries");
    return total > zip->limits->total_bytes ? refuse(zip, err, "it unpacks to too much") : 0;
}

static int compare_names(const void *left, const void *right)
{
    const struct record *const *a = left, *const *b = right;
    return strcasecmp((*a)->entry.name, (*b)->entry.name);
}

/* "a" as a file, and "a/b" in it. */
static bool is_below(const char *name, const char *folder)
{
    size_t len = strlen(folder);
    return !strncasecmp(name, folder, len) && name[len] == '/' && name[len + 1];
}

static int check_names(const struct zip *zip, struct error *err)
{
    AUTO_FREE const struct record **sorted = xcalloc(zip->count + 1, sizeof(*sorted));
    for (size_t i = 0; i < zip->count; i++)
        sorted[i] = &zip->records[i];
    qsort(sorted, zip->count, sizeof(*sorted), compare_names);
    for (size_t i = 1; i < zip->count; i++) {
        if (!compare_names(&sorted[i - 1], &sorted[i]))
            return refuse_entry(zip, sorted[i], err, "comes twice");
        /* '-' and '.' sort in front of '/', so what lies below need not come next. */
        for (size_t j = i; j < zip->count && !sorted[i - 1]->is_folder; j++) {
            const char *name = sorted[i - 1]->entry.name;
            if (strncasecmp(sorted[j]->entry.name, name, strlen(name)))
                break;
            if (is_below(sorted[j]->entry.name, name))
                return refuse_entry(zip, sorted[j], err, "lies below a file");
        }
    }
    return 0;
}

/* The local header has to say what the directory says; the data begins behind it. */
static int check_local(const struct zip *zip, struct record *r, struct error *err)
{
    uint8_t header[LOCAL_SIZE];
    char name[ZIP_NAME_MAX];
    size_t len = strlen(r->entry.name);
    if (r->header > zip->directory || zip->directory - r->header < LOCAL_SIZE + len)
        return refuse_entry(zip, r, err, "is not in front of the directory");
    int failed = read_at(zip, r->header, header, sizeof(header), err);
    if (!failed)
        failed = read_at(zip, r->header + LOCAL_SIZE, name, len, err);
    if (failed)
        return failed;
    bool described = r->flags & FLAG_DESCRIPTOR;
    uint32_t crc = get32(header + 14), packed = get32(header + 18), size = get32(header + 22);
    bool same_sizes = crc == r->crc && packed == r->packed && size == r->entry.size;
    if (get32(header) != SIGNATURE_LOCAL || get16(header + 26) != len ||
        memcmp(name, r->entry.name, len) || get16(header + 6) != r->flags ||
        get16(header + 8) != r->method || !(same_sizes || (described && !packed && !size)))
        return refuse_entry(zip, r, err, "says something else in its own header");
    r->data = r->header + LOCAL_SIZE + len + get16(header + 28);
    uint64_t behind = described ? DESCRIPTOR_SIZE_MIN : 0;
    if (r->data > zip->directory || zip->directory - r->data < r->packed + behind)
        return refuse_entry(zip, r, err, "is longer than the archive");
    return 0;
}

static int compare_places(const void *left, const void *right)
{
    const struct record *a = left, *b = right;
    return (a->header > b->header) - (a->header < b->header);
}

/* What lies between two entries is nothing, or the descriptor of the first: its checksum and sizes,
 * with a signature or without. */
static bool follows(uint64_t gap, bool described)
{
    return described ? gap == DESCRIPTOR_SIZE_MIN || gap == DESCRIPTOR_SIZE_MIN + 4 : gap == 0;
}

/* Entries lie one behind the other and have no byte in common: a bomb lets a thousand of them share
 * one piece of data, and what hides between them is for another reader. */
static int check_places(struct zip *zip, struct error *err)
{
    uint64_t end = 0;
    bool described = false;
    if (zip->count)
        qsort(zip->records, zip->count, sizeof(*zip->records), compare_places);
    for (size_t i = 0; i < zip->count; i++) {
        struct record *r = &zip->records[i];
        int failed = interrupt_check(err);
        if (!failed && r->header < end)
            failed = refuse_entry(zip, r, err, "shares bytes with another");
        else if (!failed && !follows(r->header - end, described))
            failed = refuse_entry(zip, r, err, "has bytes in front of it that belong to none");
        if (!failed)
            failed = check_local(zip, r, err);
        if (failed)
            return failed;
        end = r->data + r->packed;
        described = r->flags & FLAG_DESCRIPTOR;
    }
    return zip->directory < end || !follows(zip->directory - end, described)
               ? refuse(zip, err, "it has bytes in front of its directory that belong to no entry")
               : 0;
}

static void drop_folders(struct zip *zip)
{
    size_t kept = 0;
    for (size_t i = 0; i < zip->count; i++)
        if (zip->records[i].is_folder)
            free(zip->records[i].entry.name);
        else
            zip->records[kept++] = zip->records[i];
    zip->count = kept;
}

int zip_open(int fd, const char *name, const struct zip_limits *limits, struct zip **out,
             struct error *err)
{
    struct stat st;
    if (fstat(fd, &st))
        return error_errno(err, ERROR_INPUT, errno, "cannot read %s", name);
    AUTO_ZIP struct zip *zip = xcalloc(1, sizeof(*zip));
    zip->fd = fd;
    zip->name = xstrdup(name);
    zip->limits = limits;
    zip->size = (uint64_t)st.st_size;
    if (!S_ISREG(st.st_mode))
        return refuse(zip, err, "it is no regular file");
    if (zip->size > limits->archive_bytes)
        return refuse(zip, err, "it is larger than an artifact of results may be");
    int failed = read_directory(zip, err);
    if (!failed)
        failed = check_names(zip, err);
    if (!failed)
        failed = check_places(zip, err);
    if (failed)
        return failed;
    drop_folders(zip);
    *out = take_ptr(zip);
    return 0;
}

/* Content on its way out. */
struct unpacking {
    struct zip *zip;
    const struct record *record;
    const struct zip_sink *sink;
    uint64_t written;
    uLong crc;
};

static int hand_on(struct unpacking *u, const uint8_t *bytes, size_t len, struct error *err)
{
    if (len > u->record->entry.size - u->written)
        return refuse_entry(u->zip, u->record, err, "unpacks to more than it says");
    u->written += len;
    u->crc = crc32(u->crc, bytes, (uInt)len);
    return len ? u->sink->write(u->sink->context, bytes, len, err) : 0;
}

static int copy_stored(struct unpacking *u, struct error *err)
{
    AUTO_FREE uint8_t *buf = xmalloc(PIECE);
    int failed = 0;
    for (uint64_t done = 0; !failed && done < u->record->packed;) {
        uint64_t left = u->record->packed - done;
        size_t len = left < PIECE ? (size_t)left : PIECE;
        failed = interrupt_check(err);
        if (!failed)
            failed = read_at(u->zip, u->record->data + done, buf, len, err);
        if (!failed)
            failed = hand_on(u, buf, len, err);
        done += len;
    }
    return failed;
}

static int inflate_all(struct unpacking *u, z_stream *z, struct error *err)
{
    AUTO_FREE uint8_t *in = xmalloc(PIECE), *out = xmalloc(PIECE);
    uint64_t done = 0;
    for (int state = Z_OK; state != Z_STREAM_END;) {
        int failed = interrupt_check(err);
        if (!failed && !z->avail_in && done < u->record->packed) {
            uint64_t left = u->record->packed - done;
            z->avail_in = left < PIECE ? (uInt)left : PIECE;
            z->next_in = in;
            failed = read_at(u->zip, u->record->data + done, in, z->avail_in, err);
            done += z->avail_in;
        }
        if (failed)
            return failed;
        z->next_out = out;
        z->avail_out = PIECE;
        state = inflate(z, Z_NO_FLUSH);
        if (state != Z_OK && state != Z_STREAM_END)
            return refuse_entry(u->zip, u->record, err, "is broken: it cannot be inflated");
        failed = hand_on(u, out, PIECE - z->avail_out, err);
        if (failed)
            return failed;
    }
    return z->avail_in || done < u->record->packed
               ? refuse_entry(u->zip, u->record, err, "has bytes behind its end")
               : 0;
}

static int copy_deflated(struct unpacking *u, struct error *err)
{
    z_stream z = {0};
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return error_set(err, ERROR_FAILURE, "zlib cannot be set up");
    int failed = inflate_all(u, &z, err);
    inflateEnd(&z);
    return failed;
}

int zip_read(struct zip *zip, size_t index, const struct zip_sink *sink, struct error *err)
{
    struct unpacking u = {
        .zip = zip,
        .record = &zip->records[index],
        .sink = sink,
        .crc = crc32(0, NULL, 0),
    };
    int failed = u.record->method == METHOD_STORED ? copy_stored(&u, err) : copy_deflated(&u, err);
    if (failed)
        return failed;
    if (u.written != u.record->entry.size)
        return refuse_entry(zip, u.record, err, "unpacks to less than it says");
    if (u.crc != u.record->crc)
        return refuse_entry(zip, u.record, err, "is broken: its checksum is wrong");
    return 0;
}
