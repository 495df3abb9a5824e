/* Numbers as harnesses print them for people. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * A number that is the whole of these bytes: digits, perhaps with a comma in front of each three of
 * them, and a decimal point: "1,234.56", "0.25", "1e-07". False for anything else, and so for a
 * decimal comma: nothing is guessed where "1,23" or "1,234" could be read in two ways.
 */
bool text_number(const char *text, size_t len, double *out);
/* The same of a harness that is known to group digits by commas: "1,234" is more than a thousand.
 */
bool text_number_grouped(const char *text, size_t len, double *out);

/* The next word of *at up to white space, `len` bytes long; NULL at the end of the text. *at goes
 * behind it. */
const char *text_word(const char **at, size_t *len);
