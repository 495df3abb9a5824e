#include "net/http.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "net/link_header.h"
#include "net/retry.h"
#include "net/transfer.h"
#include "net/url.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>

enum { REDIRECTS_MAX = 5 };

struct http_client {
    char *base_url;
    char *authorization; /* the whole header line; NULL: none */
    struct strlist headers;
    double connect_timeout_s, timeout_s, stall_s;
    struct retry_policy policy;
    struct http_clock clock;
    struct transfer *transfer;
    bool may_have_acted;
    uint64_t requests;
};

static int64_t real_unix_s(void *context)
{
    (void)context;
    return clock_unix_s();
}

static int real_sleep_s(void *context, double seconds, struct error *err)
{
    (void)context;
    double end = clock_monotonic_s() + seconds, left;
    while (!interrupted() && (left = end - clock_monotonic_s()) > 0) {
        struct pollfd wait = {.fd = interrupt_fd(), .events = POLLIN};
        (void)poll(&wait, 1, left > 60 ? 60000 : (int)(left * 1000) + 1);
    }
    return interrupt_check(err);
}

static double real_random(void *context)
{
    (void)context;
    uint32_t bits = 0;
    (void)!getrandom(&bits, sizeof(bits), 0);
    return bits / 4294967296.0;
}

static const struct http_clock real_clock = {real_unix_s, real_sleep_s, real_random, NULL};

static double or_default(double value, double fallback)
{
    return value > 0 ? value : fallback;
}

static int set_bearer(struct http_client *client, const char *bearer, struct error *err)
{
    if (!bearer)
        return 0;
    for (const char *c = bearer; *c; c++)
        if (*c <= ' ' || *c > '~')
            return error_set(err, ERROR_USAGE,
                             "the token has a blank or a character in it that no token has");
    if (!url_is_https(client->base_url) && !url_is_loopback(client->base_url)) {
        AUTO_FREE char *shown = url_shown(client->base_url);
        log_warning("%s is not https: everybody on the way can read the token", shown);
    }
    client->authorization = xasprintf("Authorization: Bearer %s", bearer);
    return 0;
}

int http_client_new(const struct http_options *options, struct http_client **out, struct error *err)
{
    AUTO_HTTP_CLIENT struct http_client *client = xcalloc(1, sizeof(*client));
    client->base_url = xstrdup(options->base_url);
    client->connect_timeout_s = or_default(options->connect_timeout_s, 10);
    client->timeout_s = or_default(options->timeout_s, 60);
    client->stall_s = or_default(options->stall_s, 20);
    client->policy.max_wait_s = options->max_wait_s == 0 ? 120 : options->max_wait_s;
    client->policy.max_tries = options->max_tries > 0 ? options->max_tries : 5;
    client->clock = options->clock ? *options->clock : real_clock;
    for (size_t i = 0; options->headers && i < options->headers->count; i++)
        strlist_push(&client->headers, options->headers->items[i]);
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return error_set(err, ERROR_FAILURE, "libcurl cannot be set up");
    client->transfer = transfer_new();
    int failed = url_check_base(client->base_url, "the address", err);
    if (!failed)
        failed = set_bearer(client, options->bearer, err);
    if (!failed)
        *out = take_ptr(client);
    return failed;
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    if (client->authorization)
        explicit_bzero(client->authorization, strlen(client->authorization));
    free(client->authorization);
    free(client->base_url);
    strlist_release(&client->headers);
    transfer_free(client->transfer);
    free(client);
}

void http_response_release(struct http_response *response)
{
    strlist_release(&response->headers);
    strbuf_release(&response->body);
    *response = (struct http_response)HTTP_RESPONSE_INIT;
}

const char *http_header(const struct http_response *response, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < response->headers.count; i++) {
        const char *line = response->headers.items[i];
        if (!strncmp(line, name, len) && line[len] == ':')
            return line + len + 2;
    }
    return NULL;
}

char *http_next_page(const struct http_response *response)
{
    return link_header_next(http_header(response, "link"));
}

bool http_client_is_home(const struct http_client *client, const char *url)
{
    return url_same_origin(client->base_url, url);
}

void http_client_redact(const struct http_client *client, char *text)
{
    const char *token = client->authorization ? strrchr(client->authorization, ' ') + 1 : "";
    size_t len = strlen(token);
    for (char *at = text; len && (at = strstr(at, token)); at += len)
        memset(at, '*', len);
}

int http_client_sleep(struct http_client *client, double seconds, struct error *err)
{
    return client->clock.sleep_s(client->clock.context, seconds, err);
}

bool http_client_may_have_acted(const struct http_client *client)
{
    return client->may_have_acted;
}

uint64_t http_client_requests(const struct http_client *client)
{
    return client->requests;
}

static bool is_idempotent(const struct http_request *request)
{
    return request->repeatable || (request->method != HTTP_POST && request->method != HTTP_PATCH);
}

/* Puts the response, and the file of the request, back to what they were before a try. */
static int start_over(const struct http_request *request, struct http_response *response,
                      struct error *err)
{
    http_response_release(response);
    if (request->file && (ftruncate(*request->file, 0) || lseek(*request->file, 0, SEEK_SET) < 0))
        return error_set(err, ERROR_FAILURE, "the file for the answer cannot be written");
    return 0;
}

static void collect_headers(const struct http_client *client, const struct http_request *request,
                            const char *url, struct strlist *out)
{
    for (size_t i = 0; i < client->headers.count; i++)
        strlist_push(out, client->headers.items[i]);
    for (size_t i = 0; request->headers && i < request->headers->count; i++)
        strlist_push(out, request->headers->items[i]);
    if (request->body)
        strlist_pushf(out, "Content-Type: %s",
                      request->content_type ? request->content_type : "application/json");
    if (client->authorization && url_same_origin(client->base_url, url))
        strlist_push(out, client->authorization);
}

static void wipe_headers(struct strlist *headers)
{
    for (size_t i = 0; i < headers->count; i++)
        explicit_bzero(headers->items[i], strlen(headers->items[i]));
    strlist_release(headers);
}

static int exchange(struct http_client *client, const struct http_request *request, const char *url,
                    struct http_response *response, char **redirect, enum transfer_outcome *outcome,
                    struct error *err)
{
    __attribute__((cleanup(wipe_headers))) struct strlist headers = STRLIST_INIT;
    collect_headers(client, request, url, &headers);
    struct transfer_request transfer = {
        .method = request->method,
        .url = url,
        .headers = &headers,
        .body = request->body,
        .body_len = request->body_len,
        .fd = request->file ? *request->file : -1,
        .fresh = !is_idempotent(request),
        .limits = {client->connect_timeout_s, or_default(request->timeout_s, client->timeout_s),
                   client->stall_s, request->max_bytes ? request->max_bytes : HTTP_BODY_MAX},
    };
    client->requests++;
    double start = clock_monotonic_s();
    int failed = transfer_run(client->transfer, &transfer, response, redirect, outcome, err);
    AUTO_FREE char *shown = url_shown(url);
    if (failed)
        log_debug("%s failed after %.3f s", shown, clock_monotonic_s() - start);
    else
        log_debug("%s answered %ld, %" PRIu64 " bytes, in %.3f s", shown, response->status,
                  response->body_bytes, clock_monotonic_s() - start);
    return failed;
}

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 307 || status == 308;
}

/* A redirect elsewhere is not followed with the token, and never from https to http. */
static int check_redirect(const struct http_client *client, const struct http_request *request,
                          const char *from, const char *to, struct error *err)
{
    if (url_same_origin(from, to) && url_same_origin(client->base_url, to))
        return 0;
    AUTO_FREE char *shown = url_shown(from), *target = url_shown(to);
    if (!request->anywhere)
        return error_set(err, ERROR_INPUT, "%s redirects to another host, %s: not followed", shown,
                         target);
    if (url_is_https(client->base_url) && !url_is_https(to))
        return error_set(err, ERROR_INPUT, "%s redirects to %s without https: not followed", shown,
                         target);
    return 0;
}

static void note_move(const char *from, const char *to)
{
    AUTO_FREE char *old = url_shown(from), *new = url_shown(to);
    log_info("%s has moved to %s", old, new);
}

/* One try: the request, and where its redirects lead. */
static int try_once(struct http_client *client, const struct http_request *request,
                    const char *first, struct http_response *response,
                    enum transfer_outcome *outcome, struct error *err)
{
    AUTO_FREE char *url = xstrdup(first);
    for (int hops = 0;; hops++) {
        AUTO_FREE char *redirect = NULL;
        *outcome = TRANSFER_FINAL;
        int failed = start_over(request, response, err);
        if (!failed)
            failed = exchange(client, request, url, response, &redirect, outcome, err);
        if (failed || !redirect || !is_redirect(response->status))
            return failed;
        *outcome = TRANSFER_FINAL;
        if (hops == REDIRECTS_MAX) {
            AUTO_FREE char *shown = url_shown(first);
            return error_set(err, ERROR_INPUT, "%s: more than %d redirects", shown, REDIRECTS_MAX);
        }
        failed = check_redirect(client, request, url, redirect, err);
        if (failed)
            return failed;
        if (!request->anywhere)
            note_move(url, redirect);
        free(url);
        url = take_ptr(redirect);
    }
}

static bool speaks_of_limit(const struct http_response *response)
{
    size_t len = response->body.len < 4096 ? response->body.len : 4096;
    return memmem(response->body.buf, len, "rate limit", 10) ||
           memmem(response->body.buf, len, "abuse detection", 15);
}

static int limit_error(const char *url, int64_t until, struct error *err)
{
    char when[TIME_ISO_SIZE];
    time_format_iso(until, when);
    AUTO_FREE char *shown = url_shown(url);
    return error_set(err, ERROR_UNREACHABLE, "%s: rate limit reached; try again after %s", shown,
                     when);
}

static int pause_before_retry(struct http_client *client, const char *url,
                              const struct retry_decision *decision, struct error *err)
{
    AUTO_FREE char *shown = url_shown(url);
    if (decision->until_s)
        log_info("%s: rate limit reached, waiting %.0f s", shown, decision->wait_s);
    else
        log_info("%s: trying again in %.1f s", shown, decision->wait_s);
    return http_client_sleep(client, decision->wait_s, err);
}

/* What retry_decide() has to know; `failed` is try_once()'s code. */
static struct retry_attempt describe(struct http_client *client, const struct http_request *request,
                                     const struct http_response *response, int failed)
{
    return (struct retry_attempt){
        .answered = !failed,
        .idempotent = is_idempotent(request),
        .status = response->status,
        .retry_after = http_header(response, "retry-after"),
        .remaining = http_header(response, "x-ratelimit-remaining"),
        .reset = http_header(response, "x-ratelimit-reset"),
        .date = http_header(response, "date"),
        .says_limit = !failed && speaks_of_limit(response),
        .now_s = client->clock.unix_s(client->clock.context),
        .random = client->clock.random(client->clock.context),
    };
}

int http_send(struct http_client *client, const struct http_request *request,
              struct http_response *response, struct error *err)
{
    AUTO_FREE char *url =
        url_make(client->base_url, request->target, request->query, request->query_count);
    double waited_s = 0;
    client->may_have_acted = false;
    for (int number = 1;; number++) {
        enum transfer_outcome outcome;
        struct error reason = ERROR_INIT;
        int failed = try_once(client, request, url, response, &outcome, &reason);
        client->may_have_acted |= failed ? outcome == TRANSFER_LOST : response->status >= 500;
        struct retry_attempt attempt = describe(client, request, response, failed);
        attempt.number = number;
        attempt.waited_s = waited_s;
        attempt.unheard = outcome == TRANSFER_UNHEARD;
        struct retry_decision decision = {.verdict = RETRY_STOP};
        if (!failed || outcome != TRANSFER_FINAL)
            decision = retry_decide(&client->policy, &attempt);
        if (decision.verdict == RETRY_LIMITED)
            return limit_error(url, decision.until_s, err);
        if (decision.verdict == RETRY_STOP)
            return failed ? error_set(err, failed, "%s", reason.message) : 0;
        failed = pause_before_retry(client, url, &decision, err);
        if (failed)
            return failed;
        waited_s += decision.wait_s;
    }
}
