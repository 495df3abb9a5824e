/*
 * A folder of the present test's own. As a suite's .init and .fini, or first and last in what a
 * suite has of its own; Criterion runs each test in a process of its own.
 */
#pragma once

extern char *test_folder; /* absolute */

void test_folder_make(void);
void test_folder_remove(void);

/* Writes a text file, in folders that are made. `name` counts from the test's folder, also where it
 * begins with a slash. */
void test_folder_put(const char *name, const char *text);
