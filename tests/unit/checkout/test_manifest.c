#include "checkout/manifest.h"

#include "base/alloc.h"
#include "base/file.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(manifest, .init = test_folder_make, .fini = test_folder_remove);

static char *version(void)
{
    char *out = NULL;
    struct error err = ERROR_INIT;
    cr_assert_eq(manifest_version(test_folder, &out, &err), 0, "%s", err.message);
    return out;
}

static int failure(struct error *err)
{
    char *out = NULL;
    int failed = manifest_version(test_folder, &out, err);
    cr_assert_null(out);
    return failed;
}

Test(manifest, cargo_goes_before_python)
{
    test_folder_put("pyproject.toml", "[project]\nversion = '2.0'\n");
    test_folder_put("Cargo.toml", "[workspace.package]\nversion = '1.0.0'\n");
    AUTO_FREE char *found = version();
    cr_assert_str_eq(found, "1.0.0");
}

Test(manifest, a_package_goes_before_its_workspace_unless_it_inherits)
{
    test_folder_put("Cargo.toml",
                    "[package]\nversion = '3.0.0'\n[workspace.package]\nversion = '1.0.0'\n");
    AUTO_FREE char *own = version();
    test_folder_put(
        "Cargo.toml",
        "[package]\nversion.workspace = true\n[workspace.package]\nversion = '1.0.0'\n");
    AUTO_FREE char *inherited = version();
    cr_assert_str_eq(own, "3.0.0");
    cr_assert_str_eq(inherited, "1.0.0");
}

Test(manifest, a_dynamic_version_is_looked_for_where_maturin_does)
{
    test_folder_put("pyproject.toml", "[project]\ndynamic = ['version']\n");
    test_folder_put("python/Cargo.toml", "[package]\nversion = '4.0.0'\n");
    AUTO_FREE char *beside = version();
    test_folder_put("pyproject.toml",
                    "[project]\nname = 'x'\n[tool.maturin]\nmanifest-path = 'r/Cargo.toml'\n");
    test_folder_put("r/Cargo.toml", "[package]\nversion = '5.0.0'\n");
    AUTO_FREE char *named = version();
    cr_assert_str_eq(beside, "4.0.0");
    cr_assert_str_eq(named, "5.0.0");
}

Test(manifest, a_manifest_may_not_name_one_outside)
{
    test_folder_put("pyproject.toml", "[tool.maturin]\nmanifest-path = '../Cargo.toml'\n");
    cr_assert_eq(failure(NULL), ERROR_NOT_FOUND);
}

Test(manifest, no_manifest_and_no_version_are_not_found)
{
    cr_assert_eq(failure(NULL), ERROR_NOT_FOUND);
    test_folder_put("Cargo.toml", "[workspace]\nmembers = []\n");
    cr_assert_eq(failure(NULL), ERROR_NOT_FOUND);
}

Test(manifest, what_cannot_be_read_is_named)
{
    struct error err = ERROR_INIT;
    test_folder_put("Cargo.toml", "[package\n");
    cr_assert_eq(failure(&err), ERROR_INPUT);
    cr_assert_not_null(strstr(err.message, "Cargo.toml"));
}

Test(manifest, a_version_has_no_other_characters_than_versions_have)
{
    static const char *const wrong[] = {"", "1 0", "1\\n0", "1`0", "<b>", "1/0"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        AUTO_FREE char *text = xasprintf("[package]\nversion = \"%s\"\n", wrong[i]);
        test_folder_put("Cargo.toml", text);
        cr_assert_eq(failure(NULL), ERROR_INPUT, "%s", wrong[i]);
    }
}
