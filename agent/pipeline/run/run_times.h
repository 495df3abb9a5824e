/* How long each part of a project's run took last time, for the estimate on the live line. A file
 * of the cache; without it there is no estimate. */
#pragma once

#include <stddef.h>

struct run_time {
    char *name;
    double seconds;
};

struct run_times {
    struct run_time *items;
    size_t count, cap;
};

/* What is known; an unreadable file is nothing known. */
void run_times_load(struct run_times *times, const char *project);
void run_times_save(const struct run_times *times, const char *project);
void run_times_release(struct run_times *times);
/* Seconds, or a negative number when not known. */
double run_times_get(const struct run_times *times, const char *name);
void run_times_set(struct run_times *times, const char *name, double seconds);
