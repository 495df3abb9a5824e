#include "github/field.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <math.h>
#include <string.h>

const struct cJSON *field_at(const struct cJSON *object, const char *path)
{
    while (object && *path) {
        size_t len = strcspn(path, ".");
        AUTO_FREE char *name = xstrndup(path, len);
        object = cJSON_GetObjectItemCaseSensitive(object, name);
        path += len + (path[len] == '.');
    }
    return cJSON_IsNull(object) ? NULL : object;
}

const char *field_view(const struct cJSON *object, const char *path)
{
    const char *text = cJSON_GetStringValue(field_at(object, path));
    return text ? text : "";
}

char *field_text(const struct cJSON *object, const char *path)
{
    return xstrdup(field_view(object, path));
}

int64_t field_integer(const struct cJSON *object, const char *path)
{
    const cJSON *value = field_at(object, path);
    /* Beyond 2^53 a double no longer holds every whole number. */
    if (!cJSON_IsNumber(value) || fabs(value->valuedouble) > 9007199254740992.0 ||
        value->valuedouble != floor(value->valuedouble))
        return 0;
    return (int64_t)value->valuedouble;
}

bool field_bool(const struct cJSON *object, const char *path)
{
    return cJSON_IsTrue(field_at(object, path));
}

int64_t field_time(const struct cJSON *object, const char *path)
{
    int64_t unix_s = 0;
    return time_parse_iso(field_view(object, path), &unix_s) ? unix_s : 0;
}

bool sha_is_valid(const char *text)
{
    return strlen(text) == 40 && strspn(text, "0123456789abcdef") == 40;
}

bool field_sha(const struct cJSON *object, const char *path, char out[41])
{
    const char *text = field_view(object, path);
    bool valid = sha_is_valid(text);
    memcpy(out, valid ? text : "", valid ? 41 : 1);
    return valid;
}
