#include "base/digest.h"

#include "base/file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void has_uuid(const char *name, const char *want)
{
    char text[UUID_TEXT_SIZE];
    uuid5_text(name, strlen(name), text);
    cr_assert_str_eq(text, want);
}

/* Python: uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, "urn:lance-bench:results"), name) */
Test(digest, uuids_are_those_of_python)
{
    has_uuid("", "e9308d38-be4a-5536-8223-8448ec88180f");
    has_uuid("a", "808ec948-7470-56eb-af48-c254f21f0b64");
    has_uuid("lance\x1f"
             "bed\x1f"
             "0000000000000000000000000000000000000000\x1f"
             "criterion\x1fsum\x1f\x1frun\x1f"
             "0",
             "fdc52ed0-6408-5cb2-b934-08c35c2d3de8");
    has_uuid("\xc3\xbc\n", "4338b296-f382-5e23-99a7-63561a44c349");
}

#define SHA256_OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SHA256_OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA256_OF_A_MILLION_A "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

Test(digest, sha256_is_that_of_fips_180)
{
    char hex[SHA256_HEX_SIZE];
    sha256_hex_of("abc", 3, hex);
    cr_assert_str_eq(hex, SHA256_OF_ABC);
    sha256_hex_of("", 0, hex);
    cr_assert_str_eq(hex, SHA256_OF_NOTHING);
    struct sha256 *hash = sha256_new();
    for (int i = 0; i < 1000000; i++)
        sha256_update(hash, "a", 1);
    sha256_hex(hash, hex);
    sha256_free(hash);
    cr_assert_str_eq(hex, SHA256_OF_A_MILLION_A);
}

Test(digest, a_file_has_the_digest_of_its_bytes)
{
    char path[64], hex[SHA256_HEX_SIZE];
    snprintf(path, sizeof(path), "/tmp/lance-bench-digest-%d", (int)getpid());
    cr_assert_eq(file_write_atomic(path, "abc", 3, NULL), 0);
    cr_assert_eq(sha256_hex_of_file(path, hex, NULL), 0);
    unlink(path);
    cr_assert_str_eq(hex, SHA256_OF_ABC);
    struct error err = ERROR_INIT;
    cr_assert_lt(sha256_hex_of_file(path, hex, &err), 0);
    cr_assert(strstr(err.message, path), "%s", err.message);
}

/* printf abc | openssl dgst -sha256 -binary | base64 */
Test(digest, base64_is_what_the_web_writes)
{
    char text[SHA256_BASE64_SIZE];
    sha256_base64_of("abc", 3, text);
    cr_assert_str_eq(text, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
}
