#include "build/tree_digest.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "base/file.h"

#include <string.h>
#include <sys/stat.h>

/* With its NUL, so that two texts never read as one. */
static void add_text(struct sha256 *hash, const char *text)
{
    sha256_update(hash, text, strlen(text) + 1);
}

static int add_path(struct sha256 *hash, const char *path, const char *name, struct error *err)
{
    struct stat st;
    if (lstat(path, &st))
        return 0;
    add_text(hash, name);
    if (S_ISREG(st.st_mode)) {
        char digest[SHA256_HEX_SIZE];
        int failed = sha256_hex_of_file(path, digest, err);
        if (!failed)
            add_text(hash, digest);
        return failed;
    }
    if (!S_ISDIR(st.st_mode))
        return 0;
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    int failed = dir_list(path, &names, err);
    for (size_t i = 0; !failed && i < names.count; i++) {
        AUTO_FREE char *below = path_join(path, names.items[i]);
        failed = add_path(hash, below, names.items[i], err);
    }
    /* The end of a folder is part of its shape. */
    add_text(hash, "/");
    return failed;
}

int tree_digest(const char *root, const struct strlist *paths, const struct strlist *words,
                char **out, struct error *err)
{
    struct sha256 *hash = sha256_new();
    int failed = 0;
    for (size_t i = 0; i < words->count; i++)
        add_text(hash, words->items[i]);
    for (size_t i = 0; !failed && i < paths->count; i++) {
        AUTO_FREE char *path = path_join(root, paths->items[i]);
        failed = add_path(hash, path, paths->items[i], err);
    }
    char digest[SHA256_HEX_SIZE];
    sha256_hex(hash, digest);
    sha256_free(hash);
    if (!failed)
        *out = xstrdup(digest);
    return failed;
}
