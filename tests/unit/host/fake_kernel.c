#include "fake_kernel.h"

#include "base/alloc.h"
#include "base/cpu_list.h"
#include "base/cpu_mask.h"
#include "base/file.h"
#include "host/value.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CPUS "/sys/devices/system/cpu"

enum { FAKE_POLICIES_MAX = 16 };

static struct fake *fake_of(const struct host_io *io)
{
    return io->data;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && !strcmp(text + len - end_len, end);
}

static char *in_tree(const struct fake *fake, const char *path)
{
    return xasprintf("%s/tree%s", fake->dir, path);
}

void fake_put(const struct fake *fake, const char *path, const char *text)
{
    AUTO_FREE char *line = xasprintf("%s\n", text);
    AUTO_FREE char *full = in_tree(fake, path);
    FILE *file = fopen(full, "we");
    cr_assert(file, "%s", full);
    cr_assert(fputs(line, file) >= 0 && !fclose(file));
}

const char *fake_text(const struct fake *fake, const char *path)
{
    static char text[4096];
    AUTO_FREE char *found = host_io_text(&fake->files, path);
    (void)snprintf(text, sizeof(text), "%s", found ? found : "");
    return text;
}

/* --- what the kernel does with a write --- */

#define ONDEMAND CPUS "/cpufreq/ondemand"
#define ONDEMAND_DEFAULT "95"

/* Whether a policy has this governor. */
static bool governor_is_used(struct fake *fake, const char *governor)
{
    bool used = false;
    for (int policy = 0; policy < FAKE_POLICIES_MAX; policy++) {
        AUTO_FREE char *path = xasprintf(CPUS "/cpufreq/policy%d/scaling_governor", policy);
        used |= !strcmp(fake_text(fake, path), governor);
    }
    return used;
}

/* The governor's own files after a policy has changed it. */
static void settle_governors(struct fake *fake, const char *policy, const char *governor)
{
    AUTO_FREE char *speed = xasprintf("%s/scaling_setspeed", policy);
    AUTO_FREE char *folder = in_tree(fake, ONDEMAND);
    if (host_io_exists(&fake->files, speed))
        fake_put(fake, speed, strcmp(governor, "userspace") ? "<unsupported>" : "3600000");
    if (!fake->ondemand)
        return;
    if (!governor_is_used(fake, "ondemand")) {
        cr_assert(!tree_remove(folder, NULL));
    } else if (!path_exists(folder)) {
        cr_assert(!dir_make(folder, NULL));
        fake_put(fake, ONDEMAND "/up_threshold", ONDEMAND_DEFAULT);
    }
}

static int write_setspeed(struct fake *fake, const char *path, const char *number)
{
    if (!strcmp(fake_text(fake, path), "<unsupported>"))
        return -EINVAL;
    fake_put(fake, path, number);
    return 0;
}

static int write_boost(struct fake *fake, const char *path, const char *word)
{
    bool common = !strcmp(path, CPUS "/cpufreq/boost");
    if (!common && host_io_exists(&fake->files, CPUS "/cpufreq/boost") &&
        !strcmp(fake_text(fake, CPUS "/cpufreq/boost"), "0"))
        return -EINVAL;
    if (common && !strcmp(fake_text(fake, path), word))
        return 0;
    for (int policy = 0; common && policy < FAKE_POLICIES_MAX; policy++) {
        AUTO_FREE char *own = xasprintf(CPUS "/cpufreq/policy%d/boost", policy);
        if (host_io_exists(&fake->files, own))
            fake_put(fake, own, word);
    }
    fake_put(fake, path, word);
    return 0;
}

static int write_no_turbo(struct fake *fake, const char *path, const char *word)
{
    static const char lower[] = CPUS "/intel_pstate/min_perf_pct";
    if (!strcmp(word, "1") && host_io_exists(&fake->files, lower) &&
        strtol(fake_text(fake, lower), NULL, 10) > 62)
        fake_put(fake, lower, "62");
    fake_put(fake, path, word);
    return 0;
}

static int write_governor(struct fake *fake, const char *path, const char *word)
{
    AUTO_FREE char *policy = xstrndup(path, strlen(path) - strlen("/scaling_governor"));
    AUTO_FREE char *offered = xasprintf("%s/scaling_available_governors", policy);
    AUTO_FREE char *preference = xasprintf("%s/energy_performance_preference", policy);
    if (!strstr(fake_text(fake, offered), word))
        return -EINVAL;
    bool was = !strcmp(fake_text(fake, path), "performance");
    bool is = !strcmp(word, "performance");
    if (was != is && host_io_exists(&fake->files, preference))
        fake_put(fake, preference, is ? "performance" : "balance_power");
    if (host_io_exists(&fake->files, CPUS "/cpufreq/boost"))
        fake_put(fake, CPUS "/cpufreq/boost", "1");
    if (!strcmp(fake_text(fake, path), word))
        return 0;
    fake_put(fake, path, word);
    settle_governors(fake, policy, word);
    return 0;
}

static int write_preference(struct fake *fake, const char *path, const char *word)
{
    AUTO_FREE char *policy =
        xstrndup(path, strlen(path) - strlen("/energy_performance_preference"));
    AUTO_FREE char *governor = xasprintf("%s/scaling_governor", policy);
    if (!strcmp(fake_text(fake, governor), "performance") && strcmp(word, "performance") != 0)
        return -EBUSY;
    fake_put(fake, path, word);
    return 0;
}

static int write_limit(struct fake *fake, const char *path, const char *number, bool upper)
{
    AUTO_FREE char *policy = xstrndup(path, (size_t)(path_basename(path) - path));
    AUTO_FREE char *other = xasprintf("%sscaling_%s_freq", policy, upper ? "min" : "max");
    long value = strtol(number, NULL, 10), limit = strtol(fake_text(fake, other), NULL, 10);
    if (upper ? value < limit : value > limit)
        return -EINVAL;
    fake_put(fake, path, number);
    return 0;
}

/* `name` tells the hidden folders of different CPUs apart. */
static void hide(struct fake *fake, const char *path, const char *name, long cpu, bool away)
{
    AUTO_FREE char *shown = in_tree(fake, path);
    AUTO_FREE char *hidden = xasprintf("%s/hidden/%s%ld", fake->dir, name, cpu);
    (void)rename(away ? shown : hidden, away ? hidden : shown);
}

static int write_online(struct fake *fake, const char *path, const char *word)
{
    long cpu = strtol(path + strlen(CPUS "/cpu"), NULL, 10);
    bool away = !strcmp(word, "0");
    cpu_set_t online;
    if (!strcmp(fake_text(fake, path), word))
        return 0;
    AUTO_FREE char *policy = xasprintf(CPUS "/cpufreq/policy%ld", cpu);
    AUTO_FREE char *idle = xasprintf(CPUS "/cpu%ld/cpuidle", cpu);
    cr_assert(cpu_mask_parse_list(fake_text(fake, CPUS "/online"), &online));
    if (away)
        CPU_CLR((size_t)cpu, &online);
    else
        CPU_SET((size_t)cpu, &online);
    AUTO_FREE char *list = cpu_list_text(&online);
    fake_put(fake, CPUS "/online", list);
    fake_put(fake, path, word);
    hide(fake, policy, "policy", cpu, away);
    hide(fake, idle, "idle", cpu, away);
    return 0;
}

static int write_control(struct fake *fake, const char *path, const char *word)
{
    AUTO_STRLIST struct strlist words = STRLIST_INIT;
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    strlist_split(&words, fake_text(fake, path), ' ');
    if (!strcmp(word, "+cpuset") && !strlist_contains(&words, "cpuset"))
        strbuf_addstr(&out, "cpuset ");
    for (size_t i = 0; i < words.count; i++)
        if (strcmp(word, "-cpuset") != 0 || strcmp(words.items[i], "cpuset") != 0)
            strbuf_addf(&out, "%s ", words.items[i]);
    strbuf_rtrim(&out);
    fake_put(fake, path, out.buf);
    return 0;
}

static void drop_process(struct fake *fake, const char *procs, const char *id)
{
    AUTO_STRLIST struct strlist ids = STRLIST_INIT;
    struct strlist left = STRLIST_INIT;
    if (!host_io_exists(&fake->files, procs))
        return;
    strlist_split(&ids, fake_text(fake, procs), '\n');
    for (size_t i = 0; i < ids.count; i++)
        if (strcmp(ids.items[i], id) != 0)
            strlist_push(&left, ids.items[i]);
    AUTO_FREE char *text = strlist_join(&left, "\n");
    fake_put(fake, procs, text);
    strlist_release(&left);
}

static int by_number(const void *a, const void *b)
{
    long x = strtol(*(char *const *)a, NULL, 10), y = strtol(*(char *const *)b, NULL, 10);
    return (x > y) - (x < y);
}

static int write_procs(struct fake *fake, const char *path, const char *id)
{
    static const char *const groups[] = {"", "/lance-bench", "/lance-bench-system"};
    if (!strcmp(id, "2"))
        return -EINVAL; /* kthreadd stays where it is */
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
        AUTO_FREE char *v2 = xasprintf("/sys/fs/cgroup%s/cgroup.procs", groups[i]);
        AUTO_FREE char *v1 = xasprintf("/sys/fs/cgroup/cpuset%s/cgroup.procs", groups[i]);
        drop_process(fake, v2, id);
        drop_process(fake, v1, id);
    }
    AUTO_STRLIST struct strlist ids = STRLIST_INIT;
    strlist_split(&ids, fake_text(fake, path), '\n');
    strlist_push(&ids, id);
    qsort(ids.items, ids.count, sizeof(*ids.items), by_number);
    AUTO_FREE char *text = strlist_join(&ids, "\n");
    fake_put(fake, path, text);
    return 0;
}

static int kernel_write(struct fake *fake, const char *path, const char *text)
{
    AUTO_FREE char *word = value_of(VALUE_TEXT, text);
    if (!host_io_exists(&fake->files, path))
        return -ENOENT;
    if (ends_with(path, "/enabled")) {
        AUTO_FREE char *shown = value_to_write(VALUE_CHOICE, fake_text(fake, path), word, true);
        AUTO_FREE char *line = value_of(VALUE_TEXT, shown);
        fake_put(fake, path, line);
        return strchr(word, ' ') ? -EINVAL : 0;
    }
    if (ends_with(path, "/scaling_governor"))
        return write_governor(fake, path, word);
    if (ends_with(path, "/scaling_setspeed"))
        return write_setspeed(fake, path, word);
    if (ends_with(path, "/boost"))
        return write_boost(fake, path, word);
    if (ends_with(path, "/no_turbo"))
        return write_no_turbo(fake, path, word);
    if (ends_with(path, "/energy_performance_preference"))
        return write_preference(fake, path, word);
    if (ends_with(path, "/scaling_min_freq") || ends_with(path, "/scaling_max_freq"))
        return write_limit(fake, path, word, ends_with(path, "/scaling_max_freq"));
    if (ends_with(path, "/online"))
        return write_online(fake, path, word);
    if (ends_with(path, "/cgroup.subtree_control"))
        return write_control(fake, path, word);
    if (ends_with(path, "/cgroup.procs"))
        return write_procs(fake, path, word);
    fake_put(fake, path, word);
    return 0;
}

/* --- the table --- */

static void maybe_die(struct fake *fake, bool after)
{
    fake->writes += !after;
    if (fake->die_at && fake->writes == fake->die_at && fake->die_after == after)
        _exit(FAKE_DIED);
}

static const struct fault *find_fault(const struct fake *fake, const char *path, const char *text)
{
    for (size_t i = 0; i < ARRAY_SIZE(fake->faults); i++) {
        const struct fault *fault = &fake->faults[i];
        if (fault->suffix && ends_with(path, fault->suffix) &&
            (!fault->text || !text || !strcmp(fault->text, text)))
            return fault;
    }
    return NULL;
}

static int fake_read(const struct host_io *io, const char *path, struct strbuf *out)
{
    return fake_of(io)->files.ops->read(&fake_of(io)->files, path, out);
}

static int faulty_write(struct fake *fake, const struct fault *fault, const char *path,
                        const char *text)
{
    if (fault->kind == FAULT_IGNORE)
        return 0;
    if (fault->kind != FAULT_INVALID)
        return -fault->err;
    AUTO_FREE char *answer = xasprintf("%s invalid (Cpu list in cpuset.cpus not exclusive)", text);
    fake_put(fake, path, answer);
    return 0;
}

static int fake_write(const struct host_io *io, const char *path, const char *text)
{
    struct fake *fake = fake_of(io);
    const struct fault *fault = find_fault(fake, path, text);
    maybe_die(fake, false);
    int failed = fault ? faulty_write(fake, fault, path, text) : kernel_write(fake, path, text);
    maybe_die(fake, true);
    return failed;
}

static int fake_list(const struct host_io *io, const char *path, struct strlist *out)
{
    return fake_of(io)->files.ops->list(&fake_of(io)->files, path, out);
}

static int fake_link(const struct host_io *io, const char *path, char **out)
{
    return fake_of(io)->files.ops->link(&fake_of(io)->files, path, out);
}

static bool fake_exists(const struct host_io *io, const char *path)
{
    return host_io_exists(&fake_of(io)->files, path);
}

static int fake_writable(const struct host_io *io, const char *path)
{
    const struct fault *fault = find_fault(fake_of(io), path, NULL);
    return fault && fault->kind == FAULT_FORBIDDEN ? -fault->err : 0;
}

static int fake_make_dir(const struct host_io *io, const char *path)
{
    static const char *const names[] = {"cpuset.cpus", "cpuset.mems", "cpuset.cpus.partition",
                                        "cgroup.procs"};
    struct fake *fake = fake_of(io);
    const struct fault *fault = find_fault(fake, path, NULL);
    maybe_die(fake, false);
    int failed = fault ? -fault->err : fake->files.ops->make_dir(&fake->files, path);
    for (size_t i = 0; !failed && i < ARRAY_SIZE(names); i++) {
        AUTO_FREE char *file = xasprintf("%s/%s", path, names[i]);
        fake_put(fake, file, i == 2 ? "member" : "");
    }
    maybe_die(fake, true);
    return failed;
}

static int fake_remove_dir(const struct host_io *io, const char *path)
{
    struct fake *fake = fake_of(io);
    AUTO_FREE char *procs = xasprintf("%s/cgroup.procs", path);
    AUTO_FREE char *full = in_tree(fake, path);
    maybe_die(fake, false);
    int failed = *fake_text(fake, procs) ? -EBUSY : tree_remove(full, NULL) ? -EIO : 0;
    maybe_die(fake, true);
    return failed;
}

static const struct host_io_ops fake_ops = {
    .read = fake_read,
    .write = fake_write,
    .list = fake_list,
    .link = fake_link,
    .exists = fake_exists,
    .writable = fake_writable,
    .make_dir = fake_make_dir,
    .remove_dir = fake_remove_dir,
};

/* --- the scratch folder --- */

/* A line of a fixture: the path, a tab, the text with \n and \t in it. */
static void unpack_line(const struct fake *fake, char *line)
{
    char *text = strchr(line, '\t');
    cr_assert(text, "%s", line);
    *text++ = '\0';
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    for (; *text; text++) {
        bool escaped = *text == '\\' && text[1];
        text += escaped;
        strbuf_addch(&out, !escaped ? *text : *text == 'n' ? '\n' : *text == 't' ? '\t' : *text);
    }
    AUTO_FREE char *full = in_tree(fake, line);
    AUTO_FREE char *folder = xstrndup(full, (size_t)(path_basename(full) - full));
    cr_assert(!dir_make(folder, NULL));
    FILE *file = fopen(full, "we");
    cr_assert(file && fputs(out.buf, file) >= 0 && !fclose(file));
}

void fake_init(struct fake *fake, const char *machine)
{
    /* In memory where that is possible: a tree has hundreds of files, and a test many trees. */
    char dir[64];
    (void)snprintf(dir, sizeof(dir), "%s/host-XXXXXX",
                   access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    *fake = (struct fake){0};
    cr_assert(mkdtemp(dir));
    fake->dir = xstrdup(dir);
    AUTO_FREE char *root = xasprintf("%s/tree", dir);
    AUTO_FREE char *state = xasprintf("%s/state", dir);
    AUTO_FREE char *hidden = xasprintf("%s/hidden", dir);
    cr_assert(!dir_make(hidden, NULL));
    host_io_real(root, &fake->files);
    host_place_init(NULL, state, &fake->place);
    fake->place.io.ops = &fake_ops;
    fake->place.io.data = fake;
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    AUTO_FREE char *fixture = xasprintf(FIXTURES "/host/%s.tree", machine);
    struct error err = ERROR_INIT;
    cr_assert(!file_read(fixture, 1 << 20, &text, &err), "%s", err.message);
    char *rest = text.buf;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (*line)
            unpack_line(fake, line);
}

void fake_release(struct fake *fake)
{
    (void)!tree_remove(fake->dir, NULL);
    host_io_release(&fake->files);
    host_place_release(&fake->place);
    free(fake->dir);
}

static void add_tree(const char *path, size_t skip, struct strbuf *out)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    cr_assert(!dir_list(path, &names, NULL));
    for (size_t i = 0; i < names.count; i++) {
        AUTO_FREE char *child = path_join(path, names.items[i]);
        strbuf_addf(out, "%s\t", child + skip);
        if (path_is_dir(child))
            add_tree(child, skip, out);
        else
            cr_assert(!file_read(child, 1 << 20, out, NULL));
    }
}

char *fake_snapshot(const struct fake *fake)
{
    struct strbuf out = STRBUF_INIT;
    AUTO_FREE char *tree = xasprintf("%s/tree", fake->dir);
    add_tree(tree, strlen(tree), &out);
    return strbuf_detach(&out);
}

/* --- processes --- */

static int exit_code_of_child(pid_t pid)
{
    int status;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int fake_tune(struct fake *fake, const struct tune_request *request)
{
    pid_t pid = fork();
    if (pid)
        return exit_code_of_child(pid);
    struct tune_report report = {0};
    struct error err = ERROR_INIT;
    int failed = host_tune(&fake->place, request, &report, &err);
    if (failed)
        fprintf(stderr, "tune: %s\n", err.message);
    _exit(failed != 0);
}

int fake_restore(struct fake *fake, bool force)
{
    pid_t pid = fork();
    if (pid)
        return exit_code_of_child(pid);
    struct tune_report report = {0};
    struct error err = ERROR_INIT;
    int failed = host_restore(&fake->place, force, &report, &err);
    if (failed)
        fprintf(stderr, "restore: %s\n", err.message);
    _exit(failed != 0);
}

const struct tune_row *report_row(const struct tune_report *report, const char *knob,
                                  const char *suffix)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct tune_row *row = &report->rows[i];
        if (!strcmp(row->knob, knob) && (!suffix || (row->path && ends_with(row->path, suffix))))
            return row;
    }
    return NULL;
}
