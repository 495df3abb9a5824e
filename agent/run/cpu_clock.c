#include "run/cpu_clock.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/number.h"
#include "base/strbuf.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REPORT_MAX ((size_t)16 << 20)
#define PROGRAM_HEADERS_MAX 128

#define FOLDER "cpu-clock" /* of the report, below the job's out/ */

extern const char preload_clock[], preload_clock_end[];
extern const char preload_clock_py[], preload_clock_py_end[];

void cpu_clock_release(struct cpu_clock *clock)
{
    for (size_t i = 0; i < clock->count; i++)
        free(clock->uses[i].name);
    free(clock->uses);
    strlist_release(&clock->refused);
    strlist_release(&clock->reasons);
    *clock = (struct cpu_clock){0};
}

/* Whether the file asks for a dynamic loader. A file that is no ELF at all is none of ours. */
static bool has_interpreter(int fd)
{
    Elf64_Ehdr header;
    if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64)
        return false;
    for (unsigned i = 0; i < header.e_phnum && i < PROGRAM_HEADERS_MAX; i++) {
        Elf64_Phdr segment;
        uint64_t at = header.e_phoff + i * sizeof(segment);
        if (at > INT64_MAX ||
            pread(fd, &segment, sizeof(segment), (off_t)at) != (ssize_t)sizeof(segment))
            return false;
        if (segment.p_type == PT_INTERP)
            return true;
    }
    return false;
}

static bool is_elf(int fd)
{
    char magic[SELFMAG];
    return pread(fd, magic, sizeof(magic), 0) == SELFMAG && !memcmp(magic, ELFMAG, SELFMAG);
}

int cpu_clock_check(int fd, const char *name, struct error *err)
{
    if (has_interpreter(fd))
        return 0;
    if (!is_elf(fd))
        return error_set(err, ERROR_BUILD,
                         "%s cannot be measured with --clock cpu: what is started is no executable "
                         "of this machine but a script, or cannot be read; use --clock wall",
                         name);
    return error_set(err, ERROR_BUILD,
                     "%s cannot be measured with --clock cpu: it is statically linked, so that its "
                     "clock cannot be replaced; use --clock wall, or link it dynamically",
                     name);
}

/* Writes the file into a folder of the job that foreign code may read, and makes an empty one for
 * the report. */
static int furnish(struct job *job, const char *name, const char *bytes, const char *end,
                   struct strlist *env, struct error *err)
{
    AUTO_FREE char *folder = path_join(job->path, FOLDER), *path = path_join(folder, name);
    AUTO_FREE char *out = NULL;
    int failed = job_output_dir(job, FOLDER, &out, err);
    if (!failed)
        failed = dir_make(folder, err);
    if (!failed)
        failed = file_write_atomic(path, bytes, (size_t)(end - bytes), err);
    if (failed)
        return failed;
    /* Foreign code runs as another user, whatever the umask here is. */
    if (chmod(folder, 0755) || chmod(path, 0644))
        return error_errno(err, ERROR_FAILURE, errno, "cannot make %s readable", path);
    if (!strlist_contains(&job->sandbox.readable, folder))
        sandbox_add_readable(&job->sandbox, folder);
    AUTO_FREE char *report = path_join(out, "report");
    env_set(env, CLOCK_REPORT_ENV, report);
    return 0;
}

int cpu_clock_preload(struct job *job, const char *rule, struct strlist *env, struct error *err)
{
    int failed = furnish(job, "clock.so", preload_clock, preload_clock_end, env, err);
    AUTO_FREE char *library = xasprintf("%s/" FOLDER "/clock.so", job->path);
    if (failed)
        return failed;
    env_set(env, CLOCK_RULE_ENV, rule);
    env_set(env, "LD_PRELOAD", library);
    return 0;
}

int cpu_clock_set_up(struct job *job, const struct cpu_clock *clock,
                     const struct bench_target *target, const char *rule, struct strlist *env,
                     struct error *err)
{
    if (!clock)
        return 0;
    AUTO_CLOSE int fd = sandbox_open_foreign(&job->sandbox, target->executable);
    AUTO_FREE char *name = xasprintf("bench %s of %s", target->bench, target->package);
    int failed = cpu_clock_check(fd, name, err);
    return failed ? failed : cpu_clock_preload(job, rule, env, err);
}

int cpu_clock_plug_in(struct job *job, struct strlist *env, struct error *err)
{
    int failed =
        furnish(job, CPU_CLOCK_PLUGIN ".py", preload_clock_py, preload_clock_py_end, env, err);
    const char *before = env_get(env, "PYTHONPATH");
    AUTO_FREE char *paths =
        xasprintf("%s/" FOLDER "%s%s", job->path, before ? ":" : "", before ? before : "");
    if (!failed)
        env_set(env, "PYTHONPATH", paths);
    return failed;
}

/* Takes the next number off a line; negative ones do not occur. */
static bool take_number(char **line, int64_t *out)
{
    char *word = strsep(line, " ");
    return word && *line && parse_int64(word, out) && *out >= 0;
}

static bool take_use(char *line, struct cpu_clock *out)
{
    struct cpu_clock_use use = {0};
    int64_t reads = 0;
    bool good = take_number(&line, &use.cpu_ns) && take_number(&line, &use.waited_ns) &&
                take_number(&line, &use.others_ns) && take_number(&line, &use.preempted_ns) &&
                take_number(&line, &reads) && *line;
    if (!good)
        return false;
    use.reads = (uint64_t)reads;
    use.name = xstrdup(line);
    ARRAY_RESERVE(out->uses, out->cap, out->count + 1);
    out->uses[out->count++] = use;
    return true;
}

static bool take_line(char *line, struct cpu_clock *out)
{
    static const char use[] = "benchmark ", head[] = "clock 1 ";
    int64_t read_ps = 0;
    if (!strncmp(line, use, sizeof(use) - 1))
        return take_use(line + sizeof(use) - 1, out);
    if (strncmp(line, head, sizeof(head) - 1) != 0 ||
        !parse_int64(line + sizeof(head) - 1, &read_ps) || read_ps < 0)
        return false;
    out->read_ns = (double)read_ps / 1000;
    return true;
}

static bool is_too_much(int64_t ns, int64_t cpu_ns)
{
    return ns > CPU_CLOCK_SPARE_NS && (double)ns > CPU_CLOCK_SHARE * (double)cpu_ns;
}

char *cpu_clock_refusal(const struct cpu_clock_use *use)
{
    double cpu_s = (double)use->cpu_ns / 1e9;
    if (!use->reads)
        return xstrdup("reads no clock that can be answered with CPU time");
    if (is_too_much(use->others_ns, use->cpu_ns))
        return xasprintf("has work done by other threads: %.3f s of CPU time, beside %.3f s of "
                         "its own",
                         (double)use->others_ns / 1e9, cpu_s);
    if (is_too_much(use->waited_ns, use->cpu_ns))
        return xasprintf("sleeps or waits: %.3f s, beside %.3f s of CPU time",
                         (double)use->waited_ns / 1e9, cpu_s);
    return NULL;
}

static void judge(struct cpu_clock *clock)
{
    for (size_t i = 0; i < clock->count; i++) {
        AUTO_FREE char *reason = cpu_clock_refusal(&clock->uses[i]);
        if (!reason || strlist_contains(&clock->refused, clock->uses[i].name))
            continue;
        strlist_push(&clock->refused, clock->uses[i].name);
        strlist_pushf(&clock->reasons, "%s %s", clock->uses[i].name, reason);
    }
}

int cpu_clock_parse(char *text, struct cpu_clock *out, struct error *err)
{
    AUTO_CPU_CLOCK struct cpu_clock clock = {0};
    size_t number = 0;
    for (char *rest = text; rest && *rest;) {
        char *line = strsep(&rest, "\n");
        number++;
        if (!take_line(line, &clock))
            return error_set(err, ERROR_BUILD, "line %zu of the CPU clock's report is damaged",
                             number);
    }
    judge(&clock);
    cpu_clock_release(out);
    *out = clock;
    clock = (struct cpu_clock){0};
    return 0;
}

int cpu_clock_read(const struct job *job, struct cpu_clock *out, struct error *err)
{
    AUTO_FREE char *folder = path_join(job->out, FOLDER), *path = path_join(folder, "report");
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    int failed = job_check_output(folder, REPORT_MAX, err);
    if (failed)
        return failed;
    if (!path_exists(path))
        return error_set(err, ERROR_BUILD,
                         "nothing was measured with the CPU clock: the benchmarks are none that "
                         "this program knows, or run in another process; use --clock wall");
    failed = file_read(path, REPORT_MAX, &text, err);
    return failed ? failed : cpu_clock_parse(text.buf, out, err);
}

bool cpu_clock_accepts(const struct cpu_clock *clock, const char *name)
{
    bool known = false;
    for (size_t i = 0; i < clock->count; i++)
        known |= !strcmp(clock->uses[i].name, name);
    return known && !strlist_contains(&clock->refused, name);
}

int cpu_clock_nothing_left(const struct cpu_clock *clock, struct error *err)
{
    AUTO_FREE char *reasons = strlist_join(&clock->reasons, "; ");
    return error_set(
        err, ERROR_BUILD, "no benchmark of it can be measured with --clock cpu: %s",
        *reasons ? reasons
                 : "it reads no clock, does its work in other processes, or ends by _exit()");
}
