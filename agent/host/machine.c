#include "host/machine.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

enum { PROC_FILE_MAX = 4 << 20 };

/* The value behind the first line "key<blanks>: value", or NULL. */
static char *proc_value(const char *path, const char *key)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (file_read(path, PROC_FILE_MAX, &text, NULL))
        return NULL;
    size_t key_len = strlen(key);
    for (char *line = text.buf; line && *line;) {
        char *end = strchr(line, '\n');
        if (!strncmp(line, key, key_len) && strspn(line + key_len, " \t:") > 0) {
            const char *value = line + key_len + strspn(line + key_len, " \t:");
            return xstrndup(value, end ? (size_t)(end - value) : strlen(value));
        }
        line = end ? end + 1 : NULL;
    }
    return NULL;
}

/* x86 says "model name"; Arm gives numbers, and some boards a "Hardware" or "Model" line. */
static char *cpu_model(const char *machine)
{
    static const char *const keys[] = {"model name", "Hardware", "Model", "cpu model", "uarch"};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        char *value = proc_value("/proc/cpuinfo", keys[i]);
        if (value && *value)
            return value;
        free(value);
    }
    AUTO_FREE char *implementer = proc_value("/proc/cpuinfo", "CPU implementer");
    AUTO_FREE char *part = proc_value("/proc/cpuinfo", "CPU part");
    if (implementer && part)
        return xasprintf("%s implementer %s part %s", machine, implementer, part);
    return xstrdup(machine);
}

char *machine_cpu_name(const char *model)
{
    const char *at = strchr(model, '@');
    char *end = NULL;
    double number = at ? strtod(at + 1, &end) : 0;
    const char *point = at ? memchr(at, '.', (size_t)(end - at)) : NULL;
    if (!point || end - point <= 3)
        return xstrdup(model);
    double step = number < 100 ? 0.025 : 25; /* GHz or MHz */
    return xasprintf("%.*s@ %g%s", (int)(at - model), model, round(number / step) * step, end);
}

int32_t machine_memory_gib(double total_kib)
{
    double gib = total_kib / (1024 * 1024);
    if (!(gib > 0))
        return 0;
    double step = exp2(ceil(log2(gib))) / 16;
    return (int32_t)(ceil(gib / step) * step + 0.5);
}

static int32_t memory_gib(void)
{
    AUTO_FREE char *total = proc_value("/proc/meminfo", "MemTotal");
    return machine_memory_gib(total ? strtod(total, NULL) : 0);
}

static char *cpu_name(const char *machine)
{
    AUTO_FREE char *model = cpu_model(machine);
    return machine_cpu_name(model);
}

static const char *test_bed_file(void)
{
    const char *path = getenv("LANCE_BENCH_TESTBED_FILE");
    return path && *path ? path : TEST_BED_FILE;
}

static char *name_from_file(void)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (file_read(test_bed_file(), PROC_FILE_MAX, &text, NULL))
        return NULL;
    size_t len = strcspn(text.buf, "\r\n");
    while (len && text.buf[len - 1] == ' ')
        len--;
    return len ? xstrndup(text.buf, len) : NULL;
}

static char *state_file(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (state && *state == '/')
        return path_join(state, "lance-bench/test-bed-created");
    return home && *home == '/' ? path_join(home, ".local/state/lance-bench/test-bed-created")
                                : NULL;
}

/* The first time that this machine was seen. Where nothing can be kept it is the time of boot,
 * which at least the runs since then share. */
static int64_t created_at(void)
{
    struct stat st;
    if (!stat(test_bed_file(), &st))
        return st.st_mtime;
    AUTO_FREE char *path = state_file();
    if (path && stat(path, &st)) {
        AUTO_FREE char *folder = xstrndup(path, (size_t)(path_basename(path) - path));
        if (!dir_make(folder, NULL))
            (void)!file_write_atomic(path, "", 0, NULL);
    }
    if (path && !stat(path, &st))
        return st.st_mtime;
    AUTO_FREE char *boot = proc_value("/proc/stat", "btime");
    return boot ? strtoll(boot, NULL, 10) : clock_unix_s();
}

int machine_describe(const char *name, struct test_bed *out, bool *from_host_name,
                     struct error *err)
{
    struct utsname uts;
    if (uname(&uts))
        return error_set(err, ERROR_FAILURE, "this machine does not say what it is");
    char *chosen = name && *name ? xstrdup(name) : name_from_file();
    *from_host_name = !chosen;
    *out = (struct test_bed){
        .name = chosen ? chosen : xstrdup(uts.nodename),
        .cpu = cpu_name(uts.machine),
        .memory_gb = memory_gib(),
        .os = xasprintf("%s %s", uts.sysname, uts.release),
        .created_at = created_at(),
    };
    return 0;
}

int machine_test_bed(const char *name, struct test_bed *out, struct error *err)
{
    bool from_host_name = false;
    int failed = machine_describe(name, out, &from_host_name, err);
    if (!failed && from_host_name)
        log_warning("the test bed is called after the host, %s: give it a lasting name with "
                    "--testbed-name or in %s",
                    out->name, TEST_BED_FILE);
    return failed;
}
