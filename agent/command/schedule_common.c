#include "command/schedule_common.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "command/common.h"
#include "command/options.h"
#include "net/ca.h"

#include <string.h>

int target_check(const struct target_options *options, struct source_request *out,
                 struct error *err)
{
    const char *github = source_github(options->repo), *certificates = NULL;
    int failed = command_check_text("repo", options->repo, err);
    if (!failed)
        failed = command_check_text("branch", options->branch, err);
    if (!failed)
        failed = command_check_text("dut-name", options->project, err);
    if (!failed)
        failed = command_check_text("test-bed", options->test_bed, err);
    if (!failed && github && !github_repository_is_valid(github))
        failed = error_set(err, ERROR_USAGE, "'%s' is not github:OWNER/NAME", options->repo);
    if (!failed)
        failed = ca_path(&certificates, err);
    if (failed)
        return failed;
    *out =
        (struct source_request){options->repo, options->branch, certificates, options->token_file};
    return 0;
}

static int check_inputs(const struct strlist *inputs, struct error *err)
{
    if (inputs->count > DISPATCH_INPUTS_MAX)
        return error_set(err, ERROR_USAGE, "a workflow takes %d inputs beside git_sha at most",
                         DISPATCH_INPUTS_MAX);
    for (size_t i = 0; i < inputs->count; i++) {
        const char *text = inputs->items[i], *equals = strchr(text, '=');
        if (!equals || equals == text)
            return error_set(err, ERROR_USAGE, "--input takes NAME=VALUE, not '%s'", text);
        if (!strncmp(text, "git_sha=", 8))
            return error_set(err, ERROR_USAGE, "--input git_sha: that one is the commit's");
    }
    return 0;
}

int target_dispatch(const struct target_options *options, struct dispatch_options *out,
                    struct error *err)
{
    const char *repository = options->dispatch_repo, *set = getenv("LANCE_BENCH_REPO");
    if (!repository && set && *set)
        repository = set;
    int failed = check_inputs(&options->inputs, err);
    if (!failed)
        failed = command_check_text("workflow", options->workflow, err);
    if (!failed)
        failed = command_check_text("ref", options->ref, err);
    if (!failed && repository && !github_repository_is_valid(repository))
        failed =
            error_set(err, ERROR_USAGE, "%s '%s' is not OWNER/NAME",
                      options->dispatch_repo ? "--dispatch-repo" : "$LANCE_BENCH_REPO", repository);
    if (failed)
        return failed;
    *out = (struct dispatch_options){
        .repository = repository,
        .workflow = options->workflow,
        .ref = options->ref,
        .token_file = options->token_file,
        .inputs = &options->inputs,
    };
    return 0;
}

int target_run_words(const struct globals *globals, const struct target_options *options,
                     const struct strlist *args, struct run_words *out, struct error *err)
{
    int failed = run_words_read(globals, args, out, err);
    if (failed)
        return failed;
    if (!out->request.testbed_name)
        out->request.testbed_name = options->test_bed;
    if (!out->request.project)
        out->request.project = options->project;
    return 0;
}

void command_names(struct table *table, const struct strlist *names)
{
    AUTO_STRBUF struct strbuf json = STRBUF_INIT;
    strbuf_addch(&json, '[');
    for (size_t i = 0; i < names->count; i++) {
        strbuf_addstr(&json, i ? ", " : "");
        escape_json(&json, names->items[i], strlen(names->items[i]));
    }
    strbuf_addch(&json, ']');
    table_json(table, json.buf);
}

int command_read_order(const char *option, const char *text, enum plan_order *out,
                       struct error *err)
{
    static const char *const orders[] = {[PLAN_NEWEST_FIRST] = "newest-first",
                                         [PLAN_OLDEST_FIRST] = "oldest-first",
                                         [PLAN_INFORMATION] = "information"};
    int order = 0, failed = options_choice(option, text, orders, ARRAY_SIZE(orders), &order, err);
    if (!failed)
        *out = (enum plan_order)order;
    return failed;
}
