#include "base/toml.h"

#include "native.h"

#include <cjson/cJSON.h>

int toml_parse(const char *text, size_t len, struct cJSON **out, struct error *err)
{
    char reason[512] = "";
    char *json = NULL;
    size_t json_len = 0;
    if (native_toml_to_json(text, len, &json, &json_len, reason, sizeof(reason)))
        return error_set(err, ERROR_INPUT, "%s", reason);
    struct cJSON *tree = cJSON_ParseWithLength(json, json_len);
    native_free(json, json_len);
    if (!tree)
        return error_set(err, ERROR_INPUT, "nested too deeply");
    *out = tree;
    return 0;
}
