#include "config/policy.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/number.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "config/decode.h"

#include <cjson/cJSON.h>
#include <fnmatch.h>
#include <math.h>
#include <string.h>

#define SETTINGS_NONE                         \
    {                                         \
        .matters = NAN, .minimum_effect = NAN \
    }

void policy_release(struct policy *policy)
{
    for (size_t i = 0; i < policy->rule_count; i++) {
        free(policy->rules[i].benchmark);
        free(policy->rules[i].metric);
        free(policy->rules[i].test_bed);
    }
    for (size_t i = 0; i < policy->alias_count; i++) {
        free(policy->aliases[i].name);
        strlist_release(&policy->aliases[i].old);
    }
    free(policy->rules);
    free(policy->aliases);
    *policy = (struct policy){0};
}

bool policy_is_empty(const struct policy *policy)
{
    return policy->alpha == 0 && policy->matters == 0 && policy->minimum_effect == 0 &&
           !policy->rule_count && !policy->alias_count;
}

double policy_alpha(const struct policy *policy, double otherwise)
{
    return policy && policy->alpha > 0 ? policy->alpha : otherwise;
}

/* Names of parametrised tests have brackets in them: a glob that is the text itself matches too. */
static bool matches(const char *glob, const char *text)
{
    return !glob || (text && !strcmp(glob, text)) || !fnmatch(glob, text ? text : "", 0);
}

struct policy_settings policy_of(const struct policy *policy, const char *benchmark,
                                 const char *test_bed)
{
    struct policy_settings all = SETTINGS_NONE;
    const char *mark = strrchr(benchmark, '#');
    AUTO_FREE char *base =
        xstrndup(benchmark, mark ? (size_t)(mark - benchmark) : strlen(benchmark));
    const char *metric = mark ? mark + 1 : POLICY_WALL_TIME;
    for (size_t i = 0; policy && i < policy->rule_count; i++) {
        const struct policy_rule *rule = &policy->rules[i];
        const struct policy_settings *s = &rule->settings;
        if (!matches(rule->benchmark, base) || !matches(rule->metric, metric) ||
            !matches(rule->test_bed, test_bed))
            continue;
        all.matters = isnan(s->matters) ? all.matters : s->matters;
        all.minimum_effect = isnan(s->minimum_effect) ? all.minimum_effect : s->minimum_effect;
        all.direction = s->direction ? s->direction : all.direction;
        all.exact = s->exact ? s->exact : all.exact;
        all.ignore = s->ignore ? s->ignore : all.ignore;
    }
    return all;
}

static bool has_one_star(const char *text)
{
    const char *star = strchr(text, '*');
    return star && !strchr(star + 1, '*');
}

/* Puts what the star of `old` stands for in `text` in the place of the star of `name`; NULL: `old`
 * does not match. All but the star is literal. */
static char *carry_over(const char *name, const char *old, const char *text)
{
    const char *from = strchr(old, '*'), *to = strchr(name, '*');
    size_t before = (size_t)(from - old), after = strlen(from + 1), len = strlen(text);
    if (len < before + after || strncmp(text, old, before) || strcmp(text + len - after, from + 1))
        return NULL;
    return xasprintf("%.*s%.*s%s", (int)(to - name), name, (int)(len - before - after),
                     text + before, to + 1);
}

/* The characters of a glob that stand for themselves. */
static size_t literal_len(const char *glob)
{
    size_t count = 0;
    for (; *glob; glob++)
        count += *glob != '*' && *glob != '?';
    return count;
}

/* How closely the name of an alias describes `text`, which then has that name already; 0: not. */
static size_t is_current(const struct policy *policy, const char *text)
{
    size_t closest = 0;
    for (size_t i = 0; i < policy->alias_count; i++) {
        const char *name = policy->aliases[i].name;
        AUTO_FREE char *same = strchr(name, '*') ? carry_over(name, name, text) : NULL;
        size_t len = same || !strcmp(name, text) ? literal_len(name) : 0;
        closest = len > closest ? len : closest;
    }
    return closest;
}

/* The new name of `text`, of which `current` is known; NULL: the alias is not for it. */
static char *rename_by(const struct policy_alias *alias, const char *text, size_t current)
{
    bool carries = strchr(alias->name, '*') != NULL;
    for (size_t i = 0; i < alias->old.count; i++) {
        const char *old = alias->old.items[i];
        if (literal_len(old) <= current && current)
            continue;
        char *name = carries              ? carry_over(alias->name, old, text)
                     : matches(old, text) ? xstrdup(alias->name)
                                          : NULL;
        if (name)
            return name;
    }
    return NULL;
}

char *policy_current_name(const struct policy *policy, const char *benchmark)
{
    const char *mark = strrchr(benchmark, '#');
    if (!policy || !policy->alias_count)
        return NULL;
    AUTO_FREE char *base =
        xstrndup(benchmark, mark ? (size_t)(mark - benchmark) : strlen(benchmark));
    size_t current = is_current(policy, benchmark), base_current = is_current(policy, base);
    for (size_t i = 0; i < policy->alias_count; i++) {
        bool whole = !mark || strchr(policy->aliases[i].name, '#');
        AUTO_FREE char *name = whole ? rename_by(&policy->aliases[i], benchmark, current)
                                     : rename_by(&policy->aliases[i], base, base_current);
        if (name)
            return whole ? take_ptr(name) : xasprintf("%s%s", name, mark);
    }
    return NULL;
}

static void push_old(const struct policy_alias *alias, const char *text, struct strlist *out,
                     bool *globs)
{
    bool carries = strchr(alias->name, '*') != NULL;
    for (size_t i = 0; i < alias->old.count; i++) {
        const char *old = alias->old.items[i];
        AUTO_FREE char *name = carries                      ? carry_over(old, alias->name, text)
                               : !strcmp(alias->name, text) ? xstrdup(old)
                                                            : NULL;
        *globs |= name && !carries && strpbrk(name, "*?[");
        if (name)
            strlist_push(out, name);
    }
}

bool policy_former_names(const struct policy *policy, const char *benchmark, struct strlist *out)
{
    const char *mark = strrchr(benchmark, '#');
    bool globs = false;
    AUTO_FREE char *base =
        xstrndup(benchmark, mark ? (size_t)(mark - benchmark) : strlen(benchmark));
    for (size_t i = 0; policy && i < policy->alias_count; i++) {
        const struct policy_alias *alias = &policy->aliases[i];
        push_old(alias, strchr(alias->name, '#') ? benchmark : base, out, &globs);
    }
    return globs;
}

static int decode_share(const cJSON *value, const char *path, void *member, struct error *err)
{
    double percent = NAN;
    size_t len = cJSON_IsString(value) ? strlen(value->valuestring) : 0;
    if (len && value->valuestring[len - 1] == '%') {
        AUTO_FREE char *number = xstrndup(value->valuestring, len - 1);
        while (*number && strlen(number) && number[strlen(number) - 1] == ' ')
            number[strlen(number) - 1] = '\0';
        if (!parse_double(number, &percent))
            percent = NAN;
    }
    if (!(percent >= 0 && percent <= 10000))
        return error_set(err, ERROR_USAGE, "%s has to be a share such as \"3%%\"", path);
    *(double *)member = percent / 100;
    return 0;
}

static int decode_alpha(const cJSON *value, const char *path, void *member, struct error *err)
{
    if (!cJSON_IsNumber(value) || !(value->valuedouble > 0 && value->valuedouble < 0.5))
        return error_set(err, ERROR_USAGE, "%s has to be a number above 0 and below .5", path);
    *(double *)member = value->valuedouble;
    return 0;
}

static int decode_switch(const cJSON *value, const char *path, void *member, struct error *err)
{
    if (!cJSON_IsBool(value))
        return error_set(err, ERROR_USAGE, "%s has to be true or false", path);
    *(int *)member = cJSON_IsTrue(value) ? POLICY_YES : POLICY_NO;
    return 0;
}

static int decode_direction(const cJSON *value, const char *path, void *member, struct error *err)
{
    const char *text = cJSON_GetStringValue(value);
    bool higher = text && !strcmp(text, "higher");
    if (!higher && !(text && !strcmp(text, "lower")))
        return error_set(err, ERROR_USAGE, "%s is \"higher\" or \"lower\": which of them is better",
                         path);
    *(int *)member = higher ? POLICY_HIGHER_IS_BETTER : POLICY_LOWER_IS_BETTER;
    return 0;
}

#define TEXT(member, key_)                                                                   \
    {                                                                                        \
        .key = (key_), .kind = DECODE_STRING, .offset = offsetof(struct policy_rule, member) \
    }
#define CUSTOM(type, member, key_, custom_)                                            \
    {                                                                                  \
        .key = (key_), .kind = DECODE_CUSTOM, .offset = offsetof(struct type, member), \
        .custom = (custom_)                                                            \
    }

static const struct decode_field rule_fields[] = {
    TEXT(benchmark, "benchmark"),
    TEXT(metric, "metric"),
    TEXT(test_bed, "test_bed"),
    CUSTOM(policy_rule, settings.matters, "matters", decode_share),
    CUSTOM(policy_rule, settings.minimum_effect, "minimum_effect", decode_share),
    CUSTOM(policy_rule, settings.direction, "direction", decode_direction),
    CUSTOM(policy_rule, settings.exact, "exact", decode_switch),
    CUSTOM(policy_rule, settings.ignore, "ignore", decode_switch),
    {.key = NULL},
};

static int check_rule(const struct policy_rule *rule, const char *path, struct error *err)
{
    const struct policy_settings *s = &rule->settings;
    if (!rule->benchmark && !rule->metric && !rule->test_bed)
        return error_set(err, ERROR_USAGE,
                         "%s has neither \"benchmark\" nor \"metric\" nor \"test_bed\": which "
                         "results is it for?",
                         path);
    if (isnan(s->matters) && isnan(s->minimum_effect) && !s->direction && !s->exact && !s->ignore)
        return error_set(err, ERROR_USAGE,
                         "%s says nothing: give \"matters\", \"minimum_effect\", \"direction\", "
                         "\"exact\" or \"ignore\"",
                         path);
    if (!isnan(s->matters) && s->matters == 0)
        return error_set(err, ERROR_USAGE, "%s.matters has to be above \"0%%\"", path);
    return 0;
}

static int decode_rules(const cJSON *value, const char *path, void *member, struct error *err)
{
    struct policy *policy = member;
    const cJSON *item;
    if (!cJSON_IsArray(value))
        return error_set(err, ERROR_USAGE, "%s has to be a list of rules", path);
    cJSON_ArrayForEach(item, value)
    {
        AUTO_FREE char *place = xasprintf("%s[%zu]", path, policy->rule_count);
        ARRAY_RESERVE(policy->rules, policy->rule_cap, policy->rule_count + 1);
        struct policy_rule *rule = &policy->rules[policy->rule_count++];
        *rule = (struct policy_rule){.settings = SETTINGS_NONE};
        int failed = decode_object(item, rule_fields, place, rule, err);
        if (!failed)
            failed = check_rule(rule, place, err);
        if (failed)
            return failed;
    }
    return 0;
}

static const struct decode_field verdict_fields[] = {
    CUSTOM(policy, alpha, "alpha", decode_alpha),
    CUSTOM(policy, matters, "matters", decode_share),
    CUSTOM(policy, minimum_effect, "minimum_effect", decode_share),
    {.key = "rules", .kind = DECODE_CUSTOM, .custom = decode_rules},
    {.key = NULL},
};

int policy_decode_verdicts(const cJSON *value, const char *path, void *member, struct error *err)
{
    return decode_object(value, verdict_fields, path, member, err);
}

static int add_old(struct policy_alias *alias, const cJSON *item, const char *path,
                   struct error *err)
{
    const char *old = cJSON_GetStringValue(item);
    if (!old || !*old)
        return error_set(err, ERROR_USAGE, "%s has to be the old name, or a list of old names",
                         path);
    if (!strcmp(old, alias->name))
        return error_set(err, ERROR_USAGE, "%s: \"%s\" is the new name itself", path, old);
    if (strchr(alias->name, '*') && !has_one_star(old))
        return error_set(err, ERROR_USAGE, "%s: \"%s\" has to have one *, for that of \"%s\"", path,
                         old, alias->name);
    if (!strchr(old, '#') != !strchr(alias->name, '#'))
        return error_set(err, ERROR_USAGE,
                         "%s: of \"%s\" and \"%s\" one names a metric and the other does not", path,
                         alias->name, old);
    strlist_push(&alias->old, old);
    return 0;
}

/* One step from an old name to the new one: a chain would depend on the order of the file. */
static int check_alias(const struct policy *policy, const struct policy_alias *alias,
                       const char *path, struct error *err)
{
    for (const struct policy_alias *other = policy->aliases;
         other < policy->aliases + policy->alias_count; other++) {
        if (other != alias && strlist_contains(&other->old, alias->name))
            return error_set(err, ERROR_USAGE,
                             "%s: \"%s\" is an old name of \"%s\": list its old names there", path,
                             alias->name, other->name);
        for (size_t i = 0; other < alias && i < alias->old.count; i++)
            if (strlist_contains(&other->old, alias->old.items[i]))
                return error_set(err, ERROR_USAGE, "%s: \"%s\" is an old name of \"%s\" already",
                                 path, alias->old.items[i], other->name);
    }
    return 0;
}

static int decode_alias(struct policy *policy, const cJSON *value, const char *path,
                        struct error *err)
{
    if (!*value->string)
        return error_set(err, ERROR_USAGE, "%s: a new name is empty", path);
    if (strchr(value->string, '*') && !has_one_star(value->string))
        return error_set(err, ERROR_USAGE, "%s: a new name has at most one *", path);
    ARRAY_RESERVE(policy->aliases, policy->alias_cap, policy->alias_count + 1);
    struct policy_alias *alias = &policy->aliases[policy->alias_count++];
    *alias = (struct policy_alias){.name = xstrdup(value->string)};
    const cJSON *item;
    if (!cJSON_IsArray(value))
        return add_old(alias, value, path, err);
    cJSON_ArrayForEach(item, value)
    {
        int failed = add_old(alias, item, path, err);
        if (failed)
            return failed;
    }
    return 0;
}

int policy_decode_aliases(const cJSON *value, const char *path, void *member, struct error *err)
{
    struct policy *policy = member;
    const cJSON *item;
    if (!cJSON_IsObject(value))
        return error_set(err, ERROR_USAGE, "%s has to be an object of new names and their old ones",
                         path);
    cJSON_ArrayForEach(item, value)
    {
        AUTO_FREE char *place = xasprintf("%s.%s", path, item->string);
        int failed = decode_alias(policy, item, place, err);
        if (failed)
            return failed;
    }
    for (size_t i = 0; i < policy->alias_count; i++) {
        AUTO_FREE char *place = xasprintf("%s.%s", path, policy->aliases[i].name);
        int failed = check_alias(policy, &policy->aliases[i], place, err);
        if (failed)
            return failed;
    }
    return 0;
}

int policy_parse(const char *text, size_t len, const char *name, struct policy *out,
                 struct error *err)
{
    AUTO_CONFIG struct config config = {0};
    int failed = config_parse_any(text, len, name, &config, err);
    if (failed)
        return failed;
    *out = config.policy;
    config.policy = (struct policy){0};
    return 0;
}

int policy_load(const char *file, struct policy *out, struct error *err)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    int failed = file_read(file, CONFIG_MAX_BYTES, &text, err);
    return failed ? failed : policy_parse(text.buf, text.len, file, out, err);
}
