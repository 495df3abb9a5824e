/* bisect: which commit changed a benchmark. */
#include "base/alloc.h"
#include "base/escape.h"
#include "base/json_write.h"
#include "base/log.h"
#include "command/common.h"
#include "command/exit_code.h"
#include "command/policy_source.h"
#include "command/rows.h"
#include "command/schedule_common.h"
#include "decide/verdict.h"
#include "pipeline/bisect/bisect.h"
#include "store/alerts.h"

#include <math.h>
#include <string.h>

enum { RUNS_MAX = 100000 };

struct bisect_options {
    struct target_options target;
    const char *benchmark, *metric, *change, *alert;
    double confidence, matters, budget;
    int64_t max_runs;
    bool retry_failed, disturbed, dry_run;
};

#define ROW(field, kind, name, value, help) \
    OPTION(struct bisect_options, field, kind, name, value, help)

static const struct option_row rows[] = {
    ROW(benchmark, OPTION_STRING, "benchmark", "NAME", "its name as `results` prints it"),
    ROW(metric, OPTION_STRING, "metric", "NAME", "of that metric, such as cpu_time"),
    ROW(change, OPTION_STRING, "change", "COMMIT|newest",
        "a change that `changes` finds there, in place of GOOD and BAD"),
    ROW(alert, OPTION_STRING, "alert", "ID",
        "the change behind an alert (`alerts list`), of its worst benchmark or of --benchmark"),
    ROW(target.repo, OPTION_STRING, "repo", "REPO",
        "the repository: a folder, a URL or github:OWNER/NAME"),
    ROW(target.branch, OPTION_STRING, "branch", "NAME", "its branch (default: the remote's own)"),
    ROW(target.project, OPTION_STRING, "dut-name", "NAME",
        "the project's name in the database (default: what the branch has results of)"),
    ROW(target.test_bed, OPTION_STRING, "test-bed", "NAME",
        "only what this machine measured counts (default: as this one is called)"),
    ROW(confidence, OPTION_NUMBER, "confidence", "PERCENT",
        "an answer has to be this certain (default: 95)"),
    ROW(matters, OPTION_NUMBER, "matters", "PERCENT",
        "a smaller change between GOOD and BAD may be taken for none (default: 5)"),
    ROW(max_runs, OPTION_INTEGER, "max-runs", "N", "measure so many times at most (default: 100)"),
    ROW(budget, OPTION_DURATION, "budget", "TIME",
        "begin nothing that is not to end within this time, such as 6h"),
    ROW(retry_failed, OPTION_FLAG, "retry-failed", NULL,
        "also commits that an earlier bisect could not measure"),
    ROW(disturbed, OPTION_FLAG, "disturbed", NULL,
        "also results of runs in which other work on the machine had too large a part"),
    ROW(dry_run, OPTION_FLAG, "dry-run", NULL, "say what is known, and which commit is next"),
    ROW(target.token_file, OPTION_STRING, "token-file", "FILE",
        "holds the GitHub token for github:OWNER/NAME"),
};

static const struct bisect_options defaults = {
    .confidence = 100 * BISECT_CONFIDENCE,
    .matters = 100 * VERDICT_MATTERS,
    .max_runs = 100,
};

static int check_options(const struct bisect_options *o, struct error *err)
{
    if (!o->target.repo)
        return error_set(err, ERROR_USAGE, "bisect needs --repo REPO");
    if (o->alert && (o->change || o->metric))
        return error_set(err, ERROR_USAGE, "--alert says which change, and of which metric");
    if (!o->benchmark && !o->alert)
        return error_set(err, ERROR_USAGE, "bisect needs --benchmark NAME: `results` lists them");
    int failed = command_check_text("benchmark", o->benchmark, err);
    if (!failed)
        failed = command_check_text("metric", o->metric, err);
    if (failed)
        return failed;
    if (!(o->confidence > 50 && o->confidence < 100))
        return error_set(err, ERROR_USAGE, "--confidence lies between 50 and 100, not %g",
                         o->confidence);
    if (!(o->matters > 0 && o->matters <= 1000))
        return error_set(err, ERROR_USAGE, "--matters is above 0 and at most 1000, not %g",
                         o->matters);
    if (o->max_runs < 1 || o->max_runs > RUNS_MAX)
        return error_set(err, ERROR_USAGE, "--max-runs lies between 1 and %d", RUNS_MAX);
    return 0;
}

/* GOOD and BAD; the words behind "--" go to `words`. */
static int read_ends(const struct bisect_options *o, const struct strlist *args,
                     struct bisect_request *request, struct strlist *words, struct error *err)
{
    size_t count = 0;
    while (count < args->count && args->items[count][0] != '-')
        count++;
    if (o->change || o->alert ? count != 0 : count != 2)
        return error_set(err, ERROR_USAGE,
                         "bisect takes two commits, GOOD and BAD, or --change or --alert");
    for (size_t i = 0; i < count; i++)
        if (!*args->items[i] || !utf8_is_valid(args->items[i], strlen(args->items[i])))
            return error_set(err, ERROR_USAGE, "GOOD and BAD are ids, dates, branches or tags");
    for (size_t i = count; i < args->count; i++)
        strlist_push(words, args->items[i]);
    if (count) {
        request->good = args->items[0];
        request->bad = args->items[1];
    }
    if (!o->change)
        return 0;
    request->change = strcmp(o->change, "newest") ? o->change : "";
    return *request->change ? command_check_commit(o->change, err) : 0;
}

/* What an alert says of its change. */
struct alert_place {
    char *benchmark, *since, *change;
};

static void alert_place_release(struct alert_place *place)
{
    free(place->benchmark);
    free(place->since);
    free(place->change);
}

#define AUTO_ALERT_PLACE __attribute__((cleanup(alert_place_release)))

/* Its first commit on the new level, the last on the old one, and the benchmark unless one is
 * given. */
static int read_alert(const struct globals *globals, const struct bisect_options *o,
                      struct alert_place *out, struct error *err)
{
    AUTO_DATABASE struct database *db = NULL;
    AUTO_ALERTS struct alerts alerts = {0};
    bool several = false;
    int failed = command_database(globals, &db, err);
    if (!failed)
        failed = alerts_read(db, &alerts, err);
    if (failed)
        return failed;
    const struct alert *alert = alerts_find(&alerts, o->alert, &several);
    if (!alert)
        return error_set(err, several ? ERROR_USAGE : ERROR_NO_DATA, "%s alert %s in %s",
                         several ? "there is more than one" : "there is no", o->alert, globals->db);
    if (!alert->first_after || !alert->worst)
        return error_set(err, ERROR_NO_DATA, "alert %s names no commit", o->alert);
    *out = (struct alert_place){.benchmark = xstrdup(o->benchmark ? o->benchmark : alert->worst),
                                .since = xstrdup(alert->last_before),
                                .change = xstrdup(alert->first_after)};
    return 0;
}

/* --- what is printed -------------------------------------------------------------------------- */

static const char *answer_name(const struct bisection *b)
{
    static const char *const names[] = {[BISECT_MEASURE] = "unsure",
                                        [BISECT_FOUND] = "found",
                                        [BISECT_SAME] = "no change",
                                        [BISECT_STUCK] = "unsure"};
    return names[b->state.answer];
}

static bool is_answer(const struct bisection *b, size_t index)
{
    return b->state.answer == BISECT_FOUND && index >= b->state.first && index <= b->state.last;
}

static const char *role_of(const struct bisection *b, size_t index)
{
    if (is_answer(b, index))
        return b->state.first == b->state.last ? "culprit" : "suspect";
    if (b->state.answer == BISECT_MEASURE && index == b->state.next)
        return "next";
    return !index ? "good" : index + 1 == b->count ? "bad" : "";
}

static void add_rows(const struct bisection *b, struct table *table)
{
    table_column(table, "commit", false);
    table_column(table, "role", false);
    table_column(table, "runs", true);
    table_column(table, "new", true);
    table_column(table, "level", true);
    table_column(table, "problem", false);
    table_column(table, "subject", false);
    for (size_t i = 0; i < b->count; i++) {
        const struct bisected *item = &b->items[i];
        if (!item->runs && !item->problem && !*role_of(b, i))
            continue;
        table_text_len(table, item->commit.id, 12);
        table_text(table, role_of(b, i));
        table_integer(table, (int64_t)item->runs);
        table_integer(table, (int64_t)item->new);
        command_quantity(table, item->level, b->units);
        table_text(table, item->problem);
        table_text(table, item->commit.subject);
        table_end_row(table);
    }
    table_finish(table);
}

static void add_quantity(struct strbuf *out, double value, const char *units)
{
    if (units && !strcmp(units, "nanoseconds"))
        format_nanoseconds(out, value);
    else
        strbuf_addf(out, "%.6g", value);
}

/* "1.002 ms -> 1.081 ms, +7.9 % (+5.8 to +10), noise 1 %" */
static void add_effect(struct strbuf *out, const struct bisection *b)
{
    const struct bisect_state *s = &b->state;
    add_quantity(out, s->before, b->units);
    strbuf_addstr(out, " -> ");
    add_quantity(out, s->after, b->units);
    if (s->relative)
        strbuf_addf(out, ", %+.2g %% (%+.2g to %+.2g), noise %.2g %%", 100 * s->effect,
                    100 * s->low, 100 * s->high, 100 * s->noise);
    else
        strbuf_addf(out, ", %+.3g (%+.3g to %+.3g), noise %.3g", s->effect, s->low, s->high,
                    s->noise);
}

static void add_answer(struct strbuf *out, const struct bisection *b, double matters)
{
    const struct bisect_state *s = &b->state;
    const struct bisected *first = &b->items[s->first], *last = &b->items[s->last];
    const char *subject = first->commit.subject ? first->commit.subject : "";
    switch (s->answer) {
    case BISECT_FOUND:
        if (s->first == s->last)
            strbuf_addf(out,
                        "%s is the first commit on the new level (%.3g %%): ", first->commit.id,
                        100 * s->probability);
        else
            strbuf_addf(out,
                        "one of the %zu commits %.12s to %.12s is the first on the new level "
                        "(%.3g %%); those between could not be measured",
                        s->last - s->first + 1, first->commit.id, last->commit.id,
                        100 * s->probability);
        if (s->first == s->last)
            escape_terminal(out, subject, strlen(subject));
        break;
    case BISECT_SAME:
        strbuf_addf(out, "no change of %g %% or more lies between GOOD and BAD (%.3g %% for none)",
                    100 * matters, 100 * s->none);
        break;
    default:
        strbuf_addf(out, "unsure: with %.3g %% there is a change", 100 * (1 - s->none));
        if (s->noise > 0)
            strbuf_addf(out, "; then it lies in the %zu commits %.12s to %.12s",
                        s->late - s->early + 1, b->items[s->early].commit.id,
                        b->items[s->late].commit.id);
    }
}

static void print_text(const struct globals *globals, const struct bisection *b, double matters)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    AUTO_TABLE struct table *table = command_table(globals);
    add_rows(b, table);
    strbuf_addch(&text, '\n');
    add_answer(&text, b, matters);
    strbuf_addch(&text, '\n');
    if (b->state.noise > 0) {
        escape_terminal(&text, b->benchmark, strlen(b->benchmark));
        strbuf_addstr(&text, ": ");
        add_effect(&text, b);
        strbuf_addch(&text, '\n');
    }
    strbuf_addf(&text, "%zu runs here, %zu stored before (%zu of commits outside of the range)\n",
                b->measured, b->stored, b->outside);
    fwrite(text.buf, 1, text.len, stdout);
}

static void json_number(struct strbuf *out, const char *key, double value)
{
    json_key(out, key);
    if (isfinite(value))
        format_double(out, value);
    else
        strbuf_addstr(out, "null");
}

static void json_commits(struct strbuf *out, const struct bisection *b)
{
    json_key(out, "commits");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < b->count; i++) {
        const struct bisected *item = &b->items[i];
        AUTO_STRBUF struct strbuf json = STRBUF_INIT;
        strbuf_addch(&json, '{');
        json_text(&json, "commit", item->commit.id);
        json_text(&json, "subject", item->commit.subject);
        json_text(&json, "role", *role_of(b, i) ? role_of(b, i) : NULL);
        json_integer(&json, "runs", (int64_t)item->runs);
        json_integer(&json, "new", (int64_t)item->new);
        json_number(&json, "level", item->level);
        json_text(&json, "problem", item->problem);
        strbuf_addf(out, "%s%s}", i ? ", " : "", json.buf);
    }
    strbuf_addch(out, ']');
}

static void print_json(const struct bisection *b)
{
    AUTO_STRBUF struct strbuf json = STRBUF_INIT;
    const struct bisect_state *s = &b->state;
    bool found = s->answer == BISECT_FOUND, known = s->noise > 0;
    strbuf_addch(&json, '{');
    json_text(&json, "answer", answer_name(b));
    json_text(&json, "first", found ? b->items[s->first].commit.id : NULL);
    json_text(&json, "last", found ? b->items[s->last].commit.id : NULL);
    json_number(&json, "probability", known ? s->probability : NAN);
    json_number(&json, "no_change", known ? s->none : NAN);
    json_text(&json, "next", s->answer == BISECT_MEASURE ? b->items[s->next].commit.id : NULL);
    json_text(&json, "earliest", b->items[s->early].commit.id);
    json_text(&json, "latest", b->items[s->late].commit.id);
    json_text(&json, "benchmark", b->benchmark);
    json_text(&json, "test_bed", b->test_bed);
    json_text(&json, "project", b->project);
    json_text(&json, "units", b->units);
    json_number(&json, "before", known ? s->before : NAN);
    json_number(&json, "after", known ? s->after : NAN);
    json_bool(&json, "relative", s->relative);
    json_number(&json, "change", known ? s->effect : NAN);
    json_number(&json, "change_low", known ? s->low : NAN);
    json_number(&json, "change_high", known ? s->high : NAN);
    json_number(&json, "noise", known ? s->noise : NAN);
    json_integer(&json, "runs", (int64_t)b->measured);
    json_integer(&json, "stored", (int64_t)b->stored);
    json_integer(&json, "outside", (int64_t)b->outside);
    json_text(&json, "stopped", b->stopped);
    json_commits(&json, b);
    strbuf_addstr(&json, "}\n");
    fwrite(json.buf, 1, json.len, stdout);
}

/* The exit code of an answer. */
static int sum_up(const struct bisection *b, struct error *err)
{
    if (b->state.answer == BISECT_SAME)
        return exit_code_of(ERROR_NO_DATA);
    if (b->state.answer != BISECT_STUCK)
        return 0;
    for (size_t i = 0; i < b->count; i += b->count - 1)
        if (b->items[i].problem)
            return error_set(err, ERROR_BUILD, "%s, %.12s, cannot be measured: %s",
                             i ? "BAD" : "GOOD", b->items[i].commit.id, b->items[i].problem);
    return error_set(err, ERROR_BUILD, "what would tell cannot be measured");
}

static int search(const struct globals *globals, const struct bisect_options *o,
                  const struct bisect_request *request, struct error *err)
{
    AUTO_BISECTION struct bisection out = {0};
    int failed = bisection_run(request, &out, err);
    if (failed && !out.count)
        return failed;
    for (size_t i = 0; i < out.notes.count; i++)
        log_warning("%s", out.notes.items[i]);
    if (out.stopped)
        log_info("%s; the next would be %.12s", out.stopped, out.items[out.state.next].commit.id);
    if (globals->format == FORMAT_JSON)
        print_json(&out);
    else
        print_text(globals, &out, o->matters / 100);
    return failed ? failed : sum_up(&out, err);
}

/* The renames of the branch, and the name that the benchmark has by them. What is wrong with a
 * newer lance-bench.json is no reason not to look at older commits. */
static void apply_renames(const struct globals *globals, const struct bisect_options *o,
                          struct policy *policy, char **benchmark)
{
    AUTO_FREE char *remote = source_remote(o->target.repo);
    struct error reason = ERROR_INIT;
    const struct policy_source source = {
        .repo = globals->config ? NULL : remote,
        .base = globals->config ? NULL : o->target.branch,
    };
    if (command_policy(globals, &source, policy, &reason))
        log_warning("aliases are not heeded: %s", reason.message);
    char *now = policy_current_name(policy, *benchmark);
    if (!now)
        return;
    log_info("%s is called %s now", *benchmark, now);
    free(*benchmark);
    *benchmark = now;
}

static int run(const struct globals *globals, const void *raw, const struct strlist *args,
               struct error *err)
{
    const struct bisect_options *o = raw;
    AUTO_RUN_WORDS struct run_words words = {0};
    AUTO_STRLIST struct strlist rest = STRLIST_INIT;
    struct bisect_request request = {
        .db = globals->db,
        .project = o->target.project,
        .test_bed = o->target.test_bed,
        .confidence = o->confidence / 100,
        .matters = o->matters / 100,
        .max_runs = (size_t)o->max_runs,
        .budget_s = o->budget,
        .retry_failed = o->retry_failed,
        .disturbed = o->disturbed,
        .dry_run = o->dry_run,
        .run = &words.request,
    };
    int failed = check_options(o, err);
    if (!failed)
        failed = read_ends(o, args, &request, &rest, err);
    if (!failed)
        failed = target_check(&o->target, &request.source, err);
    if (!failed)
        failed = target_run_words(globals, &o->target, &rest, &words, err);
    AUTO_ALERT_PLACE struct alert_place place = {0};
    AUTO_FREE char *benchmark = NULL;
    if (!failed && o->alert)
        failed = read_alert(globals, o, &place, err);
    if (failed)
        return failed;
    if (o->alert) {
        request.change = place.change;
        request.change_since = place.since;
        benchmark = take_ptr(place.benchmark);
    } else {
        benchmark = o->metric ? xasprintf("%s#%s", o->benchmark, o->metric) : xstrdup(o->benchmark);
    }
    AUTO_POLICY struct policy policy = {0};
    apply_renames(globals, o, &policy, &benchmark);
    request.benchmark = benchmark;
    request.policy = &policy;
    return search(globals, o, &request, err);
}

const struct command command_bisect = {
    .name = "bisect",
    .group = "measure",
    .summary = "Find the commit that changed a benchmark, from as few runs as possible",
    .arguments = "GOOD BAD --benchmark NAME --repo REPO [-- OPTIONS OF run]",
    .description =
        "GOOD is a commit before the change, BAD one behind it, both on the branch's own line: "
        "ids, "
        "tags,\nbranches, or dates (the newest commit by then, UTC); or --change or --alert takes "
        "both from what\n`changes` finds. What is stored of these commits counts; then one commit "
        "after the other is measured\nhere, each time the one that says most, some more than once, "
        "until the answer is as certain as\n--confidence asks for. That benchmark alone is "
        "measured, as far as its harness can be told, also under\nthe old names that the branch's "
        "lance-bench.json gives it (\"aliases\"). A bisect that was stopped\ngoes on where it was "
        "when it is started again.",
    .options = rows,
    .option_count = ARRAY_SIZE(rows),
    .defaults = &defaults,
    .options_size = sizeof(struct bisect_options),
    .max_args = SIZE_MAX,
    .run = run,
};
