/*
 * Which certificates this process trusts: the file of --cacert, else $SSL_CERT_FILE, else the
 * system's bundle, else the bundle embedded in the agent. One answer for libgit2, libcurl and the
 * Lance core: the latter reads SSL_CERT_FILE, which ca_use() therefore sets.
 */
#pragma once

#include "base/error.h"

/* --cacert. ERROR_USAGE when it is not a readable PEM file with a certificate in it. */
int ca_use_file(const char *path, struct error *err) MUST_CHECK;
/* *path: a PEM file that is right for this process, valid until it ends. SSL_CERT_FILE is set to
 * it. Call it before the first use of the network and before any thread is started. */
int ca_path(const char **path, struct error *err) MUST_CHECK;
