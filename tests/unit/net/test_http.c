/* The client against a server that plays canned answers, one for each connection, with a clock that
 * nobody has to wait for. */
#include "net/http.h"

#include "base/alloc.h"
#include "base/file.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOKEN "ghs_thisIsTheSecret"
#define OK_ANSWER(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body
#define START INT64_C(1795262400)

struct play {
    const char *const *answers; /* "": closed without an answer */
    size_t count;
    bool holds; /* the first connection stays open and silent behind its answer */
    int listener;
    int port;
    pthread_t thread;
    struct strlist requests;
};

static void read_request(int fd, struct strlist *out)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    char piece[4096];
    const char *end = NULL;
    while (!(end = strstr(text.buf, "\r\n\r\n"))) {
        ssize_t len = read(fd, piece, sizeof(piece));
        if (len <= 0)
            break;
        strbuf_add(&text, piece, (size_t)len);
    }
    strlist_push(out, text.buf);
}

static void *play_answers(void *context)
{
    struct play *play = context;
    for (size_t i = 0; i < play->count; i++) {
        AUTO_CLOSE int fd = accept4(play->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            return NULL;
        read_request(fd, &play->requests);
        (void)!write(fd, play->answers[i], strlen(play->answers[i]));
        if (!play->holds || i)
            shutdown(fd, SHUT_WR);
        char rest[4096];
        while (read(fd, rest, sizeof(rest)) > 0)
            ;
    }
    return NULL;
}

static void listen_somewhere(struct play *play)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    play->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(play->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    cr_assert_eq(listen(play->listener, 16), 0);
    cr_assert_eq(getsockname(play->listener, (struct sockaddr *)&address, &len), 0);
    play->port = ntohs(address.sin_port);
}

static void start_play(struct play *play, const char *const *answers, size_t count)
{
    play->answers = answers;
    play->count = count;
    if (!play->listener)
        listen_somewhere(play);
    cr_assert_eq(pthread_create(&play->thread, NULL, play_answers, play), 0);
}

static void release_play(struct play *play)
{
    strlist_release(&play->requests);
}
#define AUTO_PLAY __attribute__((cleanup(release_play)))

/* Ends the server, also when fewer requests came than it has answers. */
static void end_play(struct play *play)
{
    shutdown(play->listener, SHUT_RDWR);
    pthread_join(play->thread, NULL);
    close(play->listener);
}

struct fake_time {
    double slept, longest;
    int pauses;
};

static int64_t fake_unix_s(void *context)
{
    return START + (int64_t)((struct fake_time *)context)->slept;
}

static int fake_sleep_s(void *context, double seconds, struct error *err)
{
    (void)err;
    struct fake_time *time = context;
    time->slept += seconds;
    time->pauses++;
    return 0;
}

static double fake_random(void *context)
{
    (void)context;
    return .5;
}

struct trial {
    struct play play;
    struct fake_time time;
    struct http_client *client;
    struct http_response response;
    struct error err;
    int failed;
};

static void start_trial(struct trial *trial, const char *const *answers, size_t count)
{
    start_play(&trial->play, answers, count);
    AUTO_FREE char *url = xasprintf("http://127.0.0.1:%d", trial->play.port);
    struct http_clock clock = {fake_unix_s, fake_sleep_s, fake_random, &trial->time};
    struct http_options options = {
        .base_url = url, .bearer = TOKEN, .clock = &clock, .stall_s = 2, .timeout_s = 5};
    trial->response = (struct http_response)HTTP_RESPONSE_INIT;
    cr_assert_eq(http_client_new(&options, &trial->client, &trial->err), 0, "%s",
                 trial->err.message);
}

static void send_one(struct trial *trial, struct http_request request)
{
    trial->failed = http_send(trial->client, &request, &trial->response, &trial->err);
}

static void end_trial(struct trial *trial)
{
    /* Its open connection would keep the server waiting. */
    http_client_free(trial->client);
    end_play(&trial->play);
    http_response_release(&trial->response);
    strlist_release(&trial->play.requests);
}

#define TRIAL(trial, ...)                                \
    struct trial trial = {0};                            \
    static const char *const answers_[] = {__VA_ARGS__}; \
    start_trial(&trial, answers_, ARRAY_SIZE(answers_))

TestSuite(http, .timeout = 60);

Test(http, a_request_carries_token_headers_and_body)
{
    TRIAL(trial, "HTTP/1.1 201 Created\r\nX-Some: Thing\r\nContent-Length: 2\r\n\r\nhi");
    send_one(&trial, (struct http_request){
                         .method = HTTP_POST, .target = "/a", .body = "{}", .body_len = 2});
    cr_assert_eq(trial.failed, 0, "%s", trial.err.message);
    cr_assert_eq(trial.response.status, 201);
    cr_assert_str_eq(http_header(&trial.response, "x-some"), "Thing");
    cr_assert_str_eq(trial.response.body.buf, "hi");
    const char *sent = trial.play.requests.items[0];
    cr_assert_eq(strncmp(sent, "POST /a HTTP/1.1\r\n", 18), 0, "%s", sent);
    cr_assert(strstr(sent, "Authorization: Bearer " TOKEN "\r\n"));
    cr_assert(strstr(sent, "Content-Type: application/json\r\n"));
    cr_assert(strstr(sent, "User-Agent: lance-bench/"));
    cr_assert_null(strstr(sent, "Expect:"));
    end_trial(&trial);
}

Test(http, a_request_without_a_body_names_no_type)
{
    TRIAL(trial, OK_ANSWER(""));
    send_one(&trial, (struct http_request){.method = HTTP_POST, .target = "/cancel"});
    cr_assert_eq(trial.failed, 0, "%s", trial.err.message);
    cr_assert(strstr(trial.play.requests.items[0], "Content-Length: 0\r\n"));
    cr_assert_null(strstr(trial.play.requests.items[0], "Content-Type"));
    end_trial(&trial);
}

Test(http, a_lost_answer_is_asked_for_again)
{
    TRIAL(trial, "", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\ncut", OK_ANSWER("whole"));
    send_one(&trial, (struct http_request){.target = "/"});
    cr_assert_eq(trial.failed, 0, "%s", trial.err.message);
    cr_assert_str_eq(trial.response.body.buf, "whole");
    cr_assert_eq(trial.time.pauses, 2);
    cr_assert_eq(http_client_requests(trial.client), 3);
    end_trial(&trial);
}

Test(http, a_post_whose_fate_is_unknown_is_not_sent_twice)
{
    TRIAL(trial, "", OK_ANSWER("twice"));
    send_one(&trial,
             (struct http_request){.method = HTTP_POST, .target = "/", .body = "x", .body_len = 1});
    cr_assert_eq(trial.failed, ERROR_UNREACHABLE);
    cr_assert_eq(http_client_requests(trial.client), 1);
    cr_assert(http_client_may_have_acted(trial.client));
    end_trial(&trial);
}

Test(http, a_post_that_was_refused_unheard_is_sent_again)
{
    TRIAL(trial, "HTTP/1.1 429 No\r\nRetry-After: 40\r\nConnection: close\r\n\r\n", OK_ANSWER("x"));
    send_one(&trial,
             (struct http_request){.method = HTTP_POST, .target = "/", .body = "x", .body_len = 1});
    cr_assert_eq(trial.failed, 0, "%s", trial.err.message);
    cr_assert_float_eq(trial.time.slept, 40, 1e-9);
    cr_assert_not(http_client_may_have_acted(trial.client));
    end_trial(&trial);
}

Test(http, a_limit_that_outlasts_patience_is_an_error_that_says_until_when)
{
    TRIAL(trial, "HTTP/1.1 403 No\r\nx-ratelimit-remaining: 0\r\nx-ratelimit-reset: 1795266000\r\n"
                 "Connection: close\r\n\r\n{\"message\": \"API rate limit exceeded\"}");
    send_one(&trial, (struct http_request){.target = "/"});
    cr_assert_eq(trial.failed, ERROR_UNREACHABLE);
    cr_assert(strstr(trial.err.message, "try again after 2026-11-21T13:00:01Z"), "%s",
              trial.err.message);
    cr_assert_eq(trial.time.pauses, 0);
    end_trial(&trial);
}

Test(http, a_server_that_always_fails_is_believed_in_the_end)
{
#define BUSY "HTTP/1.1 503 Busy\r\nConnection: close\r\n\r\n"
    TRIAL(trial, BUSY, BUSY, BUSY, BUSY, BUSY, BUSY);
    send_one(&trial, (struct http_request){.target = "/"});
    cr_assert_eq(trial.failed, 0);
    cr_assert_eq(trial.response.status, 503);
    cr_assert_eq(http_client_requests(trial.client), 5);
    end_trial(&trial);
}

Test(http, a_redirect_on_the_same_host_keeps_method_body_and_token)
{
    TRIAL(trial, "HTTP/1.1 307 Moved\r\nLocation: /new?x=1\r\nConnection: close\r\n\r\n",
          OK_ANSWER("new"));
    send_one(&trial, (struct http_request){
                         .method = HTTP_PATCH, .target = "/old", .body = "b", .body_len = 1});
    cr_assert_eq(trial.failed, 0, "%s", trial.err.message);
    const char *sent = trial.play.requests.items[1];
    cr_assert_eq(strncmp(sent, "PATCH /new?x=1 HTTP/1.1\r\n", 25), 0, "%s", sent);
    cr_assert(strstr(sent, TOKEN));
    end_trial(&trial);
}

Test(http, redirects_in_a_circle_end)
{
#define CIRCLE "HTTP/1.1 302 Moved\r\nLocation: /x\r\nConnection: close\r\n\r\n"
    TRIAL(trial, CIRCLE, CIRCLE, CIRCLE, CIRCLE, CIRCLE, CIRCLE, CIRCLE);
    send_one(&trial, (struct http_request){.target = "/x"});
    cr_assert_eq(trial.failed, ERROR_INPUT);
    cr_assert(strstr(trial.err.message, "redirects"), "%s", trial.err.message);
    cr_assert_eq(http_client_requests(trial.client), 6);
    end_trial(&trial);
}

/* The first server sends on to the second, which is another port and so another host. */
static void redirect_elsewhere(struct trial *trial, struct play *other, bool anywhere)
{
    static const char *const second[] = {OK_ANSWER("elsewhere")};
    static char text[256];
    static const char *const first[] = {text};
    start_play(other, second, 1);
    snprintf(text, sizeof(text),
             "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/blob?sig=topsecret\r\n"
             "Connection: close\r\n\r\n",
             other->port);
    start_trial(trial, first, 1);
    send_one(trial, (struct http_request){.target = "/zip", .anywhere = anywhere});
}

Test(http, the_token_never_follows_to_another_host)
{
    struct trial trial = {0};
    AUTO_PLAY struct play other = {0};
    redirect_elsewhere(&trial, &other, true);
    cr_assert_eq(trial.failed, 0, "%s", trial.err.message);
    cr_assert_str_eq(trial.response.body.buf, "elsewhere");
    cr_assert(strstr(trial.play.requests.items[0], TOKEN));
    cr_assert_null(strstr(other.requests.items[0], "uthorization"));
    cr_assert_null(strstr(other.requests.items[0], TOKEN));
    end_play(&other);
    end_trial(&trial);
}

Test(http, a_redirect_to_another_host_is_not_followed_unasked)
{
    struct trial trial = {0};
    AUTO_PLAY struct play other = {0};
    redirect_elsewhere(&trial, &other, false);
    cr_assert_eq(trial.failed, ERROR_INPUT);
    cr_assert(strstr(trial.err.message, "another host"), "%s", trial.err.message);
    cr_assert_null(strstr(trial.err.message, "topsecret"), "a query can be a secret");
    end_play(&other);
    cr_assert_eq(other.requests.count, 0);
    end_trial(&trial);
}

Test(http, an_absolute_target_elsewhere_gets_no_token)
{
    AUTO_PLAY struct play other = {0};
    static const char *const answers[] = {OK_ANSWER("x")};
    start_play(&other, answers, 1);
    TRIAL(trial, OK_ANSWER("unused"));
    AUTO_FREE char *target = xasprintf("http://127.0.0.1:%d/next", other.port);
    send_one(&trial, (struct http_request){.target = target});
    cr_assert_eq(trial.failed, 0, "%s", trial.err.message);
    cr_assert_null(strstr(other.requests.items[0], TOKEN));
    end_play(&other);
    end_trial(&trial);
}

Test(http, a_body_over_the_limit_is_refused)
{
    TRIAL(trial, OK_ANSWER("12345678901"),
          "HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\nx");
    send_one(&trial, (struct http_request){.target = "/", .max_bytes = 10});
    cr_assert_eq(trial.failed, ERROR_INPUT);
    cr_assert(strstr(trial.err.message, "larger than 10 bytes"), "%s", trial.err.message);
    send_one(&trial, (struct http_request){.target = "/"});
    cr_assert_eq(trial.failed, ERROR_INPUT);
    cr_assert(strstr(trial.err.message, "larger than"), "%s", trial.err.message);
    cr_assert_eq(http_client_requests(trial.client), 2, "another try would bring the same");
    end_trial(&trial);
}

Test(http, a_body_goes_to_a_file_and_starts_over_after_a_cut)
{
    TRIAL(trial, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf of something",
          OK_ANSWER("whole"));
    AUTO_CLOSE int fd = memfd_create("body", MFD_CLOEXEC);
    char text[64] = "";
    send_one(&trial, (struct http_request){.target = "/", .file = &fd});
    cr_assert_eq(trial.failed, 0, "%s", trial.err.message);
    cr_assert_eq(pread(fd, text, sizeof(text) - 1, 0), 5);
    cr_assert_str_eq(text, "whole");
    end_trial(&trial);
}

Test(http, a_transfer_that_stands_still_is_given_up_and_tried_again)
{
    struct trial trial = {.play.holds = true};
    static const char *const answers[] = {"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf",
                                          OK_ANSWER("whole")};
    start_trial(&trial, answers, 2);
    send_one(&trial, (struct http_request){.target = "/"});
    cr_assert_eq(trial.failed, 0, "%s", trial.err.message);
    cr_assert_str_eq(trial.response.body.buf, "whole");
    cr_assert_eq(http_client_requests(trial.client), 2);
    end_trial(&trial);
}

Test(http, what_is_no_http_is_an_error_at_once)
{
    TRIAL(trial, "SSH-2.0-OpenSSH_9.2\r\n");
    send_one(&trial, (struct http_request){.target = "/"});
    cr_assert_eq(trial.failed, ERROR_INPUT, "%s", trial.err.message);
    cr_assert_eq(http_client_requests(trial.client), 1);
    end_trial(&trial);
}

Test(http, nobody_listening_is_unreachable_and_not_acted_upon)
{
    TRIAL(trial, OK_ANSWER("unused"));
    send_one(&trial, (struct http_request){.method = HTTP_POST,
                                           .target = "http://127.0.0.1:1/x",
                                           .body = "x",
                                           .body_len = 1});
    cr_assert_eq(trial.failed, ERROR_UNREACHABLE);
    cr_assert_eq(http_client_requests(trial.client), 5, "it was never heard: sent again");
    cr_assert_not(http_client_may_have_acted(trial.client));
    end_trial(&trial);
}

Test(http, a_token_with_a_line_break_is_refused_and_not_repeated)
{
    struct http_client *client = NULL;
    struct error err = ERROR_INIT;
    struct http_options options = {.base_url = "http://127.0.0.1", .bearer = "s3cret\r\nX: y"};
    cr_assert_eq(http_client_new(&options, &client, &err), ERROR_USAGE);
    cr_assert_null(client);
    cr_assert_null(strstr(err.message, "s3cret"));
}

Test(http, the_token_is_overwritten_in_a_servers_words)
{
    TRIAL(trial, OK_ANSWER("unused"));
    char text[] = "you sent " TOKEN " and " TOKEN "!";
    http_client_redact(trial.client, text);
    cr_assert_null(strstr(text, "Secret"), "%s", text);
    end_trial(&trial);
}
