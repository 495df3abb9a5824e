#include "command/common.h"

#include "base/escape.h"
#include "model/commit.h"
#include "net/ca.h"

#include <math.h>
#include <string.h>

struct table *command_table(const struct globals *globals)
{
    static const enum table_format formats[] = {
        [FORMAT_TEXT] = TABLE_TEXT,
        [FORMAT_JSON] = TABLE_JSON,
        [FORMAT_MARKDOWN] = TABLE_MARKDOWN,
    };
    return table_new(formats[globals->format], stdout);
}

void command_columns(struct table *table, const struct command_column *columns, size_t count,
                     bool all)
{
    for (size_t i = 0; i < count; i++)
        if (all || columns[i].always)
            table_column(table, columns[i].name, columns[i].numeric);
}

void command_quantity(struct table *table, double value, const char *units)
{
    AUTO_STRBUF struct strbuf shown = STRBUF_INIT;
    if (units && (!strcmp(units, "nanoseconds") || !strcmp(units, "ns")))
        format_nanoseconds(&shown, value);
    else
        strbuf_addf(&shown, fabs(value) >= 1e5 && fabs(value) < 1e15 ? "%.0f" : "%.6g", value);
    table_shown(table, value, shown.buf);
}

int command_database(const struct globals *globals, struct database **out, struct error *err)
{
    const char *certificates = NULL;
    if (!strncmp(globals->db, "s3://", 5)) {
        int failed = ca_path(&certificates, err);
        if (failed)
            return failed;
    }
    return database_open(globals->db, out, err);
}

int command_check_text(const char *option, const char *value, struct error *err)
{
    if (!value)
        return 0;
    if (!*value)
        return error_set(err, ERROR_USAGE, "--%s is empty: give it a value or leave it out",
                         option);
    if (!utf8_is_valid(value, strlen(value)))
        return error_set(err, ERROR_USAGE, "--%s is not UTF-8 text: '%s'", option, value);
    return 0;
}

int command_check_commit(const char *text, struct error *err)
{
    size_t len = strlen(text);
    if (len < COMMIT_SHORT_LEN || len > 40 || strspn(text, "0123456789abcdefABCDEF") != len)
        return error_set(err, ERROR_USAGE,
                         "'%s' is not a commit id: 7 to 40 hexadecimal characters", text);
    return 0;
}
