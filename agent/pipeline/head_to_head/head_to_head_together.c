/* compare --measure with the CPU clock: both processes of a pair at once, on one CPU. */
#include "pipeline/head_to_head/head_to_head_state.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the twin writes before it ends: this, then the path of its results. */
struct message {
    struct error error;
    bool spoiled;
};

#define MESSAGE_MAX (sizeof(struct message) + PATH_MAX)

/* A copy of the agent that measures the other side meanwhile. */
struct twin {
    pid_t pid;
    int from;
};

static _Noreturn void measure_as_twin(struct match *match, const struct unit *unit, int side,
                                      struct setting setting, int to, pid_t parent)
{
    struct message message = {.error = ERROR_INIT};
    /* A descriptor of its own: what comes through it wakes whoever waits at the other end. */
    interrupt_install();
    int failed = prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != parent
                     ? error_set(&message.error, ERROR_INTERRUPTED, "interrupted")
                     : match_measure(match, unit, side, setting, &message.spoiled, &message.error);
    message.error.code = failed;
    const char *results = failed ? "" : match_part(match, unit, side)->results;
    bool told =
        !fd_write_all(to, &message, sizeof(message)) && !fd_write_all(to, results, strlen(results));
    _exit(told ? 0 : 1);
}

static int twin_start(struct match *match, const struct unit *unit, int side,
                      struct setting setting, struct twin *out, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return error_errno(err, ERROR_FAILURE, errno, "cannot create a pipe");
    pid_t parent = getpid();
    pid_t pid = fork();
    if (!pid)
        measure_as_twin(match, unit, side, setting, ends[1], parent);
    int reason = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return error_errno(err, ERROR_FAILURE, reason, "cannot start a second process");
    }
    *out = (struct twin){pid, ends[0]};
    return 0;
}

/* Waits for its end. Its results become those of the side's part. */
static int twin_end(struct twin *twin, struct run_part *part, bool *spoiled, struct error *err)
{
    AUTO_STRBUF struct strbuf told = STRBUF_INIT;
    struct message message;
    int status = 0;
    fd_read_all(twin->from, MESSAGE_MAX, &told);
    close(twin->from);
    while (waitpid(twin->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (told.len < sizeof(message) || !WIFEXITED(status) || WEXITSTATUS(status))
        return error_set(err, ERROR_FAILURE, "the second process ended before it was done");
    memcpy(&message, told.buf, sizeof(message));
    *spoiled |= message.spoiled;
    if (message.error.code)
        return error_set(err, message.error.code, "%s", message.error.message);
    free(part->results);
    part->results = xstrdup(told.buf + sizeof(message));
    return 0;
}

int match_take_both(struct match *match, const struct unit *unit, int first, struct setting setting,
                    struct readings out[SIDES], bool *spoiled, struct error *err)
{
    struct twin twin = {0};
    int second = (first + 1) % SIDES;
    match_show(match, unit);
    int failed = interrupt_check(err);
    if (!failed)
        failed = twin_start(match, unit, first, setting, &twin, err);
    if (failed)
        return failed;
    struct error theirs = ERROR_INIT;
    failed = match_measure(match, unit, second, setting, spoiled, err);
    if (failed)
        kill(twin.pid, SIGTERM);
    int also = twin_end(&twin, match_part(match, unit, first), spoiled, &theirs);
    if (failed)
        return match_failed(match, second, failed, err);
    if (also) {
        error_set(err, also, "%s", theirs.message);
        return match_failed(match, first, also, err);
    }
    for (int side = 0; side < SIDES && !failed; side++)
        failed = match_failed(match, side, match_read(match, unit, side, &out[side], err), err);
    return failed;
}
