#include "checkout/checkout.h"

#include "base/alloc.h"
#include "base/file.h"
#include "checkout/cache.h"
#include "checkout/library.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static char *origin;
static git_oid ids[3]; /* oldest first */

/* One more commit on main, with one file. */
static void commit_file(git_repository *repo, int number)
{
    git_signature *who = NULL;
    git_treebuilder *builder = NULL;
    AUTO_GIT(git_tree) git_tree *tree = NULL;
    AUTO_GIT(git_commit) git_commit *parent = NULL;
    git_oid blob, tree_id;
    char text[32];
    int len = snprintf(text, sizeof(text), "number %d", number);
    cr_assert_eq(git_signature_new(&who, "A", "a@example.com", 1700000000 + number, 0), 0);
    cr_assert_eq(git_blob_create_from_buffer(&blob, repo, text, (size_t)len), 0);
    cr_assert_eq(git_treebuilder_new(&builder, repo, NULL), 0);
    cr_assert_eq(git_treebuilder_insert(NULL, builder, "file", &blob, GIT_FILEMODE_BLOB), 0);
    cr_assert_eq(git_treebuilder_write(&tree_id, builder), 0);
    cr_assert_eq(git_tree_lookup(&tree, repo, &tree_id), 0);
    if (number)
        cr_assert_eq(git_commit_lookup(&parent, repo, &ids[number - 1]), 0);
    const git_commit *parents[] = {parent};
    cr_assert_eq(git_commit_create(&ids[number], repo, "refs/heads/main", who, who, NULL, text,
                                   tree, number ? 1 : 0, parents),
                 0);
    git_treebuilder_free(builder);
    git_signature_free(who);
}

static void make_origin(void)
{
    AUTO_GIT(git_repository) git_repository *repo = NULL;
    git_repository_init_options options;
    test_folder_make();
    AUTO_FREE char *cache = path_join(test_folder, "cache");
    setenv("XDG_CACHE_HOME", cache, 1);
    origin = path_join(test_folder, "origin");
    cr_assert_eq(library_start(1, NULL), 0);
    (void)git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
    options.flags = GIT_REPOSITORY_INIT_MKPATH;
    options.initial_head = "main";
    cr_assert_eq(git_repository_init_ext(&repo, origin, &options), 0);
    for (int i = 0; i < 3; i++)
        commit_file(repo, i);
}

static void remove_origin(void)
{
    test_folder_remove();
    free(origin);
}

TestSuite(checkout, .init = make_origin, .fini = remove_origin);

static void assert_id(const char *text, const git_oid *id)
{
    cr_assert_str_eq(text, git_oid_tostr_s(id));
}

static struct checkout checked_out(const char *revision)
{
    struct checkout checkout = CHECKOUT_INIT;
    struct error err = ERROR_INIT;
    const struct checkout_request request = {.remote = origin, .revision = revision};
    cr_assert_eq(checkout_commit(&request, &checkout, &err), 0, "%s", err.message);
    return checkout;
}

Test(checkout, a_checkout_knows_its_commit)
{
    AUTO_CHECKOUT struct checkout checkout = checked_out("main~1");
    assert_id(checkout.commit.id, &ids[1]);
    assert_id(checkout.commit.parent, &ids[0]);
    cr_assert_eq(checkout.commit.time, 1700000001);
    cr_assert_str_eq(checkout.commit.subject, "number 1");
    cr_assert_str_eq(checkout.commit.branch, "main");
    cr_assert_str_eq(checkout.project, "origin");
    cr_assert_str_eq(checkout.remote, origin);
    cr_assert_eq(strncmp(checkout.version, "0.0.0+", 6), 0);
    AUTO_FREE char *file = path_join(checkout.path, "file");
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    cr_assert_eq(file_read(file, 100, &text, NULL), 0);
    cr_assert_str_eq(text.buf, "number 1");
}

Test(checkout, nothing_is_handed_out_on_failure)
{
    struct checkout checkout = CHECKOUT_INIT;
    const struct checkout_request request = {.remote = origin, .revision = "nonsense"};
    cr_assert_eq(checkout_commit(&request, &checkout, NULL), ERROR_NOT_FOUND);
    cr_assert_null(checkout.path);
    cr_assert_eq(checkout.lock_fd, -1);
}

Test(checkout, pristine_does_not_take_a_folder_with_ignored_files)
{
    AUTO_CHECKOUT struct checkout first = checked_out(NULL);
    AUTO_FREE char *ignore = path_join(first.path, ".gitignore");
    cr_assert_eq(file_write_atomic(ignore, "*\n", 2, NULL), 0);
    close(take_fd(&first.lock_fd)); /* a holder would keep it from being written anew */
    struct checkout_request request = {.remote = origin, .flags = CHECKOUT_PRISTINE};
    AUTO_CHECKOUT struct checkout again = CHECKOUT_INIT;
    cr_assert_eq(checkout_commit(&request, &again, NULL), 0);
    cr_assert(again.restored);
    cr_assert_not(path_exists(ignore));
}

Test(checkout, the_newest_commit_is_told)
{
    AUTO_FREE char *id = NULL;
    const struct checkout_request request = {.remote = origin};
    cr_assert_eq(remote_newest(&request, &id, NULL), 0);
    assert_id(id, &ids[2]);
}

Test(checkout, the_history_follows_first_parents)
{
    struct commit *commits = NULL;
    size_t count = 0;
    const struct checkout_request request = {.remote = origin};
    cr_assert_eq(remote_history(&request, 2, &commits, &count, NULL), 0);
    cr_assert_eq(count, 2);
    assert_id(commits[0].id, &ids[2]);
    assert_id(commits[1].id, &ids[1]);
    assert_id(commits[1].parent, &ids[0]);
    for (size_t i = 0; i < count; i++)
        commit_release(&commits[i]);
    free(commits);
}

Test(checkout, a_history_ends_where_it_begins)
{
    struct commit *commits = NULL;
    size_t count = 0;
    const struct checkout_request request = {.remote = origin};
    cr_assert_eq(remote_history(&request, 50, &commits, &count, NULL), 0);
    cr_assert_eq(count, 3);
    cr_assert_null(commits[2].parent);
    for (size_t i = 0; i < count; i++)
        commit_release(&commits[i]);
    free(commits);
}

Test(checkout, a_server_that_falls_silent_is_given_up_on_after_the_stall)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    cr_assert_eq(listen(listener, 5), 0);
    cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    static const char *const schemes[] = {"git", "http", "https"};
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
        AUTO_FREE char *url = xasprintf("%s://127.0.0.1:%d/x", schemes[i], ntohs(address.sin_port));
        const struct checkout_request request = {.remote = url, .stall_s = 0.3, .timeout_s = 60};
        struct checkout checkout = CHECKOUT_INIT;
        struct error err = ERROR_INIT;
        cr_assert_eq(checkout_commit(&request, &checkout, &err), ERROR_UNREACHABLE, "%s",
                     err.message);
        cr_assert_not_null(strstr(err.message, "does not answer"), "%s: %s", url, err.message);
    }
    close(listener);
}

Test(checkout, the_cache_is_listed_and_pruned)
{
    AUTO_CHECKOUT struct checkout held = checked_out("main"), free_one = checked_out("main~1");
    close(take_fd(&free_one.lock_fd));
    AUTO_CACHE_LISTING struct cache_listing listing = {0};
    cr_assert_eq(cache_list(&listing, NULL), 0);
    cr_assert_eq(listing.count, 1);
    const struct cached_remote *remote = &listing.remotes[0];
    cr_assert_str_eq(remote->remote, origin);
    cr_assert_eq(remote->worktree_count, 2);
    cr_assert(remote->bytes > 0 && remote->last_used > 1700000000);
    for (size_t i = 0; i < 2; i++) {
        const struct cached_worktree *worktree = &remote->worktrees[i];
        bool is_held = !strcmp(worktree->commit, held.commit.id);
        cr_assert_eq(worktree->in_use, is_held);
        cr_assert(worktree->bytes > 0 && worktree->last_used > 1700000000);
        cr_assert_eq(cache_remove_worktree(remote->key, worktree->commit, NULL),
                     is_held ? ERROR_CONFLICT : 0);
    }
    cr_assert_not(path_exists(free_one.path));
    cr_assert(path_exists(held.path));
    cr_assert_eq(cache_remove_worktree(remote->key, free_one.commit.id, NULL), ERROR_NOT_FOUND);
    cr_assert_eq(cache_remove_remote(remote->key, NULL), ERROR_CONFLICT);
    cr_assert(path_exists(held.path));
    close(take_fd(&held.lock_fd));
    cr_assert_eq(cache_remove_remote(remote->key, NULL), 0);
    cr_assert_not(path_exists(held.path));
    cr_assert_not(path_exists(remote->path));
    AUTO_CHECKOUT struct checkout again = checked_out("main");
    cr_assert(path_exists(again.path));
}

Test(checkout, pruning_takes_no_path_for_a_name)
{
    static const char *const keys[] = {"", "..", "../x", "a/b", "unknown"};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        cr_assert_eq(cache_remove_remote(keys[i], NULL), ERROR_NOT_FOUND);
        cr_assert_eq(cache_remove_worktree(keys[i], "..", NULL), ERROR_NOT_FOUND);
    }
}
