#include "runner/conf.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/toml.h"

#include <cjson/cJSON.h>
#include <string.h>

#define CONF_MAX ((size_t)64 << 10)

static void cleanup_json(cJSON **json)
{
    cJSON_Delete(*json);
}
#define AUTO_JSON __attribute__((cleanup(cleanup_json)))

void host_conf_release(struct host_conf *conf)
{
    free(conf->profile);
    free(conf->cpus);
    strlist_release(&conf->users);
    *conf = (struct host_conf){0};
}

static int read_text(const cJSON *value, const char *path, char **out, struct error *err)
{
    if (!cJSON_IsString(value) || !*value->valuestring)
        return error_set(err, ERROR_USAGE, "%s: %s has to be a text", path, value->string);
    free(*out);
    *out = xstrdup(value->valuestring);
    return 0;
}

static int read_users(const cJSON *value, const char *path, struct strlist *out, struct error *err)
{
    const cJSON *item = NULL;
    if (!cJSON_IsArray(value))
        return error_set(err, ERROR_USAGE, "%s: users has to be a list of texts", path);
    cJSON_ArrayForEach(item, value)
    {
        if (!cJSON_IsString(item))
            return error_set(err, ERROR_USAGE, "%s: users has to be a list of texts", path);
        strlist_push(out, item->valuestring);
    }
    return 0;
}

static int read_key(const cJSON *value, const char *path, struct host_conf *conf, struct error *err)
{
    if (!strcmp(value->string, "profile"))
        return read_text(value, path, &conf->profile, err);
    if (!strcmp(value->string, "cpus"))
        return read_text(value, path, &conf->cpus, err);
    if (!strcmp(value->string, "users"))
        return read_users(value, path, &conf->users, err);
    if (!strcmp(value->string, "isolate")) {
        if (!cJSON_IsBool(value))
            return error_set(err, ERROR_USAGE, "%s: isolate has to be true or false", path);
        conf->isolate = cJSON_IsTrue(value) ? HOST_CONF_YES : HOST_CONF_NO;
        return 0;
    }
    return error_set(err, ERROR_USAGE,
                     "%s: unknown key \"%s\": it has profile, cpus, isolate and users", path,
                     value->string);
}

bool host_conf_isolates(const struct host_conf *conf)
{
    return conf->isolate == HOST_CONF_YES ||
           (conf->isolate == HOST_CONF_UNSAID && !strcmp(conf->profile, HOST_CONF_PROFILE));
}

int host_conf_load(const char *root, struct host_conf *out, struct error *err)
{
    AUTO_FREE char *path = xasprintf("%s" HOST_CONF_FILE, root);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    AUTO_JSON cJSON *json = NULL;
    int failed = file_read(path, CONF_MAX, &text, err);
    if (failed)
        return failed;
    if (toml_parse(text.buf, text.len, &json, err))
        return error_wrap(err, "%s", path);
    AUTO_HOST_CONF struct host_conf conf = {.profile = xstrdup(HOST_CONF_PROFILE)};
    const cJSON *value = NULL;
    cJSON_ArrayForEach(value, json)
    {
        failed = read_key(value, path, &conf, err);
        if (failed)
            return failed;
    }
    *out = conf;
    conf = (struct host_conf){0};
    return 0;
}

/* TOML's basic strings are JSON's. */
static void add_text(struct strbuf *out, const char *text)
{
    escape_json(out, text, strlen(text));
}

void host_conf_text(const struct host_conf *conf, struct strbuf *out)
{
    strbuf_addstr(out, "# How far this machine is tuned while it measures, and on which CPUs it "
                       "does so.\n# It has to stay root's, or the job hooks refuse to work.\n"
                       "# Profiles: bare-metal, shared, container.\n");
    strbuf_addstr(out, "profile = ");
    add_text(out, conf->profile);
    if (conf->cpus) {
        strbuf_addstr(out, "\ncpus = ");
        add_text(out, conf->cpus);
    } else {
        strbuf_addstr(out, "\n# cpus = \"2-5\"   (without it they are chosen from the topology)");
    }
    if (conf->isolate)
        strbuf_addf(out, "\nisolate = %s", conf->isolate == HOST_CONF_YES ? "true" : "false");
    else
        strbuf_addstr(out, "\n# isolate = false   (bare-metal keeps everything else off the CPUs "
                           "while a run of root's measures)");
    strbuf_addstr(out, "\n# Accounts whose runners may have it tuned.\nusers = [");
    for (size_t i = 0; i < conf->users.count; i++) {
        strbuf_addstr(out, i ? ", " : "");
        add_text(out, conf->users.items[i]);
    }
    strbuf_addstr(out, "]\n");
}
