#include "store/results.h"

#include "base/alloc.h"
#include "scratch.h"
#include "store/commits.h"
#include "store/records.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

TestSuite(results, .init = scratch_open, .fini = scratch_close);

static struct dut dut = {(char *)"lance", (char *)"1.2.3+abcdef0", 1700000000};
static struct test_bed bed = {(char *)"bed", (char *)"a CPU", 16, (char *)"Linux 6", 1600000000};

#define OURS                                              \
    "{\"schema\":1,\"harness\":\"criterion\",\"commit\":" \
    "\"abcdef0123456789abcdef0123456789abcdef01\",\"run\":\"r1\"}"

static struct result row(const char *id, const char *name, const double *values, size_t count,
                         const char *metadata)
{
    return (struct result){
        .id = id,
        .dut = &dut,
        .test_bed = &bed,
        .benchmark_name = name,
        .values = values,
        .value_count = count,
        .summary = summary_of(values, count),
        .units = "nanoseconds",
        .metadata = metadata,
        .timestamp = 1700000001,
    };
}

static struct lance_merge_result store(const struct result *rows, size_t count)
{
    struct result_writer *writer = NULL;
    struct lance_merge_result merged = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(result_writer_open(scratch_db, RESULTS_TABLE, &writer, &err), 0, "%s",
                 err.message);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(result_writer_add(writer, &rows[i], &err), 0, "%s", err.message);
    cr_assert_eq(result_writer_finish(writer, &merged, &err), 0, "%s", err.message);
    return merged;
}

static struct stored_results load(struct result_query query)
{
    struct stored_results results = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(results_read(scratch_db, &query, &results, &err), 0, "%s", err.message);
    return results;
}

static const double three[] = {10, 30, 20};

Test(results, a_row_comes_back_as_it_was)
{
    struct result written = row("id-1", "bench 'é'", three, 3, OURS);
    written.throughput = (struct throughput){512, "bytes", "binary"};
    struct lance_merge_result merged = store(&written, 1);
    cr_assert_eq(merged.inserted, 1);
    AUTO_STORED_RESULTS struct stored_results results = load((struct result_query){0});
    cr_assert_eq(results.count, 1);
    const struct stored_result *r = &results.items[0];
    cr_assert_str_eq(r->id, "id-1");
    cr_assert_str_eq(r->benchmark_name, "bench 'é'");
    cr_assert_str_eq(r->dut.version, "1.2.3+abcdef0");
    cr_assert_eq(r->dut.timestamp, 1700000000);
    cr_assert_str_eq(r->test_bed.cpu, "a CPU");
    cr_assert_eq(r->test_bed.memory_gb, 16);
    cr_assert_eq(r->test_bed.created_at, 1600000000);
    cr_assert_str_eq(r->units, "nanoseconds");
    cr_assert_eq(r->timestamp, 1700000001);
    cr_assert_eq(r->value_count, 3);
    cr_assert_arr_eq(r->values, three, sizeof(three));
    cr_assert(r->summary.median == 20 && r->summary.mean == 20 && r->summary.max == 30);
    cr_assert_str_eq(r->throughput_name, "bytes");
    cr_assert_eq(r->throughput_multiplier, 512);
    cr_assert_str_eq(r->commit, "abcdef0123456789abcdef0123456789abcdef01");
    cr_assert_str_eq(r->run, "r1");
    cr_assert_eq(r->origin, RESULT_OURS);
}

Test(results, a_row_of_nulls_comes_back_as_nulls)
{
    struct dut nobody = {0};
    struct test_bed nowhere = {0};
    struct result written = {
        .id = "id", .dut = &nobody, .test_bed = &nowhere, .summary = summary_unknown()};
    store(&written, 1);
    AUTO_STORED_RESULTS struct stored_results results = load((struct result_query){0});
    const struct stored_result *r = &results.items[0];
    cr_assert(!r->benchmark_name && !r->units && !r->metadata && !r->dut.name && !r->test_bed.os);
    cr_assert(!r->throughput_name && !r->commit && !r->run && !r->value_count);
    cr_assert(isnan(r->summary.mean) && isnan(r->summary.standard_deviation));
}

Test(results, storing_a_row_again_changes_nothing)
{
    struct result written[] = {row("a", "a", three, 3, OURS), row("b", "b", three, 3, OURS),
                               row("a", "a again", three, 3, OURS)};
    struct lance_merge_result first = store(written, 3);
    cr_assert_eq(first.inserted, 2, "of two rows with one key the first counts");
    struct lance_merge_result second = store(written, 3);
    cr_assert_eq(second.inserted, 0);
    cr_assert_eq(second.version, first.version);
    written[2].id = "c";
    struct lance_merge_result third = store(written, 3);
    cr_assert_eq(third.inserted, 1);
    AUTO_STORED_RESULTS struct stored_results results = load((struct result_query){0});
    cr_assert_eq(results.count, 3);
}

Test(results, an_aborted_writer_leaves_nothing_visible)
{
    struct result_writer *writer = NULL;
    cr_assert_eq(result_writer_open(scratch_db, RESULTS_TABLE, &writer, NULL), 0);
    for (int i = 0; i < 10000; i++) {
        char id[16];
        snprintf(id, sizeof(id), "%d", i);
        struct result written = row(id, "bench", three, 3, OURS);
        cr_assert_eq(result_writer_add(writer, &written, NULL), 0);
    }
    result_writer_abort(writer);
    result_writer_abort(NULL);
    AUTO_STORED_RESULTS struct stored_results results = load((struct result_query){0});
    cr_assert_eq(results.count, 0);
}

Test(results, totals_of_another_writer_are_divided_by_its_iteration_counts)
{
    static const double totals[] = {1000, 2200, 2700};
    struct result written = row("u", "theirs", totals, 3, "{\"iteration_count\":[10,20,30]}");
    written.summary.mean = 100;
    store(&written, 1);
    AUTO_STORED_RESULTS struct stored_results results =
        load((struct result_query){.without_values = true});
    const struct stored_result *r = &results.items[0];
    cr_assert_eq(r->origin, RESULT_NORMALISED);
    cr_assert(r->value_count == 3 && r->values[0] == 100 && r->values[1] == 110 &&
              r->values[2] == 90);
    cr_assert(r->summary.median == 100 && r->summary.min == 90 &&
              r->summary.standard_deviation == 10);
    cr_assert_str_eq(r->commit, "abcdef0", "from the version");
    cr_assert_null(r->run);
}

Test(results, another_writers_row_without_iteration_counts_keeps_its_mean_only)
{
    static const char *const texts[] = {"{}", "{\"iteration_count\":[10,20]}",
                                        "{\"iteration_count\":[1,2,0]}", NULL, "not json"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        char id[16];
        snprintf(id, sizeof(id), "u%zu", i);
        struct result written = row(id, "theirs", three, 3, texts[i]);
        written.summary.mean = 77;
        store(&written, 1);
    }
    AUTO_STORED_RESULTS struct stored_results results = load((struct result_query){0});
    cr_assert_eq(results.count, ARRAY_SIZE(texts));
    for (size_t i = 0; i < results.count; i++) {
        const struct stored_result *r = &results.items[i];
        cr_assert_eq(r->origin, RESULT_MEAN_ONLY);
        cr_assert(r->summary.mean == 77 && isnan(r->summary.median) && !r->values);
    }
}

Test(results, the_triple_for_no_throughput_is_null)
{
    struct result written = row("a", "a", three, 3, OURS);
    written.throughput = (struct throughput){0, "", ""};
    store(&written, 1);
    AUTO_STORED_RESULTS struct stored_results results = load((struct result_query){0});
    cr_assert_null(results.items[0].throughput_name);
}

Test(results, are_chosen_by_name_commit_test_bed_project_and_run)
{
    struct dut other = {(char *)"other", (char *)"9.9.9+1234567", 1800000000};
    struct test_bed elsewhere = {(char *)"o'bed", NULL, 0, NULL, 0};
    struct result written[] = {row("a", "read/100%_x", three, 3, OURS),
                               row("b", "write", three, 3, OURS),
                               row("c", "read/y", three, 3, "{\"schema\":1,\"run\":\"r'2\"}")};
    written[2].dut = &other;
    written[2].test_bed = &elsewhere;
    store(written, 3);
    const struct {
        struct result_query query;
        size_t count;
    } cases[] = {
        {{0}, 3},
        {{.benchmark = "read"}, 2},
        {{.benchmark = "%_"}, 1},
        {{.benchmark = "r%d"}, 0},
        {{.commit = "abcdef0"}, 2},
        {{.commit = "abcdef0123456789abcdef0123456789abcdef01"}, 2},
        {{.commit = "abcdef0fffffffffffffffffffffffffffffffff"}, 0},
        {{.commit = "1234567"}, 1},
        {{.test_bed = "o'bed"}, 1},
        {{.project = "lance"}, 2},
        {{.run = "r'2"}, 1},
        {{.run = "r1", .benchmark = "write"}, 1},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO_STORED_RESULTS struct stored_results results = load(cases[i].query);
        cr_assert_eq(results.count, cases[i].count, "case %zu gives %zu", i, results.count);
    }
    AUTO_STORED_RESULTS struct stored_results all = load((struct result_query){0});
    cr_assert_str_eq(all.items[0].id, "c", "the newest commit comes first");
    cr_assert_str_eq(all.items[1].benchmark_name, "read/100%_x");
}

Test(results, of_a_table_that_is_not_there_are_not_found)
{
    struct stored_results results = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(results_read(scratch_db, &(struct result_query){0}, &results, &err),
                 ERROR_NOT_FOUND);
}

static void put_run(const char *id, const char *run, const char *test_bed, const char *harness)
{
    struct run_record record = {
        .id = id,
        .run = run,
        .harness = harness,
        .project = "lance",
        .commit = "abcdef0123456789abcdef0123456789abcdef01",
        .version = "1",
        .test_bed = test_bed,
        .outcome = RUN_COMPLETE,
        .started_at = 5,
    };
    strlist_push(&record.expected, "a \"b\"");
    struct error err = ERROR_INIT;
    cr_assert_eq(run_put(scratch_db, &record, &err), 0, "%s", err.message);
    strlist_release(&record.expected);
}

Test(results, of_an_invalidated_run_are_kept_and_not_shown)
{
    struct result written = row("a", "a", three, 3, OURS);
    store(&written, 1);
    put_run("1", "r1", "bed", "criterion");
    put_run("2", "r1", "bed", "pytest");
    put_run("3", "r1", "elsewhere", "pytest");
    int64_t count = -1;
    cr_assert_eq(runs_invalidate(scratch_db, "r1", "bed", "noisy", &count, NULL), 0);
    cr_assert_eq(count, 2);
    AUTO_STORED_RESULTS struct stored_results shown = load((struct result_query){0});
    cr_assert_eq(shown.count, 0);
    AUTO_STORED_RESULTS struct stored_results all =
        load((struct result_query){.with_invalidated = true});
    cr_assert_eq(all.count, 1);
    AUTO_STORED_RUNS struct stored_runs runs = {0};
    cr_assert_eq(runs_read(scratch_db, "abcdef0", &runs, NULL), 0);
    cr_assert_eq(runs.count, 3, "each row was replaced, not added");
    for (size_t i = 0; i < 3; i++) {
        bool elsewhere = !strcmp(runs.items[i].test_bed, "elsewhere");
        cr_assert_str_eq(runs.items[i].outcome, elsewhere ? RUN_COMPLETE : RUN_INVALIDATED);
        cr_assert_eq(runs.items[i].expected.count, 1);
        cr_assert_str_eq(runs.items[i].expected.items[0], "a \"b\"");
    }
    cr_assert_eq(runs_invalidate(scratch_db, "no such run", NULL, NULL, &count, NULL), 0);
    cr_assert_eq(count, 0);
}

Test(results, runs_commits_and_sessions_are_replaced_by_their_ids)
{
    struct commit commit = {(char *)"abcdef0123456789abcdef0123456789abcdef01", NULL,
                            (char *)"subject", NULL, 7};
    struct host_session_record session = {.id = "s", .test_bed = "bed", .kernel = "Linux"};
    bool there = true;
    cr_assert_eq(run_exists(scratch_db, "1", &there, NULL), 0);
    cr_assert_not(there);
    for (int i = 0; i < 2; i++) {
        put_run("1", "r", "bed", "criterion");
        cr_assert_eq(commits_put(scratch_db, "lance", &commit, 1, NULL), 0);
        cr_assert_eq(host_session_put(scratch_db, &session, NULL), 0);
    }
    cr_assert_eq(run_exists(scratch_db, "1", &there, NULL), 0);
    cr_assert(there);
    static const char *const tables[] = {RUNS_TABLE, COMMITS_TABLE, HOST_SESSIONS_TABLE};
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        struct lance_table_info info;
        cr_assert_eq(database_table_info(scratch_db, tables[i], &info, NULL), 0);
        cr_assert_eq(info.rows, 1, "%s has %d rows", tables[i], (int)info.rows);
        cr_assert_str_eq(info.storage_version, "2.1");
    }
    cr_assert_eq(runs_check_schema(scratch_db, NULL), 0);
}
