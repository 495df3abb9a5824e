#include "run/cpu_clock.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/number.h"
#include "base/strbuf.h"
#include "preload/clock.h"

#include <elf.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REPORT_MAX ((size_t)16 << 20)
#define PROGRAM_HEADERS_MAX 128

extern const char preload_clock[], preload_clock_end[];

void cpu_clock_release(struct cpu_clock *clock)
{
    for (size_t i = 0; i < clock->count; i++)
        free(clock->uses[i].name);
    free(clock->uses);
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

int cpu_clock_check(int fd, const char *name, struct error *err)
{
    if (has_interpreter(fd))
        return 0;
    return error_set(err, ERROR_BUILD,
                     "%s cannot be measured with --clock cpu: it is statically linked, so that its "
                     "clock cannot be replaced; use --clock wall, or link it dynamically",
                     name);
}

int cpu_clock_prepare(struct job *job, const char *folder, struct strlist *env, char **report,
                      struct error *err)
{
    AUTO_FREE char *library = path_join(job->path, "clock.so");
    if (!path_exists(library)) {
        size_t len = (size_t)(preload_clock_end - preload_clock);
        int failed = file_write_atomic(library, preload_clock, len, err);
        if (failed)
            return failed;
        sandbox_add_readable(&job->sandbox, library);
    }
    *report = path_join(folder, "report");
    env_set(env, "LD_PRELOAD", library);
    env_set(env, CLOCK_REPORT_ENV, *report);
    return 0;
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

int cpu_clock_read(const char *report, struct cpu_clock *out, struct error *err)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    AUTO_CPU_CLOCK struct cpu_clock clock = {0};
    struct error reason = ERROR_INIT;
    int failed = file_read(report, REPORT_MAX, &text, &reason);
    if (failed == ERROR_NOT_FOUND)
        return error_set(err, ERROR_BUILD,
                         "it did not measure with the CPU clock: it is no Criterion bench of "
                         "version 0.3 or later, or hands its work to another process");
    if (failed)
        return error_set(err, ERROR_BUILD, "the CPU clock's report: %s", reason.message);
    size_t number = 0;
    char *rest = text.buf;
    for (char *line; rest && *rest;) {
        line = strsep(&rest, "\n");
        number++;
        if (!take_line(line, &clock))
            return error_set(err, ERROR_BUILD, "line %zu of the CPU clock's report is damaged",
                             number);
    }
    *out = clock;
    clock = (struct cpu_clock){0};
    return 0;
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
                         "the one that measures",
                         (double)use->others_ns / 1e9, cpu_s);
    if (is_too_much(use->waited_ns, use->cpu_ns))
        return xasprintf("sleeps or waits: %.3f s, beside %.3f s of CPU time",
                         (double)use->waited_ns / 1e9, cpu_s);
    return NULL;
}
