/* run --dry-run: what would be done. */
#include "pipeline/run/run_state.h"

#include "base/alloc.h"
#include "base/strbuf.h"
#include "pipeline/run/run_commands.h"

#include <string.h>

/* `asked` are the benches of the command line, which outweigh those of the configuration. */
static void plan_crate(struct strlist *plan, const struct crate_config *crate,
                       const struct strlist *asked)
{
    AUTO_STRBUF struct strbuf line = STRBUF_INIT;
    strbuf_addf(&line, "compile and run %s: ", crate->name);
    AUTO_FREE char *benches = strlist_join(asked->count ? asked : &crate->benches, ", ");
    if (asked->count)
        strbuf_addf(&line, "those of its benches that are called %s", benches);
    else
        strbuf_addf(&line, "%s", *benches ? benches : "all its benches");
    if (crate->features.count || !crate->default_features) {
        AUTO_FREE char *features = strlist_join(&crate->features, ",");
        strbuf_addf(&line, "; features %s%s", features,
                    crate->default_features ? "" : " without the default ones");
    }
    if (crate->filter)
        strbuf_addf(&line, "; names that match %s", crate->filter);
    strlist_push(plan, line.buf);
}

static void plan_rust(const struct run *run)
{
    const struct rust_config *rust = &run->config.rust;
    struct strlist *plan = &run->out->plan;
    strlist_pushf(plan, "fetch the crates of %s/Cargo.lock, with the network",
                  rust->folder ? rust->folder : ".");
    for (size_t i = 0; i < rust->crate_count; i++)
        plan_crate(plan, &rust->crates[i], &run->request->benches);
    if (!rust->crate_count)
        strlist_push(plan, "compile and run every bench of the workspace");
}

static void plan_python(const struct run *run)
{
    const struct python_config *python = &run->config.python;
    struct strlist *plan = &run->out->plan;
    AUTO_FREE char *requirements = strlist_join(&python->requirements, " ");
    strlist_pushf(plan, "create a Python environment with %s",
                  *requirements ? requirements : "pytest pytest-benchmark");
    const char *folder = python->folder ? python->folder : ".";
    switch ((enum python_build)python->build) {
    case PYTHON_MATURIN:
        strlist_pushf(plan, "build %s with maturin", folder);
        break;
    case PYTHON_PIP:
        strlist_pushf(plan, "build %s with pip", folder);
        break;
    case PYTHON_WHEEL:
        strlist_pushf(plan, "install the wheel %s %s", python->package,
                      python->version ? python->version : "(no version given)");
        break;
    case PYTHON_NONE:
        break;
    }
    if (python->datagen.command.count) {
        AUTO_FREE char *command = strlist_join(&python->datagen.command, " ");
        strlist_pushf(plan, "generate data: %s%s", command,
                      python->datagen.network ? ", with the network" : "");
    }
    strlist_pushf(plan, "run pytest on %s%s%s%s", folder, "/", python->suite,
                  python->filter ? ", filtered" : "");
}

void run_plan(struct run *run)
{
    struct run_outcome *out = run->out;
    strlist_pushf(&out->plan, "check out %s at %s", run->checkout.remote, out->commit);
    if (run->config.rust.present)
        plan_rust(run);
    if (run->config.python.present)
        plan_python(run);
    run_commands_plan(run);
    if (run->cpu_clock)
        strlist_push(&out->plan, "measure the CPU time of the thread that measures, and refuse "
                                 "benchmarks that wait or have others work");
    strlist_pushf(&out->plan, "store the %s of %s %s in %s",
                  run->cpu_clock ? "metric cpu_time" : "results", out->project, out->version,
                  run->request->db);
}
