#include "net/ca.h"

#include "base/alloc.h"
#include "base/file.h"
#include "native.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { CA_FILE_MAX = 16 << 20 };

static char *chosen;

/* The bundles of Debian, Fedora, openSUSE, Alpine and old RHEL. */
static const char *const system_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
};

static void choose(char *path)
{
    free(chosen);
    chosen = path;
    setenv("SSL_CERT_FILE", path, 1);
}

static int check_bundle(const char *path, const char *said_by, struct error *err)
{
    AUTO_STRBUF struct strbuf pem = STRBUF_INIT;
    int failed = file_read(path, CA_FILE_MAX, &pem, err);
    if (failed) {
        failed = error_wrap(err, "%s", said_by);
        if (err)
            err->code = ERROR_USAGE;
        return failed ? ERROR_USAGE : failed;
    }
    if (!memmem(pem.buf, pem.len, "-----BEGIN ", 11))
        return error_set(err, ERROR_USAGE, "%s: %s has no PEM certificate in it", said_by, path);
    return 0;
}

int ca_use_file(const char *path, struct error *err)
{
    int failed = check_bundle(path, "--cacert", err);
    if (failed)
        return failed;
    choose(xstrdup(path));
    return 0;
}

/* The embedded bundle as a file that lives as long as the process: nothing is left on disk, and the
 * libraries that want a path get one. */
static int use_embedded(struct error *err)
{
    const char *pem = NULL;
    size_t len = 0;
    native_ca_bundle(&pem, &len);
    AUTO_CLOSE int fd = memfd_create("lance-bench-ca", 0);
    if (fd < 0)
        return error_errno(err, ERROR_FAILURE, errno, "cannot hold the embedded certificates");
    int failed = fd_write_all(fd, pem, len);
    if (failed)
        return error_errno(err, ERROR_FAILURE, -failed, "cannot hold the embedded certificates");
    choose(xasprintf("/proc/%d/fd/%d", (int)getpid(), take_fd(&fd)));
    return 0;
}

int ca_path(const char **path, struct error *err)
{
    int failed = 0;
    const char *from_env = getenv("SSL_CERT_FILE");
    if (!chosen && from_env && *from_env) {
        failed = check_bundle(from_env, "SSL_CERT_FILE", err);
        if (!failed)
            choose(xstrdup(from_env));
    }
    for (size_t i = 0; !failed && !chosen && i < ARRAY_SIZE(system_bundles); i++)
        if (!access(system_bundles[i], R_OK) && !check_bundle(system_bundles[i], "", NULL))
            choose(xstrdup(system_bundles[i]));
    if (!failed && !chosen)
        failed = use_embedded(err);
    if (!failed)
        *path = chosen;
    return failed;
}
