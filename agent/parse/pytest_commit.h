/* The commit that pytest-benchmark notes in its JSON. */
#pragma once

#include "parse/input.h"

#include <stdbool.h>
#include <stdint.h>

/* What the file says of the commit under test; strings are NULL where it says nothing or null.
 * Outside git pytest-benchmark writes the id "unversioned" and no time. */
struct pytest_commit {
    char *id;      /* 40 hexadecimal characters, or "unversioned" */
    char *project; /* name of the folder or of the remote's last part */
    char *branch;  /* "(unknown)" outside git */
    int64_t time;  /* commit time, Unix seconds; else the author's; valid when has_time */
    bool has_time;
    bool dirty;
};

void pytest_commit_release(struct pytest_commit *commit);
#define AUTO_PYTEST_COMMIT __attribute__((cleanup(pytest_commit_release)))

/* Reads `commit_info`, wherever it stands among the keys, without reading the measurements. A file
 * without one gives an empty struct. Leaves the input rewound. */
int pytest_commit_read(struct input *input, struct pytest_commit *out,
                       struct error *err) MUST_CHECK;
