#include "host/tune.h"

#include "base/alloc.h"

int host_survey(const struct host_place *place, const struct tune_request *request,
                struct tune_report *report, struct error *err)
{
    (void)place, (void)request, (void)report;
    return error_set(err, ERROR_FAILURE, "this build cannot read the knobs of the host yet");
}

int host_tune(const struct host_place *place, const struct tune_request *request,
              struct tune_report *report, struct error *err)
{
    (void)place, (void)request, (void)report;
    return error_set(err, ERROR_FAILURE, "this build cannot tune the host yet");
}

int host_restore(const struct host_place *place, bool force, struct tune_report *report,
                 struct error *err)
{
    (void)place, (void)force, (void)report;
    return error_set(err, ERROR_FAILURE, "this build cannot restore the host yet");
}

bool host_is_tuned(const struct host_place *place)
{
    (void)place;
    return false;
}

char *host_bench_group(const struct host_place *place)
{
    (void)place;
    return NULL;
}

void tune_report_release(struct tune_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        struct tune_row *row = &report->rows[i];
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
