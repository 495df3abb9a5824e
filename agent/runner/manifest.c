#include "runner/manifest.h"

#include "base/alloc.h"
#include "base/file.h"

#include <string.h>

#define MANIFEST_MAX ((size_t)1 << 20)

static const char *const kind_names[] = {
    [INSTALL_DIR] = "dir",   [INSTALL_FILE] = "file", [INSTALL_COPY] = "file",
    [INSTALL_LINK] = "link", [INSTALL_LINE] = "line",
};

static void entry_release(struct manifest_entry *entry)
{
    free(entry->path);
    free(entry->digest);
    free(entry->text);
}

void install_manifest_release(struct install_manifest *manifest)
{
    for (size_t i = 0; i < manifest->count; i++)
        entry_release(&manifest->items[i]);
    free(manifest->items);
    *manifest = (struct install_manifest){0};
}

static bool same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static void push(struct install_manifest *manifest, const struct manifest_entry *entry)
{
    ARRAY_RESERVE(manifest->items, manifest->cap, manifest->count + 1);
    manifest->items[manifest->count++] = (struct manifest_entry){
        .kind = entry->kind,
        .path = xstrdup(entry->path),
        .digest = xstrdup(entry->digest),
        .text = xstrdup(entry->text),
    };
}

void install_manifest_add(struct install_manifest *manifest, const struct install_item *item,
                          const char *digest)
{
    const struct manifest_entry entry = {
        .kind = item->kind == INSTALL_COPY ? INSTALL_FILE : item->kind,
        .path = item->path,
        .digest = (char *)(uintptr_t)digest,
        .text = item->kind == INSTALL_LINK || item->kind == INSTALL_LINE ? item->text : NULL,
    };
    for (size_t i = 0; i < manifest->count; i++) {
        const struct manifest_entry *old = &manifest->items[i];
        if (same(old->path, entry.path) && same(old->digest, entry.digest) &&
            same(old->text, entry.text))
            return;
    }
    push(manifest, &entry);
}

void install_manifest_keep_only(struct install_manifest *manifest, const char *path,
                                const char *digest)
{
    size_t kept = 0;
    for (size_t i = 0; i < manifest->count; i++) {
        struct manifest_entry *entry = &manifest->items[i];
        if (same(entry->path, path) && entry->digest && !same(entry->digest, digest))
            entry_release(entry);
        else
            manifest->items[kept++] = *entry;
    }
    manifest->count = kept;
}

bool install_manifest_has(const struct install_manifest *manifest, const char *path)
{
    for (size_t i = 0; i < manifest->count; i++)
        if (!strcmp(manifest->items[i].path, path))
            return true;
    return false;
}

static bool parse_kind(const char *word, size_t len, enum install_kind *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(kind_names); i++)
        if (strlen(kind_names[i]) == len && !strncmp(kind_names[i], word, len)) {
            *out = (enum install_kind)i;
            return true;
        }
    return false;
}

static bool parse_line(const char *line, struct install_manifest *out)
{
    const char *digest = strchr(line, ' '), *path = digest ? strchr(digest + 1, ' ') : NULL;
    struct manifest_entry entry = {0};
    if (!path || path[1] != '/' || !parse_kind(line, (size_t)(digest - line), &entry.kind))
        return false;
    const char *tab = strchr(path, '\t');
    AUTO_FREE char *name =
        xstrndup(path + 1, (size_t)((tab ? tab : path + strlen(path)) - path - 1));
    AUTO_FREE char *sum = xstrndup(digest + 1, (size_t)(path - digest - 1));
    AUTO_FREE char *text = tab ? xstrdup(tab + 1) : NULL;
    entry.path = name;
    entry.digest = strcmp(sum, "-") ? sum : NULL;
    entry.text = text;
    push(out, &entry);
    return true;
}

int install_manifest_read(const char *prefix, struct install_manifest *out, struct error *err)
{
    AUTO_FREE char *path = xasprintf("%s" INSTALL_MANIFEST, prefix);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    AUTO_STRLIST struct strlist lines = STRLIST_INIT;
    AUTO_INSTALL_MANIFEST struct install_manifest manifest = {0};
    int failed = path_exists(path) ? file_read(path, MANIFEST_MAX, &text, err) : 0;
    if (failed)
        return failed;
    strlist_split(&lines, text.buf, '\n');
    for (size_t i = 0; i < lines.count; i++)
        if (!parse_line(lines.items[i], &manifest))
            return error_set(err, ERROR_INPUT, "%s is damaged in line %zu", path, i + 1);
    *out = manifest;
    manifest = (struct install_manifest){0};
    return 0;
}

int install_manifest_write(const char *prefix, const struct install_manifest *manifest,
                           struct error *err)
{
    AUTO_FREE char *path = xasprintf("%s" INSTALL_MANIFEST, prefix);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < manifest->count; i++) {
        const struct manifest_entry *entry = &manifest->items[i];
        strbuf_addf(&text, "%s %s %s%s%s\n", kind_names[entry->kind],
                    entry->digest ? entry->digest : "-", entry->path, entry->text ? "\t" : "",
                    entry->text ? entry->text : "");
    }
    return file_write_atomic(path, text.buf, text.len, err);
}
