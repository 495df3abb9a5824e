/* Most rows are this program's own, in the form that metadata_write() gives them: these are read in
 * one pass without a tree. Whatever is unusual in them is left to cJSON, from the beginning. */
#include "base/alloc.h"
#include "store/metadata.h"

#include <cjson/cJSON.h>
#include <string.h>

#define DEPTH_MAX 32

/* -- texts. Each is as long as its JSON at most, which has two quotes more. */

static void begin_texts(struct metadata_facts *facts, size_t len)
{
    free(facts->iteration_count);
    *facts = (struct metadata_facts){.texts = facts->texts, .texts_cap = facts->texts_cap};
    ARRAY_RESERVE(facts->texts, facts->texts_cap, len + 1);
}

static char *add_text(struct metadata_facts *facts, const char *text, size_t len)
{
    char *kept = facts->texts + facts->texts_len;
    memcpy(kept, text, len);
    kept[len] = '\0';
    facts->texts_len += len + 1;
    return kept;
}

/* A further word of the flags, which stand at the end of the texts. */
static void add_flag(struct metadata_facts *facts, const char *word, size_t len)
{
    if (*facts->flags)
        facts->texts[facts->texts_len - 1] = ',';
    else
        facts->texts_len--;
    (void)add_text(facts, word, len);
}

/* -- one pass */

struct scan {
    const char *at, *end;
};

static void skip_space(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r'))
        s->at++;
}

/* This character next, behind white space. */
static bool take(struct scan *s, char c)
{
    skip_space(s);
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool take_word(struct scan *s, const char *word)
{
    size_t len = strlen(word);
    skip_space(s);
    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
        return false;
    s->at += len;
    return true;
}

/* A string without escapes. */
static bool take_text(struct scan *s, const char **text, size_t *len)
{
    if (!take(s, '"'))
        return false;
    const char *quote = memchr(s->at, '"', (size_t)(s->end - s->at));
    if (!quote || memchr(s->at, '\\', (size_t)(quote - s->at)))
        return false;
    *text = s->at;
    *len = (size_t)(quote - s->at);
    s->at = quote + 1;
    return !memchr(*text, '\0', *len);
}

/* The escapes that are one character. */
static bool skip_text(struct scan *s)
{
    for (s->at++; s->at < s->end; s->at++) {
        if (*s->at == '"') {
            s->at++;
            return true;
        }
        if (*s->at == '\\' && (++s->at == s->end || !*s->at || !strchr("\"\\/bfnrt", *s->at)))
            return false;
    }
    return false;
}

static bool skip_digits(struct scan *s)
{
    const char *first = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return s->at > first;
}

static bool skip_number(struct scan *s)
{
    s->at += *s->at == '-';
    if (!skip_digits(s))
        return false;
    if (s->at < s->end && *s->at == '.' && (s->at++, !skip_digits(s)))
        return false;
    if (s->at == s->end || (*s->at != 'e' && *s->at != 'E'))
        return true;
    s->at++;
    s->at += s->at < s->end && (*s->at == '+' || *s->at == '-');
    return skip_digits(s);
}

static bool skip_value(struct scan *s, int depth);

static bool skip_items(struct scan *s, int depth)
{
    bool object = *s->at++ == '{';
    char end = object ? '}' : ']';
    if (take(s, end))
        return true;
    do {
        skip_space(s);
        if (object && !(s->at < s->end && *s->at == '"' && skip_text(s) && take(s, ':')))
            return false;
        if (!skip_value(s, depth))
            return false;
    } while (take(s, ','));
    return take(s, end);
}

static bool skip_value(struct scan *s, int depth)
{
    skip_space(s);
    if (s->at == s->end || depth > DEPTH_MAX)
        return false;
    switch (*s->at) {
    case '"':
        return skip_text(s);
    case '{':
    case '[':
        return skip_items(s, depth + 1);
    case 't':
        return take_word(s, "true");
    case 'f':
        return take_word(s, "false");
    case 'n':
        return take_word(s, "null");
    default:
        return skip_number(s);
    }
}

static bool is_key(const char *key, size_t len, const char *wanted)
{
    return len == strlen(wanted) && !memcmp(key, wanted, len);
}

/* Of a key that is there twice the first counts: that is left to cJSON, as all false returns. */
static bool scan_text(struct scan *s, struct metadata_facts *facts, char **out)
{
    const char *text;
    size_t len;
    if (*out || !take_text(s, &text, &len))
        return false;
    *out = add_text(facts, text, len);
    return true;
}

static bool scan_schema(struct scan *s, struct metadata_facts *facts)
{
    skip_space(s);
    const char *first = s->at;
    if (facts->schema || !skip_digits(s) || s->at - first > 4)
        return false;
    for (const char *digit = first; digit < s->at; digit++)
        facts->schema = 10 * facts->schema + (*digit - '0');
    skip_space(s);
    return facts->schema && s->at < s->end && (*s->at == ',' || *s->at == '}');
}

static bool scan_flags(struct scan *s, struct metadata_facts *facts)
{
    if (facts->flags || !take(s, '['))
        return false;
    facts->flags = add_text(facts, "", 0);
    if (take(s, ']'))
        return true;
    do {
        const char *word;
        size_t len;
        if (!take_text(s, &word, &len) || !len)
            return false;
        add_flag(facts, word, len);
    } while (take(s, ','));
    return take(s, ']');
}

static bool scan_evidence(struct scan *s, struct metadata_facts *facts)
{
    bool beyond = false, said = false;
    if (!take(s, '{'))
        return false;
    if (take(s, '}'))
        return true;
    do {
        const char *key;
        size_t len;
        if (!take_text(s, &key, &len) || !take(s, ':'))
            return false;
        if (is_key(key, len, "flags")) {
            if (!scan_flags(s, facts))
                return false;
        } else if (is_key(key, len, "beyond_limit")) {
            beyond = take_word(s, "true");
            if (said || (!beyond && !take_word(s, "false")))
                return false;
            said = true;
        } else if (!skip_value(s, 0)) {
            return false;
        }
    } while (take(s, ','));
    facts->beyond_limit = facts->flags && beyond;
    return take(s, '}');
}

static bool scan_member(struct scan *s, struct metadata_facts *facts, bool *evidence)
{
    const char *key;
    size_t len;
    if (!take_text(s, &key, &len) || !take(s, ':'))
        return false;
    if (is_key(key, len, "schema"))
        return scan_schema(s, facts);
    if (is_key(key, len, "commit"))
        return scan_text(s, facts, &facts->commit);
    if (is_key(key, len, "run"))
        return scan_text(s, facts, &facts->run);
    if (is_key(key, len, "host_session"))
        return scan_text(s, facts, &facts->host_session);
    if (!is_key(key, len, "evidence"))
        return skip_value(s, 0);
    bool second = *evidence;
    *evidence = true;
    return !second && scan_evidence(s, facts);
}

/* False: cJSON has to look at it. */
static bool scan_facts(const char *text, size_t len, struct metadata_facts *facts)
{
    struct scan s = {text, text + len};
    bool evidence = false;
    if (!take(&s, '{'))
        return false;
    do {
        if (!scan_member(&s, facts, &evidence))
            return false;
        /* Rows of ours say so first; the others may be a harness's whole output. */
        if (!facts->schema)
            return false;
    } while (take(&s, ','));
    return take(&s, '}');
}

/* -- cJSON */

static char *text_of(const cJSON *object, const char *key, struct metadata_facts *facts)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? add_text(facts, item->valuestring, strlen(item->valuestring))
                                : NULL;
}

static void read_counts(const cJSON *list, struct metadata_facts *out)
{
    if (!cJSON_IsArray(list))
        return;
    size_t count = (size_t)cJSON_GetArraySize(list), i = 0;
    double *counts = xreallocarray(NULL, count ? count : 1, sizeof(*counts));
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsNumber(item) || !(item->valuedouble > 0)) {
            free(counts);
            return;
        }
        counts[i++] = item->valuedouble;
    }
    out->iteration_count = counts;
    out->iteration_count_len = count;
}

static void read_evidence(const cJSON *evidence, struct metadata_facts *out)
{
    const cJSON *flags = cJSON_GetObjectItemCaseSensitive(evidence, "flags"), *flag;
    if (!cJSON_IsArray(flags))
        return;
    out->flags = add_text(out, "", 0);
    cJSON_ArrayForEach(flag, flags) if (cJSON_IsString(flag))
        add_flag(out, flag->valuestring, strlen(flag->valuestring));
    out->beyond_limit = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(evidence, "beyond_limit"));
}

static void read_tree(const char *text, size_t len, struct metadata_facts *out)
{
    cJSON *root = cJSON_ParseWithLength(text, len);
    const cJSON *schema = cJSON_GetObjectItemCaseSensitive(root, "schema");
    if (cJSON_IsNumber(schema)) {
        out->schema = schema->valueint;
        out->commit = text_of(root, "commit", out);
        out->run = text_of(root, "run", out);
        out->host_session = text_of(root, "host_session", out);
        read_evidence(cJSON_GetObjectItemCaseSensitive(root, "evidence"), out);
    } else if (cJSON_IsObject(root)) {
        read_counts(cJSON_GetObjectItemCaseSensitive(root, "iteration_count"), out);
        out->has_stats = cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(root, "stats"));
    }
    cJSON_Delete(root);
}

void metadata_read(const char *text, size_t len, struct metadata_facts *out)
{
    begin_texts(out, len);
    if (!text || scan_facts(text, len, out))
        return;
    begin_texts(out, len);
    read_tree(text, len, out);
}

void metadata_facts_release(struct metadata_facts *facts)
{
    free(facts->texts);
    free(facts->iteration_count);
    *facts = (struct metadata_facts){0};
}
