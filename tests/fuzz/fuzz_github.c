/* What GitHub and strangers on it say: a payload of an event, a Link header, and text on its way
 * into a workflow command. */
#include "base/alloc.h"
#include "fuzz.h"
#include "github/event.h"
#include "github/workflow_command.h"
#include "net/link_header.h"

#include <string.h>

static void read_event(const char *name, const char *text, size_t size)
{
    AUTO_GITHUB_EVENT struct github_event event = {0};
    struct error err = ERROR_INIT;
    int failed = github_event_parse(name, text, size, &event, &err);
    if (failed) {
        fuzz_check_error(failed, &err);
        return;
    }
    const char *texts[] = {event.action,       event.repository, event.sender,
                           event.comment_body, event.title,      event.author,
                           event.head_sha,     event.head_ref,   event.head_repo,
                           event.base_sha,     event.run_event,  event.run_conclusion,
                           event.ref,          event.schedule,   event.comment_author};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        fuzz_require(texts[i] != NULL, "no text is missing");
    fuzz_require(event.input_names.count == event.input_values.count, "each input has a value");
}

static void annotate(const char *text)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    workflow_annotate(&out,
                      &(struct workflow_annotation){
                          .level = WORKFLOW_ERROR, .message = text, .file = text, .title = text});
    fuzz_require(strchr(out.buf, '\n') == out.buf + out.len - 1, "it is one line");
    fuzz_require(!strchr(out.buf, '\r'), "it has no other line break");
    fuzz_require(!strchr(out.buf, '\x1b'), "it does not steer a terminal");
    const char *properties = out.buf + strlen("::error");
    const char *message = strstr(properties, "::");
    fuzz_require(message != NULL, "the message is where it begins");
    int equals = 0;
    for (const char *c = properties; c < message; c++)
        equals += *c == ',';
    fuzz_require(equals <= 1, "no text has become a property");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {
        "issue_comment", "workflow_dispatch", "workflow_run", "schedule", "push", "pull_request"};
    AUTO_FREE char *text = xstrndup((const char *)data, size);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        read_event(names[i], (const char *)data, size);
    AUTO_FREE char *next = link_header_next(text);
    fuzz_require(!next || strstr(text, next), "the link stands in the header");
    annotate(text);
    return 0;
}
