/* The file system as foreign code sees it. */
#pragma once

#include "base/error.h"
#include "sandbox/sandbox.h"

/* Rebuilds the mounts of this process's own mount namespace as `sandbox` says. Runs in the first
 * process of the namespaces, before it gives up its privileges. `own_proc` mounts a fresh /proc. */
int mounts_apply(const struct sandbox *sandbox, bool own_proc, struct error *err) MUST_CHECK;
