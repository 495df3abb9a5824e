/* doctor: what this machine lacks, and for which command. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/program.h"
#include "command/common.h"
#include "command/rows.h"
#include "net/ca.h"
#include "sandbox/sandbox.h"

#include <string.h>

/* A program that a command needs on PATH. */
static const struct {
    const char *name, *needed_for, *install;
} programs[] = {
    {"cargo", "run (Rust)", "install Rust with rustup, or Debian's cargo"},
    {"rustc", "run (Rust)", "install Rust with rustup, or Debian's rustc"},
    {"cc", "run (Rust)", "apt-get install gcc"},
    {"python3", "run (Python)", "apt-get install python3"},
    {"protoc", "run on Lance", "apt-get install protobuf-compiler libprotobuf-dev"},
    {"cmake", "run on Lance", "apt-get install cmake"},
};

struct finding {
    const char *check, *needed_for;
    const char *state; /* "ok", "missing" or "limited" */
    char *detail;      /* owned */
};

static void report(struct table *table, const struct finding *f, bool *lacking)
{
    table_text(table, f->check);
    table_text(table, f->needed_for);
    table_text(table, f->state);
    table_text(table, f->detail);
    table_end_row(table);
    *lacking |= strcmp(f->state, "ok") != 0;
    free(f->detail);
}

/* The first file of this name on PATH, as a fresh string. */
static char *find_program(const char *name)
{
    const char *path = getenv("PATH");
    AUTO_STRLIST struct strlist folders = STRLIST_INIT;
    strlist_split(&folders, path ? path : "", ':');
    for (size_t i = 0; i < folders.count; i++) {
        AUTO_FREE char *file = path_join(folders.items[i], name);
        if (!access(file, X_OK) && !path_is_dir(file))
            return take_ptr(file);
    }
    return NULL;
}

static void check_programs(struct table *table, bool *lacking)
{
    for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
        char *found = find_program(programs[i].name);
        report(table,
               &(struct finding){programs[i].name, programs[i].needed_for, found ? "ok" : "missing",
                                 found ? found : xstrdup(programs[i].install)},
               lacking);
    }
    const char *const ask[] = {"python3", "-c", "import venv, ensurepip", NULL};
    AUTO_FREE char *said = NULL;
    bool venv = !program_output(ask, &said, NULL);
    report(table,
           &(struct finding){"python3-venv", "run (Python)", venv ? "ok" : "missing",
                             xstrdup(venv ? "" : "apt-get install python3-venv")},
           lacking);
}

static void check_sandbox(struct table *table, bool *lacking)
{
    struct sandbox_report found = {0};
    struct error err = ERROR_INIT;
    if (sandbox_probe(SANDBOX_AUTO, &found, &err)) {
        report(table, &(struct finding){"sandbox", "run", "missing", xstrdup(err.message)},
               lacking);
        return;
    }
    char *detail =
        found.missing.count ? strlist_join(&found.missing, "; ") : sandbox_report_text(&found);
    report(table,
           &(struct finding){"sandbox", "run", found.missing.count ? "limited" : "ok", detail},
           lacking);
    sandbox_report_release(&found);
}

static void check_certificates(struct table *table, bool *lacking)
{
    const char *path = NULL;
    struct error err = ERROR_INIT;
    int failed = ca_path(&path, &err);
    report(table,
           &(struct finding){"certificates", "checkout, s3://", failed ? "missing" : "ok",
                             xstrdup(failed ? err.message : path)},
           lacking);
}

static void check_database(const struct globals *globals, struct table *table, bool *lacking)
{
    AUTO_DATABASE struct database *db = NULL;
    AUTO_STRLIST struct strlist tables = STRLIST_INIT;
    struct error err = ERROR_INIT;
    int failed = command_database(globals, &db, &err);
    if (!failed)
        failed = database_tables(db, &tables, &err);
    char *detail = failed         ? xstrdup(err.message)
                   : tables.count ? xasprintf("%zu tables in %s", tables.count, globals->db)
                                  : xasprintf("%s is made by the first publishing", globals->db);
    report(
        table,
        &(struct finding){"database", "publish, results, run", failed ? "missing" : "ok", detail},
        lacking);
}

static void check_disk(struct table *table, bool *lacking)
{
    AUTO_FREE char *cache = NULL;
    struct error err = ERROR_INIT;
    AUTO_STRBUF struct strbuf size = STRBUF_INIT;
    uint64_t bytes = 0;
    int failed = cache_dir(&cache, &err);
    if (!failed)
        failed = disk_free_bytes(cache, &bytes, &err);
    format_bytes(&size, bytes);
    /* A checkout of Lance with its build folder takes some ten. */
    bool enough = !failed && bytes >= 10ull << 30;
    report(table,
           &(struct finding){"disk", "run", enough ? "ok" : "limited",
                             failed ? xstrdup(err.message)
                                    : xasprintf("%s free for %s", size.buf, cache)},
           lacking);
}

static int run(const struct globals *globals, const void *options, const struct strlist *args,
               struct error *err)
{
    (void)options;
    (void)args;
    AUTO_TABLE struct table *table = command_table(globals);
    bool lacking = false;
    table_column(table, "check", false);
    table_column(table, "needed_for", false);
    table_column(table, "state", false);
    table_column(table, "detail", false);
    check_programs(table, &lacking);
    check_sandbox(table, &lacking);
    check_certificates(table, &lacking);
    check_database(globals, table, &lacking);
    check_disk(table, &lacking);
    table_finish(table);
    return lacking ? error_set(err, ERROR_FAILURE, "this machine lacks something; see above") : 0;
}

const struct command command_doctor = {
    .name = "doctor",
    .group = "machine",
    .summary = "Say what this machine lacks for which command",
    .arguments = "",
    .run = run,
};
