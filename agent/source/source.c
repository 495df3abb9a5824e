#include "source/source.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "source/python_source.h"
#include "source/rust_source.h"

#include <errno.h>
#include <fts.h>
#include <string.h>

void source_tree_release(struct source_tree *tree)
{
    free(tree->root);
    strlist_release(&tree->python);
    strlist_release(&tree->rust);
    *tree = (struct source_tree){0};
}

static bool holds_products(const char *folder)
{
    static const char *const names[] = {"target", "node_modules", "site-packages", "__pycache__"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (!strcmp(folder, names[i]))
            return true;
    return *folder == '.';
}

static bool is_bench(const char *path)
{
    return !strncmp(path, "benches/", strlen("benches/")) || strstr(path, "/benches/");
}

static void add_file(struct source_tree *tree, const char *path)
{
    if (text_ends_with(path, ".py"))
        strlist_push(&tree->python, path);
    else if (text_ends_with(path, ".rs") && is_bench(path))
        strlist_push(&tree->rust, path);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void walk(FTS *fts, struct source_tree *tree)
{
    size_t seen = 0, root_len = strlen(tree->root);
    FTSENT *entry = NULL;
    while (seen++ < SOURCE_ENTRIES_MAX && (entry = fts_read(fts))) {
        if (entry->fts_info == FTS_F)
            add_file(tree, entry->fts_path + root_len + 1);
        else if (entry->fts_info == FTS_D && entry->fts_level > 0 &&
                 (entry->fts_level > SOURCE_DEPTH_MAX || holds_products(entry->fts_name)))
            (void)fts_set(fts, entry, FTS_SKIP);
    }
}

int source_tree_read(const char *root, struct source_tree *out, struct error *err)
{
    AUTO_SOURCE_TREE struct source_tree tree = {.root = path_real(root)};
    if (!tree.root || !path_is_dir(tree.root))
        return error_set(err, ERROR_NOT_FOUND, "%s is no folder", root);
    char *const roots[] = {tree.root, NULL};
    FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, by_name);
    if (!fts)
        return error_errno(err, ERROR_FAILURE, errno, "cannot list %s", root);
    walk(fts, &tree);
    fts_close(fts);
    *out = tree;
    tree = (struct source_tree){0};
    return 0;
}

/* The text of a file; "" where it cannot be read. */
static char *read_text(const struct source_tree *tree, const char *path)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    AUTO_FREE char *whole = path_join(tree->root, path);
    if (file_read(whole, SOURCE_BYTES_MAX, &text, NULL))
        strbuf_clear(&text);
    return strbuf_detach(&text);
}

/* The file that is called so, or the only one whose path ends so. */
static const char *find_python_file(const struct source_tree *tree, const char *name)
{
    AUTO_FREE char *tail = xasprintf("/%s", name);
    const char *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < tree->python.count; i++) {
        const char *path = tree->python.items[i];
        if (!strcmp(path, name))
            return path;
        if (text_ends_with(path, tail)) {
            found = path;
            count++;
        }
    }
    return count == 1 ? found : NULL;
}

/* "PATH::test_x[7]" */
static bool find_python(const struct source_tree *tree, const char *benchmark,
                        struct source_place *out)
{
    AUTO_FREE char *name = xstrdup(benchmark);
    char *first = strstr(name, "::");
    if (!first)
        return false;
    *first = '\0';
    char *function = first + strlen("::"), *class = NULL;
    function[strcspn(function, "[")] = '\0';
    for (char *next = NULL; (next = strstr(function, "::")); function = next + strlen("::")) {
        *next = '\0';
        class = function;
    }
    const char *file = *function ? find_python_file(tree, name) : NULL;
    if (!file)
        return false;
    AUTO_FREE char *text = read_text(tree, file);
    int64_t line = python_definition(text, class, function);
    if (line)
        *out = (struct source_place){.file = file, .line = line};
    return line;
}

static bool find_rust(const struct source_tree *tree, const char *benchmark,
                      struct source_place *out)
{
    size_t best = 0, equal = 0;
    struct source_place place = {0};
    for (size_t i = 0; i < tree->rust.count; i++) {
        AUTO_FREE char *text = read_text(tree, tree->rust.items[i]);
        struct rust_place found = rust_benchmark(text, benchmark);
        equal = found.matched > best ? 0 : equal + (found.matched == best && best);
        if (found.matched > best) {
            best = found.matched;
            place = (struct source_place){.file = tree->rust.items[i], .line = found.line};
        }
    }
    if (!best || equal)
        return false;
    *out = place;
    return true;
}

bool source_find(const struct source_tree *tree, const char *benchmark, struct source_place *out)
{
    return find_python(tree, benchmark, out) || find_rust(tree, benchmark, out);
}
