#include "pipeline/history/history.h"

#include "base/alloc.h"
#include "base/parallel.h"
#include "base/strbuf.h"
#include "model/summary.h"
#include "store/expected_changes.h"
#include "store/sessions.h"

#include <math.h>
#include <string.h>

#define KEY_SEPARATOR '\x1f'
#define SHADOWED_NOTES 10

/* A result, with the numbers of its texts. */
struct row {
    uint32_t series, commit, run, session, cpu, os;
    uint32_t old_name; /* what it is stored as, where an alias has renamed it; else TEXT_NONE */
    int64_t stamp;
    double median, mean;
};

struct series_names {
    uint32_t project, benchmark, test_bed, units;
};

struct reader {
    struct history *history;
    const struct history_request *request;
    struct text_pool keys, commits, sessions;
    struct strbuf key;          /* of the row at hand */
    bool renamed;               /* by an alias, one row at least */
    struct series_names *names; /* by key */
    size_t names_cap;
    struct row *rows;
    size_t count, cap;
    size_t no_number;                     /* rows of other programs: NaN, infinite */
    const struct history_commit **linked; /* by number in `commits` */
    uint32_t *toolchains;                 /* by session */
    bool *spoiled;                        /* by session */
    size_t *firsts;                       /* the first row of each series, and the end of all */
};

static void reader_release(struct reader *r)
{
    text_pool_release(&r->keys);
    strbuf_release(&r->key);
    text_pool_release(&r->commits);
    text_pool_release(&r->sessions);
    free(r->names);
    free(r->rows);
    free(r->linked);
    free(r->toolchains);
    free(r->spoiled);
    free(r->firsts);
}

void history_release(struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        free(history->series[i].points);
        free(history->series[i].runs);
    }
    free(history->series);
    free(history->expected);
    strlist_release(&history->notes);
    history_commits_release(&history->commits);
    text_pool_release(&history->texts);
    *history = (struct history){0};
}

static void add_part(struct strbuf *key, const char *text)
{
    strbuf_addstr(key, text);
    strbuf_addch(key, KEY_SEPARATOR);
}

static uint32_t series_of(struct reader *r, const struct stored_result *result, const char *name)
{
    struct text_pool *texts = &r->history->texts;
    const char *project = result->dut.name ? result->dut.name : "";
    const char *bed = result->test_bed.name ? result->test_bed.name : "";
    const char *units = result->units ? result->units : "";
    strbuf_clear(&r->key);
    add_part(&r->key, project);
    add_part(&r->key, name);
    add_part(&r->key, bed);
    strbuf_addstr(&r->key, units);
    size_t known = r->keys.count;
    uint32_t number = text_pool_add(&r->keys, r->key.buf);
    if (r->keys.count == known)
        return number;
    ARRAY_RESERVE(r->names, r->names_cap, r->keys.count);
    r->names[number] =
        (struct series_names){text_pool_add(texts, project), text_pool_add(texts, name),
                              text_pool_add(texts, bed), text_pool_add(texts, units)};
    return number;
}

static uint32_t commit_of(struct reader *r, const struct stored_result *result)
{
    const char *id = result->commit ? result->commit : result->dut.version;
    size_t known = r->commits.count;
    uint32_t number = text_pool_add(&r->commits, id ? id : "");
    if (r->commits.count > known)
        history_commits_add(&r->history->commits, result->dut.name, id ? id : "",
                            result->dut.version, result->dut.timestamp);
    return number;
}

static int visit(const struct stored_result *result, void *context, struct error *err)
{
    (void)err;
    struct reader *r = context;
    struct text_pool *texts = &r->history->texts;
    double median = result->summary.median, mean = result->summary.mean;
    const char *stored = result->benchmark_name, *part = r->request->query.benchmark;
    AUTO_FREE char *now = stored ? policy_current_name(r->request->policy, stored) : NULL;
    const char *name = now ? now : stored;
    /* With aliases, what is asked for is known only here. */
    if (part && name && !strstr(name, part))
        return 0;
    bool spoiled = result->beyond_limit && !r->request->disturbed;
    bool number = isfinite(median) || isfinite(mean);
    if (spoiled || !name || !number) {
        r->history->left_out += spoiled || !name;
        r->no_number += !spoiled && name && !number;
        return 0;
    }
    r->renamed |= now != NULL;
    ARRAY_RESERVE(r->rows, r->cap, r->count + 1);
    r->rows[r->count++] = (struct row){
        .series = series_of(r, result, name),
        .commit = commit_of(r, result),
        .run = text_pool_add(texts, result->run ? result->run : result->id),
        .session = text_pool_add(&r->sessions, result->host_session),
        .cpu = text_pool_add(texts, result->test_bed.cpu),
        .os = text_pool_add(texts, result->test_bed.os),
        .old_name = text_pool_add(texts, now ? stored : NULL),
        .stamp = result->timestamp,
        .median = median,
        .mean = mean,
    };
    return 0;
}

/* What the host sessions say of the results that were measured in them. */
static int read_sessions(struct reader *r, struct database *db, struct error *err)
{
    AUTO_STRLIST struct strlist ids = STRLIST_INIT;
    AUTO_STORED_SESSIONS struct stored_sessions sessions = {0};
    for (size_t i = 0; i < r->sessions.count; i++)
        strlist_push(&ids, r->sessions.items[i]);
    int failed = sessions_read(db, &ids, &sessions, err);
    r->toolchains = xreallocarray(NULL, r->sessions.count + 1, sizeof(*r->toolchains));
    r->spoiled = xcalloc(r->sessions.count + 1, sizeof(*r->spoiled));
    for (size_t i = 0; i < r->sessions.count; i++) {
        const struct stored_session *s =
            failed ? NULL : sessions_find(&sessions, r->sessions.items[i]);
        r->toolchains[i] = text_pool_add(&r->history->texts, s ? s->toolchain : NULL);
        r->spoiled[i] = !r->request->disturbed && s && s->canary && !strcmp(s->canary, "spoiled");
    }
    return failed;
}

static int link_commits(struct reader *r, struct database *db, struct error *err)
{
    AUTO_STORED_COMMITS struct stored_commits known = {0};
    int failed = commits_read(db, &known, err);
    if (failed)
        return failed;
    history_commits_link(&r->history->commits, &known);
    r->linked = xcalloc(r->commits.count + 1, sizeof(*r->linked));
    for (size_t i = 0; i < r->commits.count; i++)
        r->linked[i] = history_commits_find(&r->history->commits, r->commits.items[i], NULL);
    return 0;
}

static void drop_spoiled(struct reader *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->count; i++) {
        bool spoiled = r->rows[i].session != TEXT_NONE && r->spoiled[r->rows[i].session];
        if (!spoiled && r->linked[r->rows[i].commit])
            r->rows[kept++] = r->rows[i];
        else
            r->history->left_out++;
    }
    r->count = kept;
}

static int compare_keys(const void *left, const void *right, void *context)
{
    const struct text_pool *keys = context;
    return strcmp(keys->items[*(const uint32_t *)left], keys->items[*(const uint32_t *)right]);
}

static bool same_point(const struct reader *r, const struct row *a, const struct row *b)
{
    return a->series == b->series && r->linked[a->commit] == r->linked[b->commit];
}

static void note_shadowed(struct reader *r, const struct row *left_out, const struct row *kept)
{
    const struct text_pool *texts = &r->history->texts;
    const char *now = text_pool_get(texts, r->names[kept->series].benchmark);
    const char *old = text_pool_get(texts, kept->old_name);
    strlist_pushf(&r->history->notes,
                  "commit %.12s has results of both '%s' and '%s': those of '%s' are left out",
                  r->linked[kept->commit]->id, old ? old : now,
                  text_pool_get(texts, left_out->old_name),
                  text_pool_get(texts, left_out->old_name));
}

/* Of two names at one commit the new one counts, else the first in the order of bytes. */
static void drop_shadowed(struct reader *r)
{
    size_t kept = 0, notes = 0;
    if (!r->renamed)
        return;
    for (size_t i = 0, next; i < r->count; i = next) {
        const struct row first = r->rows[i];
        bool said = false;
        for (next = i; next < r->count && same_point(r, &r->rows[next], &first); next++) {
            if (r->rows[next].old_name == first.old_name) {
                r->rows[kept++] = r->rows[next];
                continue;
            }
            r->history->left_out++;
            if (!said && notes++ < SHADOWED_NOTES)
                note_shadowed(r, &r->rows[next], &first);
            said = true;
        }
    }
    if (notes > SHADOWED_NOTES)
        strlist_pushf(&r->history->notes, "... and so at %zu more points", notes - SHADOWED_NOTES);
    r->count = kept;
}

/* Puts the rows of each series together, the series in their order and the rows in the one that
 * they have. */
static void gather_series(struct reader *r)
{
    size_t keys = r->keys.count;
    AUTO_FREE uint32_t *order = xreallocarray(NULL, keys + 1, sizeof(*order));
    AUTO_FREE size_t *next = xcalloc(keys + 1, sizeof(*next)); /* by key: where its next row goes */
    for (size_t i = 0; i < keys; i++)
        order[i] = (uint32_t)i;
    qsort_r(order, keys, sizeof(*order), compare_keys, &r->keys);
    for (size_t i = 0; i < r->count; i++)
        next[r->rows[i].series]++;
    size_t before = 0;
    for (size_t i = 0; i < keys; i++) {
        size_t count = next[order[i]];
        next[order[i]] = before;
        before += count;
    }
    struct row *rows = xreallocarray(NULL, r->count + 1, sizeof(*rows));
    for (size_t i = 0; i < r->count; i++)
        rows[next[r->rows[i].series]++] = r->rows[i];
    free(r->rows);
    r->rows = rows;
}

/* Sets where each series begins; returns how many there are. */
static size_t find_series(struct reader *r)
{
    size_t count = 0;
    free(r->firsts);
    r->firsts = xreallocarray(NULL, r->keys.count + 1, sizeof(*r->firsts));
    for (size_t i = 0; i < r->count; i++)
        if (!i || r->rows[i].series != r->rows[i - 1].series)
            r->firsts[count++] = i;
    r->firsts[count] = r->count;
    return count;
}

/* The name of today first. */
static int compare_old_names(const struct reader *r, uint32_t a, uint32_t b)
{
    if (a == TEXT_NONE || b == TEXT_NONE)
        return a == TEXT_NONE ? -1 : 1;
    return strcmp(r->history->texts.items[a], r->history->texts.items[b]);
}

/* Of one series. */
static int compare_rows(const void *left, const void *right, void *context)
{
    const struct reader *r = context;
    const struct row *a = left, *b = right;
    if (r->linked[a->commit] != r->linked[b->commit])
        return history_commit_compare(r->linked[a->commit], r->linked[b->commit]);
    if (a->old_name != b->old_name)
        return compare_old_names(r, a->old_name, b->old_name);
    if (a->run != b->run)
        return strcmp(r->history->texts.items[a->run], r->history->texts.items[b->run]);
    if (a->stamp != b->stamp)
        return a->stamp < b->stamp ? -1 : 1;
    return a->median < b->median ? -1 : a->median > b->median;
}

/* Rows mostly come in the order in which they were measured. */
static void sort_range(size_t first, size_t end, void *context)
{
    struct reader *r = context;
    for (size_t i = first; i < end; i++) {
        struct row *rows = r->rows + r->firsts[i];
        size_t count = r->firsts[i + 1] - r->firsts[i], sorted = 1;
        while (sorted < count && compare_rows(&rows[sorted - 1], &rows[sorted], r) <= 0)
            sorted++;
        if (sorted < count)
            qsort_r(rows, count, sizeof(*rows), compare_rows, r);
    }
}

static struct history_setting setting_of(const struct reader *r, const struct row *row)
{
    const struct text_pool *texts = &r->history->texts;
    uint32_t toolchain = row->session == TEXT_NONE ? TEXT_NONE : r->toolchains[row->session];
    return (struct history_setting){text_pool_get(texts, toolchain), text_pool_get(texts, row->cpu),
                                    text_pool_get(texts, row->os)};
}

/* Adds the rows of one commit, which begin at `rows`. */
static void add_point(const struct reader *r, struct history_series *series, const struct row *rows,
                      size_t count, size_t *run_count)
{
    const struct row *newest = rows;
    struct history_point *point = &series->points[series->count++];
    *point = (struct history_point){.commit = r->linked[rows->commit], .first_run = *run_count};
    for (size_t i = 0; i < count;) {
        double sum = 0;
        size_t begin = i;
        for (; i < count && rows[i].run == rows[begin].run; i++) {
            sum += series->means ? rows[i].mean : rows[i].median;
            newest = rows[i].stamp > newest->stamp ? &rows[i] : newest;
        }
        series->runs[(*run_count)++] = sum / (double)(i - begin);
        point->runs++;
    }
    const double *numbers = series->runs + point->first_run;
    point->value = point->runs == 1 ? *numbers : summary_of(numbers, point->runs).median;
    point->setting = setting_of(r, newest);
}

static struct history_series series_from(const struct reader *r, const struct row *rows,
                                         size_t count)
{
    const struct series_names *names = &r->names[rows->series];
    const struct text_pool *texts = &r->history->texts;
    struct history_series series = {
        .project = text_pool_get(texts, names->project),
        .benchmark = text_pool_get(texts, names->benchmark),
        .test_bed = text_pool_get(texts, names->test_bed),
        .units = text_pool_get(texts, names->units),
        .points = xreallocarray(NULL, count, sizeof(*series.points)),
        .runs = xreallocarray(NULL, count, sizeof(*series.runs)),
    };
    for (size_t i = 0; i < count; i++)
        series.means |= !isfinite(rows[i].median);
    size_t runs = 0;
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i; next < count && r->linked[rows[next].commit] == r->linked[rows[i].commit];)
            next++;
        add_point(r, &series, rows + i, next - i, &runs);
    }
    return series;
}

static void build_range(size_t first, size_t end, void *context)
{
    struct reader *r = context;
    for (size_t i = first; i < end; i++)
        r->history->series[i] =
            series_from(r, r->rows + r->firsts[i], r->firsts[i + 1] - r->firsts[i]);
}

static void build(struct reader *r)
{
    gather_series(r);
    parallel_each(find_series(r), sort_range, r);
    drop_shadowed(r);
    r->history->count = find_series(r);
    r->history->series = xcalloc(r->history->count + 1, sizeof(*r->history->series));
    parallel_each(r->history->count, build_range, r);
}

static int read_rows(struct reader *r, struct database *db, struct error *err)
{
    const struct history_request *request = r->request;
    struct result_query query = request->query;
    query.without_any_values = true;
    if (request->policy && request->policy->alias_count)
        query.benchmark = NULL;
    int failed = results_each(db, &query, visit, r, err);
    if ((failed && failed != ERROR_NOT_FOUND) || !request->pull_request)
        return failed;
    query.table = RESULTS_PR_TABLE;
    query.commit = request->pull_request;
    return results_each(db, &query, visit, r, err);
}

static int read_expected(struct reader *r, struct database *db, struct error *err)
{
    struct history *history = r->history;
    AUTO_EXPECTED_CHANGES struct expected_changes all = {0};
    int failed = expected_changes_read(db, &all, err);
    history->expected = xreallocarray(NULL, all.count + 1, sizeof(*history->expected));
    for (size_t i = 0; i < all.count; i++) {
        const struct expected_change *e = &all.items[i];
        const struct history_commit *commit =
            history_commits_find(&history->commits, e->commit, NULL);
        struct text_pool *texts = &history->texts;
        if (!commit || (commit->project && strcmp(commit->project, e->project) != 0))
            continue;
        history->expected[history->expected_count++] = (struct history_expected){
            .commit = commit,
            .benchmark = text_pool_get(texts, text_pool_add(texts, e->benchmark)),
            .reason = text_pool_get(texts, text_pool_add(texts, e->reason)),
            .source = text_pool_get(texts, text_pool_add(texts, e->source)),
        };
    }
    return failed;
}

/* What was announced under a former name of the benchmark is meant too. */
static bool is_meant(const struct history *history, const char *glob, const char *benchmark)
{
    const struct policy *policy = history->policy;
    if (expected_matches(glob, benchmark))
        return true;
    if (!policy || !policy->alias_count)
        return false;
    AUTO_STRLIST struct strlist former = STRLIST_INIT;
    AUTO_FREE char *now = policy_current_name(policy, glob);
    bool meant = now && expected_matches(now, benchmark);
    (void)policy_former_names(policy, benchmark, &former);
    for (size_t i = 0; !meant && i < former.count; i++)
        meant = expected_matches(glob, former.items[i]);
    return meant;
}

const struct history_expected *history_find_expected(const struct history *history,
                                                     const struct history_series *series,
                                                     const struct history_commit *after,
                                                     const struct history_commit *last)
{
    const struct history_expected *found = NULL;
    for (size_t i = 0; i < history->expected_count; i++) {
        const struct history_expected *e = &history->expected[i];
        if (!(e->commit->chosen || e->commit == last) ||
            (after && history_commit_compare(after, e->commit) >= 0) ||
            history_commit_compare(e->commit, last) > 0 ||
            (found && history_commit_compare(e->commit, found->commit) <= 0))
            continue;
        if (is_meant(history, e->benchmark, series->benchmark))
            found = e;
    }
    return found;
}

int history_read(struct database *db, const struct history_request *request, struct history *out,
                 struct error *err)
{
    AUTO_HISTORY struct history history = {.policy = request->policy};
    struct reader r = {.history = &history, .request = request, .key = STRBUF_INIT};
    int failed = read_rows(&r, db, err);
    if (!failed)
        failed = read_sessions(&r, db, err);
    if (!failed)
        failed = link_commits(&r, db, err);
    if (!failed)
        failed = read_expected(&r, db, err);
    if (!failed) {
        drop_spoiled(&r);
        if (r.no_number)
            strlist_pushf(&history.notes, "results without a finite number, left out: %zu",
                          r.no_number);
        build(&r);
        *out = history;
        history = (struct history){0};
    }
    reader_release(&r);
    return failed;
}
