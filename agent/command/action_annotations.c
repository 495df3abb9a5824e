#include "command/action_annotations.h"

#include "base/alloc.h"
#include "github/workflow_command.h"
#include "source/source.h"

#include <cjson/cJSON.h>
#include <string.h>

/* How each command tells of regressions: the array, in each item the object with the outcome, the
 * outcome that is one, and what the benchmark was before and is now. */
static const struct telling {
    const char *command, *array, *object, *outcome, *worse, *before, *after, *since;
} tellings[] = {
    {"changes", NULL, NULL, "status", "open", "before", "after", "first_after"},
    {"compare", "benchmarks", NULL, "verdict", "worse", "expected", "measured", NULL},
    {"report", "series", "verdict", "outcome", "worse", "expected", "measured", NULL},
};

static const struct telling *find_telling(const char *command)
{
    for (size_t i = 0; i < ARRAY_SIZE(tellings); i++)
        if (!strcmp(tellings[i].command, command))
            return &tellings[i];
    return NULL;
}

static const char *text_of(const cJSON *object, const char *name)
{
    return name ? cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name)) : NULL;
}

static double number_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

/* Where the item has its outcome. */
static const cJSON *verdict_of(const struct telling *t, const cJSON *item)
{
    return t->object ? cJSON_GetObjectItemCaseSensitive(item, t->object) : item;
}

static bool is_regression(const struct telling *t, const cJSON *item)
{
    const char *outcome = text_of(verdict_of(t, item), t->outcome);
    return outcome && !strcmp(outcome, t->worse) && text_of(item, "benchmark");
}

/* "words/unique/500 is worse on bed: +99 %, since 1a2b3c4" */
static char *message_of(const struct telling *t, const cJSON *item)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    const cJSON *verdict = verdict_of(t, item);
    double before = number_of(verdict, t->before), after = number_of(verdict, t->after);
    const char *bed = text_of(item, "test_bed"), *since = text_of(item, t->since);
    strbuf_addf(&text, "%s is worse", text_of(item, "benchmark"));
    if (bed)
        strbuf_addf(&text, " on %s", bed);
    if (before > 0 && after > 0)
        strbuf_addf(&text, ": %+.3g %%", 100 * (after / before - 1));
    if (since)
        strbuf_addf(&text, ", since %.12s", since);
    return strbuf_detach(&text);
}

static void annotate(const struct telling *t, const cJSON *item, const struct source_tree *tree,
                     struct strbuf *out)
{
    AUTO_FREE char *message = message_of(t, item);
    struct source_place place = {0};
    struct workflow_annotation annotation = {
        .level = WORKFLOW_WARNING, .message = message, .title = "Benchmark regression"};
    if (tree->root && source_find(tree, text_of(item, "benchmark"), &place)) {
        annotation.file = place.file;
        annotation.line = place.line;
    }
    workflow_annotate(out, &annotation);
}

static void annotate_rest(size_t count, struct strbuf *out)
{
    AUTO_FREE char *message = xasprintf("%zu more benchmarks are worse: see the summary", count);
    workflow_annotate(out, &(struct workflow_annotation){.level = WORKFLOW_WARNING,
                                                         .message = message,
                                                         .title = "Benchmark regression"});
}

void action_annotate_regressions(const char *command, const struct cJSON *json,
                                 const char *workspace, struct strbuf *out)
{
    const struct telling *t = find_telling(command);
    const cJSON *array = t && t->array ? cJSON_GetObjectItemCaseSensitive(json, t->array) : json,
                *item = NULL;
    size_t count = 0, told = 0;
    if (!t || !cJSON_IsArray(array))
        return;
    cJSON_ArrayForEach(item, array)
    {
        count += is_regression(t, item);
    }
    AUTO_SOURCE_TREE struct source_tree tree = {0};
    if (count && source_tree_read(workspace, &tree, NULL))
        source_tree_release(&tree);
    size_t most = count > ACTION_ANNOTATIONS_MAX ? ACTION_ANNOTATIONS_MAX - 1 : count;
    cJSON_ArrayForEach(item, array)
    {
        if (told < most && is_regression(t, item)) {
            annotate(t, item, &tree, out);
            told++;
        }
    }
    if (count > most)
        annotate_rest(count - most, out);
}
