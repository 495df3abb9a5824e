#include "report/site.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json_write.h"
#include "report/html.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_MAX ((size_t)1 << 30) /* of a file that is there already */
#define NAME_DIGITS 16             /* of a digest, in a file's name */
#define SUFFIX ".json"
#define PAGE "index.html"
#define MANIFEST "manifest.json"

struct site {
    const char *dir;
    char *data;
    struct strlist files;   /* of data/ */
    struct strbuf manifest; /* its inner part */
    struct site_outcome *outcome;
};

static void site_release(struct site *site)
{
    free(site->data);
    strlist_release(&site->files);
    strbuf_release(&site->manifest);
}

/* Nothing there is an empty file. */
static int read_existing(const char *path, struct strbuf *out, struct error *err)
{
    if (!path_exists(path))
        return 0;
    return file_read(path, PAGE_MAX, out, err);
}

static void list_file(struct site *site, const char *name, const struct strbuf *text)
{
    char digest[SHA256_HEX_SIZE];
    sha256_hex_of(text->buf, text->len, digest);
    strbuf_addf(&site->manifest, "%s\n  {\"path\": \"%s\", \"sha256\": \"%s\"}",
                site->manifest.len ? "," : "", name, digest);
}

/* Leaves a file alone that is what it should be. */
static int update_file(struct site *site, const char *path, const struct strbuf *text,
                       struct error *err)
{
    AUTO_STRBUF struct strbuf old = STRBUF_INIT;
    int failed = read_existing(path, &old, err);
    if (failed)
        return failed;
    if (path_exists(path) && old.len == text->len && !memcmp(old.buf, text->buf, text->len)) {
        site->outcome->kept++;
        return 0;
    }
    failed = file_write_atomic(path, text->buf, text->len, err);
    if (!failed)
        site->outcome->written++;
    return failed;
}

static int write_parcels(struct site *site, const struct html_parcels *parcels, struct error *err)
{
    int failed = 0;
    for (size_t i = 0; i < parcels->count && !failed; i++) {
        const struct strbuf *parcel = &parcels->items[i];
        char digest[SHA256_HEX_SIZE];
        sha256_hex_of(parcel->buf, parcel->len, digest);
        strlist_pushf(&site->files, "%.*s" SUFFIX, NAME_DIGITS, digest);
        const char *name = site->files.items[i];
        AUTO_FREE char *path = path_join(site->data, name);
        AUTO_FREE char *listed = xasprintf("data/%s", name);
        list_file(site, listed, parcel);
        failed = update_file(site, path, parcel, err);
    }
    return failed;
}

/* The time that a page says it was made at, or 0. */
static int64_t made_at(const struct strbuf *page)
{
    static const char key[] = "\"generated\":";
    const char *found = memmem(page->buf, page->len, key, sizeof(key) - 1);
    return found ? (int64_t)strtoll(found + sizeof(key) - 1, NULL, 10) : 0;
}

/* A page that differs from the old one in nothing but the time it was made stays what it was. */
static int write_page(struct site *site, const struct report *report,
                      const struct html_parcels *parcels, struct error *err)
{
    AUTO_FREE char *path = path_join(site->dir, PAGE);
    AUTO_STRBUF struct strbuf old = STRBUF_INIT;
    AUTO_STRBUF struct strbuf page = STRBUF_INIT;
    int failed = read_existing(path, &old, err);
    if (failed)
        return failed;
    struct report as_old = *report;
    as_old.generated = made_at(&old);
    html_site_page(&as_old, parcels, &site->files, &page);
    if (page.len != old.len || memcmp(page.buf, old.buf, page.len) != 0) {
        strbuf_clear(&page);
        html_site_page(report, parcels, &site->files, &page);
    }
    list_file(site, PAGE, &page);
    return update_file(site, path, &page, err);
}

static int write_manifest(struct site *site, struct error *err)
{
    AUTO_FREE char *path = path_join(site->dir, MANIFEST);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    strbuf_addf(&text, "{\"format\": 1, \"files\": [%s\n]}\n", site->manifest.buf);
    return update_file(site, path, &text, err);
}

/* A file of data, or what is left of one that was being written. */
static bool is_data(const char *name)
{
    size_t digits = 0;
    while (isxdigit((unsigned char)name[digits]))
        digits++;
    return digits == NAME_DIGITS && !strncmp(name + digits, SUFFIX, sizeof(SUFFIX) - 1);
}

/* What is left of a page or a manifest that was being written. */
static bool is_unfinished(const char *name)
{
    return !strncmp(name, PAGE ".tmp.", sizeof(PAGE ".tmp.") - 1) ||
           !strncmp(name, MANIFEST ".tmp.", sizeof(MANIFEST ".tmp.") - 1);
}

/* What the site does not need: `is_ours` says which files of the folder may be judged. */
static int remove_unused(struct site *site, const char *dir, bool (*is_ours)(const char *name),
                         struct error *err)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    int failed = dir_list(dir, &names, err);
    for (size_t i = 0; i < names.count && !failed; i++) {
        if (!is_ours(names.items[i]) || strlist_contains(&site->files, names.items[i]))
            continue;
        AUTO_FREE char *path = path_join(dir, names.items[i]);
        failed = tree_remove(path, err);
        if (!failed)
            site->outcome->removed++;
    }
    return failed;
}

/* Refuses to write over somebody else's page. */
static int check_folder(const char *dir, struct error *err)
{
    AUTO_FREE char *path = path_join(dir, PAGE);
    AUTO_STRBUF struct strbuf page = STRBUF_INIT;
    int failed = read_existing(path, &page, err);
    if (failed)
        return failed;
    if (page.len && !memmem(page.buf, page.len, html_generator, strlen(html_generator)))
        return error_set(err, ERROR_USAGE,
                         "%s is not a page of lance-bench: name another folder, or remove it",
                         path);
    return 0;
}

int site_write(const struct report *report, const char *dir, struct site_outcome *out,
               struct error *err)
{
    struct site_outcome outcome = {0};
    __attribute__((cleanup(site_release))) struct site site = {
        .dir = dir,
        .data = path_join(dir, "data"),
        .manifest = STRBUF_INIT,
        .outcome = &outcome,
    };
    AUTO_HTML_PARCELS struct html_parcels parcels = {0};
    AUTO_CLOSE int lock = -1;
    int failed = check_folder(dir, err);
    if (!failed)
        failed = dir_make(site.data, err);
    if (failed)
        return failed;
    AUTO_FREE char *lock_path = path_join(site.data, ".lock");
    failed = lock_acquire(lock_path, 10, &lock, err);
    if (failed)
        return failed;
    html_parcels_make(report, &parcels);
    failed = write_parcels(&site, &parcels, err);
    if (!failed)
        failed = write_page(&site, report, &parcels, err);
    if (!failed)
        failed = write_manifest(&site, err);
    if (!failed)
        failed = remove_unused(&site, site.data, is_data, err);
    if (!failed)
        failed = remove_unused(&site, dir, is_unfinished, err);
    if (failed)
        return error_wrap(err, "the site in %s", dir);
    *out = outcome;
    return 0;
}
