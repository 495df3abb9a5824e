#include "checkout/untracked.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/strlist.h"

#include <string.h>
#include <sys/stat.h>

struct search {
    git_repository *repo;
    git_index *index;
    bool ignored_too;
    bool found;
};

static bool is_ignored(const struct search *search, const char *path)
{
    int ignored = 0;
    return !git_ignore_path_is_ignored(&ignored, search->repo, path) && ignored;
}

static bool is_submodule(const struct search *search, const char *path)
{
    const git_index_entry *entry = git_index_get_bypath(search->index, path, 0);
    return entry && entry->mode == GIT_FILEMODE_COMMIT;
}

static bool is_rule(const char *name)
{
    return !strcmp(name, ".gitignore") || !strcmp(name, ".git");
}

static int search_folder(struct search *search, const char *folder, struct error *err);

static int look_at(struct search *search, const char *path, const char *name, struct error *err)
{
    AUTO_FREE char *whole = path_join(git_repository_workdir(search->repo), path);
    struct stat st;
    if (lstat(whole, &st))
        return 0;
    if (!S_ISDIR(st.st_mode)) {
        bool tracked = git_index_get_bypath(search->index, path, 0) != NULL;
        search->found |=
            !tracked && (search->ignored_too || is_rule(name) || !is_ignored(search, path));
        return 0;
    }
    AUTO_FREE char *prefix = xasprintf("%s/", path);
    if (is_submodule(search, path))
        return 0;
    bool holds_tracked = !git_index_find_prefix(NULL, search->index, prefix);
    if (!strcmp(name, ".git"))
        search->found = true;
    else if (holds_tracked || search->ignored_too || !is_ignored(search, prefix))
        return search_folder(search, path, err);
    return 0;
}

static int search_folder(struct search *search, const char *folder, struct error *err)
{
    AUTO_FREE char *whole = path_join(git_repository_workdir(search->repo), folder);
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    int failed = dir_list(*folder ? whole : git_repository_workdir(search->repo), &names, err);
    for (size_t i = 0; !failed && !search->found && i < names.count; i++) {
        AUTO_FREE char *path =
            *folder ? path_join(folder, names.items[i]) : xstrdup(names.items[i]);
        if (*folder || strcmp(names.items[i], ".git"))
            failed = look_at(search, path, names.items[i], err);
    }
    return failed;
}

int untracked_find(git_repository *repo, git_index *index, bool ignored_too, bool *found,
                   struct error *err)
{
    struct search search = {.repo = repo, .index = index, .ignored_too = ignored_too};
    int failed = search_folder(&search, "", err);
    if (!failed)
        *found = search.found;
    return failed;
}
