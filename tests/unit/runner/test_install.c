#include "runner/conf.h"
#include "runner/install_text.h"
#include "runner/manifest.h"
#include "runner/runner.h"
#include "runner/trust.h"
#include "runner/worker.h"

#include "base/alloc.h"
#include "base/file.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(install, .init = test_folder_make, .fini = test_folder_remove);

static char *get(const char *name)
{
    AUTO_FREE char *path = xasprintf("%s%s", test_folder, name);
    struct strbuf text = STRBUF_INIT;
    cr_assert_eq(file_read(path, 1 << 20, &text, NULL), 0);
    return strbuf_detach(&text);
}

Test(install, a_configuration_reads_back_as_it_was_written)
{
    AUTO_HOST_CONF struct host_conf conf = {.profile = xstrdup("shared"), .cpus = xstrdup("2-5")};
    AUTO_HOST_CONF struct host_conf back = {0};
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    strlist_push(&conf.users, "ci");
    strlist_push(&conf.users, "build");
    host_conf_text(&conf, &text);
    test_folder_put(HOST_CONF_FILE, text.buf);
    cr_assert_eq(host_conf_load(test_folder, &back, NULL), 0);
    cr_expect_str_eq(back.profile, "shared");
    cr_expect_str_eq(back.cpus, "2-5");
    cr_assert_eq(back.users.count, 2);
    cr_expect_str_eq(back.users.items[1], "build");
}

Test(install, a_configuration_without_cpus_has_none)
{
    AUTO_HOST_CONF struct host_conf conf = {0};
    test_folder_put(HOST_CONF_FILE, "");
    cr_assert_eq(host_conf_load(test_folder, &conf, NULL), 0);
    cr_expect_str_eq(conf.profile, HOST_CONF_PROFILE);
    cr_expect_null(conf.cpus);
}

Test(install, a_configuration_that_is_wrong_names_the_key)
{
    static const char *const rows[][2] = {
        {"cpus = 3", "cpus has to be a text"},
        {"profile = \"\"", "profile has to be a text"},
        {"users = \"ci\"", "users has to be a list"},
        {"users = [1]", "users has to be a list"},
        {"governor = \"performance\"", "unknown key \"governor\""},
        {"profile = ", "host.conf"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        AUTO_HOST_CONF struct host_conf conf = {0};
        struct error err = ERROR_INIT;
        test_folder_put(HOST_CONF_FILE, rows[i][0]);
        cr_expect_lt(host_conf_load(test_folder, &conf, &err), 0);
        cr_expect(strstr(err.message, rows[i][1]), "%s: %s", rows[i][0], err.message);
    }
}

Test(install, a_missing_configuration_is_not_found)
{
    AUTO_HOST_CONF struct host_conf conf = {0};
    cr_expect_eq(host_conf_load(test_folder, &conf, NULL), ERROR_NOT_FOUND);
}

Test(install, the_rule_for_sudo_names_two_command_lines_for_each_account)
{
    AUTO_STRLIST struct strlist users = STRLIST_INIT;
    strlist_push(&users, "ci");
    strlist_push(&users, "nightly");
    AUTO_FREE char *text = install_sudoers_text(&users);
    cr_expect(strstr(text, "\nci ALL=(root) NOPASSWD: " INSTALL_HELPER " started, " INSTALL_HELPER
                           " completed\n"));
    cr_expect(strstr(text, "\nnightly ALL=(root) NOPASSWD: "));
    cr_expect_null(strstr(text, "*"));
}

Test(install, names_that_mean_something_to_sudo_are_no_accounts)
{
    static const char *const plain[] = {"ci", "_runner", "Build-1", "a"};
    static const char *const others[] = {"",      "ALL",  "%wheel",   "#1000", "+group",
                                         "a b",   "a,b",  "a\nb ALL", "-x",    "!ci",
                                         "a=ALL", "a\\b", "1000",     "a:b",   "ci\""};
    for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
        cr_expect(install_user_is_plain(plain[i]), "%s", plain[i]);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        cr_expect(!install_user_is_plain(others[i]), "%s", others[i]);
}

Test(install, the_manifest_keeps_both_versions_until_the_new_one_is_there)
{
    AUTO_INSTALL_MANIFEST struct install_manifest manifest = {0}, back = {0};
    const struct install_item file = {.kind = INSTALL_FILE, .path = (char[]){"/etc/x y"}};
    const struct install_item line = {
        .kind = INSTALL_LINE, .path = (char[]){"/home/ci/r"}, .text = (char[]){"A=b c"}};
    AUTO_FREE char *folder = xasprintf("%s" INSTALL_FOLDER, test_folder);
    cr_assert_eq(dir_make(folder, NULL), 0);
    install_manifest_add(&manifest, &file, "aa");
    install_manifest_add(&manifest, &line, NULL);
    install_manifest_add(&manifest, &file, "bb");
    install_manifest_add(&manifest, &file, "aa");
    cr_assert_eq(manifest.count, 3);
    cr_assert_eq(install_manifest_write(test_folder, &manifest, NULL), 0);
    cr_assert_eq(install_manifest_read(test_folder, &back, NULL), 0);
    cr_assert_eq(back.count, 3);
    install_manifest_keep_only(&back, "/etc/x y", "bb");
    cr_assert_eq(back.count, 2);
    cr_expect_eq(back.items[0].kind, INSTALL_LINE);
    cr_expect_str_eq(back.items[0].text, "A=b c");
    cr_expect_str_eq(back.items[1].digest, "bb");
    cr_expect(install_manifest_has(&back, "/etc/x y"));
    cr_expect(!install_manifest_has(&back, "/etc/x"));
}

Test(install, a_manifest_that_is_damaged_names_the_line)
{
    static const char *const rows[] = {"file", "file aa", "file aa etc/x", "socket - /x", " - /x"};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        AUTO_INSTALL_MANIFEST struct install_manifest manifest = {0};
        AUTO_FREE char *text = xasprintf("dir - /a\n%s\n", rows[i]);
        struct error err = ERROR_INIT;
        test_folder_put(INSTALL_MANIFEST, text);
        cr_expect_eq(install_manifest_read(test_folder, &manifest, &err), ERROR_INPUT);
        cr_expect(strstr(err.message, "line 2"), "%s: %s", rows[i], err.message);
    }
}

static const struct strlist *hook_lines(struct strlist *lines)
{
    strlist_push(lines, "STARTED=/a");
    strlist_push(lines, "COMPLETED=/b");
    return lines;
}

Test(install, lines_go_into_a_runner_s_env_once_and_come_out_again)
{
    AUTO_STRLIST struct strlist lines = STRLIST_INIT;
    AUTO_FREE char *folder = xasprintf("%s/runner", test_folder);
    test_folder_put("/runner/.runner", "{}");
    test_folder_put("/runner/.env", "LANG=C\nSTARTED_AT=1\n");
    hook_lines(&lines);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(runner_env_add(folder, getuid(), &lines, NULL), 0);
    AUTO_FREE char *with = get("/runner/.env");
    cr_expect_str_eq(with, "LANG=C\nSTARTED_AT=1\nSTARTED=/a\nCOMPLETED=/b\n");
    cr_assert_eq(runner_env_remove(folder, &lines, NULL), 0);
    AUTO_FREE char *without = get("/runner/.env");
    cr_expect_str_eq(without, "LANG=C\nSTARTED_AT=1\n");
}

Test(install, an_env_that_had_no_line_is_gone_again)
{
    AUTO_STRLIST struct strlist lines = STRLIST_INIT;
    AUTO_FREE char *folder = xasprintf("%s/runner", test_folder),
                   *env = xasprintf("%s/.env", folder);
    test_folder_put("/runner/.runner", "{}");
    hook_lines(&lines);
    cr_assert_eq(runner_env_add(folder, getuid(), &lines, NULL), 0);
    cr_expect(path_exists(env));
    cr_assert_eq(runner_env_remove(folder, &lines, NULL), 0);
    cr_expect(!path_exists(env));
}

Test(install, somebody_else_s_hook_is_not_replaced)
{
    AUTO_STRLIST struct strlist lines = STRLIST_INIT;
    AUTO_FREE char *folder = xasprintf("%s/runner", test_folder);
    struct error err = ERROR_INIT;
    test_folder_put("/runner/.runner", "{}");
    test_folder_put("/runner/.env", "COMPLETED=/mine");
    hook_lines(&lines);
    cr_expect_eq(runner_env_add(folder, getuid(), &lines, &err), ERROR_FAILURE);
    cr_expect(strstr(err.message, "COMPLETED already"), "%s", err.message);
    AUTO_FREE char *env = get("/runner/.env");
    cr_expect_str_eq(env, "COMPLETED=/mine");
}

Test(install, links_of_a_runner_s_account_are_not_followed)
{
    AUTO_STRLIST struct strlist lines = STRLIST_INIT, found = STRLIST_INIT;
    AUTO_FREE char *folder = xasprintf("%s/runner", test_folder),
                   *env = xasprintf("%s/.env", folder);
    AUTO_FREE char *other = xasprintf("%s/other", test_folder),
                   *secret = xasprintf("%s/secret", test_folder);
    test_folder_put("/runner/.runner", "{}");
    test_folder_put("/secret", "A=1\n");
    hook_lines(&lines);
    cr_assert_eq(symlink(secret, env), 0);
    cr_expect_lt(runner_env_add(folder, getuid(), &lines, NULL), 0);
    AUTO_FREE char *text = get("/secret");
    cr_expect_str_eq(text, "A=1\n");
    cr_assert_eq(symlink(folder, other), 0);
    cr_expect_lt(runner_env_add(other, getuid(), &lines, NULL), 0);
    runner_find(test_folder, &found);
    cr_assert_eq(found.count, 1);
    cr_expect_str_eq(found.items[0], folder);
}

Test(install, what_others_can_write_is_not_trusted)
{
    if (geteuid())
        cr_skip_test("needs root: only root's files are trusted");
    AUTO_FREE char *file = xasprintf("%s/etc/x", test_folder),
                   *etc = xasprintf("%s/etc", test_folder);
    test_folder_put("/etc/x", "");
    cr_assert_eq(chmod(etc, 0755) | chmod(file, 0644), 0);
    cr_expect_eq(trust_check(test_folder, "/etc/x", NULL), 0);
    cr_expect_eq(trust_check(test_folder, "/etc/y", NULL), ERROR_NOT_FOUND);
    cr_assert_eq(chmod(etc, 0775), 0);
    cr_expect_eq(trust_check(test_folder, "/etc/x", NULL), ERROR_FAILURE);
    cr_assert_eq(chmod(etc, 0755) | chmod(file, 0646), 0);
    cr_expect_eq(trust_check(test_folder, "/etc/x", NULL), ERROR_FAILURE);
    cr_assert_eq(chmod(file, 0644) | chown(file, 1, 0), 0);
    cr_expect_eq(trust_check(test_folder, "/etc/x", NULL), ERROR_FAILURE);
    cr_assert_eq(unlink(file) | symlink("/etc/passwd", file), 0);
    cr_expect_eq(trust_check(test_folder, "/etc/x", NULL), ERROR_FAILURE);
}

Test(install, a_process_is_known_by_its_start_and_dead_as_a_zombie)
{
    struct host_process child, other;
    int fds[2];
    cr_assert_eq(pipe(fds), 0);
    pid_t pid = fork();
    if (!pid) {
        char byte;
        close(fds[1]);
        _exit(read(fds[0], &byte, 1) != 0);
    }
    cr_assert_eq(host_process_of(pid, &child, NULL), 0);
    cr_expect_eq(child.uid, getuid());
    cr_expect(host_process_lives(&child));
    other = child;
    other.started++;
    cr_expect(!host_process_lives(&other));
    close(fds[1]);
    siginfo_t info;
    cr_assert_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    cr_expect(!host_process_lives(&child));
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
    cr_expect_eq(host_process_of(pid, &child, NULL), ERROR_NOT_FOUND);
}

/* Exit status 0 when it finds `wanted` from two processes further down, both called a worker. */
static int find_from_below(pid_t wanted)
{
    struct host_process worker;
    pid_t pid = fork();
    if (!pid)
        _exit(host_worker_find(&worker, NULL) || worker.pid != wanted);
    int status = 1;
    return waitpid(pid, &status, 0) == pid ? status : 1;
}

Test(install, the_worker_is_the_outermost_ancestor_of_that_name)
{
    struct host_process worker;
    cr_expect_eq(host_worker_find(&worker, NULL), ERROR_NOT_FOUND);
    cr_assert_eq(prctl(PR_SET_NAME, HOST_WORKER_NAME), 0);
    pid_t pid = fork();
    if (!pid)
        _exit(find_from_below(getppid()) != 0);
    int status = 1;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_expect_eq(status, 0);
}
