#include "artifact/unpack.h"

#include "artifact/zip.h"
#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 5 }; /* folders of parts/0/000000/new */

/* What was found below the folder. */
struct survey {
    const char *folder;
    struct strlist files; /* paths below it */
    uint64_t total;
};

static int no_place(const char *path, struct error *err)
{
    return error_set(err, ERROR_INPUT, "the artifact is refused: %s has no place in it", path);
}

static int write_piece(void *context, const void *bytes, size_t len, struct error *err)
{
    int lost = fd_write_all(*(const int *)context, bytes, len);
    return lost ? error_errno(err, ERROR_FAILURE, -lost, "cannot unpack the artifact") : 0;
}

/* `made` is the folder that was made last: the files of one come one behind the other. */
static int unpack_one(struct zip *zip, size_t index, const char *folder, char **made,
                      struct error *err)
{
    const struct zip_entry *entry = zip_entry(zip, index);
    size_t part = 0;
    if (layout_kind_of(entry->name, &part) == LAYOUT_NONE)
        return no_place(entry->name, err);
    AUTO_FREE char *path = path_join(folder, entry->name);
    AUTO_FREE char *parent = xstrndup(path, (size_t)(path_basename(path) - path));
    int failed = *made && !strcmp(*made, parent) ? 0 : dir_make(parent, err);
    if (failed)
        return failed;
    free(*made);
    *made = take_ptr(parent);
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_errno(err, ERROR_FAILURE, errno, "cannot write %s", path);
    return zip_read(zip, index, &(struct zip_sink){write_piece, &fd}, err);
}

static int unpack(const char *path, const char *scratch, struct error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, ERROR_NOT_FOUND, errno, "cannot open %s", path);
    AUTO_ZIP struct zip *zip = NULL;
    AUTO_FREE char *made = NULL;
    int failed = zip_open(fd, path, &zip_limits_default, &zip, err);
    for (size_t i = 0; !failed && i < zip_count(zip); i++)
        failed = unpack_one(zip, i, scratch, &made, err);
    return failed;
}

static int survey_file(struct survey *survey, const char *path, const struct stat *st,
                       struct error *err)
{
    size_t part = 0;
    const struct zip_limits *limits = &zip_limits_default;
    if (!S_ISREG(st->st_mode) || layout_kind_of(path, &part) == LAYOUT_NONE)
        return no_place(path, err);
    survey->total += (uint64_t)st->st_size;
    if ((uint64_t)st->st_size > limits->entry_bytes || survey->total > limits->total_bytes ||
        survey->files.count == limits->entries)
        return error_set(err, ERROR_INPUT,
                         "the artifact is refused: it is larger than results are");
    strlist_push(&survey->files, path);
    return 0;
}

static int survey_folder(struct survey *survey, const char *below, unsigned depth,
                         struct error *err)
{
    AUTO_FREE char *folder = path_join(survey->folder, below);
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    int failed = depth > DEPTH_MAX ? no_place(below, err) : dir_list(folder, &names, err);
    for (size_t i = 0; !failed && i < names.count; i++) {
        AUTO_FREE char *path = *below ? path_join(below, names.items[i]) : xstrdup(names.items[i]);
        AUTO_FREE char *whole = path_join(survey->folder, path);
        struct stat st;
        if (lstat(whole, &st))
            failed = error_errno(err, ERROR_INPUT, errno, "cannot read %s", whole);
        else if (S_ISDIR(st.st_mode))
            failed = survey_folder(survey, path, depth + 1, err);
        else
            failed = survey_file(survey, path, &st, err);
    }
    return failed;
}

/* Each file belongs to a part of the manifest, in its format. */
static int match_parts(const struct survey *survey, struct manifest *manifest, struct error *err)
{
    for (size_t i = 0; i < survey->files.count; i++) {
        size_t index = 0;
        enum layout_kind kind = layout_kind_of(survey->files.items[i], &index);
        if (kind == LAYOUT_MANIFEST)
            continue;
        if (index >= manifest->part_count)
            return no_place(survey->files.items[i], err);
        struct manifest_part *part = &manifest->parts[index];
        if (kind != layout_kind_for(part->format))
            return no_place(survey->files.items[i], err);
        part->has_results = true;
    }
    return 0;
}

static int read_manifest(const struct survey *survey, struct manifest *out, struct error *err)
{
    if (!strlist_contains(&survey->files, MANIFEST_FILE))
        return error_set(err, ERROR_INPUT,
                         "the artifact is refused: it has no " MANIFEST_FILE
                         ", so it is not what 'lance-bench run --results-dir' writes");
    AUTO_FREE char *path = path_join(survey->folder, MANIFEST_FILE);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    int failed = file_read(path, MANIFEST_SIZE_MAX, &text, err);
    if (!failed)
        failed = manifest_parse(text.buf, text.len, out, err);
    return failed ? error_wrap(err, "the artifact is refused") : 0;
}

int artifact_open(const char *path, const char *scratch, char **folder, struct manifest *out,
                  struct error *err)
{
    bool is_folder = path_is_dir(path);
    struct survey survey = {.folder = is_folder ? path : scratch};
    AUTO_MANIFEST struct manifest manifest = {0};
    int failed = is_folder ? 0 : unpack(path, scratch, err);
    if (!failed)
        failed = survey_folder(&survey, "", 0, err);
    if (!failed)
        failed = read_manifest(&survey, &manifest, err);
    if (!failed)
        failed = match_parts(&survey, &manifest, err);
    if (!failed) {
        *folder = xstrdup(survey.folder);
        *out = manifest;
        manifest = (struct manifest){0};
    }
    strlist_release(&survey.files);
    return failed;
}
