#include "host/irqbalance.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "host/io.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Answers as irqbalance does, and heeds what it is told a moment later. */
static struct daemon {
    int fd;
    pthread_t thread;
    char path[200];
    const char *answer; /* to "setup"; "%s" is the mask */
    char mask[40], told[200];
    double heeded_at_s;
    int requests;
} server;

static void answer_one(int fd)
{
    char request[200] = {0}, text[300];
    if (recv(fd, request, sizeof(request) - 1, 0) <= 0)
        return;
    server.requests++;
    if (!strcmp(request, "setup")) {
        if (server.heeded_at_s > 0 && clock_monotonic_s() > server.heeded_at_s)
            snprintf(server.mask, sizeof(server.mask), "%s",
                     strstr(server.told, "NULL") ? "00000000" : "0000000c");
        snprintf(text, sizeof(text), server.answer, server.mask);
        (void)!write(fd, text, strlen(text));
        return;
    }
    snprintf(server.told, sizeof(server.told), "%s", request);
    server.heeded_at_s = clock_monotonic_s() + 0.3;
}

static void *serve(void *unused)
{
    for (;;) {
        int fd = accept(server.fd, NULL, NULL);
        if (fd < 0)
            return unused;
        answer_one(fd);
        close(fd);
    }
}

static void setup(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    test_folder_make();
    server = (struct daemon){.answer = "SLEEP 10 IRQ 24 LOAD 5 DIFF 1 CLASS 2 BANNED %s",
                             .mask = "00000000"};
    snprintf(server.path, sizeof(server.path), "%s/irqbalance7.sock", test_folder);
    memcpy(address.sun_path, server.path, strlen(server.path) + 1);
    server.fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(bind(server.fd, (struct sockaddr *)&address, sizeof(address)), 0);
    cr_assert_eq(listen(server.fd, 8), 0);
    cr_assert_eq(pthread_create(&server.thread, NULL, serve, NULL), 0);
}

static void teardown(void)
{
    shutdown(server.fd, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.fd);
    test_folder_remove();
}

TestSuite(irqbalance, .init = setup, .fini = teardown);

static struct host_io real_io(void)
{
    struct host_io io;
    host_io_real(NULL, &io);
    return io;
}

Test(irqbalance, is_read_and_written_as_if_it_were_a_file)
{
    struct host_io io = real_io();
    char *before = host_io_text(&io, server.path);
    cr_assert_str_eq(before, "");
    cr_assert_eq(io.ops->write(&io, server.path, "2-3"), 0);
    cr_assert_str_eq(server.told, "settings cpus 2-3");
    char *after = host_io_text(&io, server.path);
    cr_assert_str_eq(after, "2-3", "the write has waited until it was heeded");
    cr_assert_eq(io.ops->write(&io, server.path, before), 0);
    cr_assert_str_eq(server.told, "settings cpus NULL");
    char *again = host_io_text(&io, server.path);
    cr_assert_str_eq(again, "");
    free(before);
    free(after);
    free(again);
    host_io_release(&io);
}

Test(irqbalance, an_answer_that_is_none_is_an_error)
{
    static const char *const answers[] = {"", "SLEEP 10", "SLEEP 10 BANNED xyz", "BANNED %.0s,"};
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
        AUTO_STRBUF struct strbuf out = STRBUF_INIT;
        server.answer = answers[i];
        cr_assert_eq(irqbalance_read(server.path, &out), -EPROTO, "%s", answers[i]);
        cr_assert_eq(out.len, 0);
    }
}

Test(irqbalance, what_is_no_list_is_never_sent)
{
    cr_assert_eq(irqbalance_write(server.path, "1-"), -EINVAL);
    cr_assert_eq(server.requests, 0);
}

Test(irqbalance, a_socket_that_was_left_behind_is_an_error)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    struct host_io io = real_io();
    shutdown(server.fd, SHUT_RDWR);
    cr_assert_eq(irqbalance_read(server.path, &out), -ECONNREFUSED);
    cr_assert_null(host_io_text(&io, server.path));
    cr_assert_eq(io.ops->write(&io, server.path, "1"), -ECONNREFUSED);
    host_io_release(&io);
}
