#include "command/action_inputs.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "command/command.h"
#include "command/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One input that was given. */
struct input {
    char *name,
        *value; /* owned; the name as an option has it, the value without line breaks around */
};

struct input_list {
    struct input *items;
    size_t count, cap;
};

static void release_list(struct input_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].value);
    }
    free(list->items);
}
#define AUTO_INPUT_LIST __attribute__((cleanup(release_list)))

void action_inputs_release(struct action_inputs *inputs)
{
    strlist_release(&inputs->argv);
    free(inputs->results);
    free(inputs->markdown);
    if (inputs->scratch)
        (void)!tree_remove(inputs->scratch, NULL);
    free(inputs->scratch);
}

static char *trimmed(const char *text, const char *without)
{
    text += strspn(text, without);
    size_t len = strlen(text);
    while (len && strchr(without, text[len - 1]))
        len--;
    return xstrndup(text, len);
}

static void collect(char *const *environment, const char *prefix, struct input_list *out)
{
    size_t prefix_len = strlen(prefix);
    for (char *const *entry = environment; *entry; entry++) {
        const char *equals = strchr(*entry, '=');
        if (!equals || strncmp(*entry, prefix, prefix_len))
            continue;
        AUTO_FREE char *value = trimmed(equals + 1, "\r\n");
        if (!*value)
            continue;
        char *name = xstrndup(*entry + prefix_len, (size_t)(equals - *entry) - prefix_len);
        for (char *c = name; *c; c++)
            *c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
        ARRAY_RESERVE(out->items, out->cap, out->count + 1);
        out->items[out->count++] = (struct input){name, take_ptr(value)};
    }
}

static const char *value_of(const struct input_list *inputs, const char *name)
{
    for (size_t i = 0; i < inputs->count; i++)
        if (!strcmp(inputs->items[i].name, name))
            return inputs->items[i].value;
    return NULL;
}

static int read_command(const struct input_list *inputs, struct action_inputs *out,
                        struct error *err)
{
    const char *text = value_of(inputs, "command");
    if (!text)
        return error_set(err, ERROR_USAGE,
                         "the input 'command' is missing: it names what to do, such as run");
    AUTO_STRLIST struct strlist words = STRLIST_INIT;
    strlist_split(&words, text, ' ');
    size_t used = 0;
    const struct command *command =
        words.count ? command_find(words.items, words.count, &used) : NULL;
    if (!command || used != words.count)
        return error_set(err, ERROR_USAGE,
                         "the input 'command' is '%s', which is no command: 'lance-bench help' "
                         "lists them; arguments go into 'target' and 'arguments'",
                         text);
    if (!strcmp(command->name, "action"))
        return error_set(err, ERROR_USAGE, "the input 'command' cannot be 'action' itself");
    out->command = command;
    for (size_t i = 0; i < words.count; i++)
        strlist_push(&out->argv, words.items[i]);
    return 0;
}

static const struct option_row *find_row(const struct command *command, const char *name)
{
    for (size_t i = 0; i < command->option_count; i++)
        if (!strcmp(command->options[i].name, name))
            return &command->options[i];
    for (size_t i = 0; i < global_option_count; i++)
        if (!strcmp(global_option_rows[i].name, name))
            return &global_option_rows[i];
    return NULL;
}

static int unknown_input(const struct command *command, const char *name, struct error *err)
{
    AUTO_FREE const char **known = xcalloc(command->option_count + 1, sizeof(*known));
    for (size_t i = 0; i < command->option_count; i++)
        known[i] = command->options[i].name;
    const char *near = suggest(name, known, command->option_count);
    return error_set(err, ERROR_USAGE, "the input '%s' is no option of '%s'%s%s%s", name,
                     command->name, near ? ", did you mean '" : "", near ? near : "",
                     near ? "'?" : "");
}

static int add_flag(const char *name, const char *value, struct strlist *argv, struct error *err)
{
    if (!strcasecmp(value, "true"))
        strlist_pushf(argv, "--%s", name);
    else if (strcasecmp(value, "false"))
        return error_set(err, ERROR_USAGE, "the input '%s' is true or false, not '%s'", name,
                         value);
    return 0;
}

static void add_items(const char *name, const char *value, struct strlist *argv)
{
    AUTO_FREE char *rest = xstrdup(value);
    char *at = rest, *item = NULL;
    while ((item = strsep(&at, ",\r\n"))) {
        AUTO_FREE char *plain = trimmed(item, " \t");
        if (*plain)
            strlist_pushf(argv, "--%s=%s", name, plain);
    }
}

static int add_option(const struct command *command, const struct input *input,
                      struct strlist *argv, struct error *err)
{
    static const char *const ours[] = {"format", "help", "version"};
    for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
        if (!strcmp(input->name, ours[i]))
            return error_set(err, ERROR_USAGE, "the input '%s' cannot be set: the action needs it",
                             input->name);
    const struct option_row *row = find_row(command, input->name);
    if (!row)
        return unknown_input(command, input->name, err);
    if (row->kind == OPTION_FLAG)
        return add_flag(row->name, input->value, argv, err);
    if (row->kind == OPTION_LIST)
        add_items(row->name, input->value, argv);
    else if (strpbrk(input->value, "\r\n"))
        return error_set(err, ERROR_USAGE, "the input '%s' is one line, not '%s'", input->name,
                         input->value);
    else
        strlist_pushf(argv, "--%s=%s", row->name, input->value);
    return 0;
}

static void add_lines(const char *value, struct strlist *argv)
{
    AUTO_FREE char *rest = xstrdup(value ? value : "");
    char *at = rest, *line = NULL;
    while ((line = strsep(&at, "\n"))) {
        AUTO_FREE char *plain = trimmed(line, "\r");
        if (*plain)
            strlist_push(argv, plain);
    }
}

/* Inside the workspace, wherever a later step looks from. */
static int read_results(const struct input_list *inputs, struct action_inputs *out,
                        struct error *err)
{
    const char *path = value_of(inputs, "results");
    AUTO_STRLIST struct strlist parts = STRLIST_INIT;
    strlist_split(&parts, path ? path : "", '/');
    if (path && (path[0] == '/' || !parts.count || strpbrk(path, "\r\n") ||
                 path[strlen(path) - 1] == '/' || strlist_contains(&parts, "..")))
        return error_set(err, ERROR_USAGE,
                         "the input 'results' is '%s': give a file inside the workspace, such as "
                         "%s/run.json",
                         path, ACTION_RESULTS);
    if (path) {
        out->results = xstrdup(path);
        return 0;
    }
    out->results = xasprintf("%s/%s.json", ACTION_RESULTS, out->command->name);
    for (char *c = out->results; *c; c++)
        *c = *c == ' ' ? '-' : *c;
    return 0;
}

static bool is_own(const char *name)
{
    static const char *const own[] = {"command", "target", "arguments", "results"};
    for (size_t i = 0; i < ARRAY_SIZE(own); i++)
        if (!strcmp(name, own[i]))
            return true;
    return false;
}

/* Its summary is a file of its own, since what it prints is for programs. */
static int add_report(const struct input_list *inputs, struct action_inputs *out, struct error *err)
{
    const char *folder = getenv("RUNNER_TEMP");
    const char *named = value_of(inputs, "markdown");
    if (!value_of(inputs, "json"))
        strlist_push(&out->argv, "--json=-");
    if (named) {
        out->markdown = xstrdup(named);
        return 0;
    }
    out->scratch = path_join(folder && *folder ? folder : "/tmp", "lance-bench-report.XXXXXX");
    if (!mkdtemp(out->scratch)) {
        int code = errno;
        free(out->scratch);
        out->scratch = NULL;
        return error_errno(err, ERROR_FAILURE, code, "cannot make a folder for the report in %s",
                           folder && *folder ? folder : "/tmp");
    }
    out->markdown = path_join(out->scratch, "report.md");
    strlist_pushf(&out->argv, "--markdown=%s", out->markdown);
    return 0;
}

static int read_all(const struct input_list *inputs, struct action_inputs *out, struct error *err)
{
    strlist_push(&out->argv, "lance-bench");
    int failed = read_command(inputs, out, err);
    if (!failed)
        failed = read_results(inputs, out, err);
    if (failed)
        return failed;
    strlist_push(&out->argv, "--format=json");
    if (!strcmp(out->command->name, "report"))
        failed = add_report(inputs, out, err);
    if (failed)
        return failed;
    for (size_t i = 0; i < inputs->count; i++) {
        if (is_own(inputs->items[i].name))
            continue;
        failed = add_option(out->command, &inputs->items[i], &out->argv, err);
        if (failed)
            return failed;
    }
    add_lines(value_of(inputs, "arguments"), &out->argv);
    if (value_of(inputs, "target")) {
        strlist_push(&out->argv, "--");
        add_lines(value_of(inputs, "target"), &out->argv);
    }
    return 0;
}

int action_inputs_read(char *const *environment, struct action_inputs *out, struct error *err)
{
    AUTO_INPUT_LIST struct input_list inputs = {0};
    bool composite = false;
    for (char *const *entry = environment; *entry; entry++)
        composite |= !strncmp(*entry, "LB_COMMAND=", strlen("LB_COMMAND="));
    collect(environment, composite ? "LB_" : "INPUT_", &inputs);
    AUTO_ACTION_INPUTS struct action_inputs read = {0};
    int failed = read_all(&inputs, &read, err);
    if (failed)
        return failed;
    *out = read;
    read = (struct action_inputs){0};
    return 0;
}
