/*
 * The options of `run`, for commands that measure commits of their own choice: they take them
 * behind "--", as in `schedule --repo URL --run -- --crate lance-linalg --retakes 0`.
 */
#pragma once

#include "command/command.h"
#include "pipeline/run/run.h"

/* What `run` makes of its options; everything in *out is borrowed from them. Remote is not set. */
int run_request_of(const struct globals *globals, const void *options, struct run_request *out,
                   struct error *err) MUST_CHECK;

/* The words behind "--", read. */
struct run_words {
    char *options; /* of `run`, owned */
    struct run_request request;
};

/* ERROR_USAGE for what `run` does not take, and for options that say what is not asked here: which
 * commit, or not to measure and store it. */
int run_words_read(const struct globals *globals, const struct strlist *words,
                   struct run_words *out, struct error *err) MUST_CHECK;
void run_words_release(struct run_words *words);
#define AUTO_RUN_WORDS __attribute__((cleanup(run_words_release)))
