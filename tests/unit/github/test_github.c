/* Which repository and which token; fields of an answer. */
#include "github/github.h"

#include "base/alloc.h"
#include "base/file.h"
#include "github/field.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

static void clear_environment(void)
{
    static const char *const names[] = {"GITHUB_TOKEN", "GH_TOKEN", "SCHEDULER_GITHUB_TOKEN",
                                        "GITHUB_REPOSITORY", "GITHUB_API_URL"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        unsetenv(names[i]);
}

TestSuite(github, .init = clear_environment, .timeout = 60);

Test(github, a_repository_is_an_owner_and_a_name)
{
    static const char *const right[] = {"o/r", "lance-format/lance", "a.b/c_d.e-f", "1/2"};
    static const char *const wrong[] = {"",      "o",   "/r",    "o/",    "o/r/x",
                                        "o/..",  "o/.", "../r",  "o r/x", "o/r?x=1",
                                        "o/r#x", "ö/r", "o/r\n", "o//r"};
    for (size_t i = 0; i < ARRAY_SIZE(right); i++)
        cr_assert(github_repository_is_valid(right[i]), "%s", right[i]);
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        cr_assert_not(github_repository_is_valid(wrong[i]), "%s", wrong[i]);
}

static void refuse(struct github_options options, const char *reason)
{
    struct github *github = NULL;
    struct error err = ERROR_INIT;
    cr_assert_eq(github_open(&options, &github, &err), ERROR_USAGE, "%s", err.message);
    cr_assert_null(github);
    cr_assert(strstr(err.message, reason), "%s", err.message);
}

Test(github, what_is_missing_is_named)
{
    refuse((struct github_options){0}, "--repo OWNER/NAME or set GITHUB_REPOSITORY");
    refuse((struct github_options){.repository = "x"}, "is OWNER/NAME");
    refuse((struct github_options){.repository = "o/r", .need_token = true},
           "GITHUB_TOKEN, GH_TOKEN or SCHEDULER_GITHUB_TOKEN");
    refuse((struct github_options){.repository = "o/r", .token_file = "/nonexistent"},
           "--token-file");
    refuse((struct github_options){.repository = "o/r", .api_url = "nonsense"}, "GITHUB_API_URL");
}

Test(github, tokens_are_looked_for_in_order)
{
    static const char *const names[] = {"SCHEDULER_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"};
    struct github_options options = {.repository = "o/r", .api_url = "http://127.0.0.1:1"};
    struct error err = ERROR_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        AUTO_GITHUB struct github *github = NULL;
        AUTO_FREE char *token = xasprintf("secret-%zu", i);
        char text[32];
        setenv(names[i], token, 1);
        cr_assert_eq(github_open(&options, &github, &err), 0, "%s", err.message);
        cr_assert(github->has_token);
        snprintf(text, sizeof(text), "<%s>", token);
        http_client_redact(github->client, text);
        cr_assert_null(strstr(text, "secret"), "%s", text);
    }
}

Test(github, a_token_file_goes_before_the_environment)
{
    char path[] = "/tmp/lance-bench-token-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_eq(write(fd, "from-file\n", 10), 10);
    close(fd);
    setenv("GITHUB_TOKEN", "from-environment", 1);
    AUTO_GITHUB struct github *github = NULL;
    struct github_options options = {
        .repository = "o/r", .api_url = "http://127.0.0.1:1", .token_file = path};
    struct error err = ERROR_INIT;
    char text[] = "<from-file>";
    cr_assert_eq(github_open(&options, &github, &err), 0, "%s", err.message);
    unlink(path);
    http_client_redact(github->client, text);
    cr_assert_str_eq(text, "<*********>");
}

Test(github, fields_of_another_type_read_as_nothing)
{
    AUTO_JSON cJSON *json = cJSON_Parse("{\"a\": {\"b\": \"text\", \"n\": 12, \"f\": 1.5, \"big\": "
                                        "1e300, \"null\": null, \"t\": true},"
                                        " \"time\": \"2026-11-21T12:00:00Z\", \"list\": [1]}");
    char sha[41];
    cr_assert_str_eq(field_view(json, "a.b"), "text");
    cr_assert_str_eq(field_view(json, "a.n"), "");
    cr_assert_str_eq(field_view(json, "a.b.c"), "");
    cr_assert_str_eq(field_view(json, "list.x"), "");
    cr_assert_str_eq(field_view(NULL, "a"), "");
    cr_assert_eq(field_integer(json, "a.n"), 12);
    cr_assert_eq(field_integer(json, "a.f"), 0);
    cr_assert_eq(field_integer(json, "a.big"), 0);
    cr_assert_eq(field_integer(json, "a.b"), 0);
    cr_assert_null(field_at(json, "a.null"));
    cr_assert(field_bool(json, "a.t"));
    cr_assert_eq(field_time(json, "time"), INT64_C(1795262400));
    cr_assert_eq(field_time(json, "a.b"), 0);
    cr_assert_not(field_sha(json, "a.b", sha));
    cr_assert_str_empty(sha);
    cr_assert(sha_is_valid("0123456789abcdef0123456789abcdef01234567"));
    cr_assert_not(sha_is_valid("0123456789ABCDEF0123456789abcdef01234567"));
}
