#include "report/json_report.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "base/strlist.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

static bool has_objects(const cJSON *value)
{
    return cJSON_IsArray(value) && cJSON_IsObject(value->child);
}

/* A list of plain values reads better with commas than as JSON. */
static bool join_plain(const cJSON *list, struct strbuf *out)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsString(item))
            return false;
        strbuf_addf(out, "%s%s", out->len ? ", " : "", item->valuestring);
    }
    return true;
}

static void add_cell(struct table *table, const cJSON *value)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (!value || cJSON_IsNull(value)) {
        table_null(table);
    } else if (cJSON_IsString(value)) {
        table_text(table, value->valuestring);
    } else if (cJSON_IsBool(value)) {
        table_text(table, cJSON_IsTrue(value) ? "yes" : "no");
    } else if (cJSON_IsNumber(value)) {
        strbuf_addf(&text, "%.6g", value->valuedouble);
        if (fabs(value->valuedouble) < 1e15 && value->valuedouble == trunc(value->valuedouble)) {
            strbuf_clear(&text);
            strbuf_addf(&text, "%.0f", value->valuedouble);
        }
        table_shown(table, value->valuedouble, text.buf);
    } else if (cJSON_IsArray(value) && join_plain(value, &text)) {
        table_text(table, text.buf);
    } else {
        char *json = cJSON_PrintUnformatted(value);
        table_text(table, json);
        cJSON_free(json);
    }
}

/* The keys of all rows, in the order in which they appear. */
static void collect_keys(const cJSON *rows, struct strlist *keys)
{
    const cJSON *row = NULL, *field = NULL;
    cJSON_ArrayForEach(row, rows)
    {
        cJSON_ArrayForEach(field, row)
        {
            if (field->string && !strlist_contains(keys, field->string))
                strlist_push(keys, field->string);
        }
    }
}

static bool is_numeric(const cJSON *rows, const char *key)
{
    const cJSON *row = NULL;
    cJSON_ArrayForEach(row, rows)
    {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(row, key);
        if (value && !cJSON_IsNull(value) && !cJSON_IsNumber(value))
            return false;
    }
    return true;
}

static void print_rows(const cJSON *rows, enum table_format format, FILE *out)
{
    AUTO_STRLIST struct strlist keys = STRLIST_INIT;
    collect_keys(rows, &keys);
    AUTO_TABLE struct table *table = table_new(format, out);
    for (size_t i = 0; i < keys.count; i++)
        table_column(table, keys.items[i], is_numeric(rows, keys.items[i]));
    const cJSON *row = NULL;
    cJSON_ArrayForEach(row, rows)
    {
        for (size_t i = 0; i < keys.count; i++)
            add_cell(table, cJSON_GetObjectItemCaseSensitive(row, keys.items[i]));
        table_end_row(table);
    }
    table_finish(table);
}

static bool says_nothing(const cJSON *value)
{
    return cJSON_IsNull(value) || (cJSON_IsArray(value) && !value->child) ||
           (cJSON_IsString(value) && !*value->valuestring);
}

static void print_heading(const char *name, enum table_format format, FILE *out)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (format == TABLE_MARKDOWN)
        escape_markdown(&text, name, strlen(name));
    else
        escape_terminal(&text, name, strlen(name));
    fprintf(out, format == TABLE_MARKDOWN ? "\n#### %s\n\n" : "\n%s\n", text.buf);
}

static void print_object(const cJSON *object, enum table_format format, FILE *out)
{
    AUTO_TABLE struct table *table = table_new(format, out);
    table_column(table, "what", false);
    table_column(table, "value", false);
    size_t rows = 0;
    const cJSON *field = NULL;
    cJSON_ArrayForEach(field, object)
    {
        if (says_nothing(field) || has_objects(field))
            continue;
        table_text(table, field->string);
        add_cell(table, field);
        table_end_row(table);
        rows++;
    }
    if (rows)
        table_finish(table);
    cJSON_ArrayForEach(field, object)
    {
        if (!has_objects(field))
            continue;
        print_heading(field->string, format, out);
        print_rows(field, format, out);
    }
}

void json_report(const struct cJSON *json, enum table_format format, FILE *out)
{
    if (has_objects(json))
        print_rows(json, format, out);
    else if (cJSON_IsObject(json))
        print_object(json, format, out);
}
