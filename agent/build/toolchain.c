#include "build/toolchain.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/program.h"
#include "base/strbuf.h"
#include "base/strlist.h"
#include "base/toml.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOOLCHAIN_FILE_BYTES ((size_t)64 << 10)

#if defined(__x86_64__)
#define HOST "x86_64-unknown-linux-gnu"
#elif defined(__aarch64__)
#define HOST "aarch64-unknown-linux-gnu"
#else
#error "name this machine's Rust target"
#endif

void toolchain_release(struct toolchain *toolchain)
{
    free(toolchain->name);
    free(toolchain->asked);
    free(toolchain->bin);
    free(toolchain->root);
    free(toolchain->cargo);
    free(toolchain->rustc);
    *toolchain = (struct toolchain){0};
}

/* The channel in the text of a rust-toolchain file: TOML, or the name alone. */
static int read_channel(const char *text, size_t len, char **channel, struct error *err)
{
    if (!strchr(text, '[') && !strchr(text, '=')) {
        while (isspace((unsigned char)*text))
            text++;
        size_t end = strcspn(text, " \t\r\n");
        *channel = end ? xstrndup(text, end) : NULL;
        return 0;
    }
    struct cJSON *document = NULL;
    int failed = toml_parse(text, len, &document, err);
    if (failed)
        return failed;
    const cJSON *section = cJSON_GetObjectItemCaseSensitive(document, "toolchain");
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(section, "channel");
    *channel = cJSON_IsString(value) ? xstrdup(value->valuestring) : NULL;
    cJSON_Delete(document);
    return 0;
}

/* Looks in `folder` and its parents, up to `root`. */
static int channel_asked_for(const char *root, const char *folder, char **channel,
                             struct error *err)
{
    static const char *const names[] = {"rust-toolchain", "rust-toolchain.toml"};
    AUTO_FREE char *at = xstrdup(folder);
    for (;;) {
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
            AUTO_FREE char *path = path_join(at, names[i]);
            AUTO_STRBUF struct strbuf text = STRBUF_INIT;
            struct stat st;
            if (lstat(path, &st) || !S_ISREG(st.st_mode))
                continue;
            int failed = file_read(path, TOOLCHAIN_FILE_BYTES, &text, err);
            if (!failed)
                failed = read_channel(text.buf, text.len, channel, err);
            return failed ? error_wrap(err, "%s", path) : 0;
        }
        char *slash = strrchr(at, '/');
        if (!slash || strlen(at) <= strlen(root))
            return 0;
        *slash = '\0';
    }
}

static char *rustup_home(void)
{
    const char *set = getenv("RUSTUP_HOME");
    if (set && *set == '/')
        return xstrdup(set);
    const char *home = getenv("HOME");
    return path_join(home ? home : "", ".rustup");
}

/* Adds the names of rustup's installed toolchains. */
static char *list_installed(struct strlist *names)
{
    AUTO_FREE char *home = rustup_home();
    char *folder = path_join(home, "toolchains");
    /* No such folder: no rustup, no toolchains. */
    if (dir_list(folder, names, NULL))
        strlist_clear(names);
    return folder;
}

/* "1.95.0" is installed as "1.95.0-<host>". A version without its last number takes the newest that
 * fits; the list is sorted. */
static const char *match_installed(const struct strlist *names, const char *wanted)
{
    AUTO_FREE char *full = xasprintf("%s-" HOST, wanted);
    AUTO_FREE char *prefix = xasprintf("%s.", wanted);
    const char *best = NULL;
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        if (!strcmp(name, wanted) || !strcmp(name, full))
            return name;
        if (isdigit((unsigned char)*wanted) && !strncmp(name, prefix, strlen(prefix)))
            best = name;
    }
    return best;
}

/* rustup's own default, from its settings. */
static char *rustup_default(void)
{
    AUTO_FREE char *home = rustup_home();
    AUTO_FREE char *path = path_join(home, "settings.toml");
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    struct cJSON *document = NULL;
    if (file_read(path, TOOLCHAIN_FILE_BYTES, &text, NULL) ||
        toml_parse(text.buf, text.len, &document, NULL))
        return NULL;
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(document, "default_toolchain");
    char *name = cJSON_IsString(value) ? xstrdup(value->valuestring) : NULL;
    cJSON_Delete(document);
    return name;
}

static bool fill(struct toolchain *out, const char *name, const char *root)
{
    struct toolchain found = {.name = xstrdup(name), .root = path_real(root)};
    if (found.root) {
        found.bin = path_join(found.root, "bin");
        found.cargo = path_join(found.bin, "cargo");
        found.rustc = path_join(found.bin, "rustc");
    }
    if (!found.root || access(found.cargo, X_OK) || access(found.rustc, X_OK)) {
        toolchain_release(&found);
        return false;
    }
    *out = found;
    return true;
}

/* Whether it is rustup under another name. */
static bool is_proxy(const char *path)
{
    AUTO_FREE char *real = path_real(path);
    AUTO_FREE char *folder = xstrdup(path);
    *strrchr(folder, '/') = '\0';
    AUTO_FREE char *rustup = path_join(folder, "rustup");
    return !real || strstr(path_basename(real), "rustup") || !access(rustup, X_OK);
}

/* cargo and rustc in one folder of PATH, such as a distribution's. */
static bool find_in_path(struct toolchain *out)
{
    const char *path = getenv("PATH");
    AUTO_STRLIST struct strlist folders = STRLIST_INIT;
    strlist_split(&folders, path ? path : "", ':');
    for (size_t i = 0; i < folders.count; i++) {
        AUTO_FREE char *cargo = path_join(folders.items[i], "cargo");
        AUTO_FREE char *rustc = path_join(folders.items[i], "rustc");
        if (*cargo != '/' || access(cargo, X_OK) || access(rustc, X_OK) || is_proxy(cargo))
            continue;
        struct toolchain found = {
            .name = xstrdup("system"),
            .bin = xstrdup(folders.items[i]),
            .root = xstrdup(folders.items[i]),
            .cargo = take_ptr(cargo),
            .rustc = take_ptr(rustc),
        };
        *out = found;
        return true;
    }
    return false;
}

/* "1.96.0" of a system toolchain, asked from rustc itself. */
static char *system_version(const struct toolchain *toolchain)
{
    AUTO_FREE char *line = NULL;
    if (program_output((const char *const[]){toolchain->rustc, "--version", NULL}, &line, NULL) ||
        strncmp(line, "rustc ", 6))
        return NULL;
    return xstrndup(line + 6, strcspn(line + 6, " \n"));
}

static bool version_fits(const char *version, const char *wanted)
{
    size_t len = strlen(wanted);
    return !strcmp(wanted, "stable") ||
           (!strncmp(version, wanted, len) && (!version[len] || version[len] == '.'));
}

static bool find_named(const char *wanted, const struct strlist *installed, const char *folder,
                       struct toolchain *out)
{
    /* A toolchain linked into rustup, or one given by its own folder. */
    if (*wanted == '/')
        return fill(out, wanted, wanted);
    const char *name = match_installed(installed, wanted);
    if (name) {
        AUTO_FREE char *root = path_join(folder, name);
        if (fill(out, name, root))
            return true;
    }
    AUTO_TOOLCHAIN struct toolchain system = {0};
    if (!find_in_path(&system))
        return false;
    AUTO_FREE char *version = system_version(&system);
    if (strcmp(wanted, "system") && (!version || !version_fits(version, wanted)))
        return false;
    *out = system;
    system = (struct toolchain){0};
    return true;
}

static bool find_any(const struct strlist *installed, const char *folder, struct toolchain *out)
{
    AUTO_FREE char *chosen = rustup_default();
    const char *name = chosen ? match_installed(installed, chosen) : NULL;
    if (!name && installed->count)
        name = installed->items[installed->count - 1];
    if (name) {
        AUTO_FREE char *root = path_join(folder, name);
        if (fill(out, name, root))
            return true;
    }
    return find_in_path(out);
}

static int not_found(const char *wanted, bool by_target, const struct strlist *installed,
                     struct error *err)
{
    AUTO_FREE char *list = installed->count ? strlist_join(installed, ", ") : xstrdup("none");
    if (!wanted)
        return error_set(err, ERROR_NOT_FOUND,
                         "no Rust toolchain: install one with rustup, or the packages rustc and "
                         "cargo");
    return error_set(err, ERROR_NOT_FOUND,
                     "%s Rust %s, which is not installed (installed: %s): 'rustup toolchain "
                     "install %s', or build with another by --toolchain NAME",
                     by_target ? "the target's rust-toolchain file asks for" : "you ask for",
                     wanted, list, wanted);
}

int toolchain_find(const char *root, const char *folder, const char *override,
                   struct toolchain *out, struct error *err)
{
    AUTO_FREE char *asked = NULL;
    int failed = channel_asked_for(root, folder, &asked, err);
    if (failed)
        return failed;
    AUTO_STRLIST struct strlist installed = STRLIST_INIT;
    AUTO_FREE char *toolchains = list_installed(&installed);
    const char *wanted = override ? override : asked;
    struct toolchain found = {0};
    if (wanted ? !find_named(wanted, &installed, toolchains, &found)
               : !find_any(&installed, toolchains, &found))
        return not_found(wanted, !override, &installed, err);
    found.asked = take_ptr(asked);
    *out = found;
    return 0;
}
