#include "store/alerts.h"

#include "base/alloc.h"
#include "store/state_table.h"

static const char *state_word(int value)
{
    return alert_state_name((enum alert_state)value);
}

static bool state_parse(const char *word, int *out)
{
    enum alert_state state = ALERT_OPEN;
    bool known = alert_state_parse(word, &state);
    *out = (int)state;
    return known;
}

#define FIELD(member, kind)                                               \
    {                                                                     \
#member, STATE_##kind, offsetof(struct alert, member), NULL, NULL \
    }

static const struct state_field fields[] = {
    FIELD(id, TEXT),
    FIELD(project, TEXT),
    FIELD(test_bed, TEXT),
    {"state", STATE_WORD, offsetof(struct alert, state), state_word, state_parse},
    FIELD(title, TEXT),
    FIELD(last_before, TEXT),
    FIELD(first_after, TEXT),
    FIELD(worst, TEXT),
    FIELD(worst_change, NUMBER),
    FIELD(count, INTEGER),
    FIELD(open_count, INTEGER),
    FIELD(causes, TEXT),
    FIELD(benchmarks, TEXT),
    FIELD(note, TEXT),
    FIELD(reason, TEXT),
    FIELD(fixed_by, TEXT),
    FIELD(reopened, INTEGER),
    FIELD(opened_at, INTEGER),
    FIELD(changed_at, INTEGER),
    FIELD(acknowledged_at, INTEGER),
    FIELD(closed_at, INTEGER),
    FIELD(seen, INTEGER),
};

static bool is_complete(const void *item)
{
    const struct alert *alert = item;
    return alert->id && alert->project && alert->title && alert->first_after && alert->benchmarks;
}

static void release(void *item)
{
    alert_release(item);
}

static const struct state_table alerts_table = {
    .name = ALERTS_TABLE,
    .fields = fields,
    .field_count = ARRAY_SIZE(fields),
    .item_size = sizeof(struct alert),
    .is_complete = is_complete,
    .release = release,
};

int alerts_read(struct database *db, struct alerts *out, struct error *err)
{
    struct state_rows rows = {0};
    uint64_t version = 0;
    int failed = state_table_read(db, &alerts_table, &rows, &version, err);
    if (!failed)
        *out = (struct alerts){rows.items, rows.count, rows.cap};
    return failed;
}

struct change {
    alerts_change *change;
    void *context;
};

static int change_rows(void *context, struct state_rows *rows, struct error *err)
{
    const struct change *change = context;
    struct alerts alerts = {rows->items, rows->count, rows->cap};
    int changed = change->change(change->context, &alerts, err);
    *rows = (struct state_rows){alerts.items, alerts.count, alerts.cap};
    return changed;
}

int alerts_update(struct database *db, alerts_change *change, void *context, struct error *err)
{
    struct change with = {change, context};
    return state_table_update(db, &alerts_table, change_rows, &with, err);
}
