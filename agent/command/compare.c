/* compare: the stored results of two commits side by side. */
#include "base/alloc.h"
#include "base/log.h"
#include "command/circumstances.h"
#include "command/common.h"
#include "command/compare_history.h"
#include "command/compare_measure.h"
#include "command/compare_stdin.h"
#include "command/rows.h"
#include "decide/verdict.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

struct compare_options {
    struct result_query query;
    const char *fail_on;
    struct policy_source policy;
    double alpha, matters, minimum_effect;
    bool history, measure, pull_request, from_stdin;
    const char *pairs;
    int64_t max_pairs, layouts, seed;
    double budget, measurement_time;
};

/* Not given; what is given is above 0, or is refused. */
static const struct compare_options defaults = {
    .alpha = NAN,
    .matters = NAN,
    .minimum_effect = NAN,
    .seed = -1,
};

static const struct option_row rows[] = {
    QUERY_ROWS(struct compare_options, query, "of this project"),
    {"history", OPTION_FLAG, offsetof(struct compare_options, history), NULL,
     "one commit (default: the newest) against its ancestors"},
    {"measure", OPTION_FLAG, offsetof(struct compare_options, measure), NULL,
     "build both commits of --repo (default: .) and measure them side by side"},
    OPTION(struct compare_options, alpha, OPTION_NUMBER, "alpha", "P",
           "chance of any false alarm (default: .05 with --history, .01 with --measure)"),
    OPTION(struct compare_options, matters, OPTION_NUMBER, "matters", "PERCENT",
           "the change that has to be seen (default: 5)"),
    OPTION(struct compare_options, minimum_effect, OPTION_NUMBER, "minimum-effect", "PERCENT",
           "a smaller one is neither worse nor better (default: 0)"),
    OPTION(struct compare_options, max_pairs, OPTION_INTEGER, "max-pairs", "N",
           "with --measure: pairs of processes for a benchmark, at most (default: 40)"),
    OPTION(struct compare_options, budget, OPTION_DURATION, "budget", "TIME",
           "with --measure: what is undecided after so long is unsure (default: no limit)"),
    OPTION(struct compare_options, measurement_time, OPTION_DURATION, "measurement-time", "TIME",
           "with --measure: of one benchmark in one process of Criterion or pytest-benchmark "
           "(default: its own)"),
    OPTION(struct compare_options, pairs, OPTION_STRING, "pairs", "HOW",
           "with --measure: together (both processes of a pair at once, on one CPU) or in-turn "
           "(default: together with --clock cpu)"),
    OPTION(
        struct compare_options, layouts, OPTION_INTEGER, "layouts", "N",
        "with --measure: links of each Rust program, each with its functions in another order; 1: "
        "the ordinary one (default: 32)"),
    OPTION(struct compare_options, seed, OPTION_INTEGER, "seed", "N",
           "with --measure: of the order, the environments and the layouts (default: drawn)"),
    POLICY_SOURCE_ROWS(struct compare_options, policy),
    OPTION(struct compare_options, fail_on, OPTION_STRING, "fail-on", "WHAT",
           "unsure: that, too, exits with 2"),
    {"pull-request", OPTION_FLAG, offsetof(struct compare_options, pull_request), NULL,
     "with --history: the commit's results are those of a pull request; with --measure: HEAD is "
     "foreign code"},
    {"stdin", OPTION_FLAG, offsetof(struct compare_options, from_stdin), NULL,
     "numbers from standard input against a history in it"},
};

/* Seven characters name two commits in one project of Lance's size as likely as not. */
static int check_one_commit(const struct stored_results *results, const char *asked,
                            struct error *err)
{
    const char *longest = "";
    for (size_t i = 0; i < results->count; i++) {
        const char *id = results->items[i].commit;
        size_t known = strlen(longest), len = strlen(id);
        if (strncmp(id, longest, len < known ? len : known))
            return error_set(err, ERROR_USAGE,
                             "%s is the beginning of %s and of %s: give more of it", asked, longest,
                             id);
        longest = len > known ? id : longest;
    }
    return 0;
}

static int read_side(struct database *db, const struct compare_options *o, const char *commit,
                     struct stored_results *out, struct error *err)
{
    const struct result_query query = {
        .commit = commit,
        .benchmark = o->query.benchmark,
        .test_bed = o->query.test_bed,
        .project = o->query.project,
        .without_values = true,
    };
    int failed = command_check_commit(commit, err);
    if (!failed)
        failed = results_read(db, &query, out, err);
    if (failed == ERROR_NOT_FOUND)
        return error_set(err, ERROR_NO_DATA, "no results in %s yet", database_uri(db));
    bool all = !o->query.benchmark && !o->query.test_bed && !o->query.project;
    if (!failed && !out->count)
        return error_set(err, ERROR_NO_DATA, "no results of commit %s in %s%s", commit,
                         database_uri(db), all ? "" : " match the options");
    return failed ? failed : check_one_commit(out, commit, err);
}

static int compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

/* The order of series: the same benchmark, machine, project and unit. */
static int compare_series(const void *left, const void *right)
{
    const struct stored_result *a = left, *b = right;
    int order = compare_text(a->benchmark_name, b->benchmark_name);
    if (!order)
        order = compare_text(a->test_bed.name, b->test_bed.name);
    if (!order)
        order = compare_text(a->dut.name, b->dut.name);
    return order ? order : compare_text(a->units, b->units);
}

/* What stands for a result: its median, or the mean where the writer kept nothing else. */
static double level(const struct stored_result *r)
{
    return isnan(r->summary.median) ? r->summary.mean : r->summary.median;
}

/* The median over the results of the series that begins at `first`, so that a commit measured more
 * than once counts as a whole; *next is where the series after it begins. */
static double series_level(const struct stored_results *side,
                           const struct stored_sessions *sessions, size_t first, size_t *next,
                           struct circumstances *circumstances)
{
    AUTO_FREE double *levels = NULL;
    size_t count = 0, cap = 0, i = first;
    for (; i < side->count && !compare_series(&side->items[i], &side->items[first]); i++) {
        if (isnan(level(&side->items[i])))
            continue;
        ARRAY_RESERVE(levels, cap, count + 1);
        levels[count++] = level(&side->items[i]);
        circumstances_add(circumstances, &side->items[i], sessions);
    }
    *next = i;
    return summary_of(levels, count).median;
}

/* The rows that were printed. */
struct pairs {
    size_t count, comparable;
    char *obstacle; /* owned: the first thing that stands in a comparison's way, or NULL */
};

static void add_verdict(struct table *table, const struct circumstances *a,
                        const struct circumstances *b, struct pairs *pairs)
{
    AUTO_STRLIST struct strlist notes = STRLIST_INIT;
    bool comparable = circumstances_comparable(a, b, &notes);
    table_bool(table, comparable);
    table_list(table, &notes);
    pairs->count++;
    pairs->comparable += comparable;
    if (!comparable && !pairs->obstacle)
        pairs->obstacle = xstrdup(notes.items[0]);
}

/* Rows for what both sides have, which are both in the order of compare_series(). */
static void print_pairs(struct table *table, const struct stored_results *a,
                        const struct stored_results *b, const struct stored_sessions *sessions,
                        struct pairs *pairs)
{
    for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
        int order = compare_series(&a->items[i], &b->items[j]);
        if (order) {
            i += order < 0;
            j += order > 0;
            continue;
        }
        const struct stored_result *series = &a->items[i];
        AUTO_CIRCUMSTANCES struct circumstances then = {0}, now = {0};
        double before = series_level(a, sessions, i, &i, &then);
        double after = series_level(b, sessions, j, &j, &now);
        if (isnan(before) || isnan(after))
            continue;
        AUTO_FREE char *ratio = xasprintf("%.3f", after / before);
        table_text(table, series->benchmark_name);
        table_text(table, series->test_bed.name);
        command_quantity(table, before, series->units);
        command_quantity(table, after, series->units);
        table_shown(table, before == 0 ? NAN : after / before, ratio);
        add_verdict(table, &then, &now, pairs);
        table_end_row(table);
    }
}

/* What is printed is true in any case; whether it says something is the exit code. */
static int judge(const struct pairs *pairs, char *const *commits, const struct stored_results *a,
                 const struct stored_results *b, struct error *err)
{
    AUTO_FREE char *apart = pairs->count ? NULL : circumstances_apart(a, b);
    if (pairs->comparable)
        return 0;
    if (pairs->count)
        return error_set(err, ERROR_NOT_COMPARABLE,
                         "none of the %zu benchmarks of %s can be held against those of %s: %s",
                         pairs->count, commits[1], commits[0], pairs->obstacle);
    return error_set(err, ERROR_NOT_COMPARABLE,
                     "%s and %s have no benchmark in common that the same machine measured in the "
                     "same way%s%s",
                     commits[0], commits[1], apart ? ": " : "", apart ? apart : "");
}

static int run_two(const struct globals *globals, const struct compare_options *o,
                   const struct strlist *args, struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    AUTO_STORED_RESULTS struct stored_results a = {0}, b = {0};
    int failed = command_database(globals, &db, err);
    if (!failed)
        failed = read_side(db, o, args->items[0], &a, err);
    if (!failed)
        failed = read_side(db, o, args->items[1], &b, err);
    if (failed)
        return failed;
    qsort(a.items, a.count, sizeof(*a.items), compare_series);
    qsort(b.items, b.count, sizeof(*b.items), compare_series);
    AUTO_STORED_SESSIONS struct stored_sessions sessions = {0};
    failed = circumstances_sessions(db, &a, &b, &sessions, err);
    if (failed)
        return failed;
    AUTO_TABLE struct table *table = command_table(globals);
    table_column(table, "benchmark", false);
    table_column(table, "test_bed", false);
    table_column(table, "median_a", true);
    table_column(table, "median_b", true);
    table_column(table, "ratio", true);
    table_column(table, "comparable", false);
    table_column(table, "notes", false);
    struct pairs pairs = {0};
    print_pairs(table, &a, &b, &sessions, &pairs);
    failed = judge(&pairs, args->items, &a, &b, err);
    if (pairs.count)
        table_finish(table);
    free(pairs.obstacle);
    return failed;
}

static int run_history(const struct globals *globals, const struct compare_options *o,
                       const struct strlist *args, struct error *err)
{
    const struct compare_history asked = {
        .query = o->query,
        .commit = args->count ? args->items[0] : NULL,
        .fail_on = o->fail_on,
        .policy = o->policy,
        .alpha = o->alpha,
        .matters = o->matters,
        .minimum_effect = o->minimum_effect,
        .pull_request = o->pull_request,
    };
    if (args->count > 1)
        return error_set(err, ERROR_USAGE, "compare --history takes one commit");
    return compare_history(globals, &asked, err);
}

static int run_measure(const struct globals *globals, const struct compare_options *o,
                       const struct strlist *args, struct error *err)
{
    const struct compare_measure asked = {
        .repo = o->policy.repo,
        .benchmark = o->query.benchmark,
        .fail_on = o->fail_on,
        .alpha = o->alpha,
        .matters = o->matters,
        .minimum_effect = o->minimum_effect,
        .max_pairs = o->max_pairs,
        .budget = o->budget,
        .measurement_s = o->measurement_time,
        .pairs = o->pairs,
        .layouts = o->layouts,
        .seed = o->seed,
        .pull_request = o->pull_request,
    };
    if (o->history)
        return error_set(err, ERROR_USAGE, "--history and --measure exclude each other");
    return compare_measure(globals, &asked, args, err);
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    const struct compare_options *o = raw;
    if (o->from_stdin)
        return args->count ? error_set(err, ERROR_USAGE, "--stdin takes no commit")
                           : compare_stdin(err);
    if (o->measure)
        return run_measure(globals, o, args, err);
    if (o->history)
        return run_history(globals, o, args, err);
    if (args->count != 2)
        return error_set(err, ERROR_USAGE, "compare needs two commits, or --history");
    return run_two(globals, o, args, err);
}

const struct command command_compare = {
    .name = "compare",
    .group = "results",
    .summary = "Set two commits side by side, or one against its history",
    .arguments = "A B [--benchmark TEXT] | --history [COMMIT] | A B --measure [-- OPTIONS OF run]",
    .description =
        "With --history: could the commit's results come from the level that its ancestors'\n"
        "results on the same test bed are on since their last change? Student's test on run\n"
        "means, Holm's correction over all benchmarks. Exit code 2: one is worse; 3: there is\n"
        "no history; 5: none is comparable.\n\n"
        "With --measure: builds both commits and runs their benchmarks process by process side by\n"
        "side, until it is clear which differ; what differs is confirmed in a fresh session. What\n"
        "to run is what B's lance-bench.json says, thresholds are those of A's. Nothing is "
        "stored.\n"
        "Exit code 2: one is worse; 4: one does not build; 5: they have no benchmark in common.\n\n"
        "Two commits: the ratio is B's median over A's: above 1 takes longer. It is no verdict: "
        "that\n"
        "two medians differ says nothing yet about noise. A pair is not comparable where\n"
        "another toolchain or processor measured it or the canary calls its session\n"
        "spoiled; where that is so for every pair the exit code is 5.",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .defaults = &defaults,
    .options_size = sizeof(struct compare_options),
    .max_args = SIZE_MAX,
    .run = run,
};
