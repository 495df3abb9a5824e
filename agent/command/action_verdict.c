#include "command/action_verdict.h"

#include "base/alloc.h"

#include <cjson/cJSON.h>
#include <string.h>

/* The objects in an array whose field has this text. */
static size_t count_text(const cJSON *array, const char *field, const char *text)
{
    size_t count = 0;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, array)
    {
        const char *found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, field));
        count += found && !strcmp(found, text);
    }
    return count;
}

static const char *said_verdict(const cJSON *json)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "verdict"));
}

bool action_regressions(const char *command, const struct cJSON *json, size_t *out)
{
    if (!strcmp(command, "changes") && cJSON_IsArray(json)) {
        *out = count_text(json, "status", "open");
        return true;
    }
    if (!said_verdict(json))
        return false;
    const cJSON *outcomes = cJSON_GetObjectItemCaseSensitive(json, "outcomes");
    const cJSON *worse = cJSON_GetObjectItemCaseSensitive(outcomes, "worse");
    if (!strcmp(command, "report") && cJSON_IsNumber(worse)) {
        *out = (size_t)worse->valuedouble;
        return true;
    }
    if (strcmp(command, "compare") != 0)
        return false;
    *out = count_text(cJSON_GetObjectItemCaseSensitive(json, "benchmarks"), "verdict", "worse");
    return true;
}

const char *action_verdict(const char *command, int exit_code, const struct cJSON *json)
{
    static const struct {
        const char *said, *verdict;
    } words[] = {{"worse", "regression"},
                 {"better", "ok"},
                 {"same", "ok"},
                 {"ignored", "ok"},
                 {"unsure", "unsure"},
                 {"no history", "no-data"},
                 {"not measured", "no-data"},
                 {"not comparable", "not-comparable"}};
    static const char *const by_code[] = {
        [2] = "regression", [3] = "no-data", [4] = "failed", [5] = "not-comparable"};
    bool says = !strcmp(command, "compare") || !strcmp(command, "report");
    const char *said = says ? said_verdict(json) : NULL;
    size_t regressions = 0;
    for (size_t i = 0; said && exit_code != 5 && i < ARRAY_SIZE(words); i++)
        if (!strcmp(said, words[i].said))
            return words[i].verdict;
    if (exit_code > 0 && (size_t)exit_code < ARRAY_SIZE(by_code) && by_code[exit_code])
        return by_code[exit_code];
    if (exit_code || strcmp(command, "changes") != 0 ||
        !action_regressions(command, json, &regressions))
        return "";
    return regressions ? "regression" : "ok";
}
