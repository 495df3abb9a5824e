#include "command/verdicts.h"

#include <math.h>
#include <stdio.h>

void verdict_tally_of(const struct verdict *verdicts, size_t judged, struct verdict_tally *tally)
{
    tally->overall = verdict_overall(verdicts, judged);
    for (size_t i = 0; i < judged; i++)
        tally->of[verdicts[i].kind]++;
}

void verdict_tally_print(const char *what, const struct verdict_tally *tally, const char *chance)
{
    printf("%s: %s. %zu worse, %zu better, %zu same, %zu unsure, ", what,
           verdict_name(tally->overall), tally->of[VERDICT_WORSE], tally->of[VERDICT_BETTER],
           tally->of[VERDICT_SAME], tally->of[VERDICT_UNSURE]);
    if (tally->history)
        printf("%zu without history, ", tally->of[VERDICT_NO_HISTORY]);
    printf("of %zu; %s\n", tally->count, chance);
    if (tally->ignored)
        printf("%zu more are ignored, as the policy says\n", tally->ignored);
}

int command_check_rule(double alpha, double matters, struct error *err)
{
    if (!isnan(alpha) && !(alpha > 0 && alpha < 0.5))
        return error_set(err, ERROR_USAGE, "--alpha is above 0 and below .5");
    if (!isnan(matters) && !(matters > 0))
        return error_set(err, ERROR_USAGE, "--matters is above 0 per cent");
    return 0;
}
