/*
 * A result folder of Criterion. The bytes are benchmark.json, sample.json and estimates.json, with
 * a line "---" between them; a part that is missing is a file that is missing.
 */
#include "base/alloc.h"
#include "base/file.h"
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char root[64];

static void remove_root(void)
{
    (void)tree_remove(root, NULL);
}

static void make_root(void)
{
    if (*root)
        return;
    const char *memory = "/dev/shm";
    snprintf(root, sizeof(root), "%s/lance-bench-fuzz-XXXXXX",
             access(memory, W_OK) ? "/tmp" : memory);
    fuzz_require(mkdtemp(root) != NULL, "there is a folder to write to");
    AUTO_FREE char *folder = path_join(root, "group/new");
    fuzz_require(dir_make(folder, NULL) == 0, "there is a folder to write to");
    atexit(remove_root);
}

static void put(const char *name, const uint8_t *bytes, size_t len)
{
    AUTO_FREE char *path = xasprintf("%s/group/new/%s", root, name);
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fuzz_require(fd >= 0 && fd_write_all(fd, bytes, len) == 0, "the file is written");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"benchmark.json", "sample.json", "estimates.json"};
    make_root();
    const uint8_t *end = data + size;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        AUTO_FREE char *path = xasprintf("%s/group/new/%s", root, names[i]);
        (void)unlink(path);
        if (!data)
            continue;
        const uint8_t *separator = memmem(data, (size_t)(end - data), "\n---\n", 5);
        put(names[i], data, (size_t)((separator ? separator : end) - data));
        data = separator ? separator + 5 : NULL;
    }
    AUTO_INPUT struct input *input = NULL;
    fuzz_require(input_open(root, INPUT_MAX_DEFAULT, &input, NULL) == 0, "the folder opens");
    fuzz_input("criterion", input);
    return 0;
}
