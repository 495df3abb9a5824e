/* Evidence: the state of the machine, once for a session. */
#include "evidence/evidence.h"

#include "base/alloc.h"
#include "base/escape.h"

#include <stdio.h>
#include <string.h>

#define CPU_FOLDER "/sys/devices/system/cpu"
#define POLICIES CPU_FOLDER "/cpufreq"

static const struct {
    const char *key, *path;
} files[] = {
    {"kernel_command_line", "/proc/cmdline"},
    {"clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource"},
    {"smt", CPU_FOLDER "/smt/control"},
    {"isolated_cpus", CPU_FOLDER "/isolated"},
    {"nohz_full_cpus", CPU_FOLDER "/nohz_full"},
    {"boost", CPU_FOLDER "/cpufreq/boost"},
    {"no_turbo", CPU_FOLDER "/intel_pstate/no_turbo"},
    {"pstate_status", CPU_FOLDER "/intel_pstate/status"},
    {"amd_pstate_status", CPU_FOLDER "/amd_pstate/status"},
    {"cpuidle_driver", CPU_FOLDER "/cpuidle/current_driver"},
    {"aslr", "/proc/sys/kernel/randomize_va_space"},
    {"transparent_huge_pages", "/sys/kernel/mm/transparent_hugepage/enabled"},
    {"numa_balancing", "/proc/sys/kernel/numa_balancing"},
    {"swappiness", "/proc/sys/vm/swappiness"},
    {"nmi_watchdog", "/proc/sys/kernel/nmi_watchdog"},
    {"perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid"},
};

/* Of each frequency policy: every value that occurs, once. */
static const struct {
    const char *key, *file;
} policy_files[] = {
    {"frequency_driver", "scaling_driver"},
    {"governor", "scaling_governor"},
    {"energy_preference", "energy_performance_preference"},
    {"min_khz", "scaling_min_freq"},
    {"max_khz", "scaling_max_freq"},
};

static void write_text(const char *text, struct strbuf *out)
{
    if (text)
        escape_json(out, text, strlen(text));
    else
        strbuf_addstr(out, "null");
}

static void write_policies(const struct host_io *io, const char *key, const char *file,
                           struct strbuf *out)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT, values = STRLIST_INIT;
    (void)io->ops->list(io, POLICIES, &names);
    for (size_t i = 0; i < names.count; i++) {
        AUTO_FREE char *value = host_io_textf(io, POLICIES "/%s/%s", names.items[i], file);
        if (value && !strlist_contains(&values, value))
            strlist_push(&values, value);
    }
    strlist_sort(&values);
    AUTO_FREE char *joined = values.count ? strlist_join(&values, ", ") : NULL;
    strbuf_addf(out, ",\"%s\":", key);
    write_text(joined, out);
}

static void write_mitigations(const struct host_io *io, struct strbuf *out)
{
    static const char folder[] = CPU_FOLDER "/vulnerabilities";
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (io->ops->list(io, folder, &names) || !names.count) {
        strbuf_addstr(out, ",\"mitigations\":null");
        return;
    }
    strbuf_addstr(out, ",\"mitigations\":{");
    for (size_t i = 0; i < names.count; i++) {
        AUTO_FREE char *state = host_io_textf(io, "%s/%s", folder, names.items[i]);
        strbuf_addstr(out, i ? "," : "");
        write_text(names.items[i], out);
        strbuf_addch(out, ':');
        write_text(state, out);
    }
    strbuf_addch(out, '}');
}

/* Behind the first "key : value" of /proc/cpuinfo. */
static char *cpuinfo_value(const struct host_io *io, const char *key)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (io->ops->read(io, "/proc/cpuinfo", &text))
        return NULL;
    size_t len = strlen(key);
    for (const char *line = text.buf; line && *line;) {
        const char *end = strchrnul(line, '\n');
        const char *value = line + len;
        if (!strncmp(line, key, len) && strspn(value, " \t:")) {
            value += strspn(value, " \t:");
            return value < end ? xstrndup(value, (size_t)(end - value)) : NULL;
        }
        line = *end ? end + 1 : NULL;
    }
    return NULL;
}

char *evidence_microcode(const struct host_io *io)
{
    char *version = host_io_text(io, CPU_FOLDER "/cpu0/microcode/version");
    return version ? version : cpuinfo_value(io, "microcode");
}

void evidence_write_machine(const struct host_io *io, struct strbuf *out)
{
    AUTO_FREE char *microcode = evidence_microcode(io);
    AUTO_FREE char *flags = cpuinfo_value(io, "flags");
    strbuf_addstr(out, "{\"microcode\":");
    write_text(microcode, out);
    strbuf_addf(out, ",\"virtual_machine\":%s",
                !flags                         ? "null"
                : strstr(flags, " hypervisor") ? "true"
                                               : "false");
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        AUTO_FREE char *text = host_io_text(io, files[i].path);
        strbuf_addf(out, ",\"%s\":", files[i].key);
        write_text(text, out);
    }
    for (size_t i = 0; i < ARRAY_SIZE(policy_files); i++)
        write_policies(io, policy_files[i].key, policy_files[i].file, out);
    write_mitigations(io, out);
    strbuf_addch(out, '}');
}
