/*
 * /etc/lance-bench/host.conf: which CPUs of this machine are measured on, and how far it may be
 * tuned. `host install` writes it; it is root's, and the only place that the helper of the job
 * hooks takes these from.
 *
 *     profile = "bare-metal"
 *     cpus = "2-5"
 *     isolate = true
 *     users = ["runner"]
 */
#pragma once

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strlist.h"

#include <stdbool.h>

#define HOST_CONF_FILE "/etc/lance-bench/host.conf"
#define HOST_CONF_PROFILE "bare-metal" /* where the file names none */

enum host_conf_word { HOST_CONF_UNSAID, HOST_CONF_NO, HOST_CONF_YES };

struct host_conf {
    char *profile; /* never NULL once loaded */
    char *cpus;    /* NULL: chosen from the topology */
    enum host_conf_word isolate;
    struct strlist users; /* whose runners may have the machine tuned */
};

/* Whether `run` is to take the benchmark CPUs away from everything else: what the file says, else
 * yes with the profile bare-metal. */
bool host_conf_isolates(const struct host_conf *conf);
/* Reads the file below `root` ("" for the real machine). ERROR_NOT_FOUND: there is none.
 * ERROR_USAGE names the key that is wrong. *out is to be released. */
int host_conf_load(const char *root, struct host_conf *out, struct error *err) MUST_CHECK;
/* Appends the file's text. */
void host_conf_text(const struct host_conf *conf, struct strbuf *out);
void host_conf_release(struct host_conf *conf);
#define AUTO_HOST_CONF __attribute__((cleanup(host_conf_release)))
