/* An archive that a stranger made: refused, or exactly what it says. */
#include "artifact/zip.h"
#include "base/alloc.h"
#include "base/file.h"
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>

static const struct zip_limits limits = {
    .archive_bytes = 1 << 16,
    .entry_bytes = 1 << 18,
    .total_bytes = 1 << 19,
    .entries = 64,
    .ratio = 100,
    .ratio_from = 1 << 12,
};

static int count(void *context, const void *bytes, size_t len, struct error *err)
{
    (void)err;
    fuzz_require(bytes != NULL && len > 0, "a piece has bytes");
    *(uint64_t *)context += len;
    return 0;
}

static void check_entries(struct zip *zip)
{
    uint64_t total = 0;
    fuzz_require(zip_count(zip) <= limits.entries, "there are no more entries than allowed");
    for (size_t i = 0; i < zip_count(zip); i++) {
        const struct zip_entry *entry = zip_entry(zip, i);
        struct error err = ERROR_INIT;
        uint64_t size = 0;
        fuzz_require(zip_name_is_safe(entry->name, strlen(entry->name)), "a name is safe");
        for (size_t j = 0; j < i; j++)
            fuzz_require(strcasecmp(entry->name, zip_entry(zip, j)->name), "a name comes once");
        int failed = zip_read(zip, i, &(struct zip_sink){count, &size}, &err);
        fuzz_require(size <= entry->size && size <= limits.entry_bytes, "no more than it says");
        if (failed)
            fuzz_check_error(failed, &err);
        else
            fuzz_require(size == entry->size, "success is all of it");
        total += size;
    }
    fuzz_require(total <= limits.total_bytes, "no more than is allowed in all");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_CLOSE int fd = memfd_create("zip", MFD_CLOEXEC);
    fuzz_require(fd >= 0 && fd_write_all(fd, data, size) == 0, "there is memory");
    AUTO_ZIP struct zip *zip = NULL;
    struct error err = ERROR_INIT;
    int failed = zip_open(fd, "x.zip", &limits, &zip, &err);
    if (failed)
        fuzz_check_error(failed, &err);
    else
        check_entries(zip);
    return 0;
}
