/* cache list|prune: what the agent keeps on this machine. */
#include "base/alloc.h"
#include "base/clock.h"
#include "command/common.h"
#include "command/rows.h"
#include "pipeline/run/cache.h"

#include <inttypes.h>
#include <stdio.h>

static int run_list(const struct globals *globals, const void *options, const struct strlist *args,
                    struct error *err)
{
    (void)options;
    (void)args;
    AUTO_CACHE_ENTRIES struct cache_entries entries = {0};
    int failed = cache_entries_list(&entries, err);
    if (failed)
        return failed;
    AUTO_TABLE struct table *table = command_table(globals);
    table_column(table, "kind", false);
    table_column(table, "name", false);
    table_column(table, "bytes", true);
    table_column(table, "used", false);
    table_column(table, "path", false);
    for (size_t i = 0; i < entries.count; i++) {
        const struct cache_entry *entry = &entries.items[i];
        char used[TIME_ISO_SIZE];
        time_format_iso(entry->used_at, used);
        table_text(table, cache_kind_name(entry->kind));
        table_text(table, entry->name);
        table_integer(table, (int64_t)entry->bytes);
        table_text(table, used);
        table_text(table, entry->path);
        table_end_row(table);
    }
    table_finish(table);
    return 0;
}

struct prune_options {
    uint64_t max_cache;
    double older;
    bool all;
};

static const struct option_row prune_rows[] = {
    OPTION(struct prune_options, max_cache, OPTION_BYTES, "max-cache", "SIZE",
           "remove the oldest until the cache is no larger than this"),
    OPTION(struct prune_options, older, OPTION_DURATION, "older-than", "TIME",
           "remove what was not used for this long, such as 30d"),
    OPTION(struct prune_options, all, OPTION_FLAG, "all", NULL, "remove everything"),
};

static int run_prune(const struct globals *globals, const void *raw, const struct strlist *args,
                     struct error *err)
{
    (void)args;
    const struct prune_options *o = raw;
    struct cache_pruned pruned = {0};
    if ((o->max_cache > 0) + (o->older > 0) + o->all != 1)
        return error_set(err, ERROR_USAGE,
                         "cache prune takes one of --max-cache SIZE, --older-than TIME and --all");
    int failed = o->older > 0 ? cache_prune_older(o->older, &pruned, err)
                              : cache_prune_to(o->max_cache, &pruned, err);
    if (failed)
        return failed;
    if (globals->format == FORMAT_JSON)
        printf("{\"removed\": %zu, \"in_use\": %zu, \"bytes\": %" PRIu64 "}\n", pruned.removed,
               pruned.busy, pruned.bytes);
    else
        printf("Removed %zu entries, %.1f MiB; %zu are in use\n", pruned.removed,
               (double)pruned.bytes / 0x1p20, pruned.busy);
    return 0;
}

const struct command command_cache_list = {
    .name = "cache list",
    .group = "machine",
    .summary = "Show the commits, builds and jobs kept on this machine",
    .arguments = "",
    .options_size = sizeof(struct prune_options),
    .run = run_list,
};

const struct command command_cache_prune = {
    .name = "cache prune",
    .group = "machine",
    .summary = "Remove what has not been used for long",
    .arguments = "--max-cache SIZE | --older-than TIME | --all",
    .options = prune_rows,
    .option_count = ARRAY_SIZE(prune_rows),
    .options_size = sizeof(struct prune_options),
    .run = run_prune,
};
