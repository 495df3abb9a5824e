/* Whom the process trusts, and that the libcurl that is linked in goes by it. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "net/ca.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <curl/curl.h>
#include <native.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

TestSuite(ca, .init = test_folder_make, .fini = test_folder_remove, .timeout = 60);

static char *in_folder(const char *name)
{
    return path_join(test_folder, name);
}

Test(ca, the_variable_decides_and_a_file_that_is_none_is_wrong_usage)
{
    struct error err = ERROR_INIT;
    const char *path = NULL;
    setenv("SSL_CERT_FILE", "/nonexistent/bundle.pem", 1);
    cr_assert_eq(ca_path(&path, &err), ERROR_USAGE);
    cr_assert(strstr(err.message, "/nonexistent/bundle.pem"));

    test_folder_put("bundle.pem", "-----BEGIN CERTIFICATE-----\n");
    AUTO_FREE char *bundle = in_folder("bundle.pem");
    setenv("SSL_CERT_FILE", bundle, 1);
    cr_assert_eq(ca_path(&path, &err), 0, "%s", err.message);
    cr_assert_str_eq(path, bundle);
}

Test(ca, the_option_outweighs_the_variable_and_is_handed_on_to_the_lance_core)
{
    struct error err = ERROR_INIT;
    const char *path = NULL;
    test_folder_put("option.pem", "-----BEGIN CERTIFICATE-----\n");
    AUTO_FREE char *option = in_folder("option.pem");
    setenv("SSL_CERT_FILE", "/nonexistent/bundle.pem", 1);
    cr_assert_eq(ca_use_file(option, &err), 0, "%s", err.message);
    cr_assert_eq(ca_path(&path, &err), 0, "%s", err.message);
    cr_assert_str_eq(path, option);
    cr_assert_str_eq(getenv("SSL_CERT_FILE"), option);
}

Test(ca, the_embedded_bundle_is_a_hundred_certificates_that_openssl_reads)
{
    const char *pem = NULL;
    size_t len = 0, count = 0;
    native_ca_bundle(&pem, &len);
    BIO *bio = BIO_new_mem_buf(pem, (int)len);
    for (X509 *certificate; (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)); count++)
        X509_free(certificate);
    BIO_free(bio);
    cr_assert_gt(count, 100);
}

static size_t ignore(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    (void)context;
    return size * count;
}

static CURLcode get(const char *url)
{
    struct error err = ERROR_INIT;
    const char *path = NULL;
    cr_assert_eq(ca_path(&path, &err), 0, "%s", err.message);
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CAINFO, path);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    CURLcode result = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    return result;
}

/* A TLS server with a certificate of its own for 127.0.0.1; *port is where it listens. */
static pid_t start_server(int *port)
{
    AUTO_FREE char *make =
        xasprintf("cd %s && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 "
                  "-addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2>/dev/null",
                  test_folder);
    cr_assert_eq(system(make), 0);
    int out[2];
    cr_assert_eq(pipe(out), 0);
    pid_t pid = fork();
    if (!pid) {
        dup2(out[1], STDOUT_FILENO);
        cr_assert_eq(chdir(test_folder), 0);
        execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert",
               "cert.pem", "-key", "key.pem", (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *said = fdopen(out[0], "r");
    char line[256];
    *port = 0;
    while (!*port && fgets(line, sizeof(line), said))
        (void)sscanf(line, "ACCEPT 127.0.0.1:%d", port);
    cr_assert_gt(*port, 0, "openssl s_server does not say where it listens");
    return pid;
}

Test(ca, libcurl_trusts_what_this_process_trusts_and_nobody_else)
{
    int port = 0;
    pid_t server = start_server(&port);
    AUTO_FREE char *url = xasprintf("https://127.0.0.1:%d/", port);
    AUTO_FREE char *certificate = in_folder("cert.pem");
    unsetenv("SSL_CERT_FILE");
    CURLcode stranger = get(url);
    struct error err = ERROR_INIT;
    cr_assert_eq(ca_use_file(certificate, &err), 0, "%s", err.message);
    CURLcode trusted = get(url);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    cr_assert_eq(stranger, CURLE_PEER_FAILED_VERIFICATION, "%s", curl_easy_strerror(stranger));
    cr_assert_eq(trusted, CURLE_OK, "%s", curl_easy_strerror(trusted));
}
