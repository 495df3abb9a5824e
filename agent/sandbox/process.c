#include "sandbox/process.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "sandbox/init.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIPE_BYTES (1 << 20)
/* After a piece of output the agent lets it gather this long: a chatty benchmark wakes the agent
 * four times a second, not at every line. */
#define GATHER_S 0.25
/* So much in one go, and the pipe may be full before that time is over. */
#define GATHER_MAX (PIPE_BYTES / 4)
#define DISK_WATCH_S 1.0

/* One of the two output streams. */
struct stream {
    int pipe, log;
    const char *path;
    void (*on_bytes)(void *context, const char *bytes, size_t len);
};

struct running {
    const struct process *process;
    struct stream streams[2];
    pid_t supervisor;
    int lifeline; /* -1 once it was cut */
    int status;   /* readable end; end of file when all that is ours has ended */
    double start_s, quiet_until_s, last_tick_s, last_disk_s;
    uint64_t output_bytes, output_limit;
    enum process_end verdict; /* why it was stopped, if it was */
    bool stopped;
    int failure; /* why it was stopped, when the agent is at fault */
    struct init_message message;
    size_t message_len;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(take_fd(fd));
}

static void running_release(struct running *running)
{
    close_fd(&running->lifeline);
    close_fd(&running->status);
    for (size_t i = 0; i < 2; i++) {
        close_fd(&running->streams[i].pipe);
        close_fd(&running->streams[i].log);
    }
}

#define AUTO_RUNNING __attribute__((cleanup(running_release)))

/* Ends the program and all it started. */
static void stop(struct running *running, enum process_end verdict)
{
    if (!running->stopped)
        running->verdict = verdict;
    running->stopped = true;
    close_fd(&running->lifeline);
}

static int open_log(struct stream *stream, struct error *err)
{
    stream->log = open(stream->path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    return stream->log < 0
               ? error_errno(err, ERROR_FAILURE, errno, "cannot write the log %s", stream->path)
               : 0;
}

static int open_pipe(int *read_end, int *write_end, struct error *err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC))
        return error_errno(err, ERROR_FAILURE, errno, "cannot create a pipe");
    *read_end = fds[0];
    *write_end = fds[1];
    return 0;
}

/* The ends that the child has. */
struct child_ends {
    struct init_pipes pipes;
};

static void child_ends_release(struct child_ends *ends)
{
    close_fd(&ends->pipes.lifeline);
    close_fd(&ends->pipes.status);
    close_fd(&ends->pipes.out);
    close_fd(&ends->pipes.err);
    close_fd(&ends->pipes.null);
}

#define AUTO_CHILD_ENDS __attribute__((cleanup(child_ends_release)))

static int open_ends(struct running *running, struct child_ends *child, struct error *err)
{
    struct init_pipes *pipes = &child->pipes;
    pipes->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (pipes->null < 0)
        return error_errno(err, ERROR_FAILURE, errno, "cannot open /dev/null");
    int failed = open_pipe(&pipes->lifeline, &running->lifeline, err);
    if (!failed)
        failed = open_pipe(&running->status, &pipes->status, err);
    if (!failed)
        failed = open_pipe(&running->streams[0].pipe, &pipes->out, err);
    if (!failed)
        failed = open_pipe(&running->streams[1].pipe, &pipes->err, err);
    for (size_t i = 0; !failed && i < 2; i++) {
        /* A smaller pipe works as well. */
        (void)fcntl(running->streams[i].pipe, F_SETPIPE_SZ, PIPE_BYTES);
        (void)fcntl(running->streams[i].pipe, F_SETFL, O_NONBLOCK);
        failed = open_log(&running->streams[i], err);
    }
    return failed;
}

static int start(struct running *running, struct error *err)
{
    AUTO_CHILD_ENDS struct child_ends child = {{-1, -1, -1, -1, -1}};
    int failed = open_ends(running, &child, err);
    if (failed)
        return failed;
    running->supervisor = fork();
    if (running->supervisor < 0)
        return error_errno(err, ERROR_FAILURE, errno, "cannot start a process");
    if (!running->supervisor) {
        /* The lifeline has to break when the agent ends: no copy of its other end stays here. */
        running_release(running);
        init_supervise(running->process, &child.pipes);
    }
    return 0;
}

static void keep_output(struct running *running, struct stream *stream, const char *bytes,
                        size_t len)
{
    if (running->output_bytes >= running->output_limit) {
        stop(running, PROCESS_OUTPUT_FULL);
        return;
    }
    if (len > running->output_limit - running->output_bytes)
        len = (size_t)(running->output_limit - running->output_bytes);
    running->output_bytes += len;
    int failed = fd_write_all(stream->log, bytes, len);
    if (failed == -ENOSPC || failed == -EDQUOT) {
        stop(running, PROCESS_DISK_FULL);
    } else if (failed && !running->failure) {
        running->failure = -failed;
        stop(running, PROCESS_EXITED);
    }
    if (stream->on_bytes)
        stream->on_bytes(running->process->context, bytes, len);
}

/* Reads what is there; the number of bytes. At the end of the stream its pipe is closed. */
static size_t drain(struct running *running, struct stream *stream)
{
    char bytes[65536];
    size_t total = 0;
    while (stream->pipe >= 0) {
        ssize_t got = read(stream->pipe, bytes, sizeof(bytes));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            break;
        if (got <= 0) {
            close_fd(&stream->pipe);
            break;
        }
        total += (size_t)got;
        keep_output(running, stream, bytes, (size_t)got);
        /* An endless stream must not keep the agent from looking at the clock. */
        if (total >= 16 * PIPE_BYTES)
            break;
    }
    return total;
}

static void read_streams(struct running *running, double now)
{
    size_t most = 0;
    for (size_t i = 0; i < 2; i++) {
        size_t got = drain(running, &running->streams[i]);
        most = got > most ? got : most;
    }
    running->quiet_until_s = most && most < GATHER_MAX ? now + GATHER_S : 0;
}

/* False once the other side is gone. */
static bool read_status(struct running *running)
{
    char *at = (char *)&running->message + running->message_len;
    size_t room = sizeof(running->message) - running->message_len;
    char rest[64];
    ssize_t got = read(running->status, room ? at : rest, room ? room : sizeof(rest));
    if (got > 0 && room)
        running->message_len += (size_t)got;
    return got > 0 || (got < 0 && errno == EINTR);
}

static bool ticks(const struct running *running)
{
    return running->process->on_tick && log_is_live();
}

/* Milliseconds until something other than a descriptor needs the agent; -1: nothing does. */
static int next_timeout(const struct running *running, double now)
{
    double next = INFINITY;
    if (running->process->timeout_s > 0 && !running->stopped)
        next = running->start_s + running->process->timeout_s;
    if (running->quiet_until_s > 0)
        next = fmin(next, running->quiet_until_s);
    if (ticks(running))
        next = fmin(next, running->last_tick_s + 1);
    if (running->process->disk_floor && !running->stopped)
        next = fmin(next, running->last_disk_s + DISK_WATCH_S);
    if (isinf(next))
        return -1;
    double left_ms = ceil((next - now) * 1000);
    return left_ms < 0 ? 0 : left_ms > 3600000 ? 3600000 : (int)left_ms;
}

static void look_at_disk(struct running *running, double now)
{
    uint64_t available = 0;
    if (!running->process->disk_floor || now - running->last_disk_s < DISK_WATCH_S)
        return;
    running->last_disk_s = now;
    if (!disk_free_bytes(running->process->disk, &available, NULL) &&
        available < running->process->disk_floor)
        stop(running, PROCESS_DISK_FULL);
}

static void look_at_clock(struct running *running, double now)
{
    double timeout = running->process->timeout_s;
    if (timeout > 0 && now - running->start_s >= timeout)
        stop(running, PROCESS_TIMED_OUT);
    look_at_disk(running, now);
    if (running->quiet_until_s > 0 && now >= running->quiet_until_s)
        read_streams(running, now);
    if (ticks(running) && now - running->last_tick_s >= 1) {
        running->last_tick_s = now;
        running->process->on_tick(running->process->context, now - running->start_s);
    }
}

/* Until nothing of it is left. */
static void follow(struct running *running)
{
    for (;;) {
        double now = clock_monotonic_s();
        look_at_clock(running, now);
        bool quiet = running->quiet_until_s > 0;
        struct pollfd fds[] = {
            {.fd = running->status, .events = POLLIN},
            {.fd = running->stopped ? -1 : interrupt_fd(), .events = POLLIN},
            {.fd = quiet ? -1 : running->streams[0].pipe, .events = POLLIN},
            {.fd = quiet ? -1 : running->streams[1].pipe, .events = POLLIN},
        };
        if (poll(fds, ARRAY_SIZE(fds), next_timeout(running, now)) < 0)
            continue; /* a signal: the next round sees what it wrote to interrupt_fd() */
        if (fds[1].revents)
            stop(running, PROCESS_SIGNALLED);
        if (fds[2].revents || fds[3].revents)
            read_streams(running, clock_monotonic_s());
        if (fds[0].revents && !read_status(running))
            break;
    }
    for (size_t i = 0; i < 2; i++)
        (void)drain(running, &running->streams[i]);
    while (waitpid(running->supervisor, NULL, 0) < 0 && errno == EINTR)
        ;
}

static int64_t timeval_ns(struct timeval t)
{
    return (int64_t)t.tv_sec * 1000000000 + (int64_t)t.tv_usec * 1000;
}

static struct usage usage_of(const struct init_message *message)
{
    const struct rusage *rusage = &message->usage;
    struct usage used = {
        .wall_ns = message->wall_ns,
        .user_ns = timeval_ns(rusage->ru_utime),
        .system_ns = timeval_ns(rusage->ru_stime),
        .peak_bytes = rusage->ru_maxrss < 0 ? -1 : (int64_t)rusage->ru_maxrss * 1024,
        .voluntary_switches = rusage->ru_nvcsw,
        .involuntary_switches = rusage->ru_nivcsw,
        .minor_faults = rusage->ru_minflt,
        .major_faults = rusage->ru_majflt,
    };
    memcpy(used.counts, message->counts, sizeof(used.counts));
    return used;
}

static struct process_result result_of(const struct running *running)
{
    const struct init_message *message = &running->message;
    struct process_result result = {
        .end = running->verdict,
        .used = usage_of(message),
        .output_bytes = running->output_bytes,
    };
    if (running->stopped) {
        result.used.wall_ns = (int64_t)((clock_monotonic_s() - running->start_s) * 1e9);
    } else if (WIFSIGNALED(message->status)) {
        result.end = PROCESS_SIGNALLED;
        result.code = WTERMSIG(message->status);
    } else {
        result.end = PROCESS_EXITED;
        result.code = WEXITSTATUS(message->status);
    }
    return result;
}

static int conclude(const struct running *running, struct process_result *out, struct error *err)
{
    if (interrupted())
        return interrupt_check(err);
    if (running->failure)
        return error_errno(err, ERROR_FAILURE, running->failure, "cannot write the log %s",
                           running->streams[0].path);
    bool told = running->message_len == sizeof(running->message);
    if (told && running->message.kind == INIT_FAILED)
        return error_set(err, running->message.code, "%s", running->message.text);
    if (!told && !running->stopped)
        return error_set(err, ERROR_FAILURE,
                         "%s: its sandbox was killed from outside (out of memory?)",
                         running->process->argv->items[0]);
    *out = result_of(running);
    return 0;
}

int process_run(const struct process *process, struct process_result *out, struct error *err)
{
    AUTO_RUNNING struct running running = {
        .process = process,
        .streams = {{-1, -1, process->stdout_path, process->on_stdout},
                    {-1, -1, process->stderr_path, process->on_stderr}},
        .lifeline = -1,
        .status = -1,
        .start_s = clock_monotonic_s(),
        .output_limit = process->output_limit ? process->output_limit : PROCESS_OUTPUT_LIMIT,
    };
    int failed = interrupt_check(err);
    if (!failed)
        failed = start(&running, err);
    if (failed)
        return failed;
    follow(&running);
    return conclude(&running, out, err);
}

bool process_succeeded(const struct process_result *result)
{
    return result->end == PROCESS_EXITED && result->code == 0;
}

char *process_result_text(const struct process *process, const struct process_result *result)
{
    char limit[TIME_ISO_SIZE];
    switch (result->end) {
    case PROCESS_EXITED:
        return xasprintf("exited with code %d", result->code);
    case PROCESS_SIGNALLED:
        return xasprintf("was killed by signal %d (%s)", result->code, strsignal(result->code));
    case PROCESS_TIMED_OUT:
        duration_format(process->timeout_s, limit);
        return xasprintf("was stopped: it ran longer than the limit of %s (--timeout)", limit);
    case PROCESS_OUTPUT_FULL:
        return xasprintf("was stopped: it printed more than the limit of %llu bytes "
                         "(--output-limit)",
                         (unsigned long long)(process->output_limit ? process->output_limit
                                                                    : PROCESS_OUTPUT_LIMIT));
    case PROCESS_DISK_FULL:
        return xasprintf("was stopped: it left less than %.0f MiB of the disk free (--min-free)",
                         (double)process->disk_floor / 0x1p20);
    }
    return xstrdup("ended");
}

char *program_find(const char *name, const char *path)
{
    if (*name == '/')
        return access(name, X_OK) ? NULL : xstrdup(name);
    AUTO_STRLIST struct strlist folders = STRLIST_INIT;
    strlist_split(&folders, path, ':');
    for (size_t i = 0; i < folders.count; i++) {
        AUTO_FREE char *candidate = path_join(folders.items[i], name);
        if (*candidate == '/' && !path_is_dir(candidate) && !access(candidate, X_OK))
            return take_ptr(candidate);
    }
    return NULL;
}
