#include "run/executable.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"

#include <string.h>
#include <unistd.h>

#define LIST_MAX ((size_t)64 << 20)
#define LIST_TIMEOUT_S 120.0

static bool has_any(const char *bytes, size_t len, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memmem(bytes, len, texts[i], strlen(texts[i])))
            return true;
    return false;
}

bool executable_has_text(const struct sandbox *sandbox, const char *path, const char *const *texts,
                         size_t count)
{
    enum { BUFFER = 1 << 20 };
    AUTO_CLOSE int fd = sandbox_open_foreign(sandbox, path);
    if (fd < 0)
        return false;
    AUTO_FREE char *bytes = xmalloc(BUFFER);
    size_t have = 0;
    for (ssize_t got; (got = read(fd, bytes + have, BUFFER - have)) > 0;) {
        have += (size_t)got;
        if (has_any(bytes, have, texts, count))
            return true;
        size_t keep = have < EXECUTABLE_TEXT_MAX ? have : EXECUTABLE_TEXT_MAX;
        memmove(bytes, bytes + have - keep, keep);
        have = keep;
    }
    return false;
}

/* The benchmarks among what `--list --format terse` prints: lines "group/name: benchmark". */
static void executable_take_names(const char *text, struct strlist *names)
{
    static const char mark[] = ": benchmark";
    AUTO_STRLIST struct strlist lines = STRLIST_INIT;
    strlist_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        size_t len = strlen(lines.items[i]), tail = sizeof(mark) - 1;
        if (len > tail && !strcmp(lines.items[i] + len - tail, mark))
            strlist_push_owned(names, xstrndup(lines.items[i], len - tail));
    }
}

struct job_step executable_step(const struct harness *harness, const struct bench_target *target,
                                const char *name, const struct strlist *argv,
                                const struct strlist *env)
{
    return (struct job_step){
        .name = name,
        .argv = argv,
        .env = env,
        .cwd = target->folder,
        .timeout_s = harness->timeout_s > 0 ? harness->timeout_s : HARNESS_TIMEOUT_S,
        .output_limit = harness->output_limit,
    };
}

int executable_output(const struct harness *harness, const struct job_step *step, size_t max,
                      struct strbuf *text, struct error *err)
{
    struct process_result result;
    AUTO_JOB_LOGS struct job_logs logs = {0};
    int failed = job_run(harness->job, step, &result, &logs, err);
    if (failed)
        return failed;
    if (step->result)
        *step->result = result;
    if (!process_succeeded(&result))
        return job_step_error(harness->job, step, &result, &logs, err);
    return file_read(logs.out, max, text, err);
}

int executable_list(const struct harness *harness, const struct bench_target *target,
                    struct strlist *argv, struct strlist *names, struct error *err)
{
    strlist_push(argv, "--list");
    strlist_push(argv, "--format");
    strlist_push(argv, "terse");
    AUTO_FREE char *name = xasprintf("list-%s-%s", target->package, target->bench);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    struct job_step step = executable_step(harness, target, name, argv, harness->env);
    step.timeout_s = LIST_TIMEOUT_S;
    int failed = executable_output(harness, &step, LIST_MAX, &text, err);
    if (!failed)
        executable_take_names(text.buf, names);
    return failed;
}
