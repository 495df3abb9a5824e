#include "base/digest.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

struct sha256 {
    EVP_MD_CTX *ctx;
};

/* With the default provider built in, only running out of memory makes these calls fail. */
static void must(int ok)
{
    if (ok != 1) {
        fputs("lance-bench: libcrypto failed\n", stderr);
        abort();
    }
}

struct sha256 *sha256_new(void)
{
    struct sha256 *hash = xcalloc(1, sizeof(*hash));
    hash->ctx = EVP_MD_CTX_new();
    must(hash->ctx && EVP_DigestInit_ex(hash->ctx, EVP_sha256(), NULL));
    return hash;
}

void sha256_free(struct sha256 *hash)
{
    if (!hash)
        return;
    EVP_MD_CTX_free(hash->ctx);
    free(hash);
}

void sha256_update(struct sha256 *hash, const void *bytes, size_t len)
{
    must(EVP_DigestUpdate(hash->ctx, bytes, len));
}

static void hex(const unsigned char *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

void sha256_hex(struct sha256 *hash, char out[SHA256_HEX_SIZE])
{
    unsigned char bytes[32];
    must(EVP_DigestFinal_ex(hash->ctx, bytes, NULL));
    hex(bytes, sizeof(bytes), out);
}

void sha256_hex_of(const void *bytes, size_t len, char out[SHA256_HEX_SIZE])
{
    struct sha256 *hash = sha256_new();
    sha256_update(hash, bytes, len);
    sha256_hex(hash, out);
    sha256_free(hash);
}

void sha256_base64_of(const void *bytes, size_t len, char out[SHA256_BASE64_SIZE])
{
    unsigned char digest[32];
    must(EVP_Digest(bytes, len, digest, NULL, EVP_sha256(), NULL));
    must(EVP_EncodeBlock((unsigned char *)out, digest, sizeof(digest)) == SHA256_BASE64_SIZE - 1);
}

int sha256_hex_of_fd(int fd, char out[SHA256_HEX_SIZE])
{
    struct sha256 *hash = sha256_new();
    char buf[1 << 16];
    ssize_t got = 0;
    while ((got = read(fd, buf, sizeof(buf))) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            sha256_update(hash, buf, (size_t)got);
    int saved = errno;
    if (got == 0)
        sha256_hex(hash, out);
    sha256_free(hash);
    return got < 0 ? -saved : 0;
}

int sha256_hex_of_file(const char *path, char out[SHA256_HEX_SIZE], struct error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INPUT, errno,
                           "cannot read %s", path);
    int failed = sha256_hex_of_fd(fd, out);
    return failed ? error_errno(err, ERROR_INPUT, -failed, "cannot read %s", path) : 0;
}

/* v5(6ba7b811-9dad-11d1-80b4-00c04fd430c8, "urn:lance-bench:results"); tests/unit derives it anew.
 */
static const unsigned char results_namespace[16] = {0x27, 0x14, 0x81, 0x4b, 0x21, 0xad, 0x51, 0xf6,
                                                    0x9a, 0x7b, 0xed, 0xb0, 0x65, 0x66, 0x57, 0x9d};

void uuid5_text(const void *name, size_t len, char out[UUID_TEXT_SIZE])
{
    unsigned char hash[20];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    must(ctx && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL));
    must(EVP_DigestUpdate(ctx, results_namespace, sizeof(results_namespace)));
    must(EVP_DigestUpdate(ctx, name, len));
    must(EVP_DigestFinal_ex(ctx, hash, NULL));
    EVP_MD_CTX_free(ctx);
    hash[6] = (unsigned char)((hash[6] & 0x0f) | 0x50);
    hash[8] = (unsigned char)((hash[8] & 0x3f) | 0x80);
    char text[33];
    hex(hash, 16, text);
    snprintf(out, UUID_TEXT_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", text, text + 8, text + 12, text + 16,
             text + 20);
}
