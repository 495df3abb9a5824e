/*
 * The sandbox: what foreign code (build scripts, procedural macros, conftest files, benchmarks) may
 * see and do. The layers, from the one that matters most:
 *
 *   - another user (as root: a user id of its own; otherwise a user namespace of the same id),
 *     no_new_privs, no capabilities;
 *   - a PID namespace, killed whole; without one, a subreaper that kills every descendant;
 *   - a mount namespace: everything is read-only except what `writable` names; homes, the database
 *     and the agent's own caches are not there at all; /tmp is private;
 *   - a network namespace with the loopback alone, for every process that does not ask for more;
 *   - limits: no core files, bounded file size, processes and descriptors.
 *
 * Not every machine allows every layer. sandbox_probe() tries each once; what is missing is
 * recorded and named. Nothing outlives the process: mounts go with their namespace.
 *
 * This folder lies below the stages build/ and run/, which both start foreign processes.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum sandbox_mode {
    SANDBOX_AUTO,    /* what the machine allows */
    SANDBOX_REQUIRE, /* an error where a layer is missing */
    SANDBOX_OFF,     /* a process group and limits only */
};

/* The user that foreign code runs as when the agent is root. No account has it: the number lies in
 * the range that systemd gives to dynamic users. */
#define SANDBOX_UID 64017

struct sandbox_report {
    bool off;            /* SANDBOX_OFF was asked for */
    bool other_user;     /* runs as SANDBOX_UID */
    bool user_namespace; /* runs in a user namespace of the agent's own user */
    bool pid_namespace;
    bool mount_namespace;
    bool network_namespace;
    struct strlist missing; /* one line for each layer that is not there, with the reason */
};

/* A folder whose changes go elsewhere: a pull request builds upon the trusted cache and leaves no
 * trace in it. */
struct overlay {
    char *at;    /* the folder, and where it is seen with the changes */
    char *upper; /* what was changed in it */
    char *work;  /* the kernel's own, beside `upper` */
};

struct sandbox {
    struct sandbox_report report;
    struct overlay *overlays;
    size_t overlay_count, overlay_cap;
    struct strlist writable; /* folders, absolute and without symbolic links */
    struct strlist readable; /* files and folders shown although they lie in a hidden one */
    struct strlist hidden;   /* files and folders that are not there: seen empty */
    char *tmp;               /* the folder that is seen as /tmp and /var/tmp */
    uint64_t file_limit;     /* largest file that may be written, in bytes; 0: no limit */
};

/* Finds out which layers this machine allows. ERROR_FAILURE names the missing ones under
 * SANDBOX_REQUIRE. `out` is to be released. */
int sandbox_probe(enum sandbox_mode mode, struct sandbox_report *out, struct error *err) MUST_CHECK;
/* Whether foreign code of strangers may run here: another user (or user namespace), a PID and a
 * mount namespace. */
bool sandbox_fit_for_strangers(const struct sandbox_report *report);
/* "user, pid, mount, network", or "none": for the log. A fresh string. */
char *sandbox_report_text(const struct sandbox_report *report);
void sandbox_report_release(struct sandbox_report *report);

/* Takes `report` over. Hides the homes, /run and the runner's own folders. `tmp` is copied. */
void sandbox_init(struct sandbox *sandbox, struct sandbox_report *report, const char *tmp);
void sandbox_release(struct sandbox *sandbox);
/* Add a path, resolved; one that does not exist is left out. */
void sandbox_add_writable(struct sandbox *sandbox, const char *path);
void sandbox_add_readable(struct sandbox *sandbox, const char *path);
void sandbox_add_hidden(struct sandbox *sandbox, const char *path);
/* `at` is seen as a copy whose changes go to a new folder below `folder`; it is writable for those
 * steps alone that add it so. Needs sandbox_can_overlay(). */
int sandbox_add_overlay(struct sandbox *sandbox, const char *at, const char *folder,
                        struct error *err) MUST_CHECK;
bool sandbox_can_overlay(const struct sandbox_report *report);
/* Opens a file that foreign code left at `path`, as it is called in the sandbox, for reading. It
 * has to be a plain file without a link in its path; -1 when it is not. */
int sandbox_open_foreign(const struct sandbox *sandbox, const char *path);

/* The user id that files written by foreign code belong to: SANDBOX_UID or the agent's own. */
uid_t sandbox_uid(const struct sandbox_report *report);
/* Creates the folder, or gives the one that is there, to the sandbox's user. */
int sandbox_own_dir(const struct sandbox_report *report, const char *path,
                    struct error *err) MUST_CHECK;
/* The agent's memory and environment are not for other processes of the same user. Called before
 * the first foreign process. */
void sandbox_protect_agent(void);
