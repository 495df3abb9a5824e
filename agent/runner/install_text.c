#include "runner/install_text.h"

#include "base/alloc.h"
#include "base/strbuf.h"
#include "runner/install.h"

#include <string.h>

#define WRITTEN \
    "# Written by 'lance-bench host install'; 'lance-bench host uninstall' removes it.\n"

/* Runners' services come after network.target, so they find the machine restored; and it is
 * stopped after them. */
const char install_unit_text[] =
    WRITTEN "[Unit]\n"
            "Description=Restore the host settings that a benchmark left behind\n"
            "DefaultDependencies=no\n"
            "RequiresMountsFor=/usr/local /var/lib\n"
            "After=local-fs.target systemd-sysctl.service\n"
            "Before=network.target shutdown.target\n"
            "Conflicts=shutdown.target\n"
            "\n"
            "[Service]\n"
            "Type=oneshot\n"
            "RemainAfterExit=yes\n"
            "ExecStart=" INSTALL_AGENT " host restore\n"
            "ExecStop=" INSTALL_AGENT " host restore\n"
            "Environment=HOME=/\n"
            "NoNewPrivileges=yes\n"
            "PrivateTmp=yes\n"
            "ProtectHome=yes\n"
            "\n"
            "[Install]\n"
            "WantedBy=multi-user.target\n";

/* It is root, as it has to be to set the machine up and to run foreign code as somebody else; what
 * a benchmark needs (namespaces, control groups, /sys, /proc/sys) is left to it and nothing more.
 */
const char install_poll_unit_text[] =
    WRITTEN "[Unit]\n"
            "Description=Measure the commits of a repository with lance-bench\n"
            "Wants=network-online.target\n"
            "After=network-online.target lance-bench-restore.service\n"
            "\n"
            "[Service]\n"
            "Type=exec\n"
            "EnvironmentFile=" INSTALL_POLL_ENV "\n"
            "Environment=HOME=/var/lib/lance-bench/poll\n"
            "Environment=XDG_CACHE_HOME=/var/cache\n"
            "Environment=XDG_STATE_HOME=/var/lib/lance-bench/poll/state\n"
            "ExecStart=" INSTALL_AGENT " poll $LANCE_BENCH_POLL\n"
            "ExecStopPost=" INSTALL_AGENT " host restore\n"
            "StateDirectory=lance-bench lance-bench/poll\n"
            "CacheDirectory=lance-bench\n"
            "Restart=on-failure\n"
            "RestartSec=60\n"
            "RestartPreventExitStatus=129\n"
            "KillMode=mixed\n"
            "TimeoutStopSec=10min\n"
            "OOMPolicy=continue\n"
            "LimitCORE=0\n"
            "NoNewPrivileges=yes\n"
            "ProtectSystem=full\n"
            "ProtectHome=read-only\n"
            "PrivateTmp=yes\n"
            "ProtectKernelLogs=yes\n"
            "ProtectKernelModules=yes\n"
            "RestrictSUIDSGID=yes\n"
            "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\n"
            "SystemCallArchitectures=native\n"
            "CapabilityBoundingSet=~CAP_AUDIT_CONTROL CAP_BLOCK_SUSPEND CAP_LINUX_IMMUTABLE "
            "CAP_MAC_ADMIN CAP_MAC_OVERRIDE CAP_NET_BIND_SERVICE CAP_NET_RAW CAP_SYS_BOOT "
            "CAP_SYS_MODULE CAP_SYS_TIME CAP_SYS_TTY_CONFIG CAP_WAKE_ALARM\n"
            "\n"
            "[Install]\n"
            "WantedBy=multi-user.target\n";

char *install_poll_env_text(const char *repository)
{
    return xasprintf(WRITTEN
                     "# Read by lance-bench-poll.service: 'systemctl restart lance-bench-poll' "
                     "after a change.\n"
                     "# Options of 'lance-bench poll', and behind -- those of each 'lance-bench "
                     "run'.\n"
                     "LANCE_BENCH_POLL=--repo %s\n"
                     "# The database; machines that share jobs name the same one.\n"
                     "LANCE_BENCH_URI=/var/lib/lance-bench/poll/database\n"
                     "#AWS_ACCESS_KEY_ID=\n"
                     "#AWS_SECRET_ACCESS_KEY=\n"
                     "#AWS_REGION=\n"
                     "# For --github: a token of an app, with checks: write.\n"
                     "#GITHUB_TOKEN=\n"
                     "# Where Rust's toolchains are.\n"
                     "#RUSTUP_HOME=/root/.rustup\n"
                     "PATH=/root/.cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                     "/sbin:/bin\n",
                     repository);
}

const char install_helper_text[] =
    "#!/bin/sh\n" WRITTEN
    "# The one thing that a runner's account may do as root, with one of two verbs and no more.\n"
    "exec /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ \\\n"
    "    " INSTALL_AGENT " host helper \"$@\"\n";

#define HOOK(verb) "#!/bin/sh\n" WRITTEN "exec sudo -n " INSTALL_HELPER " " verb "\n"

const char install_started_text[] = HOOK("started");
const char install_completed_text[] = HOOK("completed");

const char *const install_env_lines[] = {
    "ACTIONS_RUNNER_HOOK_JOB_STARTED=" INSTALL_STARTED,
    "ACTIONS_RUNNER_HOOK_JOB_COMPLETED=" INSTALL_COMPLETED,
};
const size_t install_env_line_count = ARRAY_SIZE(install_env_lines);

bool install_user_is_plain(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return len && !name[len] && *name != '-' && strcmp(name, "ALL") && !strchr("0123456789", *name);
}

char *install_sudoers_text(const struct strlist *users)
{
    struct strbuf out = STRBUF_INIT;
    strbuf_addstr(&out, WRITTEN);
    strbuf_addstr(&out, "Defaults!" INSTALL_HELPER " env_reset, !setenv\n");
    for (size_t i = 0; i < users->count; i++)
        strbuf_addf(&out,
                    "%s ALL=(root) NOPASSWD: " INSTALL_HELPER " started, " INSTALL_HELPER
                    " completed\n",
                    users->items[i]);
    return strbuf_detach(&out);
}
