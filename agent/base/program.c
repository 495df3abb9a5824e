#include "base/program.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_FOUND_STATUS 127 /* as the shell has it */

static void exec_program(const char *const *argv, int out) __attribute__((noreturn));

static void exec_program(const char *const *argv, int out)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(null, STDERR_FILENO) < 0)
        _exit(1);
    signal(SIGPIPE, SIG_DFL);
    execvp(argv[0], (char *const *)(const void *)argv);
    _exit(errno == ENOENT ? NOT_FOUND_STATUS : 1);
}

int program_output(const char *const *argv, char **out, struct error *err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC))
        return error_errno(err, ERROR_FAILURE, errno, "cannot create a pipe");
    AUTO_CLOSE int read_end = fds[0];
    AUTO_CLOSE int write_end = fds[1];
    pid_t pid = fork();
    if (pid < 0)
        return error_errno(err, ERROR_FAILURE, errno, "cannot start %s", argv[0]);
    if (!pid)
        exec_program(argv, write_end);
    close(take_fd(&write_end));
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    fd_read_all(read_end, PROGRAM_OUTPUT_MAX, &text);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return error_errno(err, ERROR_FAILURE, errno, "cannot wait for %s", argv[0]);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND_STATUS)
        return error_set(err, ERROR_NOT_FOUND, "there is no program %s", argv[0]);
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        return error_set(err, ERROR_FAILURE, "%s failed", argv[0]);
    while (text.len && text.buf[text.len - 1] == '\n')
        strbuf_truncate(&text, text.len - 1);
    *out = strbuf_detach(&text);
    return 0;
}
