/* Values that may be missing in harnesses' JSON. */
#pragma once

#include "parse/json_value.h"

/* A number. null, NaN and the infinities are NAN; so is a string, unless a number is all of it. */
int json_read_figure(struct json_reader *r, double *out, struct error *err) MUST_CHECK;
/* An array of such, or null for none. Replaces what is in the list. */
int json_read_figures(struct json_reader *r, struct double_list *out, struct error *err) MUST_CHECK;
/* A string; any other value is passed over and empties `out`. */
int json_read_text_only(struct json_reader *r, struct strbuf *out, struct error *err) MUST_CHECK;

/* How the results of a file are laid out. */
enum json_shape {
    JSON_SHAPE_OBJECT, /* one object, over one line or several */
    JSON_SHAPE_ARRAY,
    JSON_SHAPE_LINES, /* one object a line, perhaps with other lines between them */
};

/* Reads the first object to find out. Leaves the input rewound. */
int json_find_shape(struct input *input, enum json_shape *out, struct error *err) MUST_CHECK;
