/* cargo's --message-format=json: one object a line, read as it arrives. */
#pragma once

#include "base/strbuf.h"
#include "model/bench_target.h"

#include <stddef.h>

#define CARGO_MESSAGE_MAX ((size_t)16 << 20) /* bytes of one line; longer ones are skipped */

struct cargo_messages {
    const char *package; /* whose executables are wanted */
    struct bench_targets *targets;
    size_t crates_built; /* compiled or found fresh */
    struct strbuf line;  /* the one under way; zeroed is fine */
    bool started, too_long;
};

/* Takes the next bytes. Executables go to the targets of `package` with the same bench name. */
void cargo_messages_add(struct cargo_messages *messages, const char *bytes, size_t len);
void cargo_messages_release(struct cargo_messages *messages);
#define AUTO_CARGO_MESSAGES __attribute__((cleanup(cargo_messages_release)))
