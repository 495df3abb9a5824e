#include "pipeline/bisect/bisect_end.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

enum { ID_LENGTH = 40, DAY_S = 86400 };

void bisect_end_release(struct bisect_end *end)
{
    free(end->id);
    *end = (struct bisect_end){0};
}

static bool is_id(const char *text)
{
    size_t len = strlen(text);
    return len >= COMMIT_SHORT_LEN && len <= ID_LENGTH &&
           strspn(text, "0123456789abcdefABCDEF") == len;
}

static int ask(const struct source_request *source, const char *revision, char **id,
               struct error *err)
{
    AUTO_COMMIT_LIST struct commit_list list = {0};
    struct source_request request = *source;
    request.branch = revision;
    int failed = source_list(&request, 1, &list, err);
    if (!failed)
        *id = xstrdup(list.items[0].id);
    return failed;
}

int bisect_end_read(const struct source_request *source, const char *text, struct bisect_end *out,
                    struct error *err)
{
    struct bisect_end end = {.text = text};
    int failed = 0;
    if (is_id(text))
        end.id = commit_id_lower(text);
    else if (time_parse_iso(text, &end.by_s))
        end.by_s += strpbrk(text, "Tt ") ? 0 : DAY_S - 1;
    else
        failed = ask(source, text, &end.id, err);
    if (!failed)
        *out = end;
    return failed;
}

static int find_id(const struct commit_list *list, const struct bisect_end *end, size_t *out,
                   struct error *err)
{
    size_t found = list->count;
    for (size_t i = 0; i < list->count; i++) {
        if (strncmp(list->items[i].id, end->id, strlen(end->id)) != 0)
            continue;
        if (found < list->count)
            return error_set(err, ERROR_USAGE, "several commits begin with %s: give more of the id",
                             end->text);
        found = i;
    }
    *out = found;
    return 0;
}

int bisect_end_find(const struct commit_list *list, const struct bisect_end *end, size_t *out,
                    struct error *err)
{
    if (end->id)
        return find_id(list, end, out, err);
    size_t at = 0;
    while (at < list->count && list->items[at].time > end->by_s)
        at++;
    *out = at;
    return 0;
}
