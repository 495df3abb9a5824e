/* The table `alerts`, written as state_table.h says: whole, on top of the version that was read. */
#pragma once

#include "model/alert.h"
#include "store/database.h"

#define ALERTS_TABLE "alerts"

/* A database without the table has no alerts. */
int alerts_read(struct database *db, struct alerts *out, struct error *err) MUST_CHECK;

/* Changes the list: positive when there is something to write, 0 when not, or a negative code. It
 * may be called again, with the alerts as they are then. */
typedef int alerts_change(void *context, struct alerts *alerts, struct error *err);
/* Reads, changes and writes until nobody came in between. What `change` returned, or a code. */
int alerts_update(struct database *db, alerts_change *change, void *context,
                  struct error *err) MUST_CHECK;
