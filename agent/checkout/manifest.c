#include "checkout/manifest.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/toml.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <string.h>

enum { MANIFEST_MAX = 1 << 20, VERSION_MAX = 64 };

static void cleanup_json(cJSON **json)
{
    cJSON_Delete(*json);
}
#define AUTO_JSON __attribute__((cleanup(cleanup_json)))

/* *out stays NULL when there is no such file. */
static int read_manifest(const char *folder, const char *name, cJSON **out, struct error *err)
{
    AUTO_FREE char *path = path_join(folder, name);
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    if (!path_exists(path))
        return 0;
    int failed = file_read(path, MANIFEST_MAX, &text, err);
    if (!failed)
        failed = toml_parse(text.buf, text.len, out, err);
    return failed ? error_wrap(err, "%s", name) : 0;
}

static const cJSON *at(const cJSON *json, const char *outer, const char *inner)
{
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(json, outer), inner);
}

static const char *string_at(const cJSON *json, const char *outer, const char *inner)
{
    return cJSON_GetStringValue(at(json, outer, inner));
}

static const char *cargo_version(const cJSON *manifest)
{
    const char *own = string_at(manifest, "package", "version");
    if (own)
        return own;
    /* `version.workspace = true`, or a workspace without a package of its own */
    return cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(at(manifest, "workspace", "package"), "version"));
}

/* A version becomes part of names and messages: it is what SemVer and PEP 440 are made of. */
static int take_version(const char *version, const char *name, char **out, struct error *err)
{
    size_t len = strlen(version);
    bool fine = len && len <= VERSION_MAX;
    for (const char *c = version; *c; c++)
        fine &= isalnum((unsigned char)*c) || strchr(".+-_!", *c);
    if (!fine)
        return error_set(err, ERROR_INPUT, "%s: '%.80s' is not a version", name, version);
    *out = xstrdup(version);
    return 0;
}

/* 0 with *out NULL when the file is not there or states none. */
static int version_of_cargo(const char *folder, const char *name, char **out, struct error *err)
{
    AUTO_JSON cJSON *manifest = NULL;
    int failed = read_manifest(folder, name, &manifest, err);
    const char *version = failed ? NULL : cargo_version(manifest);
    return version ? take_version(version, name, out, err) : failed;
}

static bool leads_outside(const char *path)
{
    return *path == '/' || strstr(path, "..");
}

static int version_of_python(const char *folder, char **out, struct error *err)
{
    static const char name[] = "pyproject.toml";
    AUTO_JSON cJSON *manifest = NULL;
    int failed = read_manifest(folder, name, &manifest, err);
    if (failed || !manifest)
        return failed;
    const char *version = string_at(manifest, "project", "version");
    if (!version)
        version = cJSON_GetStringValue(
            cJSON_GetObjectItemCaseSensitive(at(manifest, "tool", "poetry"), "version"));
    if (version)
        return take_version(version, name, out, err);
    const char *cargo = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(at(manifest, "tool", "maturin"), "manifest-path"));
    return cargo && !leads_outside(cargo) ? version_of_cargo(folder, cargo, out, err) : 0;
}

int manifest_version(const char *folder, char **out, struct error *err)
{
    AUTO_FREE char *version = NULL;
    int failed = version_of_cargo(folder, "Cargo.toml", &version, err);
    if (!failed && !version)
        failed = version_of_python(folder, &version, err);
    if (!failed && !version)
        failed = version_of_cargo(folder, "python/Cargo.toml", &version, err);
    if (failed)
        return failed;
    if (!version)
        return error_set(err, ERROR_NOT_FOUND,
                         "neither Cargo.toml nor pyproject.toml states a version");
    *out = take_ptr(version);
    return 0;
}
