/* Series of numbers on standard input, as JSON. */
#pragma once

#include "base/error.h"
#include "parse/json_value.h"

/* Called for each object of the array under `key` of the one document, which is read with the typed
 * calls of parse/json_value.h: the object has been entered, and is to be read to its end. */
typedef int series_input_item(struct json_reader *reader, void *context, struct error *err);

/* Reads standard input: an object with an array of objects under `key`. Other keys go to `other`
 * where it is not NULL, after which their value has been read; else they are passed over. */
int series_input_read(const char *key, series_input_item *item, series_input_item *other,
                      void *context, struct error *err) MUST_CHECK;

/* Appends an array: a number, or the mean of a list of numbers, or NAN for null, NaN, infinities
 * and an empty list. */
int series_input_values(struct json_reader *reader, struct double_list *out,
                        struct error *err) MUST_CHECK;
