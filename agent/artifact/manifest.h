/*
 * Results as one job hands them to another: a folder, which GitHub packs as an artifact. The job
 * that has run a stranger's code writes it, so every byte of it is hostile to the job that
 * publishes. It holds what the harnesses wrote and no computed row:
 *
 *     manifest.json
 *     parts/0/000000/new/{benchmark,estimates,sample}.json      a Criterion executable: each
 *     parts/0/000001/new/…                                      benchmark in a folder of its own
 *     parts/1.json                                              pytest-benchmark's file
 *     parts/2.out                                               what any other harness wrote
 *
 * Part n of the manifest lies at parts/n; a part without results has none. Nothing else may be
 * there. docs/results-artifact.schema.json is the manifest's JSON schema, docs/pull-requests.md
 * tells who checks what.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MANIFEST_FILE "manifest.json"
#define MANIFEST_FORMAT 1
#define MANIFEST_SIZE_MAX ((size_t)16 << 20) /* bytes */
#define MANIFEST_PARTS_MAX 1000
#define MANIFEST_EVIDENCE_MAX ((size_t)64 << 10) /* bytes of one part's */
#define MANIFEST_TEXT_MAX 2000                   /* bytes of a reason, a problem, a toolchain */
/* Bytes of a part's name and of a version, and what may stand there beside letters and digits. */
#define MANIFEST_NAME_MAX 200
#define MANIFEST_FORMAT_MAX 64
#define MANIFEST_NAME_MARKS "._-/"
#define MANIFEST_VERSION_MAX 100
#define MANIFEST_VERSION_MARKS "._+-"

/* One harness output. */
struct manifest_part {
    char *name;   /* "<crate>/<bench>", "pytest" or a command's */
    char *format; /* of parse/format.h; not checked here */
    struct strlist expected;
    char *problem;    /* why it is not complete, or NULL */
    char *evidence;   /* a JSON object for the metadata of its rows, or NULL */
    bool has_results; /* found, not claimed: whether parts/n is there */
};

/* What the measuring job says. None of it decides where the results belong. */
struct manifest {
    char *commit;    /* 40 lower-case hexadecimal characters: to be held to the approved one */
    char *version;   /* of the project; what stands behind a "+" is not used */
    char *metric;    /* NULL for wall time, else "cpu_time" */
    char *toolchain; /* NULL when nothing was compiled */
    char *outcome;   /* complete, partial, interrupted or failed */
    char *reason;    /* one line, or NULL */
    int64_t commit_time, started_at, ended_at; /* Unix seconds */
    struct manifest_part *parts;
    size_t part_count, part_cap;
};

void manifest_release(struct manifest *manifest);
#define AUTO_MANIFEST __attribute__((cleanup(manifest_release)))

/* A fresh part at the end. */
struct manifest_part *manifest_add_part(struct manifest *manifest);

/* Reads a manifest and holds every field to the rules above and to its allowed characters.
 * ERROR_INPUT names the field. */
int manifest_parse(const char *text, size_t len, struct manifest *out,
                   struct error *err) MUST_CHECK;
/* A fresh string: the manifest as JSON. */
char *manifest_print(const struct manifest *manifest);

/*
 * What the path of a file below the folder is, by the layout alone. `part` is the manifest's index.
 */
enum layout_kind { LAYOUT_NONE, LAYOUT_MANIFEST, LAYOUT_CRITERION, LAYOUT_PYTEST, LAYOUT_OUTPUT };
/* Where a part of that format lies; any word is one, and whether it is known is seen later. */
enum layout_kind layout_kind_for(const char *format);
enum layout_kind layout_kind_of(const char *path, size_t *part);

/* A fresh string: where part n lies below the folder. */
char *layout_part(const struct manifest_part *part, size_t index);
