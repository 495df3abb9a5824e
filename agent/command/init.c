/* init: the workflows of this program, written into a repository. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/line_diff.h"
#include "base/strbuf.h"
#include "command/common.h"
#include "command/rows.h"
#include "command/workflow_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER ".github/workflows"
#define EXISTING_MAX ((size_t)1 << 20)
#define ACTION "lancedb/lance-bench@v1"

struct init_options {
    const char *project, *dir, *action;
    bool diff, force;
};

static const struct option_row rows[] = {
    OPTION(struct init_options, project, OPTION_STRING, "for", "KIND",
           "lance: Lance, from a repository beside it (default); rust, python: the repository that "
           "the workflows are in"),
    OPTION(struct init_options, dir, OPTION_STRING, "dir", "DIR",
           "the repository (default: the current folder)"),
    OPTION(struct init_options, action, OPTION_STRING, "action", "OWNER/NAME@REF",
           "where the actions come from (default: " ACTION "); a full commit id pins them"),
    OPTION(struct init_options, diff, OPTION_FLAG, "diff", NULL,
           "write nothing and print a unified diff; exit code 1 when there is one"),
    OPTION(struct init_options, force, OPTION_FLAG, "force", NULL,
           "overwrite files that were changed"),
};

static const struct init_options defaults = {.project = "lance", .dir = ".", .action = ACTION};

/* What differs from the workflows for Lance. Each text stands in at least one of them. */
static const struct adaptation {
    const char *project, *from, *to;
} adaptations[] = {
    {"rust", "'lance-format/lance'", "github.repository"},
    {"python", "'lance-format/lance'", "github.repository"},
    {"rust", "\"Run the Python suite\"\n        type: boolean\n        default: true",
     "\"Run the Python suite\"\n        type: boolean\n        default: false"},
    {"python", "\"Run the Rust benches\"\n        type: boolean\n        default: true",
     "\"Run the Rust benches\"\n        type: boolean\n        default: false"},
};

enum file_state { FILE_CREATED, FILE_UNCHANGED, FILE_DIFFERS, FILE_OVERWRITTEN };

struct init_file {
    const char *name;
    char *path; /* owned, like both texts */
    struct strbuf before, after;
    bool exists;
    enum file_state state;
};

struct init_files {
    struct init_file *items;
    size_t count, cap;
};

static void release_files(struct init_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->items[i].path);
        strbuf_release(&files->items[i].before);
        strbuf_release(&files->items[i].after);
    }
    free(files->items);
}
#define AUTO_INIT_FILES __attribute__((cleanup(release_files)))

static void replace_all(struct strbuf *text, const char *from, const char *to)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    const char *at = text->buf, *found = NULL;
    while ((found = strstr(at, from))) {
        strbuf_add(&out, at, (size_t)(found - at));
        strbuf_addstr(&out, to);
        at = found + strlen(from);
    }
    strbuf_addstr(&out, at);
    strbuf_clear(text);
    strbuf_add(text, out.buf, out.len);
}

/* "uses: lancedb/lance-bench/actions/run@v1": the owner and name, and what is behind the "@". */
static void replace_action(struct strbuf *text, const char *action)
{
    static const char *const folders[] = {"setup",    "run",     "publish", "schedule",
                                          "backfill", "compare", "report",  "comment"};
    const char *at = strchr(ACTION, '@'), *to = strchr(action, '@');
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
        AUTO_FREE char *from =
            xasprintf("uses: %.*s/actions/%s%s\n", (int)(at - ACTION), ACTION, folders[i], at);
        AUTO_FREE char *into =
            xasprintf("uses: %.*s/actions/%s%s\n", (int)(to - action), action, folders[i], to);
        replace_all(text, from, into);
    }
}

static void adapt(struct strbuf *text, const struct init_options *o)
{
    for (size_t i = 0; i < ARRAY_SIZE(adaptations); i++)
        if (!strcmp(adaptations[i].project, o->project))
            replace_all(text, adaptations[i].from, adaptations[i].to);
    if (strcmp(o->action, ACTION) != 0)
        replace_action(text, o->action);
}

/* GitHub reads folders and files, and follows no link; what is written through one lies elsewhere.
 */
static int check_folders(const struct init_options *o, struct error *err)
{
    static const char *const folders[] = {".github", FOLDER};
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
        AUTO_FREE char *path = path_join(o->dir, folders[i]);
        struct stat st;
        if (!lstat(path, &st) && S_ISLNK(st.st_mode))
            return error_set(err, ERROR_INPUT,
                             "%s is a symbolic link, and GitHub reads no workflows through one: "
                             "put a folder in its place",
                             path);
    }
    return 0;
}

/* What is there already. A link is replaced rather than followed; what it leads to may be shown. */
static int read_existing(struct init_file *file, struct error *err)
{
    struct stat st;
    if (lstat(file->path, &st))
        return errno == ENOENT || errno == ENOTDIR
                   ? 0
                   : error_errno(err, ERROR_FAILURE, errno, "cannot read %s", file->path);
    if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
        return error_set(err, ERROR_INPUT, "%s is no file: move it out of the way", file->path);
    file->exists = true;
    if (stat(file->path, &st) || !S_ISREG(st.st_mode))
        return 0;
    return file_read(file->path, EXISTING_MAX, &file->before, err);
}

static int load(const struct init_options *o, struct init_files *files, struct error *err)
{
    int failed = check_folders(o, err);
    if (failed)
        return failed;
    for (const struct workflow_file *w = workflow_files; w->name; w++) {
        ARRAY_RESERVE(files->items, files->cap, files->count + 1);
        struct init_file *file = &files->items[files->count++];
        *file = (struct init_file){
            .name = w->name,
            .path = xasprintf("%s/" FOLDER "/%s", o->dir, w->name),
            .before = STRBUF_INIT,
            .after = STRBUF_INIT,
        };
        strbuf_add(&file->after, w->begin, (size_t)(w->end - w->begin));
        adapt(&file->after, o);
        failed = read_existing(file, err);
        if (failed)
            return failed;
        bool same = file->exists && !strcmp(file->before.buf, file->after.buf) &&
                    file->before.len == file->after.len;
        file->state = same ? FILE_UNCHANGED : file->exists ? FILE_DIFFERS : FILE_CREATED;
    }
    return 0;
}

static void add_diff(const struct init_file *file, struct strbuf *out)
{
    AUTO_FREE char *old = xasprintf("a/" FOLDER "/%s", file->name);
    AUTO_FREE char *new = xasprintf("b/" FOLDER "/%s", file->name);
    const struct line_diff_side before = {file->exists ? old : "/dev/null", file->before.buf,
                                          file->before.len};
    const struct line_diff_side after = {new, file->after.buf, file->after.len};
    line_diff(&before, &after, out);
}

static int print_diff(const struct init_files *files)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < files->count; i++)
        add_diff(&files->items[i], &text);
    fwrite(text.buf, 1, text.len, stdout);
    return text.len ? 1 : 0;
}

static int write_files(const struct init_options *o, struct init_files *files, struct error *err)
{
    AUTO_FREE char *folder = path_join(o->dir, FOLDER);
    int failed = dir_make(folder, err);
    for (size_t i = 0; !failed && i < files->count; i++) {
        struct init_file *file = &files->items[i];
        if (file->state == FILE_UNCHANGED || (file->state == FILE_DIFFERS && !o->force))
            continue;
        failed = file_write_atomic(file->path, file->after.buf, file->after.len, err);
        if (file->state == FILE_DIFFERS)
            file->state = FILE_OVERWRITTEN;
    }
    return failed;
}

static size_t print_files(const struct globals *globals, const struct init_files *files)
{
    static const char *const states[] = {
        [FILE_CREATED] = "created",
        [FILE_UNCHANGED] = "unchanged",
        [FILE_DIFFERS] = "kept, it differs",
        [FILE_OVERWRITTEN] = "overwritten",
    };
    size_t kept = 0;
    AUTO_TABLE struct table *table = command_table(globals);
    table_column(table, "file", false);
    table_column(table, "state", false);
    for (size_t i = 0; i < files->count; i++) {
        AUTO_FREE char *path = path_join(FOLDER, files->items[i].name);
        table_text(table, path);
        table_text(table, states[files->items[i].state]);
        table_end_row(table);
        kept += files->items[i].state == FILE_DIFFERS;
    }
    table_finish(table);
    return kept;
}

static void print_kept(const struct init_files *files)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < files->count; i++)
        if (files->items[i].state == FILE_DIFFERS)
            add_diff(&files->items[i], &text);
    printf("\n%s", text.buf);
}

static bool is_action(const char *text)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";
    size_t name = strspn(text, allowed);
    const char *slash = strchr(text, '/');
    return text[name] == '@' && slash && slash > text && slash < text + name - 1 &&
           !memchr(slash + 1, '/', (size_t)(text + name - slash - 1)) && text[name + 1] &&
           !text[name + 1 + strspn(text + name + 1, allowed)];
}

/* GitHub reads the workflows in the root of a repository, and no others. */
static int check_root(const char *dir, struct error *err)
{
    AUTO_FREE char *at = path_real(dir);
    for (bool root = true; at && *at; root = false) {
        AUTO_FREE char *git = path_join(at, ".git");
        if (path_exists(git))
            return root ? 0
                        : error_set(err, ERROR_USAGE,
                                    "%s lies in the repository %s, and GitHub reads workflows in "
                                    "its root alone: --dir %s",
                                    dir, at, at);
        *strrchr(at, '/') = '\0';
    }
    return 0;
}

static int check(const struct init_options *o, struct error *err)
{
    if (strcmp(o->project, "lance") != 0 && strcmp(o->project, "rust") != 0 &&
        strcmp(o->project, "python") != 0)
        return error_set(err, ERROR_USAGE, "--for is one of lance, rust, python, not '%s'",
                         o->project);
    if (!is_action(o->action))
        return error_set(err, ERROR_USAGE,
                         "--action takes OWNER/NAME@REF, such as " ACTION ", not '%s'", o->action);
    if (o->diff && o->force)
        return error_set(err, ERROR_USAGE, "--diff and --force exclude each other");
    if (!path_is_dir(o->dir))
        return error_set(err, ERROR_NOT_FOUND, "%s is no folder: --dir names the repository",
                         o->dir);
    return check_root(o->dir, err);
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    (void)args;
    const struct init_options *o = raw;
    AUTO_INIT_FILES struct init_files files = {0};
    int failed = check(o, err);
    if (!failed)
        failed = load(o, &files, err);
    if (!failed && o->diff)
        return print_diff(&files);
    if (!failed)
        failed = write_files(o, &files, err);
    if (failed)
        return failed;
    size_t kept = print_files(globals, &files);
    if (!kept)
        return 0;
    if (globals->format == FORMAT_TEXT)
        print_kept(&files);
    return error_set(err, ERROR_FAILURE,
                     "%zu of the files %s and %s kept: change by hand, or overwrite with --force",
                     kept, kept == 1 ? "differs" : "differ", kept == 1 ? "was" : "were");
}

const struct command command_init = {
    .name = "init",
    .group = "github",
    .summary = "Write the GitHub workflows into a repository",
    .arguments = "[--for KIND] [--dir DIR] [--diff]",
    .description = "Writes the workflows that schedule, run, backfill, publish and analyse "
                   "benchmarks into\n" FOLDER " of the repository. A file that is there and "
                   "differs is kept, and the\ndifference shown. docs/github-actions.md says which "
                   "secrets and variables they read.",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .defaults = &defaults,
    .options_size = sizeof(struct init_options),
    .run = run,
};
