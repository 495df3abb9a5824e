/* Text to numbers: the whole string or nothing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Decimal, optional sign, no white space, no trailing text. */
bool parse_int64(const char *s, int64_t *out);
/* A finite number as strtod() reads it. */
bool parse_double(const char *s, double *out);
/* A byte count: digits, then nothing or K, M, G, T (powers of 1024; "KiB" and "KB" read the same).
 */
bool parse_bytes(const char *s, uint64_t *out);
/* A duration in seconds: a number, then nothing or s, m, h, d ("90", "1.5h"). */
bool parse_duration(const char *s, double *seconds);
