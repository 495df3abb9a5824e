#include "config/decode.h"

#include "base/alloc.h"
#include "base/number.h"
#include "base/strlist.h"
#include "base/suggest.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

static const char *type_name(const cJSON *value)
{
    switch (value->type & 0xff) {
    case cJSON_False:
    case cJSON_True:
        return "true or false";
    case cJSON_NULL:
        return "null";
    case cJSON_Number:
        return "a number";
    case cJSON_String:
        return "a string";
    case cJSON_Array:
        return "a list";
    default:
        return "an object";
    }
}

static int wrong_type(const char *path, const char *wanted, const cJSON *value, struct error *err)
{
    return error_set(err, ERROR_USAGE, "%s has to be %s, and is %s", path, wanted,
                     type_name(value));
}

static int decode_string(const cJSON *value, const char *path, char **member, struct error *err)
{
    if (!cJSON_IsString(value))
        return wrong_type(path, "a string", value, err);
    if (!*value->valuestring)
        return error_set(err, ERROR_USAGE, "%s is empty", path);
    free(*member);
    *member = xstrdup(value->valuestring);
    return 0;
}

static int decode_duration(const cJSON *value, const char *path, double *member, struct error *err)
{
    double seconds = 0;
    if (cJSON_IsNumber(value))
        seconds = value->valuedouble;
    else if (!cJSON_IsString(value))
        return wrong_type(path, "a time such as \"30m\" or a number of seconds", value, err);
    else if (!parse_duration(value->valuestring, &seconds))
        return error_set(err, ERROR_USAGE, "%s has to be a time such as \"30m\", and is \"%s\"",
                         path, value->valuestring);
    if (!(seconds > 0) || !isfinite(seconds))
        return error_set(err, ERROR_USAGE, "%s has to be longer than zero", path);
    *member = seconds;
    return 0;
}

static int decode_strings(const cJSON *value, const char *path, struct strlist *member,
                          struct error *err)
{
    AUTO_STRLIST struct strlist list = STRLIST_INIT;
    if (cJSON_IsString(value)) {
        strlist_push(&list, value->valuestring);
    } else if (cJSON_IsArray(value)) {
        const cJSON *item;
        size_t at = 0;
        cJSON_ArrayForEach(item, value)
        {
            AUTO_FREE char *place = xasprintf("%s[%zu]", path, at++);
            if (!cJSON_IsString(item))
                return wrong_type(place, "a string", item, err);
            strlist_push(&list, item->valuestring);
        }
    } else {
        return wrong_type(path, "a list of strings", value, err);
    }
    strlist_release(member);
    *member = list;
    list = (struct strlist)STRLIST_INIT;
    return 0;
}

static int decode_choice(const cJSON *value, const char *path, const char *const *choices,
                         int *member, struct error *err)
{
    if (!cJSON_IsString(value))
        return wrong_type(path, "a string", value, err);
    AUTO_STRLIST struct strlist all = STRLIST_INIT;
    for (int i = 0; choices[i]; i++) {
        strlist_push(&all, choices[i]);
        if (!strcmp(choices[i], value->valuestring)) {
            *member = i;
            return 0;
        }
    }
    AUTO_FREE char *list = strlist_join(&all, ", ");
    return error_set(err, ERROR_USAGE, "%s is one of %s, not \"%s\"", path, list,
                     value->valuestring);
}

static int decode_value(const cJSON *value, const struct decode_field *field, const char *path,
                        char *target, struct error *err)
{
    void *member = target + field->offset;
    switch (field->kind) {
    case DECODE_IGNORED:
        return 0;
    case DECODE_STRING:
        return decode_string(value, path, member, err);
    case DECODE_BOOL:
        if (!cJSON_IsBool(value))
            return wrong_type(path, "true or false", value, err);
        *(bool *)member = cJSON_IsTrue(value);
        return 0;
    case DECODE_DURATION:
        return decode_duration(value, path, member, err);
    case DECODE_STRINGS:
        return decode_strings(value, path, member, err);
    case DECODE_CHOICE:
        return decode_choice(value, path, field->choices, member, err);
    case DECODE_OBJECT:
        return decode_object(value, field->fields, path, member, err);
    case DECODE_CUSTOM:
        return field->custom(value, path, member, err);
    }
    return 0;
}

static int unknown_key(const struct decode_field *fields, const char *path, const char *key,
                       struct error *err)
{
    const char *known[64];
    size_t count = 0;
    for (const struct decode_field *field = fields; field->key && count < ARRAY_SIZE(known);
         field++)
        known[count++] = field->key;
    AUTO_FREE char *where = *path ? xasprintf(" in %s", path) : xstrdup("");
    const char *near = suggest(key, known, count);
    if (near)
        return error_set(err, ERROR_USAGE, "unknown key \"%s\"%s, did you mean \"%s\"?", key, where,
                         near);
    AUTO_STRLIST struct strlist all = STRLIST_INIT;
    for (size_t i = 0; i < count; i++)
        strlist_push(&all, known[i]);
    AUTO_FREE char *list = strlist_join(&all, ", ");
    return error_set(err, ERROR_USAGE, "unknown key \"%s\"%s: the keys there are %s", key, where,
                     list);
}

static bool comes_again(const cJSON *item)
{
    for (const cJSON *later = item->next; later; later = later->next)
        if (!strcmp(later->string, item->string))
            return true;
    return false;
}

int decode_object(const cJSON *object, const struct decode_field *fields, const char *path,
                  void *target, struct error *err)
{
    if (!cJSON_IsObject(object))
        return wrong_type(*path ? path : "the document", "an object", object, err);
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        AUTO_FREE char *place =
            *path ? xasprintf("%s.%s", path, item->string) : xstrdup(item->string);
        const struct decode_field *field = fields;
        while (field->key && strcmp(field->key, item->string))
            field++;
        if (!field->key)
            return unknown_key(fields, path, item->string, err);
        if (comes_again(item))
            return error_set(err, ERROR_USAGE, "%s is given twice", place);
        int failed = decode_value(item, field, place, target, err);
        if (failed)
            return failed;
    }
    return 0;
}
