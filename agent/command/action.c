/* action: a step of a GitHub workflow. It reads the inputs, does one command as a process of its
 * own, and tells the workflow what came of it. */
#include "base/alloc.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "command/action_annotations.h"
#include "command/action_inputs.h"
#include "command/action_results.h"
#include "command/action_verdict.h"
#include "command/common.h"
#include "command/exit_code.h"
#include "command/rows.h"
#include "github/workflow_command.h"
#include "report/json_report.h"
#include "sandbox/sandbox.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct action_options {
    bool dry_run;
};

static const struct option_row rows[] = {
    OPTION(struct action_options, dry_run, OPTION_FLAG, "dry-run", NULL,
           "print the arguments that the inputs come to, and do nothing"),
};

/* More is kept for the steps behind, but not read for tables. */
#define PRODUCT_MAX ((size_t)256 << 20)

/* What the command left. */
struct finished {
    int code;
    struct strbuf product;                                /* its stdout */
    char reason[sizeof(((struct error *)NULL)->message)]; /* "": none */
};

/* The child: its product goes to `product`, its chatter to this step's stdout, one stream, so that
 * nothing of it can come before the fence that is printed there. */
static _Noreturn void run_child(struct strlist *argv, pid_t parent, int product, int reason)
{
    struct error err = ERROR_INIT;
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent || dup2(STDOUT_FILENO, STDERR_FILENO) < 0 ||
        dup2(product, STDOUT_FILENO) < 0)
        _exit(1);
    interrupt_install();
    int result = command_execute((int)argv->count, argv->items, &err);
    if (result < 0) {
        log_error("%s", err.message);
        (void)!write(reason, err.message, strlen(err.message));
    }
    fflush(NULL);
    _exit(result < 0 ? exit_code_of(result) : result);
}

static int wait_for(pid_t child)
{
    int status = 0;
    bool passed_on = false;
    pid_t got = 0;
    while ((got = waitpid(child, &status, 0)) < 0 && errno == EINTR)
        if (interrupted() && !passed_on) {
            passed_on = true;
            (void)kill(child, SIGTERM);
        }
    if (got < 0)
        return exit_code_of(ERROR_FAILURE);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int read_product(int fd, struct strbuf *out, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st) || lseek(fd, 0, SEEK_SET))
        return error_errno(err, ERROR_FAILURE, errno, "cannot read what the command printed");
    char part[1 << 16];
    ssize_t got = 0;
    while ((got = read(fd, part, sizeof(part))) > 0)
        strbuf_add(out, part, (size_t)got);
    return got < 0 ? error_errno(err, ERROR_FAILURE, errno, "cannot read what the command printed")
                   : 0;
}

static int run_apart(struct strlist *argv, struct finished *out, struct error *err)
{
    int pipes[2];
    AUTO_CLOSE int product = memfd_create("product", MFD_CLOEXEC);
    if (product < 0 || pipe2(pipes, O_CLOEXEC))
        return error_errno(err, ERROR_FAILURE, errno, "cannot start %s", argv->items[1]);
    AUTO_CLOSE int reason = pipes[0];
    fflush(NULL);
    pid_t parent = getpid(), child = fork();
    if (!child)
        run_child(argv, parent, product, pipes[1]);
    close(pipes[1]);
    if (child < 0)
        return error_errno(err, ERROR_FAILURE, errno, "cannot start %s", argv->items[1]);
    out->code = wait_for(child);
    ssize_t len = read(reason, out->reason, sizeof(out->reason) - 1);
    out->reason[len > 0 ? len : 0] = '\0';
    return read_product(product, &out->product, err);
}

static char *regressions_of(const char *command, const cJSON *json)
{
    size_t count = 0;
    return action_regressions(command, json, &count) ? xasprintf("%zu", count) : xstrdup("");
}

/* What `report` has written, or else tables of what the command printed. */
static char *tables_of(const struct action_inputs *inputs, const cJSON *json,
                       enum table_format format)
{
    char *text = NULL;
    size_t len = 0;
    AUTO_STRBUF struct strbuf written = STRBUF_INIT;
    if (inputs->markdown)
        return file_read(inputs->markdown, WORKFLOW_SUMMARY_MAX, &written, NULL)
                   ? xstrdup("")
                   : strbuf_detach(&written);
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return xstrdup("");
    json_report(json, format, out);
    fclose(out);
    return text;
}

static char *report_of(const struct action_inputs *inputs, const struct finished *done,
                       const cJSON *json)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    AUTO_FREE char *tables = tables_of(inputs, json, TABLE_MARKDOWN);
    strbuf_addf(&text, "### lance-bench %s\n\n", inputs->command->name);
    if (done->code)
        strbuf_addf(&text, "Exit code %d", done->code);
    if (*done->reason) {
        strbuf_addstr(&text, done->code ? ": " : "");
        escape_markdown(&text, done->reason, strlen(done->reason));
    }
    if (done->code)
        strbuf_addstr(&text, "\n\n");
    strbuf_addstr(&text, tables);
    strbuf_addch(&text, '\n');
    return strbuf_detach(&text);
}

/* "run.md" for "run.json". */
static char *report_path(const char *results)
{
    size_t len = strlen(results), suffix = strlen(".json");
    bool json = len > suffix && !strcmp(results + len - suffix, ".json");
    return xasprintf("%.*s.md", (int)(json ? len - suffix : len), results);
}

static const char *workspace_of_step(void)
{
    const char *workspace = getenv("GITHUB_WORKSPACE");
    return workspace && *workspace ? workspace : ".";
}

static int write_outputs(const struct action_inputs *inputs, const struct finished *done,
                         const cJSON *json, struct error *err)
{
    const char *workspace = workspace_of_step();
    AUTO_FREE char *text = report_of(inputs, done, json);
    AUTO_FREE char *report = report_path(inputs->results);
    AUTO_FREE char *regressions = regressions_of(inputs->command->name, json);
    AUTO_FREE char *code = xasprintf("%d", done->code);
    const struct {
        const char *name, *value;
    } outputs[] = {
        {"verdict", action_verdict(inputs->command->name, done->code, json)},
        {"regressions", regressions},
        {"results", done->product.len ? inputs->results : ""},
        {"report", report},
        {"exit-code", code},
    };
    int failed = action_results_write(workspace, report, text, strlen(text), err);
    if (!failed && done->product.len)
        failed = action_results_write(workspace, inputs->results, done->product.buf,
                                      done->product.len, err);
    for (size_t i = 0; !failed && i < ARRAY_SIZE(outputs); i++)
        failed = workflow_output(outputs[i].name, outputs[i].value, err);
    return failed ? failed : workflow_summary(text, err);
}

static void say(struct strbuf *text)
{
    fwrite(text->buf, 1, text->len, stdout);
    fflush(stdout);
    strbuf_clear(text);
}

/* An error as an annotation, which is how a workflow shows it above its log. */
static void annotate(const char *command, const char *message)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    AUTO_FREE char *title = xasprintf("lance-bench %s", command);
    workflow_annotate(&text, &(struct workflow_annotation){
                                 .level = WORKFLOW_ERROR, .message = message, .title = title});
    say(&text);
}

static const char *meaning_of(int code)
{
    switch (code) {
#define MEANING(number, meaning) \
    case (number):               \
        return (meaning);
        EXIT_CODES(MEANING)
#undef MEANING
    default:
        return NULL;
    }
}

static void annotate_failure(const struct action_inputs *inputs, const struct finished *done)
{
    AUTO_FREE char *ended = xasprintf("ended with exit code %d", done->code);
    const char *message = *done->reason ? done->reason : meaning_of(done->code);
    if (done->code)
        annotate(inputs->command->name, message ? message : ended);
}

static void annotate_regressions(const struct action_inputs *inputs, const cJSON *json)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    action_annotate_regressions(inputs->command->name, json, workspace_of_step(), &text);
    say(&text);
}

/* What is printed until close_fence() is foreign: names of benchmarks, output of builds. Each fence
 * has a token of its own, which nothing that is printed inside can know. */
static int open_fence(const char *group, char token[WORKFLOW_FENCE_SIZE], struct error *err)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    *token = '\0';
    int failed = workflow_is_running() ? workflow_fence_new(token, err) : 0;
    if (failed || !*token)
        return failed;
    if (group)
        workflow_group(&text, group);
    workflow_fence(&text, token);
    say(&text);
    return 0;
}

static void close_fence(const char *group, const char *token)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (!*token)
        return;
    workflow_end_fence(&text, token);
    if (group)
        workflow_end_group(&text);
    say(&text);
}

static int run_fenced(struct action_inputs *inputs, struct finished *done, struct error *err)
{
    char token[WORKFLOW_FENCE_SIZE];
    AUTO_FREE char *group = xasprintf("lance-bench %s", inputs->command->name);
    int failed = open_fence(group, token, err);
    if (failed)
        return failed;
    failed = run_apart(&inputs->argv, done, err);
    close_fence(group, token);
    return failed;
}

static int print_tables(const struct action_inputs *inputs, const cJSON *json, struct error *err)
{
    char token[WORKFLOW_FENCE_SIZE];
    AUTO_FREE char *tables = tables_of(inputs, json, TABLE_TEXT);
    int failed = *tables ? open_fence(NULL, token, err) : 0;
    if (failed || !*tables)
        return failed;
    fputs(tables, stdout);
    fflush(stdout);
    close_fence(NULL, token);
    return 0;
}

static int run_step(struct action_inputs *inputs, int *code, struct error *err)
{
    struct finished done = {.product = STRBUF_INIT};
    cJSON *json = NULL;
    sandbox_protect_agent();
    int failed = run_fenced(inputs, &done, err);
    if (!failed && done.product.len <= PRODUCT_MAX)
        json = cJSON_ParseWithLength(done.product.buf, done.product.len);
    if (!failed)
        failed = print_tables(inputs, json, err);
    if (!failed && workflow_is_running()) {
        annotate_regressions(inputs, json);
        annotate_failure(inputs, &done);
    }
    if (!failed)
        failed = write_outputs(inputs, &done, json, err);
    *code = done.code;
    cJSON_Delete(json);
    strbuf_release(&done.product);
    return failed;
}

static void print_arguments(const struct globals *globals, const struct strlist *argv)
{
    AUTO_TABLE struct table *table = command_table(globals);
    table_column(table, "argument", false);
    for (size_t i = 0; i < argv->count; i++) {
        table_text(table, argv->items[i]);
        table_end_row(table);
    }
    table_finish(table);
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    (void)args;
    const struct action_options *o = raw;
    AUTO_ACTION_INPUTS struct action_inputs inputs = {0};
    int code = 0, failed = action_inputs_read(environ, &inputs, err);
    if (!failed && o->dry_run)
        print_arguments(globals, &inputs.argv);
    else if (!failed)
        failed = run_step(&inputs, &code, err);
    if (!failed || o->dry_run || !workflow_is_running())
        return failed ? failed : code;
    /* As an annotation alone: text of a stranger in a plain line could be a command. */
    annotate("action", err->message);
    return exit_code_of(failed);
}

const struct command command_action = {
    .name = "action",
    .group = "github",
    .summary = "Do one command as a step of a GitHub workflow",
    .arguments = "",
    .description =
        "Reads the inputs of a GitHub action from the environment: INPUT_COMMAND names the "
        "command,\n"
        "INPUT_TARGET its positional arguments and INPUT_ARGUMENTS any others, one a line; every "
        "other\n"
        "INPUT_NAME is the option --name. Composite actions use LB_NAME instead. Then it does the\n"
        "command, fences what it prints, and writes the outputs verdict, regressions, results,\n"
        "report and exit-code, the job summary, and annotations: of each regression, on the line\n"
        "of the benchmark where its source is in the workspace, and when it failed.",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .options_size = sizeof(struct action_options),
    .run = run,
};
