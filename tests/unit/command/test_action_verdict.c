#include "command/action_verdict.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <string.h>

static void expect(const char *command, int code, const char *json, const char *verdict,
                   int regressions)
{
    cJSON *parsed = cJSON_Parse(json);
    size_t count = 0;
    bool known = action_regressions(command, parsed, &count);
    cr_assert_str_eq(action_verdict(command, code, parsed), verdict);
    cr_assert_eq(known, regressions >= 0);
    cr_assert_eq(count, regressions < 0 ? 0 : (size_t)regressions);
    cJSON_Delete(parsed);
}

Test(action_verdict, a_comparison_with_the_history_says_it_itself)
{
    expect("compare", 2,
           "{\"verdict\": \"worse\", \"benchmarks\": [{\"verdict\": \"worse\"}, {\"verdict\": "
           "\"same\"}, {\"verdict\": \"worse\"}]}",
           "regression", 2);
    expect("compare", 0, "{\"verdict\": \"better\", \"benchmarks\": []}", "ok", 0);
    expect("compare", 0, "{\"verdict\": \"same\", \"benchmarks\": []}", "ok", 0);
    expect("compare", 2, "{\"verdict\": \"unsure\", \"benchmarks\": []}", "unsure", 0);
    expect("compare", 3, "{\"verdict\": \"no history\", \"benchmarks\": []}", "no-data", 0);
    expect("compare", 5, "{\"verdict\": \"no history\", \"benchmarks\": []}", "not-comparable", 0);
}

Test(action_verdict, an_open_change_is_a_regression)
{
    expect("changes", 0, "[{\"status\": \"open\"}, {\"status\": \"better\"}]", "regression", 1);
    expect("changes", 2, "[{\"status\": \"open\"}]", "regression", 1);
    expect("changes", 0, "[]", "ok", 0);
}

Test(action_verdict, other_commands_give_none_but_by_their_exit_code)
{
    expect("run", 0, "{\"outcome\": \"complete\"}", "", -1);
    expect("run", 4, "{\"outcome\": \"partial\"}", "failed", -1);
    expect("run", 6, NULL, "", -1);
    expect("results", 3, NULL, "no-data", -1);
    expect("query", 0, "[{\"verdict\": \"worse\", \"status\": \"open\"}]", "", -1);
    expect("query", 0, "{\"verdict\": \"worse\"}", "", -1);
    expect("compare", 0, "[{\"ratio\": 2}]", "", -1);
    expect("compare", 129, NULL, "", -1);
}
