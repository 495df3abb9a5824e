#include "host/tuner.h"

#include "base/alloc.h"

#include <string.h>

struct tune_row *tune_report_add(struct tune_report *report, const char *knob, const char *path,
                                 enum tune_outcome outcome)
{
    ARRAY_RESERVE(report->rows, report->cap, report->count + 1);
    struct tune_row *row = &report->rows[report->count++];
    *row = (struct tune_row){.knob = xstrdup(knob), .path = xstrdup(path), .outcome = outcome};
    return row;
}

void tune_report_release(struct tune_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        struct tune_row *row = &report->rows[i];
        free(row->knob);
        free(row->path);
        free(row->before);
        free(row->after);
        free(row->reason);
    }
    free(report->rows);
    free(report->cpus);
    strlist_release(&report->warnings);
    *report = (struct tune_report){0};
}

const char *tune_outcome_name(enum tune_outcome outcome)
{
    static const char *const names[] = {
        [TUNE_SET] = "set",         [TUNE_ALREADY] = "already",   [TUNE_REFUSED] = "refused",
        [TUNE_IGNORED] = "ignored", [TUNE_ABSENT] = "absent",     [TUNE_INVALID] = "invalid",
        [TUNE_PENDING] = "pending", [TUNE_OBSERVED] = "observed", [TUNE_RESTORED] = "restored",
        [TUNE_CHANGED] = "changed", [TUNE_GONE] = "gone",
    };
    return names[outcome];
}

static const char *const profile_names[] = {
    [TUNE_BARE_METAL] = "bare-metal",
    [TUNE_SHARED] = "shared",
    [TUNE_CONTAINER] = "container",
};

const char *tune_profile_name(enum tune_profile profile)
{
    return profile_names[profile];
}

bool tune_profile_parse(const char *text, enum tune_profile *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(profile_names); i++) {
        if (strcmp(text, profile_names[i]))
            continue;
        *out = (enum tune_profile)i;
        return true;
    }
    return false;
}
