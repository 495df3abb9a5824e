/*
 * Where a harness's output comes from: a file, a folder, a pipe or "-" for standard input.
 *
 * An input is read more than once (digest, recognising the format, commit, measurements), so a pipe
 * is copied first into an unlinked file in $TMPDIR. A regular file is read in place and never
 * mapped: the memory needed does not depend on its size.
 *
 *     AUTO_INPUT struct input *input = NULL;
 *     rc = input_open("results.json", INPUT_MAX_DEFAULT, &input, err);
 */
#pragma once

#include "base/digest.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define INPUT_MAX_DEFAULT ((uint64_t)2 << 30) /* bytes of one input: --max-input */

enum input_kind { INPUT_FILE, INPUT_FOLDER };

struct input;

/* Opens `path`. ERROR_NOT_FOUND ("File not found: P"); ERROR_INPUT when it is larger than
 * `max_bytes`, cannot be read, or is neither file, folder nor pipe. A folder's limit holds for
 * each file that is read in it. */
int input_open(const char *path, uint64_t max_bytes, struct input **out,
               struct error *err) MUST_CHECK;
/* An input over bytes in memory, which it borrows; `name` stands for the path in messages. */
struct input *input_from_memory(const char *name, const void *bytes, size_t len);
/* NULL is fine. */
void input_free(struct input *input);

static inline void cleanup_input(struct input **input)
{
    input_free(*input);
}
#define AUTO_INPUT __attribute__((cleanup(cleanup_input)))

enum input_kind input_kind(const struct input *input);
/* The path as it was given; "standard input" for "-". */
const char *input_name(const struct input *input);
uint64_t input_max_bytes(const struct input *input);
/* Bytes that input_read() has handed out since the input was opened or rewound. */
uint64_t input_position(const struct input *input);

/* Up to `cap` bytes of a file; *got is 0 at its end. A file that grew past the limit since it was
 * opened is an ERROR_INPUT. */
int input_read(struct input *input, void *buf, size_t cap, size_t *got,
               struct error *err) MUST_CHECK;
/* Back to the first byte. */
int input_rewind(struct input *input, struct error *err) MUST_CHECK;

/*
 * The SHA-256 of the input: of the file's bytes; for a folder, of the names and bytes of the result
 * files in it (see criterion_folder.h). It is what a run is called that has no name of its own, so
 * it is there before the first measurement is. Costs one pass over the file (about 0.2 s for 329 MB
 * with the CPU's SHA instructions) unless it was a pipe, which is hashed while it is copied. Leaves
 * the input rewound.
 */
int input_sha256(struct input *input, char out[SHA256_HEX_SIZE], struct error *err) MUST_CHECK;
