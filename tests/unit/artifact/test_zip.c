#include "artifact/zip.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>

/* An archive of stored entries, built by hand so that each field can be made wrong. Hostile
 * archives of every kind are in tests/cli/test_artifact.py. */
struct builder {
    struct strbuf bytes, directory;
    unsigned count;
};

#define BUILDER_INIT              \
    {                             \
        STRBUF_INIT, STRBUF_INIT, \
    }

static void put(struct strbuf *out, uint32_t value, unsigned bytes)
{
    for (; bytes; bytes--, value >>= 8)
        strbuf_addch(out, (char)(value & 0xff));
}

static void add(struct builder *b, const char *name, const char *content)
{
    uint32_t len = (uint32_t)strlen(content), at = (uint32_t)b->bytes.len;
    uint32_t crc = (uint32_t)crc32(0, (const Bytef *)content, len);
    const struct {
        uint32_t value;
        unsigned bytes;
    } shared[] = {{20, 2}, {0, 2}, {0, 2}, {0, 4}, {crc, 4}, {len, 4}, {len, 4}};
    put(&b->bytes, 0x04034b50, 4);
    put(&b->directory, 0x02014b50, 4);
    put(&b->directory, 20, 2);
    for (size_t i = 0; i < ARRAY_SIZE(shared); i++) {
        put(&b->bytes, shared[i].value, shared[i].bytes);
        put(&b->directory, shared[i].value, shared[i].bytes);
    }
    put(&b->bytes, (uint32_t)strlen(name), 2);
    put(&b->bytes, 0, 2);
    strbuf_addstr(&b->bytes, name);
    strbuf_addstr(&b->bytes, content);
    put(&b->directory, (uint32_t)strlen(name), 2);
    put(&b->directory, 0, 4);
    put(&b->directory, 0, 4);
    put(&b->directory, 0, 4);
    put(&b->directory, at, 4);
    strbuf_addstr(&b->directory, name);
    b->count++;
}

static int finish(struct builder *b)
{
    uint32_t at = (uint32_t)b->bytes.len;
    strbuf_add(&b->bytes, b->directory.buf, b->directory.len);
    put(&b->bytes, 0x06054b50, 4);
    put(&b->bytes, 0, 4);
    put(&b->bytes, b->count, 2);
    put(&b->bytes, b->count, 2);
    put(&b->bytes, (uint32_t)b->directory.len, 4);
    put(&b->bytes, at, 4);
    put(&b->bytes, 0, 2);
    int fd = memfd_create("zip", MFD_CLOEXEC);
    cr_assert(fd >= 0 && !fd_write_all(fd, b->bytes.buf, b->bytes.len));
    strbuf_release(&b->bytes);
    strbuf_release(&b->directory);
    return fd;
}

static int take(void *context, const void *bytes, size_t len, struct error *err)
{
    (void)err;
    strbuf_add(context, bytes, len);
    return 0;
}

Test(zip, unpacks_what_was_stored)
{
    struct builder b = BUILDER_INIT;
    add(&b, "a.txt", "first");
    add(&b, "folder/", "");
    add(&b, "folder/b.txt", "");
    AUTO_CLOSE int fd = finish(&b);
    AUTO_ZIP struct zip *zip = NULL;
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    struct error err = ERROR_INIT;
    cr_assert_eq(zip_open(fd, "x.zip", &zip_limits_default, &zip, &err), 0, "%s", err.message);
    cr_assert_eq(zip_count(zip), 2, "a folder is no file");
    cr_expect_str_eq(zip_entry(zip, 0)->name, "a.txt");
    cr_expect_eq(zip_entry(zip, 0)->size, 5);
    const struct zip_sink sink = {take, &text};
    cr_assert_eq(zip_read(zip, 0, &sink, &err), 0, "%s", err.message);
    cr_assert_eq(zip_read(zip, 1, &sink, &err), 0, "%s", err.message);
    cr_expect_str_eq(text.buf, "first");
}

Test(zip, an_empty_archive_has_no_files)
{
    struct builder b = BUILDER_INIT;
    AUTO_CLOSE int fd = finish(&b);
    AUTO_ZIP struct zip *zip = NULL;
    cr_assert_eq(zip_open(fd, "x.zip", &zip_limits_default, &zip, NULL), 0);
    cr_expect_eq(zip_count(zip), 0);
}

Test(zip, holds_to_its_limits)
{
    static const struct zip_limits base = {.archive_bytes = 1000,
                                           .entry_bytes = 10,
                                           .total_bytes = 15,
                                           .entries = 3,
                                           .ratio = 2,
                                           .ratio_from = 8};
    struct zip_limits limits[5] = {base, base, base, base, base};
    limits[1].archive_bytes = 100;
    limits[2].entry_bytes = 4;
    limits[3].total_bytes = 9;
    limits[4].entries = 1;
    for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
        struct builder b = BUILDER_INIT;
        add(&b, "a", "12345");
        add(&b, "b", "67890");
        AUTO_CLOSE int fd = finish(&b);
        AUTO_ZIP struct zip *zip = NULL;
        struct error err = ERROR_INIT;
        int failed = zip_open(fd, "x.zip", &limits[i], &zip, &err);
        cr_expect_eq(failed, i ? ERROR_INPUT : 0, "limit %zu: %s", i, err.message);
    }
}

Test(zip, every_cut_is_refused)
{
    struct builder b = BUILDER_INIT;
    add(&b, "a", "12345");
    AUTO_CLOSE int fd = finish(&b);
    off_t size = lseek(fd, 0, SEEK_END);
    for (off_t len = size - 1; len >= 0; len--) {
        AUTO_ZIP struct zip *zip = NULL;
        cr_assert_eq(ftruncate(fd, len), 0);
        cr_assert_eq(zip_open(fd, "x.zip", &zip_limits_default, &zip, NULL), ERROR_INPUT);
    }
}

Test(zip, names_are_plain_relative_paths)
{
    static const char *const good[] = {"a", "a/b", "a.b/c-d_e.json", "folder/", "..a", "a..b/..."};
    static const char *const bad[] = {"",    "/",   "/a",    "a//b", "../a",  "a/../b", "a/..",
                                      "./a", "a/.", "a\\b",  "C:a",  "a b",   "a\n",    "\xc3\xa9",
                                      "a//", "..",  "a/./b", "~",    "a\x7f", "$a"};
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        cr_expect(zip_name_is_safe(good[i], strlen(good[i])), "%s", good[i]);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        cr_expect_not(zip_name_is_safe(bad[i], strlen(bad[i])), "%s", bad[i]);
    cr_expect_not(zip_name_is_safe("a\0b", 3));
    char longest[ZIP_NAME_MAX + 1];
    memset(longest, 'a', sizeof(longest));
    cr_expect(zip_name_is_safe(longest, ZIP_NAME_MAX));
    cr_expect_not(zip_name_is_safe(longest, ZIP_NAME_MAX + 1));
}
