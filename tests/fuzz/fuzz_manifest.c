/* The manifest of an artifact: what is taken can be written and read again. */
#include "artifact/manifest.h"
#include "base/alloc.h"
#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_MANIFEST struct manifest manifest = {0}, again = {0};
    struct error err = ERROR_INIT;
    int failed = manifest_parse((const char *)data, size, &manifest, &err);
    if (failed) {
        fuzz_check_error(failed, &err);
        return 0;
    }
    fuzz_require(strlen(manifest.commit) == 40, "a commit is a full id");
    fuzz_require(manifest.part_count <= MANIFEST_PARTS_MAX, "there are no more parts than allowed");
    fuzz_require(!manifest.reason || !strchr(manifest.reason, '\n'), "a reason is one line");
    for (size_t i = 0; i < manifest.part_count; i++) {
        size_t part = 0;
        AUTO_FREE char *place = layout_part(&manifest.parts[i], i);
        AUTO_FREE char *file = layout_kind_for(manifest.parts[i].format) == LAYOUT_CRITERION
                                   ? xasprintf("%s/000000/new/sample.json", place)
                                   : xstrdup(place);
        fuzz_require(layout_kind_of(file, &part) != LAYOUT_NONE && part == i, "it has a place");
    }
    AUTO_FREE char *text = manifest_print(&manifest);
    fuzz_require(manifest_parse(text, strlen(text), &again, &err) == 0, "it reads back");
    AUTO_FREE char *twice = manifest_print(&again);
    fuzz_require(!strcmp(text, twice), "as it was");
    return 0;
}
