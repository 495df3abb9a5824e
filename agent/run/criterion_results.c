#include "run/criterion_results.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"

#include <cjson/cJSON.h>
#include <string.h>

#define BENCHMARK_FILE_MAX ((size_t)1 << 20)
#define WALK_DEPTH_MAX 64

struct sieve {
    bool (*keep)(void *context, const char *title);
    void *context;
    size_t kept;
};

/* `folder` is called "new" and has a benchmark.json. */
static int sift_result(struct sieve *sieve, const char *folder, const char *file, struct error *err)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    int failed = file_read(file, BENCHMARK_FILE_MAX, &text, err);
    if (failed)
        return failed;
    cJSON *json = cJSON_ParseWithLength(text.buf, text.len);
    const cJSON *title = cJSON_GetObjectItemCaseSensitive(json, "title");
    if (!cJSON_IsString(title))
        failed = error_set(err, ERROR_BUILD, "%s does not say what its benchmark is called", file);
    else if (sieve->keep(sieve->context, title->valuestring))
        sieve->kept++;
    else
        failed = tree_remove(folder, err);
    cJSON_Delete(json);
    return failed;
}

static int walk(struct sieve *sieve, const char *folder, unsigned depth, struct error *err)
{
    AUTO_FREE char *file = path_join(folder, "benchmark.json");
    if (!strcmp(path_basename(folder), "new") && path_exists(file))
        return sift_result(sieve, folder, file, err);
    if (depth > WALK_DEPTH_MAX)
        return error_set(err, ERROR_BUILD, "%s is nested too deep", folder);
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    int failed = dir_list(folder, &names, err);
    for (size_t i = 0; !failed && i < names.count; i++) {
        AUTO_FREE char *path = path_join(folder, names.items[i]);
        failed = path_is_dir(path) ? walk(sieve, path, depth + 1, err) : 0;
    }
    return failed;
}

int criterion_results_sift(const char *folder, bool (*keep)(void *context, const char *title),
                           void *context, size_t *kept, struct error *err)
{
    struct sieve sieve = {.keep = keep, .context = context};
    int failed = walk(&sieve, folder, 0, err);
    if (!failed)
        *kept = sieve.kept;
    return failed;
}
