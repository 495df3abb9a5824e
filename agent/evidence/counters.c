#include "evidence/counters.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CPU_FOLDER "/sys/devices/system/cpu"

/* The figures of a line "cpu3 …" of /proc/stat, in ticks. */
struct stat_line {
    uint64_t user, nice, system, idle, iowait, irq, softirq, steal;
};

static bool wanted(const cpu_set_t *cpus, long cpu)
{
    return cpu >= 0 && cpu < CPU_SETSIZE && (!cpus || CPU_ISSET((size_t)cpu, cpus));
}

/* The CPU of the line, -1 where it is none of a single CPU. */
static long read_stat_line(const char *line, struct stat_line *out)
{
    long cpu = -1;
    *out = (struct stat_line){0};
    int got = sscanf(line,
                     "cpu%ld %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
                     " %" SCNu64 " %" SCNu64,
                     &cpu, &out->user, &out->nice, &out->system, &out->idle, &out->iowait,
                     &out->irq, &out->softirq, &out->steal);
    /* "cpu  12 …", all of them together, would read as CPU 12. */
    return got == 9 && strncmp(line, "cpu ", 4) ? cpu : -1;
}

static void read_times(const struct host_io *io, const cpu_set_t *cpus, struct host_reading *out)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    long ticks = sysconf(_SC_CLK_TCK);
    if (ticks <= 0 || io->ops->read(io, "/proc/stat", &text))
        return;
    int64_t tick_ns = 1000000000 / ticks;
    for (char *line = text.buf; !strncmp(line, "cpu", 3);) {
        struct stat_line at;
        /* sscanf() looks for the end of the text each time, and there is much behind the CPUs. */
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        if (wanted(cpus, read_stat_line(line, &at))) {
            out->busy_ns = (out->busy_ns < 0 ? 0 : out->busy_ns) +
                           (int64_t)(at.user + at.nice + at.system + at.irq + at.softirq) * tick_ns;
            out->steal_ns = (out->steal_ns < 0 ? 0 : out->steal_ns) + (int64_t)at.steal * tick_ns;
        }
        if (!end)
            break;
        line = end + 1;
    }
}

static void add_mhz(struct host_reading *out, double mhz)
{
    if (!(mhz > 0))
        return;
    out->least_mhz = fmin(out->least_mhz, mhz);
    out->most_mhz = fmax(out->most_mhz, mhz);
}

static void add_count(int64_t *sum, long long value)
{
    if (value >= 0)
        *sum = (*sum < 0 ? 0 : *sum) + value;
}

static long long cpu_number(const struct host_io *io, long cpu, const char *file)
{
    AUTO_FREE char *path = xasprintf(CPU_FOLDER "/cpu%ld/%s", cpu, file);
    return host_io_number(io, path, -1);
}

static void read_cpu(const struct host_io *io, long cpu, struct host_reading *out)
{
    add_mhz(out, (double)cpu_number(io, cpu, "cpufreq/scaling_cur_freq") / 1000);
    add_count(&out->throttles, cpu_number(io, cpu, "thermal_throttle/core_throttle_count"));
    add_count(&out->throttled_ms,
              cpu_number(io, cpu, "thermal_throttle/core_throttle_total_time_ms"));
}

static void read_cpus(const struct host_io *io, const cpu_set_t *cpus, struct host_reading *out)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (io->ops->list(io, CPU_FOLDER, &names))
        return;
    for (size_t i = 0; i < names.count; i++) {
        long cpu = -1;
        int used = 0;
        if (sscanf(names.items[i], "cpu%ld%n", &cpu, &used) == 1 && !names.items[i][used] &&
            wanted(cpus, cpu))
            read_cpu(io, cpu, out);
    }
}

/* The value of a line "key<blanks>: value", or NULL: another line. */
static const char *value_behind(const char *line, const char *key)
{
    size_t len = strlen(key);
    if (strncmp(line, key, len))
        return NULL;
    const char *colon = line + len + strspn(line + len, " \t");
    return *colon == ':' ? colon + 1 : NULL;
}

/* x86 alone has the line "cpu MHz". */
static void read_cpuinfo(const struct host_io *io, const cpu_set_t *cpus, struct host_reading *out)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (io->ops->read(io, "/proc/cpuinfo", &text))
        return;
    long cpu = -1;
    for (const char *line = text.buf; line;) {
        const char *number = value_behind(line, "processor");
        const char *mhz = value_behind(line, "cpu MHz");
        if (number)
            cpu = strtol(number, NULL, 10);
        if (mhz && wanted(cpus, cpu)) {
            add_mhz(out, strtod(mhz, NULL));
            out->mhz_from_cpuinfo = true;
        }
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
}

/* The greatest of the millidegrees in `files` ("temp1_input", …) of a sensor. */
static double hottest_of(const struct host_io *io, const char *folder)
{
    AUTO_STRLIST struct strlist files = STRLIST_INIT;
    double most = NAN;
    if (io->ops->list(io, folder, &files))
        return NAN;
    for (size_t i = 0; i < files.count; i++) {
        const char *name = files.items[i];
        size_t len = strlen(name);
        bool reading = !strcmp(name, "temp") ||
                       (!strncmp(name, "temp", 4) && len > 6 && !strcmp(name + len - 6, "_input"));
        AUTO_FREE char *path = xasprintf("%s/%s", folder, name);
        long long milli = reading ? host_io_number(io, path, -300000) : -300000;
        if (milli > -273150)
            most = fmax(most, (double)milli / 1000);
    }
    return most;
}

/* Sensors that are a CPU's, by the names that their drivers give. */
static bool is_cpu_sensor(const char *name)
{
    static const char *const names[] = {"coretemp",     "k10temp",     "zenpower",   "cpu_thermal",
                                        "x86_pkg_temp", "cpu-thermal", "soc_thermal"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (name && !strcmp(name, names[i]))
            return true;
    return name && !strncmp(name, "cpu", 3);
}

/* Of the sensors below `base`; `naming` is the file with a sensor's name. */
static void read_sensors(const struct host_io *io, const char *base, const char *naming,
                         double *of_cpu, double *of_any)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (io->ops->list(io, base, &names))
        return;
    for (size_t i = 0; i < names.count; i++) {
        AUTO_FREE char *folder = xasprintf("%s/%s", base, names.items[i]);
        AUTO_FREE char *kind = host_io_textf(io, "%s/%s", folder, naming);
        double celsius = hottest_of(io, folder);
        *of_any = fmax(*of_any, celsius);
        if (is_cpu_sensor(kind))
            *of_cpu = fmax(*of_cpu, celsius);
    }
}

void host_reading_take(const struct host_io *io, const cpu_set_t *cpus, struct host_reading *out)
{
    *out = (struct host_reading){
        .at_s = clock_monotonic_s(),
        .busy_ns = -1,
        .steal_ns = -1,
        .throttles = -1,
        .throttled_ms = -1,
        .least_mhz = NAN,
        .most_mhz = NAN,
    };
    read_times(io, cpus, out);
    read_cpus(io, cpus, out);
    if (isnan(out->most_mhz))
        read_cpuinfo(io, cpus, out);
    double of_cpu = NAN, of_any = NAN;
    read_sensors(io, "/sys/class/hwmon", "name", &of_cpu, &of_any);
    read_sensors(io, "/sys/class/thermal", "type", &of_cpu, &of_any);
    out->celsius = isnan(of_cpu) ? of_any : of_cpu;
}

static int64_t grown(int64_t before, int64_t after)
{
    return before < 0 || after < before ? -1 : after - before;
}

struct host_change host_change_of(const struct host_reading *before,
                                  const struct host_reading *after)
{
    return (struct host_change){
        .seconds = after->at_s - before->at_s,
        .busy_ns = grown(before->busy_ns, after->busy_ns),
        .steal_ns = grown(before->steal_ns, after->steal_ns),
        .throttles = grown(before->throttles, after->throttles),
        .throttled_ms = grown(before->throttled_ms, after->throttled_ms),
    };
}
