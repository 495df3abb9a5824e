#include "run/libtest.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "run/executable.h"

#include <string.h>

#define OUTPUT_MAX ((size_t)512 << 20)

#define LINE_BEGIN "test "
#define LINE_MARK " ... bench:"

static const char *const marks[] = {"RUST_TEST_THREADS", "__RUST_TEST_INVOKE"};

bool libtest_is_harness(const struct sandbox *sandbox, const struct bench_target *target)
{
    return executable_has_text(sandbox, target->executable, marks, ARRAY_SIZE(marks));
}

static void arguments_of(const struct bench_target *target, struct strlist *argv)
{
    strlist_push(argv, target->executable);
    strlist_push(argv, "--bench");
    strlist_push(argv, "--color=never");
    if (target->filter)
        strlist_push(argv, target->filter);
}

int libtest_list(const struct harness *harness, const struct bench_target *target,
                 struct strlist *names, struct error *err)
{
    AUTO_STRLIST struct strlist argv = STRLIST_INIT;
    arguments_of(target, &argv);
    size_t before = names->count;
    int failed = executable_list(harness, target, &argv, names, err);
    if (failed)
        return failed;
    if (names->count == before)
        return error_set(err, ERROR_BUILD, "bench %s of %s has no #[bench] function%s%s",
                         target->bench, target->package,
                         target->filter ? " with a name that contains " : "",
                         target->filter ? target->filter : "");
    return 0;
}

static bool is_done(const char *line)
{
    return !strncmp(line, LINE_BEGIN, sizeof(LINE_BEGIN) - 1) && strstr(line, LINE_MARK);
}

/* Takes the name of the benchmark out of its line: behind it there may be spaces, up to the last
 * mark. */
static char *name_in(const char *line)
{
    const char *name = line + sizeof(LINE_BEGIN) - 1, *end = NULL;
    for (const char *at = name; (at = strstr(at, LINE_MARK)); at++)
        end = at;
    while (end > name && end[-1] == ' ')
        end--;
    return xstrndup(name, (size_t)(end - name));
}

/* Leaves the lines out of the benchmarks that CPU time does not fit; *kept: how many are left. */
static void sift(const struct cpu_clock *clock, const struct strbuf *text, struct strbuf *out,
                 size_t *kept)
{
    AUTO_STRLIST struct strlist lines = STRLIST_INIT;
    strlist_split(&lines, text->buf, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        if (!is_done(lines.items[i]))
            continue;
        AUTO_FREE char *name = name_in(lines.items[i]);
        if (clock && !cpu_clock_accepts(clock, name))
            continue;
        strbuf_addf(out, "%s\n", lines.items[i]);
        ++*kept;
    }
}

/* Keeps the lines that count, in a file of the agent's. */
static int keep_results(const struct harness *harness, const struct bench_target *target,
                        const struct strbuf *text, char **results, struct error *err)
{
    AUTO_STRBUF struct strbuf kept = STRBUF_INIT;
    size_t count = 0;
    struct cpu_clock *clock = harness->cpu_clock;
    int failed = clock ? cpu_clock_read(harness->job, clock, err) : 0;
    if (failed)
        return failed;
    sift(clock, text, &kept, &count);
    if (!count && clock && clock->count)
        return cpu_clock_nothing_left(clock, err);
    if (!count)
        return error_set(err, ERROR_BUILD,
                         "bench %s of %s ended well and measured nothing; its output: %s",
                         target->bench, target->package, harness->job->logs);
    AUTO_FREE char *path =
        xasprintf("%s/libtest-%s-%s.txt", harness->job->path, target->package, target->bench);
    failed = file_write_atomic(path, kept.buf, kept.len, err);
    if (!failed)
        *results = take_ptr(path);
    return failed;
}

int libtest_run(const struct harness *harness, const struct bench_target *target, char **results,
                struct error *err)
{
    AUTO_FREE char *name = xasprintf("%s-%s", target->package, target->bench);
    AUTO_STRLIST struct strlist argv = STRLIST_INIT, env = STRLIST_INIT;
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    arguments_of(target, &argv);
    for (size_t i = 0; i < harness->env->count; i++)
        strlist_push(&env, harness->env->items[i]);
    int failed =
        cpu_clock_set_up(harness->job, harness->cpu_clock, target, CPU_CLOCK_LIBTEST, &env, err);
    if (failed)
        return failed;
    struct harness_watch watch;
    harness_watch_init(&watch, harness, is_done);
    struct job_step step = executable_step(harness, target, name, &argv, &env);
    step.placement = harness->placement;
    step.count_events = harness->result;
    step.result = harness->result;
    step.on_stdout = harness_watch_output;
    step.on_tick = harness_watch_tick;
    step.context = &watch;
    failed = executable_output(harness, &step, OUTPUT_MAX, &text, err);
    return failed ? failed : keep_results(harness, target, &text, results, err);
}
