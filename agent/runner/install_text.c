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
