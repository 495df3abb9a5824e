/* The grammar of comments: whatever is said, what comes out is of allowed characters. */
#include "bot/grammar.h"
#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_BOT_COMMAND struct bot_command command = {0};
    struct error err = ERROR_INIT;
    int failed = bot_command_parse((const char *)data, size, BOT_MENTION, &command, &err);
    if (failed) {
        fuzz_check_error(failed, &err);
        fuzz_require(command.verb == BOT_NOTHING && !command.base,
                     "the out parameter is untouched");
        return 0;
    }
    fuzz_require(command.verb <= BOT_HELP, "the verb is one");
    fuzz_require(command.verb == BOT_BENCHMARK ||
                     (!*command.commit && !*command.quoted && !command.crates.count),
                 "only a benchmark has choices");
    fuzz_require(!*command.commit || bot_is_full_sha(command.commit, strlen(command.commit)),
                 "a commit is a full id");
    fuzz_require(!*command.quoted ||
                     (bot_is_full_sha(command.quoted, strlen(command.quoted)) && !*command.commit),
                 "a quoted commit is a full id, and stands in for one");
    fuzz_require(!command.python_only || (!command.rust_only && !command.crates.count),
                 "what excludes each other does");
    for (size_t i = 0; i < command.crates.count; i++)
        fuzz_require(bot_is_crate(command.crates.items[i]), "a crate's name is one");
    fuzz_require((command.verb == BOT_COMPARE) == (command.base != NULL), "compare has a base");
    fuzz_require(!command.base || bot_is_revision(command.base), "the base is a revision");
    return 0;
}
