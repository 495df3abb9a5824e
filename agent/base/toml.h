/* TOML, read by the `toml` crate into the tree that the rest of the program reads JSON with. */
#pragma once

#include "base/error.h"

#include <stddef.h>

struct cJSON;

/* *out is to be released with cJSON_Delete(). Dates and times come out as strings. ERROR_INPUT
 * tells the line and what is wrong with it. */
int toml_parse(const char *text, size_t len, struct cJSON **out, struct error *err) MUST_CHECK;
