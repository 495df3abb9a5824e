#include "command/common.h"
#include "command/rows.h"
#include "native.h"

/* Both are put together when the agent is built, from the sources that are linked into it. */
extern const char system_licenses[];
extern const char system_licenses_end[];

static int run(const struct globals *globals, const void *options, const struct strlist *args,
               struct error *err)
{
    (void)globals;
    (void)options;
    (void)args;
    (void)err;
    const char *text = NULL;
    size_t len = 0;
    native_licenses(&text, &len);
    fwrite(system_licenses, 1, (size_t)(system_licenses_end - system_licenses), stdout);
    fwrite(text, 1, len, stdout);
    return 0;
}

const struct command command_licenses = {
    .name = "licenses",
    .group = "machine",
    .summary = "Print the licences of everything that is linked in",
    .arguments = "",
    .run = run,
};
