/*
 * The version that a target's manifest states: Cargo.toml ([workspace.package] or [package]), else
 * pyproject.toml ([project] or [tool.poetry]; where that says "dynamic", the Cargo.toml that
 * maturin takes it from: tool.maturin.manifest-path, or python/Cargo.toml).
 */
#pragma once

#include "base/error.h"

/* *out: a fresh string. ERROR_NOT_FOUND when no manifest states a version; ERROR_INPUT names a
 * manifest that cannot be read, or a version that is not one. */
int manifest_version(const char *folder, char **out, struct error *err) MUST_CHECK;
