/* "Did you mean …?" */
#pragma once

#include <stddef.h>

/* The candidate nearest to `word` by edit distance (Levenshtein), or NULL when none is near. */
const char *suggest(const char *word, const char *const *candidates, size_t count);
