/*
 * Reading a zip archive that a stranger may have made.
 *
 *     AUTO_ZIP struct zip *zip = NULL;
 *     rc = zip_open(fd, "results.zip", &zip_limits_default, &zip, err);
 *     for (size_t i = 0; !rc && i < zip_count(zip); i++)
 *         rc = zip_read(zip, i, &sink, err);
 *
 * zip_open() reads the central directory and refuses the whole archive, with one line that says
 * why, before a byte of content is read. What is refused, beyond what is broken:
 *
 *  - more than one way to read it: a comment, bytes behind the end record, several disks, zip64, a
 *    local header that says something else than the directory, entries that share bytes,
 *    bytes that belong to none;
 *  - names that are empty, absolute, longer than ZIP_NAME_MAX, not of the characters A–Z a–z 0–9
 *    . _ - /, with an empty, "." or ".." component, or that come twice in any mixture of cases;
 *  - links, devices and anything else that is neither file nor folder; encrypted entries; methods
 *    other than stored (0) and deflate (8);
 *  - more or larger entries than the limits, and a large entry that is compressed further than
 *    results ever are.
 *
 * A folder's entry is checked and skipped. Sizes and CRC-32 are held to the directory while content
 * is read. The format: PKWARE, "APPNOTE.TXT – .ZIP File Format Specification" 6.3.10.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define ZIP_NAME_MAX 200 /* bytes */

struct zip_limits {
    uint64_t archive_bytes; /* of the file itself */
    uint64_t entry_bytes;   /* of one entry, unpacked */
    uint64_t total_bytes;   /* of all entries, unpacked */
    size_t entries;
    unsigned ratio;      /* unpacked bytes for each packed one … */
    uint64_t ratio_from; /* … of entries that are larger than this unpacked */
};

/* 512 MiB packed, 1 GiB unpacked, 256 MiB an entry, 65,534 entries, 200 to 1 from 1 MiB on. */
extern const struct zip_limits zip_limits_default;

struct zip_entry {
    char *name;
    uint64_t size; /* unpacked */
};

struct zip;

/* `fd` is a regular file; it is borrowed and has to stay open. `name` stands for it in messages.
 * ERROR_INPUT for an archive that is refused. */
int zip_open(int fd, const char *name, const struct zip_limits *limits, struct zip **out,
             struct error *err) MUST_CHECK;
/* NULL is fine. */
void zip_free(struct zip *zip);

static inline void cleanup_zip(struct zip **zip)
{
    zip_free(*zip);
}
#define AUTO_ZIP __attribute__((cleanup(cleanup_zip)))

/* Files, in the order in which they lie in the archive. */
size_t zip_count(const struct zip *zip);
const struct zip_entry *zip_entry(const struct zip *zip, size_t index);

struct zip_sink {
    /* Takes a piece of the content. 0 to go on, a negative code to stop. */
    int (*write)(void *context, const void *bytes, size_t len, struct error *err);
    void *context;
};

/* Unpacks one file. What the sink was given before a failure is not to be kept. */
int zip_read(struct zip *zip, size_t index, const struct zip_sink *sink,
             struct error *err) MUST_CHECK;

/* Whether the name may stand in an archive: the rule above. */
bool zip_name_is_safe(const char *name, size_t len);
