/* host install: what would be written. */
#include "runner/install.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "runner/conf.h"
#include "runner/install_text.h"
#include "runner/manifest.h"
#include "runner/runner.h"
#include "host/topology.h"
#include "host/tune.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define SUDO "/usr/bin/sudo"
#define CONF_MAX ((size_t)64 << 10)

void install_plan_release(struct install_plan *plan)
{
    free(plan->prefix);
    for (size_t i = 0; i < plan->count; i++) {
        free(plan->items[i].path);
        free(plan->items[i].text);
    }
    free(plan->items);
    strlist_release(&plan->users);
    strlist_release(&plan->runners);
    *plan = (struct install_plan){0};
}

static void add(struct install_plan *plan, enum install_kind kind, const char *path,
                const char *text, mode_t mode)
{
    ARRAY_RESERVE(plan->items, plan->cap, plan->count + 1);
    plan->items[plan->count++] = (struct install_item){
        .kind = kind, .path = xstrdup(path), .text = xstrdup(text), .mode = mode};
}

static int check_cpus(const char *prefix, const char *cpus, struct error *err)
{
    /* A tree is for another machine. */
    if (!cpus || *prefix)
        return 0;
    struct host_place place;
    host_place_init(NULL, NULL, &place);
    AUTO_TOPOLOGY struct topology topology = {0};
    AUTO_STRLIST struct strlist warnings = STRLIST_INIT;
    cpu_set_t chosen;
    int failed = topology_read(&place.io, &topology, err);
    if (!failed)
        failed = topology_parse(&topology, cpus, &chosen, &warnings, err);
    host_place_release(&place);
    return failed;
}

/* The installed configuration with what is asked for now. *changed: it is another one. */
static int merge_conf(const struct install_request *request, struct host_conf *conf, bool *changed,
                      struct error *err)
{
    int failed = host_conf_load(request->prefix, conf, err);
    if (failed && failed != ERROR_NOT_FOUND)
        return failed;
    *changed = failed;
    if (!conf->profile)
        conf->profile = xstrdup(HOST_CONF_PROFILE);
    if (request->profile && strcmp(request->profile, conf->profile)) {
        free(conf->profile);
        conf->profile = xstrdup(request->profile);
        *changed = true;
    }
    if (request->cpus && (!conf->cpus || strcmp(request->cpus, conf->cpus))) {
        free(conf->cpus);
        conf->cpus = xstrdup(request->cpus);
        *changed = true;
    }
    enum tune_profile profile;
    if (!tune_profile_parse(conf->profile, &profile))
        return error_set(err, ERROR_USAGE,
                         "--profile is one of bare-metal, shared, container, not '%s'",
                         conf->profile);
    return check_cpus(request->prefix, request->cpus, err);
}

static int check_account(const struct host_account *account, struct error *err)
{
    if (!account->uid)
        return error_set(err, ERROR_USAGE,
                         "'%s' is root: a job would be root; give the runner an account of its own",
                         account->name);
    if (!install_user_is_plain(account->name))
        return error_set(err, ERROR_USAGE,
                         "the account's name '%s' cannot stand in a sudoers file: use one of "
                         "letters, digits, - and _",
                         account->name);
    return 0;
}

/* One runner, with its path below the prefix. */
static int add_runner(struct install_plan *plan, const char *folder, struct error *err)
{
    AUTO_FREE char *path = xasprintf("%s%s", plan->prefix, folder);
    AUTO_HOST_ACCOUNT struct host_account account = {0};
    uid_t owner = 0;
    if (*folder != '/' || strpbrk(folder, "\t\n"))
        return error_set(err, ERROR_USAGE, "--runner takes an absolute path, not '%s'", folder);
    int failed = runner_owner(path, &owner, err);
    if (!failed)
        failed = host_account_by_uid(plan->prefix, owner, &account, err);
    if (!failed)
        failed = check_account(&account, err);
    for (size_t i = 0; !failed && i < install_env_line_count; i++) {
        AUTO_STRLIST struct strlist line = STRLIST_INIT;
        strlist_push(&line, install_env_lines[i]);
        failed = runner_env_check(path, owner, &line, err);
        add(plan, INSTALL_LINE, folder, install_env_lines[i], 0);
        plan->items[plan->count - 1].owner = owner;
    }
    if (failed)
        return failed;
    if (!strlist_contains(&plan->users, account.name))
        strlist_push(&plan->users, account.name);
    strlist_push(&plan->runners, folder);
    return 0;
}

static int find_runners(const struct install_request *request, struct install_plan *plan,
                        struct error *err)
{
    AUTO_STRLIST struct strlist folders = STRLIST_INIT;
    for (size_t i = 0; request->runners && i < request->runners->count; i++)
        strlist_push(&folders, request->runners->items[i]);
    if (request->user) {
        AUTO_HOST_ACCOUNT struct host_account account = {0};
        AUTO_STRLIST struct strlist found = STRLIST_INIT;
        int failed = host_account_by_name(request->prefix, request->user, &account, err);
        if (!failed)
            failed = check_account(&account, err);
        if (failed)
            return failed;
        AUTO_FREE char *home = xasprintf("%s%s", request->prefix, account.home);
        runner_find(home, &found);
        for (size_t i = 0; i < found.count; i++)
            if (!strlist_contains(&folders, found.items[i] + strlen(request->prefix)))
                strlist_push(&folders, found.items[i] + strlen(request->prefix));
        if (!folders.count)
            return error_set(err, ERROR_USAGE,
                             "there is no configured runner below %s: give its folder with "
                             "--runner DIR",
                             account.home);
    }
    int failed = 0;
    for (size_t i = 0; !failed && i < folders.count; i++)
        failed = add_runner(plan, folders.items[i], err);
    return failed;
}

static int add_conf(const struct install_request *request, struct install_plan *plan,
                    struct error *err)
{
    AUTO_HOST_CONF struct host_conf conf = {0};
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    bool changed = false;
    int failed = merge_conf(request, &conf, &changed, err);
    if (failed)
        return failed;
    for (size_t i = 0; i < plan->users.count; i++)
        if (!strlist_contains(&conf.users, plan->users.items[i])) {
            strlist_push(&conf.users, plan->users.items[i]);
            changed = true;
        }
    for (size_t i = 0; i < conf.users.count; i++)
        if (!strlist_contains(&plan->users, conf.users.items[i]))
            strlist_push(&plan->users, conf.users.items[i]);
    AUTO_FREE char *path = xasprintf("%s" HOST_CONF_FILE, plan->prefix);
    if (changed)
        host_conf_text(&conf, &text);
    else
        failed = file_read(path, CONF_MAX, &text, err);
    if (!failed)
        add(plan, INSTALL_FILE, HOST_CONF_FILE, text.buf, 0644);
    return failed;
}

static int add_hooks(struct install_plan *plan, struct error *err)
{
    if (!plan->users.count)
        return 0;
    AUTO_FREE char *sudo = xasprintf("%s" SUDO, plan->prefix);
    if (!path_exists(sudo))
        return error_set(err, ERROR_FAILURE,
                         "there is no %s: the job hooks need it, install it first", sudo);
    for (size_t i = 0; i < plan->users.count; i++)
        if (!install_user_is_plain(plan->users.items[i]))
            return error_set(err, ERROR_USAGE, "%s%s: '%s' is no account's name", plan->prefix,
                             HOST_CONF_FILE, plan->users.items[i]);
    AUTO_FREE char *sudoers = install_sudoers_text(&plan->users);
    add(plan, INSTALL_FILE, INSTALL_HELPER, install_helper_text, 0755);
    add(plan, INSTALL_FILE, INSTALL_STARTED, install_started_text, 0755);
    add(plan, INSTALL_FILE, INSTALL_COMPLETED, install_completed_text, 0755);
    add(plan, INSTALL_FILE, INSTALL_SUDOERS, sudoers, 0440);
    return 0;
}

/* "https://user:password@host/…"; "https://token@host/…" too, but not "ssh://git@host/…". */
static bool has_password(const char *address)
{
    const char *scheme = strstr(address, "://"), *host = scheme ? scheme + 3 : address;
    const char *at = memchr(host, '@', strcspn(host, "/"));
    if (!scheme || !at)
        return false;
    return !strncmp(address, "http", 4) || memchr(host, ':', (size_t)(at - host)) != NULL;
}

/* What somebody has written into poll.env stays: it has the keys. */
static int add_poll(const struct install_request *request, struct install_plan *plan,
                    struct error *err)
{
    if (!request->poll)
        return 0;
    if (!*request->poll || strpbrk(request->poll, " \t\n\"'\\$%;#") || *request->poll == '-')
        return error_set(err, ERROR_USAGE,
                         "--poll takes a repository's address without blanks, quotes, \\, $, %%, ; "
                         "and #, not '%s'",
                         request->poll);
    if (has_password(request->poll))
        return error_set(
            err, ERROR_USAGE,
            "--poll: the address has a password, which every user of the machine "
            "would see in the list of processes: set LANCE_BENCH_GIT_TOKEN in " INSTALL_POLL_ENV);
    AUTO_FREE char *path = xasprintf("%s" INSTALL_POLL_ENV, plan->prefix);
    AUTO_FREE char *env = install_poll_env_text(request->poll);
    if (path_exists(path))
        log_info("%s is there and stays as it is: the options of the service are in it", path);
    else
        add(plan, INSTALL_FILE, INSTALL_POLL_ENV, env, 0600);
    add(plan, INSTALL_FILE, INSTALL_POLL_UNIT, install_poll_unit_text, 0644);
    add(plan, INSTALL_LINK, INSTALL_POLL_WANTED, INSTALL_POLL_UNIT, 0);
    return 0;
}

/* Folders first, and the lines in the runners' files last: hooks that are named exist. */
static int fill_plan(const struct install_request *request, struct install_plan *plan,
                     struct error *err)
{
    static const char *const folders[] = {INSTALL_FOLDER, "/etc/lance-bench"};
    struct install_plan lines = {.prefix = xstrdup(request->prefix)};
    int failed = find_runners(request, &lines, err);
    plan->users = lines.users;
    plan->runners = lines.runners;
    lines.users = lines.runners = (struct strlist)STRLIST_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
        add(plan, INSTALL_DIR, folders[i], NULL, 0755);
    add(plan, INSTALL_COPY, INSTALL_AGENT, NULL, 0755);
    if (!failed)
        failed = add_conf(request, plan, err);
    add(plan, INSTALL_FILE, INSTALL_UNIT, install_unit_text, 0644);
    add(plan, INSTALL_LINK, INSTALL_WANTED, INSTALL_UNIT, 0);
    if (!failed)
        failed = add_poll(request, plan, err);
    if (!failed)
        failed = add_hooks(plan, err);
    for (size_t i = 0; i < lines.count; i++) {
        add(plan, INSTALL_LINE, lines.items[i].path, lines.items[i].text, 0);
        plan->items[plan->count - 1].owner = lines.items[i].owner;
    }
    install_plan_release(&lines);
    return failed;
}

/* Whether what is there is what would be written. */
static bool is_same(const char *path, const struct install_item *item)
{
    struct stat st;
    if (lstat(path, &st))
        return false;
    if (item->kind == INSTALL_LINK) {
        char target[4096];
        ssize_t len = readlink(path, target, sizeof(target) - 1);
        target[len > 0 ? len : 0] = '\0';
        return !strcmp(target, item->text);
    }
    char here[SHA256_HEX_SIZE], wanted[SHA256_HEX_SIZE];
    if (!S_ISREG(st.st_mode) || sha256_hex_of_file(path, here, NULL))
        return false;
    if (item->kind == INSTALL_FILE)
        sha256_hex_of(item->text, strlen(item->text), wanted);
    else if (sha256_hex_of_file("/proc/self/exe", wanted, NULL))
        return false;
    return !strcmp(here, wanted);
}

/* Leaves out what is there as it should be and is not ours, and refuses what is somebody else's. */
static int check_disk(struct install_plan *plan, struct error *err)
{
    AUTO_INSTALL_MANIFEST struct install_manifest manifest = {0};
    int failed = install_manifest_read(plan->prefix, &manifest, err);
    size_t kept = 0;
    for (size_t i = 0; i < plan->count; i++) {
        struct install_item *item = &plan->items[i];
        AUTO_FREE char *path = xasprintf("%s%s", plan->prefix, item->path);
        bool foreign = item->kind != INSTALL_LINE && path_exists(path) &&
                       !install_manifest_has(&manifest, item->path);
        bool leave = !failed && foreign && (item->kind == INSTALL_DIR || is_same(path, item));
        if (!failed && foreign && !leave)
            failed = error_set(err, ERROR_FAILURE,
                               "%s is there already and was not written by 'host install': move "
                               "it out of the way first",
                               path);
        if (leave) {
            free(item->path);
            free(item->text);
        } else {
            plan->items[kept++] = *item;
        }
    }
    plan->count = kept;
    return failed;
}

int install_plan(const struct install_request *request, struct install_plan *out, struct error *err)
{
    AUTO_INSTALL_PLAN struct install_plan plan = {.prefix = xstrdup(request->prefix)};
    int failed = fill_plan(request, &plan, err);
    if (!failed)
        failed = check_disk(&plan, err);
    if (failed)
        return failed;
    *out = plan;
    plan = (struct install_plan){0};
    return 0;
}
