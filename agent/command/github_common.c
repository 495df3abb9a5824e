#include "command/github_common.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/number.h"
#include "command/common.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 4 << 20 };

int command_github_open(const struct github_where *where, bool need_token, struct github **out,
                        struct error *err)
{
    struct github_options options = {
        .repository = where->repo,
        .token_file = where->token_file,
        .need_token = need_token,
        /* 0 is the default there, and no waiting here. */
        .max_wait_s = where->max_wait > 0 ? where->max_wait : -1,
    };
    return github_open(&options, out, err);
}

int command_github_number(const char *text, const char *what, int64_t *out, struct error *err)
{
    int64_t value;
    if (!parse_int64(text, &value) || value <= 0)
        return error_set(err, ERROR_USAGE, "%s is a number above 0, not '%s'", what, text);
    *out = value;
    return 0;
}

int command_github_text(const char *option, const char *path, struct strbuf *out, struct error *err)
{
    int failed = file_read(strcmp(path, "-") ? path : "/dev/stdin", TEXT_MAX, out, err);
    if (!failed && strlen(out->buf) != out->len)
        failed = error_set(err, ERROR_INPUT, "%s has a NUL character in it", path);
    return failed ? error_wrap(err, "--%s", option) : 0;
}

static void add_member(struct table *table, const cJSON *member)
{
    table_text(table, member->string);
    if (cJSON_IsString(member)) {
        table_text(table, member->valuestring);
    } else if (cJSON_IsNull(member)) {
        table_null(table);
    } else {
        AUTO_FREE char *text = cJSON_PrintUnformatted(member);
        table_text(table, text);
    }
    table_end_row(table);
}

void command_github_object(const struct globals *globals, const cJSON *object)
{
    if (globals->format == FORMAT_JSON) {
        AUTO_FREE char *text = cJSON_Print(object);
        puts(text);
        return;
    }
    AUTO_TABLE struct table *table = command_table(globals);
    table_column(table, "field", false);
    table_column(table, "value", false);
    const cJSON *member;
    cJSON_ArrayForEach(member, object)
    {
        add_member(table, member);
    }
    table_finish(table);
}

void command_github_add_time(cJSON *object, const char *name, int64_t unix_s)
{
    char when[TIME_ISO_SIZE];
    if (!unix_s) {
        cJSON_AddNullToObject(object, name);
        return;
    }
    time_format_iso(unix_s, when);
    cJSON_AddStringToObject(object, name, when);
}

void command_github_time_cell(struct table *table, int64_t unix_s)
{
    char when[TIME_ISO_SIZE];
    if (unix_s)
        time_format_iso(unix_s, when);
    table_text(table, unix_s ? when : NULL);
}
