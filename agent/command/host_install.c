/* host install, host uninstall. */
#include "base/alloc.h"
#include "base/json_write.h"
#include "base/file.h"
#include "base/log.h"
#include "base/program.h"
#include "base/strbuf.h"
#include "command/rows.h"
#include "runner/install.h"
#include "runner/jobs.h"
#include "runner/selftest.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SYSTEMD_RUNS "/run/systemd/system"

struct install_options {
    const char *user, *cpus, *profile, *prefix, *poll;
    struct strlist runners;
    bool dry_run;
};

#define ROW(field, kind, name, value, help) \
    OPTION(struct install_options, field, kind, name, value, help)

static const struct option_row install_rows[] = {
    ROW(user, OPTION_STRING, "runner-user", "USER",
        "the account of the runners: those below its home get the job hooks"),
    ROW(runners, OPTION_LIST, "runner", "DIR",
        "the folder of a runner, for one that lies elsewhere"),
    ROW(cpus, OPTION_STRING, "cpus", "LIST",
        "measure on these CPUs, such as 2-5 (default: chosen from the topology)"),
    ROW(profile, OPTION_STRING, "profile", "NAME",
        "how far to tune: bare-metal, shared or container (default: bare-metal)"),
    ROW(poll, OPTION_STRING, "poll", "REPO",
        "a service that measures this repository's commits: see 'lance-bench help poll'"),
    ROW(prefix, OPTION_STRING, "prefix", "DIR", "install into this tree, for a chroot or an image"),
    ROW(dry_run, OPTION_FLAG, "dry-run", NULL, "show what would be written, and do not write"),
};

static const struct install_options install_defaults = {.prefix = ""};

static const char *what_of(const struct install_item *item)
{
    static const char *const names[] = {
        [INSTALL_DIR] = "folder", [INSTALL_FILE] = "file", [INSTALL_COPY] = "program",
        [INSTALL_LINK] = "link",  [INSTALL_LINE] = "line",
    };
    return names[item->kind];
}

static void print_text(const struct install_plan *plan, bool dry_run)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct install_item *item = &plan->items[i];
        printf("%s %s%s", what_of(item), plan->prefix, item->path);
        if (item->kind == INSTALL_LINK)
            printf(" -> %s", item->text);
        else if (item->kind == INSTALL_LINE)
            printf("/.env: %s", item->text);
        else
            printf(" (root, %04o)", item->mode);
        putchar('\n');
        if (!dry_run || item->kind != INSTALL_FILE)
            continue;
        for (const char *at = item->text, *end; *at; at = *end ? end + 1 : end) {
            end = strchrnul(at, '\n');
            printf("    %.*s\n", (int)(end - at), at);
        }
    }
}

static void print_json(const struct install_plan *plan, bool dry_run, const struct selftest *test)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    strbuf_addch(&out, '{');
    json_bool(&out, "dry_run", dry_run);
    json_text(&out, "prefix", plan->prefix);
    json_list(&out, "users", &plan->users);
    json_list(&out, "runners", &plan->runners);
    json_list(&out, "passed", &test->passed);
    json_list(&out, "skipped", &test->skipped);
    json_key(&out, "files");
    strbuf_addch(&out, '[');
    for (size_t i = 0; i < plan->count; i++) {
        const struct install_item *item = &plan->items[i];
        AUTO_FREE char *mode = xasprintf("%04o", item->mode);
        strbuf_addstr(&out, i ? ",{" : "{");
        json_text(&out, "mode", mode);
        json_text(&out, "kind", what_of(item));
        json_text(&out, "path", item->path);
        json_text(&out, "text", item->text);
        strbuf_addch(&out, '}');
    }
    strbuf_addstr(&out, "]}\n");
    fwrite(out.buf, 1, out.len, stdout);
}

/* systemd reads its units when it is told to. */
static void reload_systemd(const char *prefix)
{
    const char *const argv[] = {"systemctl", "daemon-reload", NULL};
    AUTO_FREE char *said = NULL;
    if (!*prefix && path_is_dir(SYSTEMD_RUNS) && program_output(argv, &said, NULL))
        log_warning("systemctl daemon-reload failed: run it by hand");
}

static void print_result(const struct globals *globals, const struct install_plan *plan,
                         bool dry_run, const struct selftest *test)
{
    if (globals->format == FORMAT_JSON) {
        print_json(plan, dry_run, test);
        return;
    }
    if (!globals->quiet)
        print_text(plan, dry_run);
    for (size_t i = 0; i < test->passed.count; i++)
        log_info("self-test: %s", test->passed.items[i]);
    for (size_t i = 0; i < test->skipped.count; i++)
        log_warning("self-test: not tried: %s", test->skipped.items[i]);
    for (size_t i = 0; !dry_run && i < plan->runners.count; i++)
        log_info("restart the runner in %s: it reads its .env when it starts",
                 plan->runners.items[i]);
}

/* "/" is this machine; a tree is given without a slash at its end. */
static int read_prefix(const char *given, char **out, struct error *err)
{
    AUTO_FREE char *real = *given ? path_real(given) : xstrdup("");
    if (!real || (*real && !path_is_dir(real)))
        return error_set(err, ERROR_USAGE, "--prefix %s: there is no such folder", given);
    *out = strcmp(real, "/") ? take_ptr(real) : xstrdup("");
    return 0;
}

static int run_install(const struct globals *globals, const void *raw, const struct strlist *args,
                       struct error *err)
{
    (void)args;
    const struct install_options *o = raw;
    AUTO_FREE char *prefix = NULL;
    int failed = read_prefix(o->prefix, &prefix, err);
    if (failed)
        return failed;
    const struct install_request request = {
        .prefix = prefix,
        .user = o->user,
        .runners = &o->runners,
        .cpus = o->cpus,
        .profile = o->profile,
        .poll = o->poll,
    };
    AUTO_INSTALL_PLAN struct install_plan plan = {0};
    AUTO_SELFTEST struct selftest test = {0};
    failed = install_plan(&request, &plan, err);
    if (failed)
        return failed;
    if (!o->dry_run) {
        failed = install_apply(&plan, err);
        if (!failed)
            reload_systemd(prefix);
        if (!failed)
            failed = selftest_run(&plan, &test, err);
    }
    if (!failed)
        print_result(globals, &plan, o->dry_run, &test);
    return failed;
}

static const char install_description[] =
    "Copies this program to /usr/local/bin, writes /etc/lance-bench/host.conf, a systemd unit "
    "that\n"
    "restores the machine at boot, and for the runners the job hooks that tune it before a job "
    "and\n"
    "restore it after the last. A rule for sudo lets the runners' account call the hooks' two "
    "verbs\n"
    "as root, and nothing else. With --poll REPO there is a service too, with its options in\n"
    "/etc/lance-bench/poll.env: start it with 'systemctl start lance-bench-poll'. It ends with a "
    "self-test. Repeating it adds runners, changes the\n"
    "configuration or brings in a newer version; a file that somebody else wrote is never "
    "replaced.";

const struct command command_host_install = {
    .name = "host install",
    .group = "machine",
    .summary = "Set a machine with self-hosted runners up: job hooks, restore at boot",
    .arguments = "[--runner-user USER]",
    .description = install_description,
    .options = install_rows,
    .option_count = ARRAY_SIZE(install_rows),
    .defaults = &install_defaults,
    .options_size = sizeof(struct install_options),
    .run = run_install,
};

struct uninstall_options {
    const char *prefix;
};

static const struct option_row uninstall_rows[] = {
    OPTION(struct uninstall_options, prefix, OPTION_STRING, "prefix", "DIR",
           "uninstall from this tree"),
};
static const struct uninstall_options uninstall_defaults = {.prefix = ""};

/* The machine first; the journal and the list of jobs go with the last trace of tuning. */
static int give_back(const char *prefix, struct error *err)
{
    AUTO_HOST_PLACE struct host_place place = {0};
    AUTO_HOST_JOBS struct host_jobs jobs = {0};
    AUTO_TUNE_REPORT struct tune_report report = {0};
    const struct host_process nobody = {0};
    if (*prefix)
        return 0;
    host_place_init(NULL, NULL, &place);
    int failed = host_jobs_read(&place, &jobs, err);
    if (!failed && host_jobs_others(&jobs, &nobody))
        failed = error_set(err, ERROR_CONFLICT,
                           "a job is on the machine: stop the runners first, then try again");
    if (!failed)
        failed = host_restore(&place, false, &report, err);
    return failed ? failed : tree_remove(place.state, err);
}

static int run_uninstall(const struct globals *globals, const void *raw, const struct strlist *args,
                         struct error *err)
{
    (void)args;
    const struct uninstall_options *o = raw;
    AUTO_FREE char *prefix = NULL;
    AUTO_STRLIST struct strlist removed = STRLIST_INIT, kept = STRLIST_INIT;
    AUTO_FREE char *list = NULL;
    int failed = read_prefix(o->prefix, &prefix, err);
    if (!failed && geteuid())
        failed =
            error_set(err, ERROR_FAILURE, "host uninstall removes root's files: run it as root");
    list = xasprintf("%s" INSTALL_MANIFEST, prefix ? prefix : "");
    if (!failed && path_exists(list))
        failed = give_back(prefix, err);
    if (!failed)
        failed = install_remove(prefix, &removed, &kept, err);
    if (failed)
        return failed;
    reload_systemd(prefix);
    if (globals->format == FORMAT_JSON) {
        AUTO_STRBUF struct strbuf out = STRBUF_INIT;
        strbuf_addch(&out, '{');
        json_text(&out, "prefix", prefix);
        json_list(&out, "removed", &removed);
        json_list(&out, "kept", &kept);
        printf("%s}\n", out.buf);
        return 0;
    }
    for (size_t i = 0; !globals->quiet && i < removed.count; i++)
        printf("removed %s%s\n", prefix, removed.items[i]);
    for (size_t i = 0; i < kept.count; i++)
        log_warning("%s%s was changed since and stays", prefix, kept.items[i]);
    return 0;
}

const struct command command_host_uninstall = {
    .name = "host uninstall",
    .group = "machine",
    .summary = "Restore the machine and remove what 'host install' wrote",
    .arguments = "",
    .options = uninstall_rows,
    .option_count = ARRAY_SIZE(uninstall_rows),
    .defaults = &uninstall_defaults,
    .options_size = sizeof(struct uninstall_options),
    .run = run_uninstall,
};
