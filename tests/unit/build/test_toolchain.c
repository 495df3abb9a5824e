#include "build/toolchain.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strlist.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#if defined(__x86_64__)
#define HOST "-x86_64-unknown-linux-gnu"
#else
#define HOST "-aarch64-unknown-linux-gnu"
#endif

static char *target;

static void put(const char *folder, const char *name, const char *text, mode_t mode)
{
    AUTO_FREE char *path = path_join(folder, name);
    AUTO_FREE char *parent = xstrdup(path);
    *strrchr(parent, '/') = '\0';
    cr_assert_eq(dir_make(parent, NULL), 0);
    cr_assert_eq(file_write_atomic(path, text, strlen(text), NULL), 0);
    cr_assert_eq(chmod(path, mode), 0);
}

static void install(const char *name)
{
    AUTO_FREE char *cargo = xasprintf("rustup/toolchains/%s" HOST "/bin/cargo", name);
    AUTO_FREE char *rustc = xasprintf("rustup/toolchains/%s" HOST "/bin/rustc", name);
    put(test_folder, cargo, "", 0755);
    put(test_folder, rustc, "", 0755);
}

/* A machine with three toolchains of rustup and nothing else. */
static void setup(void)
{
    test_folder_make();
    target = path_join(test_folder, "target");
    cr_assert_eq(dir_make(target, NULL), 0);
    AUTO_FREE char *rustup = path_join(test_folder, "rustup");
    setenv("RUSTUP_HOME", rustup, 1);
    setenv("PATH", "/nonexistent", 1);
    install("1.94.0");
    install("1.94.1");
    install("stable");
    put(test_folder, "rustup/settings.toml", "default_toolchain = \"stable" HOST "\"\n", 0644);
}

static void teardown(void)
{
    test_folder_remove();
    free(target);
}

static void finds(const char *override, const char *name)
{
    AUTO_TOOLCHAIN struct toolchain found = {0};
    struct error err = ERROR_INIT;
    AUTO_FREE char *full = xasprintf("%s" HOST, name);
    cr_assert_eq(toolchain_find(target, target, override, &found, &err), 0, "%s", err.message);
    cr_assert_str_eq(found.name, full);
    cr_assert(strstr(found.cargo, full));
}

Test(toolchain, without_a_wish_it_is_rustups_default, .init = setup, .fini = teardown)
{
    finds(NULL, "stable");
}

Test(toolchain, the_targets_file_is_heeded_in_both_its_forms, .init = setup, .fini = teardown)
{
    put(target, "rust-toolchain", "1.94.0\n", 0644);
    finds(NULL, "1.94.0");
    put(target, "rust-toolchain", "[toolchain]\nchannel = \"1.94.1\"\n", 0644);
    finds(NULL, "1.94.1");
}

Test(toolchain, a_version_without_its_last_number_takes_the_newest, .init = setup, .fini = teardown)
{
    put(target, "rust-toolchain.toml", "[toolchain]\nchannel = \"1.94\"\n", 0644);
    finds(NULL, "1.94.1");
}

Test(toolchain, an_override_wins_over_the_file, .init = setup, .fini = teardown)
{
    put(target, "rust-toolchain.toml", "[toolchain]\nchannel = \"1.90.0\"\n", 0644);
    finds("stable", "stable");
}

Test(toolchain, one_that_is_not_there_says_what_to_do, .init = setup, .fini = teardown)
{
    put(target, "rust-toolchain.toml", "[toolchain]\nchannel = \"1.90.0\"\n", 0644);
    struct toolchain found = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(toolchain_find(target, target, NULL, &found, &err), ERROR_NOT_FOUND);
    cr_assert(
        strstr(err.message, "rust-toolchain file asks for Rust 1.90.0, which is not installed"));
    cr_assert(strstr(err.message, "rustup toolchain install 1.90.0"));
    cr_assert(strstr(err.message, "--toolchain NAME"));
    cr_assert_null(found.name);
}

Test(toolchain, a_file_in_a_parent_counts_up_to_the_targets_root, .init = setup, .fini = teardown)
{
    put(target, "rust-toolchain", "1.94.0", 0644);
    put(target, "deep/er/x", "", 0644);
    AUTO_FREE char *folder = path_join(target, "deep/er");
    AUTO_TOOLCHAIN struct toolchain found = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(toolchain_find(target, folder, NULL, &found, &err), 0, "%s", err.message);
    cr_assert_str_eq(found.asked, "1.94.0");
}
