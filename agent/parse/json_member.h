/* Values that may be missing in harnesses' JSON. */
#pragma once

#include "parse/json_value.h"

/* A number. null, NaN and the infinities are NAN; so is a string, unless a number is all of it. */
int json_read_figure(struct json_reader *r, double *out, struct error *err) MUST_CHECK;
/* An array of such, or null for none. Replaces what is in the list. */
int json_read_figures(struct json_reader *r, struct double_list *out, struct error *err) MUST_CHECK;
/* A string; any other value is passed over and empties `out`. */
int json_read_text_only(struct json_reader *r, struct strbuf *out, struct error *err) MUST_CHECK;
