#include "checkout/library.h"

#include "base/alloc.h"
#include "base/strbuf.h"

#include <pthread.h>
#include <stdarg.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int start_result;

static void start(void)
{
    start_result = git_libgit2_init();
    if (start_result < 0)
        return;
    /* What a checkout gives must depend on the remote alone: no url.insteadOf, no filter, no
     * credential helper of the machine or the user. */
    const git_config_level_t levels[] = {GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
                                         GIT_CONFIG_LEVEL_GLOBAL, GIT_CONFIG_LEVEL_PROGRAMDATA};
    for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
        (void)git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, (int)levels[i], "");
    /* The check of the owner keeps git from running programs that a stranger's configuration names.
     * Nothing here runs any, and a container that checks out the runner's own folder is common. */
    (void)git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    /* Objects are hashed when a pack arrives; git does not hash them again on checkout either. */
    (void)git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
    (void)git_libgit2_opts(GIT_OPT_DISABLE_PACK_KEEP_FILE_CHECKS, 1);
    (void)git_libgit2_opts(GIT_OPT_SET_USER_AGENT_PRODUCT, "lance-bench/" LANCE_BENCH_VERSION);
}

int library_start(double stall_s, struct error *err)
{
    pthread_once(&once, start);
    if (start_result < 0)
        return error_set(err, ERROR_FAILURE, "libgit2 cannot be started: %s", library_reason());
    int stall_ms = (int)(stall_s * 1000);
    (void)git_libgit2_opts(GIT_OPT_SET_SERVER_CONNECT_TIMEOUT, stall_ms);
    (void)git_libgit2_opts(GIT_OPT_SET_SERVER_TIMEOUT, stall_ms);
    return 0;
}

int library_trust(const char *ca_file, struct error *err)
{
    if (ca_file && git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, ca_file, NULL) < 0)
        return error_set(err, ERROR_FAILURE, "cannot use the certificates in %s: %s", ca_file,
                         library_reason());
    return 0;
}

const char *library_reason(void)
{
    const git_error *last = git_error_last();
    return last && last->message ? last->message : "no reason given";
}

int library_fail(struct error *err, int git_code, const char *fmt, ...)
{
    AUTO_STRBUF struct strbuf context = STRBUF_INIT;
    va_list args;
    va_start(args, fmt);
    strbuf_vaddf(&context, fmt, args);
    va_end(args);
    return error_set(err, git_code == GIT_ENOTFOUND ? ERROR_NOT_FOUND : ERROR_FAILURE, "%s: %s",
                     context.buf, library_reason());
}
