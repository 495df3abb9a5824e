/* A database in a folder of the test's own. */
#pragma once

#include "store/database.h"

extern struct database *scratch_db;

void scratch_open(void);
void scratch_close(void);
