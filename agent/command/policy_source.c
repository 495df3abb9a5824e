#include "command/policy_source.h"

#include "base/alloc.h"
#include "base/log.h"
#include "checkout/checkout.h"
#include "config/config.h"
#include "net/ca.h"

#include <string.h>

static int read_repository(const struct policy_source *source, struct policy *out,
                           struct error *err)
{
    AUTO_FREE char *text = NULL;
    struct checkout_request request = {
        .remote = source->repo, .revision = source->base, .flags = CHECKOUT_BRANCH_FIRST};
    int failed = ca_path(&request.ca_file, err);
    if (failed)
        return failed;
    failed = remote_file(&request, CONFIG_FILE, CONFIG_MAX_BYTES, &text, err);
    /* The exit code for ERROR_UNREACHABLE speaks of the database. */
    if (failed)
        return failed == ERROR_UNREACHABLE ? ERROR_FAILURE : failed;
    if (!text) {
        log_info("%s has no " CONFIG_FILE ": the defaults decide", source->repo);
        return 0;
    }
    AUTO_FREE char *name =
        xasprintf(CONFIG_FILE " of %s", source->base ? source->base : "the default branch");
    return policy_parse(text, strlen(text), name, out, err);
}

int command_policy(const struct globals *globals, const struct policy_source *source,
                   struct policy *out, struct error *err)
{
    if (source->base && !source->repo)
        return error_set(err, ERROR_USAGE, "--base goes with --repo");
    if (source->repo && globals->config)
        return error_set(err, ERROR_USAGE, "--repo and --config name two policies: give one");
    if (source->repo)
        return read_repository(source, out, err);
    return globals->config ? policy_load(globals->config, out, err) : 0;
}
