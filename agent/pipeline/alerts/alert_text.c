#include "pipeline/alerts/alert_text.h"

#include "base/alloc.h"
#include "base/json_write.h"
#include "base/strbuf.h"
#include "model/commit.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#define KEY_SEPARATOR '\x1f'

static size_t short_id(const struct history_commit *commit)
{
    size_t len = strlen(commit->id);
    return len < 40 ? len : COMMIT_SHORT_LEN;
}

char *alert_title(const struct alert_cause *cause)
{
    const struct found_change *worst = cause->changes[0];
    struct strbuf title = STRBUF_INIT;
    if (cause->count > 1)
        strbuf_addf(&title, "%zu results worse ", cause->count);
    else
        strbuf_addf(&title, "%s worse ", worst->series->benchmark);
    if (worst->commits == 1 || cause->before == cause->after)
        strbuf_addf(&title, "with %.*s", (int)short_id(cause->after), cause->after->id);
    else
        strbuf_addf(&title, "behind %.*s, up to %.*s", (int)short_id(cause->before),
                    cause->before->id, (int)short_id(cause->after), cause->after->id);
    if (cause->test_bed)
        strbuf_addf(&title, " on %s", cause->test_bed);
    if (cause->count > 1)
        strbuf_addf(&title, ", the worst %s", worst->series->benchmark);
    if (!isnan(worst->change.relative))
        strbuf_addf(&title, "%s %+.3g %%", cause->count > 1 ? "" : ":",
                    100 * worst->change.relative);
    return strbuf_detach(&title);
}

static void add_number(struct strbuf *out, const char *key, double value)
{
    AUTO_FREE char *number = isfinite(value) ? xasprintf("%.6g", value) : NULL;
    json_raw(out, key, number);
}

char *alert_benchmarks(const struct alert_cause *cause)
{
    struct strbuf out = STRBUF_INIT;
    strbuf_addch(&out, '[');
    for (size_t i = 0; i < cause->count; i++) {
        const struct found_change *c = cause->changes[i];
        strbuf_addstr(&out, i ? ", {" : "{");
        json_text(&out, "benchmark", c->series->benchmark);
        json_text(&out, "test_bed", c->series->test_bed);
        json_text(&out, "units", c->series->units);
        add_number(&out, "before", c->change.before);
        add_number(&out, "after", c->change.after);
        add_number(&out, "change", c->change.relative);
        json_text(&out, "status", change_status(c));
        json_text(&out, "last_before", c->before->id);
        json_text(&out, "first_after", c->after->id);
        strbuf_addch(&out, '}');
    }
    strbuf_addch(&out, ']');
    return strbuf_detach(&out);
}

char *alert_cause_names(const struct alert_cause *cause)
{
    struct strbuf out = STRBUF_INIT;
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (cause->causes & CHANGE_BY_TEST_BED)
        strlist_push(&names, "test bed");
    if (cause->causes & CHANGE_BY_TOOLCHAIN)
        strlist_push(&names, "toolchain");
    if (!names.count)
        strlist_push(&names, "code");
    if (cause->causes & CHANGE_IN_GAP)
        strlist_push(&names, "gap");
    strbuf_addch(&out, '[');
    for (size_t i = 0; i < names.count; i++)
        json_item(&out, names.items[i]);
    strbuf_addch(&out, ']');
    return strbuf_detach(&out);
}

char *alert_series_key(const char *benchmark, const char *test_bed)
{
    return xasprintf("%s%c%s", benchmark, KEY_SEPARATOR, test_bed ? test_bed : "");
}

static const char *member(const cJSON *item, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, key));
}

struct strlist alert_series_keys(const char *benchmarks_json)
{
    struct strlist keys = STRLIST_INIT;
    cJSON *list = cJSON_Parse(benchmarks_json);
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        const char *name = member(item, "benchmark");
        if (name)
            strlist_push_owned(&keys, alert_series_key(name, member(item, "test_bed")));
    }
    cJSON_Delete(list);
    if (keys.count)
        strlist_sort(&keys);
    return keys;
}

void alert_expected(const struct alert *alert, const char *note, struct expected_changes *out)
{
    cJSON *list = cJSON_Parse(alert->benchmarks);
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        const char *name = member(item, "benchmark"), *at = member(item, "first_after");
        if (!name)
            continue;
        AUTO_FREE char *glob = expected_glob(name);
        const struct expected_change change = {
            .project = alert->project,
            .commit = at ? (char *)(uintptr_t)at : alert->first_after,
            .benchmark = glob,
            .reason = (char *)(uintptr_t)note,
            .source = (char *)(uintptr_t) "alert",
        };
        expected_changes_add(out, &change);
    }
    cJSON_Delete(list);
}
