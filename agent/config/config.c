#include "config/config.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "config/decode.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#define FIELD(type, member, key_, kind_)                                 \
    {                                                                    \
        .key = (key_), .kind = (kind_), .offset = offsetof(type, member) \
    }
/* One that fills several members: it gets the whole struct. */
#define WHOLE(key_, custom_)                                      \
    {                                                             \
        .key = (key_), .kind = DECODE_CUSTOM, .custom = (custom_) \
    }

static const char *const page_caches[] = {
    [CONFIG_PAGE_CACHE_KEEP] = "keep", [CONFIG_PAGE_CACHE_DROP] = "drop", NULL};
#define PAGE_CACHE(type)                                                                  \
    {                                                                                     \
        .key = "page_cache", .kind = DECODE_CHOICE, .offset = offsetof(type, page_cache), \
        .choices = page_caches                                                            \
    }

static const struct decode_field crate_fields[] = {
    FIELD(struct crate_config, name, "name", DECODE_STRING),
    FIELD(struct crate_config, benches, "benches", DECODE_STRINGS),
    FIELD(struct crate_config, features, "features", DECODE_STRINGS),
    FIELD(struct crate_config, default_features, "default_features", DECODE_BOOL),
    FIELD(struct crate_config, filter, "filter", DECODE_STRING),
    PAGE_CACHE(struct crate_config),
    {.key = NULL},
};

static void crate_release(struct crate_config *crate)
{
    free(crate->name);
    strlist_release(&crate->benches);
    strlist_release(&crate->features);
    free(crate->filter);
}

static int decode_crates(const cJSON *value, const char *path, void *member, struct error *err)
{
    struct rust_config *rust = member;
    if (!cJSON_IsArray(value))
        return error_set(err, ERROR_USAGE, "%s has to be a list", path);
    size_t count = (size_t)cJSON_GetArraySize(value);
    rust->crates = xcalloc(count + 1, sizeof(*rust->crates));
    const cJSON *item;
    cJSON_ArrayForEach(item, value)
    {
        AUTO_FREE char *place = xasprintf("%s[%zu]", path, rust->crate_count);
        struct crate_config *crate = &rust->crates[rust->crate_count++];
        crate->default_features = true;
        if (cJSON_IsString(item)) {
            crate->name = xstrdup(item->valuestring);
            continue;
        }
        int failed = decode_object(item, crate_fields, place, crate, err);
        if (failed)
            return failed;
        if (!crate->name)
            return error_set(err, ERROR_USAGE, "%s has no \"name\"", place);
    }
    return 0;
}

static const struct decode_field rust_fields[] = {
    FIELD(struct rust_config, folder, "folder", DECODE_STRING),
    FIELD(struct rust_config, toolchain, "toolchain", DECODE_STRING),
    PAGE_CACHE(struct rust_config),
    FIELD(struct rust_config, timeout_s, "timeout", DECODE_DURATION),
    WHOLE("crates", decode_crates),
    {.key = NULL},
};

static const struct decode_field datagen_fields[] = {
    FIELD(struct datagen_config, command, "command", DECODE_STRINGS),
    FIELD(struct datagen_config, inputs, "inputs", DECODE_STRINGS),
    FIELD(struct datagen_config, network, "network", DECODE_BOOL),
    FIELD(struct datagen_config, timeout_s, "timeout", DECODE_DURATION),
    {.key = NULL},
};

static const char *const python_builds[] = {"maturin", "wheel", "pip", "none", NULL};

static const struct decode_field python_fields[] = {
    FIELD(struct python_config, folder, "folder", DECODE_STRING),
    FIELD(struct python_config, suite, "suite", DECODE_STRING),
    {.key = "build",
     .kind = DECODE_CHOICE,
     .offset = offsetof(struct python_config, build),
     .choices = python_builds},
    FIELD(struct python_config, package, "package", DECODE_STRING),
    FIELD(struct python_config, version, "version", DECODE_STRING),
    FIELD(struct python_config, interpreter, "interpreter", DECODE_STRING),
    FIELD(struct python_config, features, "features", DECODE_STRINGS),
    FIELD(struct python_config, requirements, "requirements", DECODE_STRINGS),
    {.key = "datagen",
     .kind = DECODE_OBJECT,
     .offset = offsetof(struct python_config, datagen),
     .fields = datagen_fields},
    FIELD(struct python_config, pytest_args, "pytest_args", DECODE_STRINGS),
    FIELD(struct python_config, filter, "filter", DECODE_STRING),
    PAGE_CACHE(struct python_config),
    FIELD(struct python_config, timeout_s, "timeout", DECODE_DURATION),
    {.key = NULL},
};

static int decode_rust(const cJSON *value, const char *path, void *member, struct error *err)
{
    struct rust_config *rust = member;
    rust->present = true;
    return decode_object(value, rust_fields, path, rust, err);
}

static int decode_python(const cJSON *value, const char *path, void *member, struct error *err)
{
    struct python_config *python = member;
    python->present = true;
    python->build = PYTHON_NONE;
    int failed = decode_object(value, python_fields, path, python, err);
    if (failed)
        return failed;
    if (!python->suite)
        return error_set(err, ERROR_USAGE, "%s has no \"suite\": the folder of the benchmarks",
                         path);
    if (python->build == PYTHON_WHEEL && !python->package)
        return error_set(err, ERROR_USAGE, "%s builds from a \"wheel\" and has no \"package\"",
                         path);
    return 0;
}

static const struct decode_field command_fields[] = {
    FIELD(struct command_config, name, "name", DECODE_STRING),
    FIELD(struct command_config, folder, "folder", DECODE_STRING),
    FIELD(struct command_config, build, "build", DECODE_STRINGS),
    FIELD(struct command_config, run, "run", DECODE_STRINGS),
    FIELD(struct command_config, format, "format", DECODE_STRING),
    FIELD(struct command_config, output, "output", DECODE_STRING),
    FIELD(struct command_config, timeout_s, "timeout", DECODE_DURATION),
    {.key = NULL},
};

static bool is_command_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    return !name[len] && len <= COMMAND_NAME_MAX && *name != '.' && strcmp(name, "pytest") != 0;
}

static int check_program(const struct strlist *argv, const char *path, const char *key,
                         struct error *err)
{
    if (argv->count && !*argv->items[0])
        return error_set(err, ERROR_USAGE, "%s.%s names no program", path, key);
    return 0;
}

static int check_command(const struct config *config, const struct command_config *command,
                         const char *path, struct error *err)
{
    const char *missing = !command->name        ? "name"
                          : !command->run.count ? "run"
                          : !command->format    ? "format"
                                                : NULL;
    if (missing)
        return error_set(err, ERROR_USAGE, "%s has no \"%s\"", path, missing);
    if (!is_command_name(command->name))
        return error_set(err, ERROR_USAGE,
                         "%s.name: \"%s\" has to be at most %d letters, digits and \"._-\", "
                         "without a dot in front, and not pytest",
                         path, command->name, COMMAND_NAME_MAX);
    for (const struct command_config *other = config->commands; other < command; other++)
        if (!strcmp(other->name, command->name))
            return error_set(err, ERROR_USAGE, "%s.name: \"%s\" is given twice", path,
                             command->name);
    int failed = check_program(&command->build, path, "build", err);
    return failed ? failed : check_program(&command->run, path, "run", err);
}

static int decode_commands(const cJSON *value, const char *path, void *member, struct error *err)
{
    struct config *config = member;
    if (!cJSON_IsArray(value) || !cJSON_GetArraySize(value))
        return error_set(err, ERROR_USAGE, "%s has to be a list of commands", path);
    config->commands = xcalloc((size_t)cJSON_GetArraySize(value), sizeof(*config->commands));
    const cJSON *item;
    cJSON_ArrayForEach(item, value)
    {
        AUTO_FREE char *place = xasprintf("%s[%zu]", path, config->command_count);
        struct command_config *command = &config->commands[config->command_count++];
        int failed = decode_object(item, command_fields, place, command, err);
        if (!failed)
            failed = check_command(config, command, place, err);
        if (failed)
            return failed;
    }
    return 0;
}

static bool is_env_name(const char *name)
{
    if (!isalpha((unsigned char)*name) && *name != '_')
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && *name != '_')
            return false;
    return true;
}

/* {"NAME": "value", "OTHER": null}: null hands the agent's own value on. */
static int decode_env(const cJSON *value, const char *path, void *member, struct error *err)
{
    struct config *config = member;
    if (!cJSON_IsObject(value))
        return error_set(err, ERROR_USAGE, "%s has to be an object of names and values", path);
    const cJSON *item;
    cJSON_ArrayForEach(item, value)
    {
        if (!is_env_name(item->string))
            return error_set(err, ERROR_USAGE, "%s: \"%s\" is no name of a variable", path,
                             item->string);
        if (config_env_is_secret(item->string))
            return error_set(err, ERROR_USAGE,
                             "%s.%s: a variable of that name never reaches a benchmark", path,
                             item->string);
        if (cJSON_IsString(item))
            strlist_pushf(&config->env, "%s=%s", item->string, item->valuestring);
        else if (cJSON_IsNull(item))
            strlist_push(&config->env_names, item->string);
        else
            return error_set(err, ERROR_USAGE, "%s.%s has to be a string or null", path,
                             item->string);
    }
    return 0;
}

static const char *const clocks[] = {
    [CONFIG_CLOCK_WALL] = "wall", [CONFIG_CLOCK_CPU] = "cpu", NULL};

static const struct decode_field config_fields[] = {
    {.key = "$schema", .kind = DECODE_IGNORED},
    FIELD(struct config, project, "project", DECODE_STRING),
    {.key = "rust",
     .kind = DECODE_CUSTOM,
     .offset = offsetof(struct config, rust),
     .custom = decode_rust},
    {.key = "python",
     .kind = DECODE_CUSTOM,
     .offset = offsetof(struct config, python),
     .custom = decode_python},
    WHOLE("commands", decode_commands),
    WHOLE("env", decode_env),
    FIELD(struct config, cpus, "cpus", DECODE_STRING),
    {.key = "clock",
     .kind = DECODE_CHOICE,
     .offset = offsetof(struct config, clock),
     .choices = clocks},
    {.key = "verdicts",
     .kind = DECODE_CUSTOM,
     .offset = offsetof(struct config, policy),
     .custom = policy_decode_verdicts},
    {.key = "aliases",
     .kind = DECODE_CUSTOM,
     .offset = offsetof(struct config, policy),
     .custom = policy_decode_aliases},
    {.key = NULL},
};

bool config_env_is_secret(const char *name)
{
    static const char *const patterns[] = {
        "*TOKEN*", "*KEY*",        "*SECRET*", "*PASSWORD*", "*PASSWD*",  "*PASSPHRASE*", "*_PASS",
        "*_AUTH*", "*CREDENTIAL*", "AWS_*",    "GITHUB_*",   "ACTIONS_*", "LD_*"};
    for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
        if (!fnmatch(patterns[i], name, FNM_CASEFOLD))
            return true;
    return false;
}

void config_drop_commands(struct config *config)
{
    for (size_t i = 0; i < config->command_count; i++) {
        struct command_config *command = &config->commands[i];
        free(command->name);
        free(command->folder);
        strlist_release(&command->build);
        strlist_release(&command->run);
        free(command->format);
        free(command->output);
    }
    free(take_ptr(config->commands));
    config->command_count = 0;
}

void config_release(struct config *config)
{
    config_drop_commands(config);
    free(config->project);
    free(config->rust.folder);
    free(config->rust.toolchain);
    for (size_t i = 0; i < config->rust.crate_count; i++)
        crate_release(&config->rust.crates[i]);
    free(config->rust.crates);
    struct python_config *python = &config->python;
    free(python->folder);
    free(python->suite);
    free(python->package);
    free(python->version);
    free(python->interpreter);
    strlist_release(&python->features);
    strlist_release(&python->requirements);
    strlist_release(&python->datagen.command);
    strlist_release(&python->datagen.inputs);
    strlist_release(&python->pytest_args);
    free(python->filter);
    strlist_release(&config->env);
    strlist_release(&config->env_names);
    free(config->cpus);
    policy_release(&config->policy);
    free(config->source);
    *config = (struct config){0};
}

/* A folder of the target that leaves the target would be a way out of it. */
static int check_inside(const char *path, const char *key, const char *name, struct error *err)
{
    if (!path)
        return 0;
    AUTO_STRLIST struct strlist parts = STRLIST_INIT;
    strlist_split(&parts, path, '/');
    if (*path == '/' || strlist_contains(&parts, ".."))
        return error_set(err, ERROR_USAGE, "%s: %s is \"%s\", which leaves the target", name, key,
                         path);
    return 0;
}

static int check_command_paths(const struct command_config *command, const char *name,
                               struct error *err)
{
    AUTO_FREE char *folder = xasprintf("commands, %s, folder", command->name);
    AUTO_FREE char *output = xasprintf("commands, %s, output", command->name);
    int failed = check_inside(command->folder, folder, name, err);
    return failed ? failed : check_inside(command->output, output, name, err);
}

static int check_paths(const struct config *config, const char *name, struct error *err)
{
    int failed = check_inside(config->rust.folder, "rust.folder", name, err);
    if (!failed)
        failed = check_inside(config->python.folder, "python.folder", name, err);
    if (!failed)
        failed = check_inside(config->python.suite, "python.suite", name, err);
    for (size_t i = 0; !failed && i < config->python.datagen.inputs.count; i++)
        failed = check_inside(config->python.datagen.inputs.items[i], "python.datagen.inputs", name,
                              err);
    for (size_t i = 0; !failed && i < config->command_count; i++)
        failed = check_command_paths(&config->commands[i], name, err);
    return failed;
}

static size_t line_of(const char *text, const char *at)
{
    size_t line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

int config_parse_any(const char *text, size_t len, const char *name, struct config *out,
                     struct error *err)
{
    const char *end = text;
    cJSON *document = cJSON_ParseWithLengthOpts(text, len, &end, false);
    if (document)
        while (end < text + len && isspace((unsigned char)*end))
            end++;
    if (!document || end < text + len) {
        cJSON_Delete(document);
        return error_set(err, ERROR_USAGE, "%s is not JSON: line %zu", name, line_of(text, end));
    }
    AUTO_CONFIG struct config config = {.source = xstrdup(name)};
    int failed = decode_object(document, config_fields, "", &config, err);
    cJSON_Delete(document);
    if (failed)
        return error_wrap(err, "%s", name);
    failed = check_paths(&config, name, err);
    if (failed)
        return failed;
    *out = config;
    config = (struct config){0};
    return 0;
}

static bool runs_nothing(const struct config *config)
{
    return !config->rust.present && !config->python.present && !config->command_count;
}

int config_parse(const char *text, size_t len, const char *name, struct config *out,
                 struct error *err)
{
    AUTO_CONFIG struct config config = {0};
    int failed = config_parse_any(text, len, name, &config, err);
    if (failed)
        return failed;
    if (runs_nothing(&config))
        return error_set(err, ERROR_USAGE,
                         "%s has neither \"rust\" nor \"python\" nor \"commands\": nothing to run",
                         name);
    *out = config;
    config = (struct config){0};
    return 0;
}

/* The target's own file is foreign: a link in it could name any file of this machine. */
static bool is_plain_file(const char *path)
{
    struct stat st;
    return !lstat(path, &st) && S_ISREG(st.st_mode);
}

/* The defaults, with the policy of a document that says nothing else. */
static int default_with(const char *root, struct config *config, struct config *out,
                        struct error *err)
{
    AUTO_CONFIG struct config found = {0};
    int failed = config_default(root, &found, err);
    if (failed)
        return failed;
    found.policy = config->policy;
    config->policy = (struct policy){0};
    if (config->project) {
        free(found.project);
        found.project = take_ptr(config->project);
    }
    *out = found;
    found = (struct config){0};
    return 0;
}

int config_load(const char *file, const char *root, struct config *out, struct error *err)
{
    AUTO_FREE char *own = path_join(root, CONFIG_FILE);
    if (!file && !is_plain_file(own))
        return config_default(root, out, err);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    int failed = file_read(file ? file : own, CONFIG_MAX_BYTES, &text, err);
    if (failed)
        return failed;
    AUTO_CONFIG struct config config = {0};
    failed = config_parse_any(text.buf, text.len, file ? file : CONFIG_FILE, &config, err);
    if (failed)
        return failed;
    if (!runs_nothing(&config) || policy_is_empty(&config.policy))
        return config_parse(text.buf, text.len, file ? file : CONFIG_FILE, out, err);
    return default_with(root, &config, out, err);
}
