/*
 * The folder `target/criterion` that every run with the criterion crate leaves (0.3 to 0.8), format
 * "criterion" for a folder. It needs no cargo-criterion.
 *
 * Each folder `new` that holds benchmark.json, sample.json and estimates.json is a result, at any
 * depth; one that has only some of them, or none, is an error. Older samples (`base`, `change`,
 * saved baselines) and `report` are not results, unless one is named as the input itself. Results
 * of earlier runs stay in the folder: where that matters the run needs a fresh one.
 *
 * The name is benchmark.json's `full_id`, which is what cargo-criterion prints as `id`; the values
 * are times[i] / iters[i] of sample.json. Criterion writes no unit there: with a custom
 * `Measurement` the numbers are whatever it measures.
 *
 * The walk is in byte order of the names and follows no symbolic link.
 */
#pragma once

#include "base/strlist.h"
#include "parse/format.h"

extern const struct parse_format criterion_folder_format;

/* Appends the path of each result's folder, in the order of the walk. */
int criterion_folder_list(const char *path, struct strlist *out, struct error *err) MUST_CHECK;

/* The digest of a folder input: over the path below the folder and the digest of each result file,
 * in the order of the walk. */
int criterion_folder_sha256(const char *path, uint64_t max_bytes, char out[SHA256_HEX_SIZE],
                            struct error *err) MUST_CHECK;
