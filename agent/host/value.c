#include "host/value.h"

#include "base/alloc.h"
#include "base/cpu_list.h"
#include "base/cpu_mask.h"
#include "base/strbuf.h"
#include "base/strlist.h"

#include <ctype.h>
#include <string.h>

static char *trimmed(const char *raw)
{
    while (isspace((unsigned char)*raw))
        raw++;
    size_t len = strlen(raw);
    while (len && isspace((unsigned char)raw[len - 1]))
        len--;
    return xstrndup(raw, len);
}

static char *chosen_word(const char *raw)
{
    const char *open = strchr(raw, '[');
    const char *end = open ? strchr(open, ']') : NULL;
    return end ? xstrndup(open + 1, (size_t)(end - open - 1)) : trimmed(raw);
}

static char *cpuset_state(const char *raw)
{
    AUTO_FREE char *text = trimmed(raw);
    if (*text == '+' || *text == '-')
        return take_ptr(text);
    AUTO_STRLIST struct strlist words = STRLIST_INIT;
    strlist_split(&words, text, ' ');
    return xstrdup(strlist_contains(&words, "cpuset") ? "+cpuset" : "-cpuset");
}

char *value_of(enum value_form form, const char *raw)
{
    cpu_set_t cpus;
    switch (form) {
    case VALUE_CHOICE:
        return chosen_word(raw);
    case VALUE_MASK:
        return cpu_mask_parse_hex(raw, &cpus) ? cpu_mask_hex(&cpus, 0) : trimmed(raw);
    case VALUE_LIST:
        return cpu_mask_parse_list(raw, &cpus) ? cpu_list_text(&cpus) : trimmed(raw);
    case VALUE_CPUSET:
        return cpuset_state(raw);
    case VALUE_TEXT:
        break;
    }
    return trimmed(raw);
}

bool value_equal(enum value_form form, const char *a, const char *b)
{
    cpu_set_t first_cpus, second_cpus;
    if (!strcmp(a, b))
        return true;
    if (form == VALUE_LIST && cpu_mask_parse_list(a, &first_cpus) &&
        cpu_mask_parse_list(b, &second_cpus))
        return CPU_EQUAL(&first_cpus, &second_cpus);
    AUTO_FREE char *first = value_of(form, a);
    AUTO_FREE char *second = value_of(form, b);
    return !strcmp(first, second);
}

/* `raw` with the brackets around `wanted`. */
static char *plain_choice(const char *raw, const char *wanted)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    AUTO_STRLIST struct strlist words = STRLIST_INIT;
    AUTO_FREE char *text = trimmed(raw);
    strlist_split(&words, text, ' ');
    for (size_t i = 0; i < words.count; i++) {
        AUTO_FREE char *word =
            *words.items[i] == '[' ? chosen_word(words.items[i]) : xstrdup(words.items[i]);
        bool chosen = !strcmp(word, wanted);
        strbuf_addf(&out, "%s%s%s%s", i ? " " : "", chosen ? "[" : "", word, chosen ? "]" : "");
    }
    strbuf_addch(&out, '\n');
    return strbuf_detach(&out);
}

char *value_to_write(enum value_form form, const char *raw, const char *wanted, bool plain)
{
    if (!plain)
        return xstrdup(wanted);
    if (form == VALUE_CHOICE && strchr(raw, '['))
        return plain_choice(raw, wanted);
    if (form == VALUE_CPUSET) {
        AUTO_FREE char *text = trimmed(raw);
        return xasprintf("cpuset%s%s\n", *text ? " " : "", text);
    }
    return xasprintf("%s\n", wanted);
}

char *value_to_restore(enum value_form form, const char *raw, bool plain)
{
    if (!plain && (form == VALUE_CHOICE || form == VALUE_CPUSET))
        return value_of(form, raw);
    return xstrdup(raw);
}
