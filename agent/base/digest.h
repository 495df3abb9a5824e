/* SHA-256 and UUIDs, over OpenSSL's libcrypto. */
#pragma once

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define SHA256_HEX_SIZE 65
#define SHA256_BASE64_SIZE 45
#define UUID_TEXT_SIZE 37

struct sha256; /* a digest under way */

struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *hash);
void sha256_update(struct sha256 *hash, const void *bytes, size_t len);
/* Lower-case hexadecimal of all that was added. The hash cannot be added to afterwards. */
void sha256_hex(struct sha256 *hash, char out[SHA256_HEX_SIZE]);
/* The digest of one buffer. */
void sha256_hex_of(const void *bytes, size_t len, char out[SHA256_HEX_SIZE]);
/* The same in base64 (RFC 4648), as the web writes digests. */
void sha256_base64_of(const void *bytes, size_t len, char out[SHA256_BASE64_SIZE]);
/* The digest of what is left to read of an open file. 0 or a negative errno. */
int sha256_hex_of_fd(int fd, char out[SHA256_HEX_SIZE]) MUST_CHECK;
/* The digest of a file's bytes. */
int sha256_hex_of_file(const char *path, char out[SHA256_HEX_SIZE], struct error *err) MUST_CHECK;

/* The version 5 UUID (RFC 9562: SHA-1 of the namespace and the name) in its text form, for this
 * program's own namespace: v5(URL namespace, "urn:lance-bench:results"). */
void uuid5_text(const void *name, size_t len, char out[UUID_TEXT_SIZE]);
