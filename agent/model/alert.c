#include "model/alert.h"

#include <stdlib.h>
#include <string.h>

enum { STATES = ALERT_REOPENED + 1, ID_MIN = 4 };

static const char *const names[STATES] = {
    [ALERT_OPEN] = "open",   [ALERT_ACKNOWLEDGED] = "acknowledged", [ALERT_EXPECTED] = "expected",
    [ALERT_FIXED] = "fixed", [ALERT_REOPENED] = "reopened",
};

const char *alert_state_name(enum alert_state state)
{
    return names[state];
}

bool alert_state_parse(const char *text, enum alert_state *out)
{
    for (int i = 0; i < STATES; i++)
        if (!strcmp(names[i], text)) {
            *out = (enum alert_state)i;
            return true;
        }
    return false;
}

bool alert_state_is_active(enum alert_state state)
{
    return state == ALERT_OPEN || state == ALERT_ACKNOWLEDGED || state == ALERT_REOPENED;
}

void alert_release(struct alert *alert)
{
    char *owned[] = {alert->id,          alert->project,     alert->test_bed, alert->title,
                     alert->last_before, alert->first_after, alert->worst,    alert->causes,
                     alert->benchmarks,  alert->note,        alert->reason,   alert->fixed_by};
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
        free(owned[i]);
    *alert = (struct alert){0};
}

void alerts_release(struct alerts *alerts)
{
    for (size_t i = 0; i < alerts->count; i++)
        alert_release(&alerts->items[i]);
    free(alerts->items);
    *alerts = (struct alerts){0};
}

struct alert *alerts_find(const struct alerts *alerts, const char *id, bool *several)
{
    struct alert *found = NULL;
    size_t len = strlen(id);
    *several = false;
    for (size_t i = 0; len >= ID_MIN && i < alerts->count; i++) {
        if (strncmp(alerts->items[i].id, id, len) != 0)
            continue;
        *several = found != NULL;
        found = &alerts->items[i];
        if (*several || !found->id[len])
            break;
    }
    return *several ? NULL : found;
}
