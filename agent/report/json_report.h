/* What a command printed with --format json, as tables for people: the text of a log, or the
 * Markdown of a job summary. It knows no command: an array of objects is a table with a column for
 * each key, an object is a table of its plain values with a table behind it for each array of
 * objects in it. Values come from foreign code and are escaped as every table's cells are. */
#pragma once

#include "report/table.h"

#include <stdio.h>

struct cJSON;

/* `format` is TABLE_TEXT or TABLE_MARKDOWN. Nothing is printed for what holds nothing. */
void json_report(const struct cJSON *json, enum table_format format, FILE *out);
