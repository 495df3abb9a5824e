#include "checkout/remote.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <string.h>

static struct remote parsed(const char *text)
{
    struct remote remote = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(remote_parse(text, &remote, &err), 0, "%s: %s", text, err.message);
    return remote;
}

Test(remote, credentials_are_taken_out_of_the_url)
{
    AUTO_REMOTE struct remote remote =
        parsed("https://me%40work:p%3Aw@Example.com:8443/a/lance.git");
    cr_assert_eq(remote.kind, REMOTE_HTTPS);
    cr_assert_str_eq(remote.url, "https://Example.com:8443/a/lance.git");
    cr_assert_str_eq(remote.host, "example.com:8443");
    cr_assert_str_eq(remote.user, "me@work");
    cr_assert_str_eq(remote.password, "p:w");
    cr_assert_str_eq(remote.name, "lance");
}

Test(remote, ssh_keeps_its_user)
{
    AUTO_REMOTE struct remote url = parsed("ssh://git:pw@host:22/a/b.git");
    AUTO_REMOTE struct remote scp = parsed("git@host:a/b.git");
    cr_assert_str_eq(url.url, "ssh://git@host:22/a/b.git");
    cr_assert_str_eq(url.password, "pw");
    cr_assert_eq(scp.kind, REMOTE_SSH);
    cr_assert_str_eq(scp.url, "git@host:a/b.git");
    cr_assert_str_eq(scp.user, "git");
    cr_assert_str_eq(scp.host, "host");
    cr_assert_str_eq(scp.name, "b");
}

Test(remote, the_key_does_not_depend_on_credentials_or_the_suffix)
{
    AUTO_REMOTE struct remote a = parsed("https://h/x/lance.git");
    AUTO_REMOTE struct remote b = parsed("https://u:p@h/x/lance/");
    AUTO_REMOTE struct remote c = parsed("https://h/y/lance.git");
    cr_assert_str_eq(a.key, b.key);
    cr_assert_str_neq(a.key, c.key);
    cr_assert_eq(strncmp(a.key, "lance-", 6), 0);
    cr_assert_eq(strlen(a.key), strlen("lance-") + 12);
}

Test(remote, a_key_is_a_harmless_file_name)
{
    AUTO_REMOTE struct remote a = parsed("https://h/x/..");
    AUTO_REMOTE struct remote b = parsed("https://h/x/a%2Fb c\x01");
    cr_assert_null(strchr(a.key, '/'));
    cr_assert_neq(*a.key, '.');
    for (const char *at = b.key; *at; at++)
        cr_assert(*at > ' ' && *at != '/');
}

Test(remote, a_folder_is_a_remote_by_path_and_by_file_url)
{
    AUTO_REMOTE struct remote path = parsed("/usr/../usr");
    AUTO_REMOTE struct remote url = parsed("file:///%75sr");
    cr_assert_eq(path.kind, REMOTE_LOCAL);
    cr_assert_str_eq(path.url, "/usr");
    cr_assert_str_eq(url.url, "/usr");
    cr_assert_null(path.host);
}

Test(remote, what_is_no_address_is_told_without_its_password)
{
    static const char *const wrong[] = {"",          "ftp://u:secret@h/x", "https://u:secret@/x",
                                        "https://h", "file://host/x",      "ext::sh -c true"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct remote remote = {0};
        struct error err = ERROR_INIT;
        cr_assert_eq(remote_parse(wrong[i], &remote, &err), ERROR_USAGE, "%s", wrong[i]);
        cr_assert_null(strstr(err.message, "secret"));
        cr_assert_null(remote.url);
    }
    struct remote remote = {0};
    cr_assert_eq(remote_parse("/no/such/folder", &remote, NULL), ERROR_NOT_FOUND);
}

Test(remote, masking_touches_credentials_alone)
{
    AUTO_FREE char *masked = remote_mask("https://u:p@ss@h/x@y");
    AUTO_FREE char *plain = remote_mask("https://h/x@y");
    cr_assert_str_eq(masked, "https://***@h/x@y");
    cr_assert_str_eq(plain, "https://h/x@y");
}

static char *submodule_of(const char *parent_text, const char *url)
{
    AUTO_REMOTE struct remote parent = parsed(parent_text), child = {0};
    struct error err = ERROR_INIT;
    if (remote_parse_submodule(&parent, url, &child, &err))
        return NULL;
    return xstrdup(child.url);
}

Test(remote, a_relative_submodule_stands_beside_its_parent)
{
    AUTO_FREE char *beside = submodule_of("https://h/a/parent.git", "../child.git");
    AUTO_FREE char *far = submodule_of("https://h/a/parent.git/", "../../b/./child.git");
    AUTO_FREE char *below = submodule_of("ssh://git@h/parent", "./child");
    AUTO_FREE char *scp = submodule_of("git@h:a/parent.git", "../child.git");
    AUTO_FREE char *top = submodule_of("git@h:parent.git", "../child.git");
    AUTO_FREE char *local = submodule_of("/usr/bin", "../lib");
    cr_assert_str_eq(beside, "https://h/a/child.git");
    cr_assert_str_eq(far, "https://h/b/./child.git");
    cr_assert_str_eq(below, "ssh://git@h/parent/child");
    cr_assert_str_eq(scp, "git@h:a/child.git");
    cr_assert_str_eq(top, "git@h:child.git");
    cr_assert_not_null(strstr(local, "lib"));
}

Test(remote, a_submodule_may_not_reach_folders_of_this_machine)
{
    static const char *const urls[] = {"/etc", "file:///etc", "FILE:///etc", "etc", "~/x"};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        cr_assert_null(submodule_of("https://h/a/b", urls[i]), "%s", urls[i]);
        cr_assert_null(submodule_of("/usr", urls[i]), "%s", urls[i]);
    }
    cr_assert_null(submodule_of("https://h/a", "../../../../etc"));
}

Test(remote, a_relative_submodule_on_the_same_host_inherits_the_credentials)
{
    AUTO_REMOTE struct remote parent = parsed("https://u:p@h/a/b"), same = {0}, other = {0};
    cr_assert_eq(remote_parse_submodule(&parent, "../c", &same, NULL), 0);
    cr_assert_str_eq(same.user, "u");
    cr_assert_str_eq(same.password, "p");
    cr_assert_eq(remote_parse_submodule(&parent, "https://h/a/c", &other, NULL), 0);
    cr_assert_null(other.user);
}
