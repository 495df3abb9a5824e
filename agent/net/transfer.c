#include "net/transfer.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "net/ca.h"
#include "net/url.h"

#include <ctype.h>
#include <curl/curl.h>
#include <string.h>
#include <unistd.h>

enum { CRAWL_BYTES_PER_S = 16 };

struct transfer {
    CURLM *multi;
};

/* Where the answer goes while it comes in. */
struct sink {
    struct http_response *response;
    int fd;
    size_t max_bytes;
    bool too_large;
    int write_errno;
};

struct transfer *transfer_new(void)
{
    struct transfer *transfer = xcalloc(1, sizeof(*transfer));
    transfer->multi = curl_multi_init();
    return transfer;
}

void transfer_free(struct transfer *transfer)
{
    if (!transfer)
        return;
    curl_multi_cleanup(transfer->multi);
    free(transfer);
}

static void cleanup_easy(CURL **easy)
{
    curl_easy_cleanup(*easy);
}
#define AUTO_EASY __attribute__((cleanup(cleanup_easy)))

static void cleanup_slist(struct curl_slist **list)
{
    for (struct curl_slist *item = *list; item; item = item->next)
        explicit_bzero(item->data, strlen(item->data));
    curl_slist_free_all(*list);
}
#define AUTO_SLIST __attribute__((cleanup(cleanup_slist)))

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct sink *sink = context;
    size_t len = size * count;
    /* An interim answer, or a proxy's, stands in front of the real one. */
    if (len > 5 && !memcmp(bytes, "HTTP/", 5)) {
        strlist_clear(&sink->response->headers);
        return len;
    }
    AUTO_STRBUF struct strbuf line = STRBUF_INIT;
    strbuf_add(&line, bytes, len);
    strbuf_rtrim(&line);
    char *colon = strchr(line.buf, ':');
    if (!colon)
        return len;
    for (char *c = line.buf; c < colon; c++)
        *c = (char)tolower((unsigned char)*c);
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    strlist_pushf(&sink->response->headers, "%.*s: %s", (int)(colon - line.buf), line.buf, value);
    return len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct sink *sink = context;
    size_t len = size * count;
    if (len > sink->max_bytes - sink->response->body_bytes) {
        sink->too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    if (sink->fd < 0)
        strbuf_add(&sink->response->body, bytes, len);
    else
        sink->write_errno = -fd_write_all(sink->fd, bytes, len);
    sink->response->body_bytes += len;
    return sink->write_errno ? CURL_WRITEFUNC_ERROR : len;
}

static void set_method(CURL *easy, const struct transfer_request *request)
{
    static const char *const names[] = {
        [HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD",   [HTTP_POST] = "POST",
        [HTTP_PUT] = "PUT", [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE",
    };
    bool carries = request->body || request->method == HTTP_POST || request->method == HTTP_PUT ||
                   request->method == HTTP_PATCH;
    if (carries) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
    }
    if (request->method == HTTP_HEAD)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, names[request->method]);
}

static int set_certificates(CURL *easy, const char *url, struct error *err)
{
    const char *path = NULL;
    if (!url_is_https(url))
        return 0;
    int failed = ca_path(&path, err);
    if (!failed)
        curl_easy_setopt(easy, CURLOPT_CAINFO, path);
    return failed;
}

static void set_limits(CURL *easy, const struct transfer_limits *limits)
{
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(limits->connect_timeout_s * 1000));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(limits->timeout_s * 1000));
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)CRAWL_BYTES_PER_S);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                     limits->stall_s < 1 ? 1L : (long)limits->stall_s);
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)limits->max_bytes);
}

static void set_up(CURL *easy, const struct transfer_request *request, struct curl_slist *headers,
                   struct sink *sink)
{
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "lance-bench/" LANCE_BENCH_VERSION);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->fresh ? 1L : 0L);
    /* A file is to hold the bytes that the server has, and its limit to count them. */
    if (request->fd < 0)
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, sink);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, sink);
    set_method(easy, request);
    set_limits(easy, &request->limits);
}

/* Drives the transfer to its end. CURLE_ABORTED_BY_CALLBACK: a signal has come. */
static CURLcode drive(CURLM *multi)
{
    struct curl_waitfd signal_fd = {.fd = interrupt_fd(), .events = CURL_WAIT_POLLIN};
    unsigned int extra = signal_fd.fd >= 0;
    for (;;) {
        int running = 0, left = 0;
        if (interrupted())
            return CURLE_ABORTED_BY_CALLBACK;
        if (curl_multi_perform(multi, &running))
            return CURLE_FAILED_INIT;
        const CURLMsg *message = curl_multi_info_read(multi, &left);
        if (message && message->msg == CURLMSG_DONE)
            return message->data.result;
        if (!running || curl_multi_poll(multi, &signal_fd, extra, 1000, NULL))
            return CURLE_FAILED_INIT;
    }
}

static enum transfer_outcome outcome_of(CURLcode code, CURL *easy)
{
    long sent = 0;
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
    switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_WRITE_ERROR:
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_FAILED_INIT:
    case CURLE_WEIRD_SERVER_REPLY:
        return TRANSFER_FINAL;
    default:
        return sent > 0 ? TRANSFER_LOST : TRANSFER_UNHEARD;
    }
}

static int report(CURLcode code, const char *reason, const struct transfer_request *request,
                  const struct sink *sink, struct error *err)
{
    AUTO_FREE char *shown = url_shown(request->url);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return error_set(err, ERROR_INTERRUPTED, "interrupted");
    if (sink->too_large || code == CURLE_FILESIZE_EXCEEDED)
        return error_set(err, ERROR_INPUT, "%s: the answer is larger than %zu bytes", shown,
                         request->limits.max_bytes);
    if (sink->write_errno)
        return error_errno(err, ERROR_FAILURE, sink->write_errno, "%s: cannot store the answer",
                           shown);
    if (code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_UNSUPPORTED_PROTOCOL)
        return error_set(err, ERROR_INPUT, "%s: the answer is no HTTP", shown);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return error_set(err, ERROR_UNREACHABLE,
                         "%s: its certificate is not trusted (%s); --cacert FILE names another "
                         "bundle",
                         shown, reason);
    return error_set(err, ERROR_UNREACHABLE, "%s: %s", shown, reason);
}

static void read_answer(CURL *easy, struct http_response *response, char **redirect)
{
    char *target = NULL;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &response->status);
    curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &target);
    *redirect = target ? xstrdup(target) : NULL;
}

int transfer_run(struct transfer *transfer, const struct transfer_request *request,
                 struct http_response *response, char **redirect, enum transfer_outcome *outcome,
                 struct error *err)
{
    AUTO_SLIST struct curl_slist *headers = NULL;
    AUTO_EASY CURL *easy = curl_easy_init();
    char reason[CURL_ERROR_SIZE] = "";
    struct sink sink = {response, request->fd, request->limits.max_bytes, false, 0};
    *outcome = TRANSFER_FINAL;
    for (size_t i = 0; i < request->headers->count; i++)
        headers = curl_slist_append(headers, request->headers->items[i]);
    /* libcurl would wait for a "100 Continue" in front of a large body. */
    headers = curl_slist_append(headers, "Expect:");
    /* And it would call nothing a form. */
    if (!request->body)
        headers = curl_slist_append(headers, "Content-Type:");
    if (!easy || !headers || !transfer->multi)
        return error_set(err, ERROR_FAILURE, "libcurl cannot be set up");
    set_up(easy, request, headers, &sink);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason);
    int failed = set_certificates(easy, request->url, err);
    if (failed)
        return failed;
    curl_multi_add_handle(transfer->multi, easy);
    CURLcode code = drive(transfer->multi);
    curl_multi_remove_handle(transfer->multi, easy);
    if (!code) {
        *outcome = TRANSFER_ANSWERED;
        read_answer(easy, response, redirect);
        return 0;
    }
    *outcome = outcome_of(code, easy);
    return report(code, *reason ? reason : curl_easy_strerror(code), request, &sink, err);
}
