/* Payloads of events: what is read from each, and what is refused. */
#include "github/event.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <string.h>

#define REPOSITORY                                                             \
    "\"repository\": {\"full_name\": \"o/r\", \"default_branch\": \"main\"}, " \
    "\"sender\": {\"login\": \"s\"}"

static void parse(const char *name, const char *json, struct github_event *out)
{
    struct error err = ERROR_INIT;
    cr_assert_eq(github_event_parse(name, json, strlen(json), out, &err), 0, "%s", err.message);
    cr_assert_str_eq(out->repository, "o/r");
    cr_assert_str_eq(out->default_branch, "main");
    cr_assert_str_eq(out->sender, "s");
}

static void refuse(const char *name, const char *json, int code, const char *reason)
{
    struct github_event event;
    struct error err = ERROR_INIT;
    cr_assert_eq(github_event_parse(name, json, strlen(json), &event, &err), code, "%s", json);
    cr_assert(strstr(err.message, reason), "%s", err.message);
}

Test(event, a_comment_on_a_pull_request)
{
    AUTO_GITHUB_EVENT struct github_event event = {0};
    parse("issue_comment",
          "{\"action\": \"created\", " REPOSITORY ", \"issue\": {\"number\": 7, \"title\": \"T\", "
          "\"user\": {\"login\": \"a\"}, \"pull_request\": {\"url\": \"u\"}, "
          "\"labels\": [{\"name\": \"x\"}, {\"name\": \"y\"}]}, \"comment\": {\"id\": 3000000001, "
          "\"body\": \"@bench-bot benchmark\\n`$(id)`\", \"user\": {\"login\": \"c\"}, "
          "\"author_association\": \"NONE\"}}",
          &event);
    cr_assert_eq(event.type, GITHUB_EVENT_ISSUE_COMMENT);
    cr_assert_eq(event.comment_id, INT64_C(3000000001));
    cr_assert_str_eq(event.comment_body, "@bench-bot benchmark\n`$(id)`");
    cr_assert_str_eq(event.comment_author, "c");
    cr_assert_str_eq(event.comment_association, "NONE");
    cr_assert(event.is_pull);
    cr_assert_eq(event.number, 7);
    cr_assert_eq(event.labels.count, 2);
    cr_assert_str_empty(event.head_sha, "a comment names no commit");
}

Test(event, a_comment_on_an_issue_is_not_one_on_a_pull_request)
{
    AUTO_GITHUB_EVENT struct github_event event = {0};
    parse("issue_comment",
          "{" REPOSITORY ", \"issue\": {\"number\": 7}, \"comment\": {\"id\": 1, \"body\": null}}",
          &event);
    cr_assert_not(event.is_pull);
    cr_assert_str_empty(event.comment_body);
}

Test(event, inputs_of_a_dispatch_are_texts)
{
    AUTO_GITHUB_EVENT struct github_event event = {0};
    parse("workflow_dispatch",
          "{" REPOSITORY
          ", \"ref\": \"refs/heads/main\", \"workflow\": \".github/workflows/w.yml\", "
          "\"inputs\": {\"git_sha\": \"abc\", \"run_rust\": true, \"n\": 5, \"empty\": \"\"}}",
          &event);
    cr_assert_str_eq(github_event_input(&event, "git_sha"), "abc");
    cr_assert_str_eq(github_event_input(&event, "run_rust"), "true");
    cr_assert_str_eq(github_event_input(&event, "n"), "5");
    cr_assert_str_empty(github_event_input(&event, "empty"));
    cr_assert_null(github_event_input(&event, "other"));
    cr_assert_str_eq(event.ref, "refs/heads/main");
}

Test(event, a_dispatch_without_inputs)
{
    AUTO_GITHUB_EVENT struct github_event event = {0};
    parse("workflow_dispatch",
          "{" REPOSITORY ", \"ref\": \"refs/heads/main\", \"workflow\": \"w\", \"inputs\": null}",
          &event);
    cr_assert_eq(event.input_names.count, 0);
}

Test(event, a_run_that_has_ended)
{
    AUTO_GITHUB_EVENT struct github_event event = {0};
    parse("workflow_run",
          "{\"action\": \"completed\", " REPOSITORY ", \"workflow_run\": {\"id\": 9000000001, "
          "\"run_attempt\": 2, \"name\": \"PR\", \"display_title\": \"t\", \"path\": \"p\", "
          "\"event\": \"issue_comment\", \"status\": \"completed\", \"conclusion\": \"success\", "
          "\"head_sha\": \"0123456789abcdef0123456789abcdef01234567\", \"head_branch\": \"b\", "
          "\"head_repository\": {\"full_name\": \"fork/r\"}}}",
          &event);
    cr_assert_eq(event.run_id, INT64_C(9000000001));
    cr_assert_eq(event.run_attempt, 2);
    cr_assert_str_eq(event.run_event, "issue_comment");
    cr_assert_str_eq(event.run_conclusion, "success");
    cr_assert_str_eq(event.head_repo, "fork/r");
}

Test(event, a_push_a_schedule_and_a_pull_request)
{
    AUTO_GITHUB_EVENT struct github_event push = {0}, cron = {0}, pull = {0};
    parse("push",
          "{" REPOSITORY ", \"ref\": \"refs/heads/x/y\", \"before\": \"b\", \"after\": \"a\"}",
          &push);
    cr_assert_str_eq(push.head_ref, "x/y");
    cr_assert_str_eq(push.head_sha, "a");
    cr_assert_str_eq(push.base_sha, "b");
    parse("schedule", "{" REPOSITORY ", \"schedule\": \"0 */6 * * *\"}", &cron);
    cr_assert_str_eq(cron.schedule, "0 */6 * * *");
    parse("pull_request_target",
          "{\"action\": \"opened\", " REPOSITORY
          ", \"number\": 4, \"pull_request\": {\"number\": 4, "
          "\"title\": \"t\", \"user\": {\"login\": \"a\"}, \"labels\": [], \"head\": {\"sha\": "
          "\"h\", "
          "\"ref\": \"topic\", \"repo\": null}, \"base\": {\"sha\": \"b\", \"ref\": \"main\"}}}",
          &pull);
    cr_assert_eq(pull.type, GITHUB_EVENT_PULL_REQUEST);
    cr_assert_str_empty(pull.head_repo, "the fork is gone");
    cr_assert_str_eq(pull.base_ref, "main");
}

Test(event, another_type_or_another_payload_is_one_clear_error)
{
    refuse("release", "{}", ERROR_USAGE, "'release' is not handled");
    refuse("issue_comment", "{\"schedule\": \"x\"}", ERROR_INPUT,
           "not one of the event issue_comment: it has no comment.id");
    refuse("push", "[]", ERROR_INPUT, "no JSON object");
    refuse("push", "{\"ref\": ", ERROR_INPUT, "no JSON object");
    refuse("push", "", ERROR_INPUT, "no JSON object");
    refuse("workflow_run", "{\"workflow_run\": 5}", ERROR_INPUT, "workflow_run.id");
}

Test(event, outside_a_workflow_there_is_none)
{
    struct github_event event;
    struct error err = ERROR_INIT;
    unsetenv("GITHUB_EVENT_PATH");
    unsetenv("GITHUB_EVENT_NAME");
    cr_assert_eq(github_event_read(NULL, NULL, &event, &err), ERROR_USAGE);
    cr_assert(strstr(err.message, "GITHUB_EVENT_PATH"), "%s", err.message);
    cr_assert_eq(github_event_read("/nonexistent", "push", &event, &err), ERROR_NOT_FOUND);
}
