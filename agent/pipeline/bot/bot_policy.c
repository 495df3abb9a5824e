/* The bench bot: by whose rules a pull request is judged. */
#include "pipeline/bot/bot_state.h"

#include "base/alloc.h"
#include "config/config.h"
#include "github/contents.h"

#include <string.h>
#include <strings.h>

int bot_base_policy(struct bot *bot, const char *base_ref, struct policy *out, char **problem,
                    struct error *err)
{
    AUTO_FREE char *text = NULL;
    int failed = 0;
    if (bot->options->config) {
        failed = policy_load(bot->options->config, out, err);
        return failed == ERROR_NOT_FOUND ? ERROR_FAILURE : failed; /* not a base that is gone */
    }
    failed = github_file_get(bot->github, CONFIG_FILE, base_ref, &text, err);
    if (failed == ERROR_NOT_FOUND)
        return 0;
    AUTO_FREE char *name = xasprintf(CONFIG_FILE " of %s", base_ref);
    if (!failed)
        failed = policy_parse(text, strlen(text), name, out, err);
    if (failed != ERROR_USAGE && failed != ERROR_INPUT)
        return failed;
    *problem = xasprintf("the defaults decide, since %s", err->message);
    return 0;
}

bool bot_is_expected(const struct github_pull *pull)
{
    for (size_t i = 0; i < pull->labels.count; i++)
        if (!strcasecmp(pull->labels.items[i], BOT_EXPECTED_LABEL))
            return true;
    return false;
}
