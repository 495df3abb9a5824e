#include "host/irqbalance.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cpu_list.h"
#include "base/cpu_mask.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_S = 5, ANSWER_MAX = 1 << 20 };
static const double LOOK_EVERY_S = 0.1;

static int connect_to(const char *path, int *out)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval limit = {.tv_sec = ANSWER_S};
    size_t len = strlen(path);
    if (len >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, len + 1);
    AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ||
        connect(fd, (const struct sockaddr *)&address, sizeof(address)))
        return -errno;
    *out = take_fd(&fd);
    return 0;
}

/* One request a connection; `answer` is NULL where none comes. */
static int ask(const char *path, const char *request, struct strbuf *answer)
{
    AUTO_CLOSE int fd = -1;
    int failed = connect_to(path, &fd);
    if (failed)
        return failed;
    size_t len = strlen(request);
    ssize_t put = send(fd, request, len, MSG_NOSIGNAL);
    if (put < 0 || (size_t)put != len)
        return put < 0 ? -errno : -EIO;
    while (answer && answer->len < ANSWER_MAX) {
        char bytes[4096];
        ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno == EAGAIN ? -ETIMEDOUT : -errno;
        if (!got)
            return 0;
        strbuf_add(answer, bytes, (size_t)got);
    }
    return 0;
}

static int banned_now(const char *path, cpu_set_t *out)
{
    static const char mark[] = "BANNED ";
    AUTO_STRBUF struct strbuf answer = STRBUF_INIT;
    int failed = ask(path, "setup", &answer);
    if (failed)
        return failed;
    const char *found = answer.len ? strstr(answer.buf, mark) : NULL;
    return found && cpu_mask_parse_hex(found + strlen(mark), out) ? 0 : -EPROTO;
}

int irqbalance_read(const char *socket_path, struct strbuf *out)
{
    cpu_set_t banned;
    int failed = banned_now(socket_path, &banned);
    if (failed)
        return failed;
    AUTO_FREE char *list = cpu_list_text(&banned);
    strbuf_addstr(out, list);
    return 0;
}

int irqbalance_write(const char *socket_path, const char *cpus)
{
    cpu_set_t wanted, banned;
    if (!cpu_mask_parse_list(cpus, &wanted))
        return -EINVAL;
    AUTO_FREE char *list = cpu_list_text(&wanted);
    AUTO_FREE char *request = xasprintf("settings cpus %s", CPU_COUNT(&wanted) ? list : "NULL");
    int failed = ask(socket_path, request, NULL);
    double until_s = clock_monotonic_s() + IRQBALANCE_WAIT_S;
    while (!failed && clock_monotonic_s() < until_s) {
        failed = banned_now(socket_path, &banned);
        if (!failed && CPU_EQUAL(&banned, &wanted))
            return 0;
        clock_sleep_s(LOOK_EVERY_S);
    }
    return failed;
}
