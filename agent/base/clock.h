/*
 * Time: points in wall-clock time are int64_t Unix seconds (or milliseconds where the name says
 * so); durations are double seconds from the monotonic clock.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

int64_t clock_unix_s(void);
int64_t clock_unix_ms(void);
double clock_monotonic_s(void);
/* Returns early when a signal arrives. */
void clock_sleep_s(double seconds);

#define TIME_ISO_SIZE 32
/* "2026-11-21T10:20:30Z" into `buf`. */
void time_format_iso(int64_t unix_s, char buf[TIME_ISO_SIZE]);
/* Reads "2026-11-21T10:20:30[.123][Z|+02:00]", a space instead of the T, and a date alone. Without
 * a zone it is UTC. False when it is none of these. */
bool time_parse_iso(const char *s, int64_t *unix_s);
/* "1m 05s", "2h 03m", "4.2s" into `buf`. */
void duration_format(double seconds, char buf[TIME_ISO_SIZE]);
