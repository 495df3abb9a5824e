/*
 * One bench executable linked again and again, with its functions in another order each time: where
 * code lies shifts a program's times by several per cent, and is an accident of the link.
 *
 * The order is the linker's: --shuffle-sections, which lld and mold have. rustc 1.90 and later link
 * with lld on x86-64 Linux; where the target asks for a linker that does not have it (GNU ld), the
 * toolchain's own lld is taken. The same seed gives the same program.
 *
 * rustc removes the objects of a crate once it is linked, so that `cargo rustc` compiles the
 * bench's own crate once more, as the ordinary build did but for one argument for the linker, and a
 * script that stands in PATH in place of the linker (relink.sh) links what it is handed once for
 * each seed. Dependencies are those of the ordinary build. That build's executable and cargo's
 * record of it stay as they are (with an old cargo, which names a program without regard to such
 * arguments, the next build links once more). Debug information is left out: it does not move the
 * code, and is most of the file.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "build/cargo.h"

#include <stdbool.h>

struct relink {
    const struct bench_target *target; /* built, and nothing was built in its slot since */
    const struct strlist *seeds;       /* decimal numbers below 2^31 */
    const char *folder;                /* of the job's outputs: where the programs are to lie */
};

/* *out is whether there is a program for each of the seeds. That there is none is no error, and
 * the log says why; ERROR_INTERRUPTED and what the agent itself cannot do are. */
int relink(const struct cargo *cargo, const struct relink *asked, bool *out,
           struct error *err) MUST_CHECK;
/* A fresh path of the program for the seed number `index`, from 0; it is called like the target's
 * executable. */
char *relink_path(const char *folder, const struct bench_target *target, size_t index);
