#include "pipeline/run/run_results.h"

#include "artifact/manifest.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "host/machine.h"
#include "parse/criterion_folder.h"
#include "parse/format.h"
#include "pipeline/run/run_clock.h"
#include "store/records.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define RESULT_FILE_MAX ((size_t)256 << 20) /* as the other side takes it */

int run_results_check(const char *folder, struct error *err)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    if (!path_exists(folder))
        return 0;
    if (!path_is_dir(folder) || dir_list(folder, &names, NULL) || names.count)
        return error_set(err, ERROR_USAGE,
                         "--results-dir %s is not empty: give a folder that is new or empty",
                         folder);
    return 0;
}

static int count_one(void *context, const struct measurement *m, struct error *err)
{
    (void)m;
    ++*(uint64_t *)context;
    return interrupt_check(err);
}

/* Whether the results can be read at all: what the other side would refuse is better known here. */
static int check_results(struct run_part *part, struct error *err)
{
    AUTO_INPUT struct input *input = NULL;
    const struct parse_format *format = NULL;
    struct parse_report report = PARSE_REPORT_INIT;
    uint64_t found = 0;
    const struct measurement_sink sink = {count_one, &found};
    int failed = input_open(part->results, INPUT_MAX_DEFAULT, &input, err);
    if (!failed)
        failed = format_select(part->format, input, &format, err);
    if (!failed)
        failed = format_parse(format, input, &sink, &report, err);
    if (!failed)
        part->found = found;
    return failed;
}

static int copy_file(const char *from, const char *to, struct error *err)
{
    AUTO_STRBUF struct strbuf bytes = STRBUF_INIT;
    int failed = file_read(from, RESULT_FILE_MAX, &bytes, err);
    return failed ? failed : file_write_atomic(to, bytes.buf, bytes.len, err);
}

/* The results of an executable, each in a folder that is called by its number: a benchmark's name
 * may hold what an artifact's path may not. */
static int copy_criterion(const char *from, const char *to, struct error *err)
{
    static const char *const files[] = {"benchmark.json", "estimates.json", "sample.json"};
    AUTO_STRLIST struct strlist folders = STRLIST_INIT;
    int failed = criterion_folder_list(from, &folders, err);
    for (size_t i = 0; !failed && i < folders.count; i++) {
        AUTO_FREE char *folder = xasprintf("%s/%06zu/new", to, i);
        failed = dir_make(folder, err);
        for (size_t j = 0; !failed && j < ARRAY_SIZE(files); j++) {
            AUTO_FREE char *source = path_join(folders.items[i], files[j]);
            AUTO_FREE char *target = path_join(folder, files[j]);
            failed = copy_file(source, target, err);
        }
    }
    return failed;
}

static int write_part(struct run_part *part, const char *folder, struct manifest *manifest,
                      struct error *err)
{
    struct manifest_part *row = &manifest->parts[manifest->part_count - 1];
    int failed = part->results ? check_results(part, err) : 0;
    if (failed == ERROR_INPUT || failed == ERROR_NO_DATA) {
        if (!part->problem)
            part->problem = xstrdup(err->message);
        return error_set(err, ERROR_BUILD, "%s: %s", part->name, part->problem);
    }
    if (failed || !part->results)
        return failed;
    AUTO_FREE char *place = layout_part(row, manifest->part_count - 1);
    AUTO_FREE char *target = path_join(folder, place);
    failed = layout_kind_for(part->format) == LAYOUT_CRITERION
                 ? copy_criterion(part->results, target, err)
                 : copy_file(part->results, target, err);
    part->stored = !failed;
    return failed;
}

/* One line of valid UTF-8 within the manifest's limit; NULL stays NULL. */
static char *line_of(const char *text)
{
    AUTO_STRBUF struct strbuf line = STRBUF_INIT;
    if (!text)
        return NULL;
    escape_terminal(&line, text, strlen(text));
    size_t end = 0, step = 0;
    while ((step = utf8_sequence(line.buf + end, line.len - end)) &&
           end + step <= MANIFEST_TEXT_MAX)
        end += step;
    return xstrndup(line.buf, end);
}

/* What a word of the manifest may not hold becomes "_". */
static char *word_of(const char *text, const char *allowed, size_t max)
{
    char *word = xstrndup(text, max);
    for (char *p = word; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr(allowed, *p))
            *p = '_';
    return word;
}

static struct strlist expected_of(const struct run *run, const struct run_part *part)
{
    AUTO_STRLIST struct strlist names = run_stored_names(run, part);
    struct strlist valid = STRLIST_INIT;
    for (size_t i = 0; i < names.count; i++)
        if (*names.items[i] && utf8_is_valid(names.items[i], strlen(names.items[i])))
            strlist_push(&valid, names.items[i]);
    return valid;
}

static void describe_part(const struct run *run, const struct run_part *part,
                          struct manifest_part *row)
{
    *row = (struct manifest_part){
        .name = word_of(part->name, MANIFEST_NAME_MARKS, MANIFEST_NAME_MAX),
        .format = xstrdup(part->format),
        .expected = expected_of(run, part),
        .evidence = xstrdup(part->evidence),
    };
}

/* A part that cannot be read is broken; the others are handed over all the same. */
static int write_parts(struct run *run, const char *folder, struct manifest *manifest,
                       struct error *err)
{
    AUTO_FREE char *parts = path_join(folder, "parts");
    int first = dir_make(parts, err);
    for (size_t i = 0; first != ERROR_INTERRUPTED && i < run->out->part_count; i++) {
        struct run_part *part = &run->out->parts[i];
        struct error reason = ERROR_INIT;
        describe_part(run, part, manifest_add_part(manifest));
        int failed = write_part(part, folder, manifest, &reason);
        manifest->parts[i].problem = line_of(part->problem);
        if (failed && first)
            log_error("%s", reason.message);
        else if (failed)
            *err = reason;
        first = first ? first : failed;
    }
    return first;
}

static const char *judge(const struct run *run, int failed)
{
    bool all = run->out->part_count > 0, any = false;
    for (size_t i = 0; i < run->out->part_count; i++) {
        all = all && run->out->parts[i].stored && !run->out->parts[i].problem;
        any = any || run->out->parts[i].stored;
    }
    if (failed == ERROR_INTERRUPTED)
        return RUN_INTERRUPTED;
    if (!any)
        return RUN_FAILED;
    return all && !failed ? RUN_COMPLETE : RUN_PARTIAL;
}

static int write_manifest(struct run *run, const char *folder, struct manifest *manifest,
                          struct error *err)
{
    const struct run_outcome *out = run->out;
    manifest->commit = xstrdup(out->commit);
    manifest->version = word_of(out->version, MANIFEST_VERSION_MARKS, MANIFEST_VERSION_MAX);
    manifest->metric = xstrdup(run->cpu_clock ? CPU_TIME_METRIC : NULL);
    manifest->toolchain = line_of(out->toolchain);
    manifest->outcome = xstrdup(out->outcome);
    manifest->reason = line_of(out->reason);
    manifest->commit_time = run->checkout.commit.time;
    manifest->started_at = run->started_at;
    manifest->ended_at = clock_unix_s();
    AUTO_FREE char *path = path_join(folder, MANIFEST_FILE), *text = manifest_print(manifest);
    return file_write_atomic(path, text, strlen(text), err);
}

static int write_folder(struct run *run, const char *folder, int failed, const struct error *why,
                        struct error *err)
{
    AUTO_MANIFEST struct manifest manifest = {0};
    int lost = write_parts(run, folder, &manifest, err);
    run->out->outcome = judge(run, failed);
    run->out->reason = failed && why ? xstrdup(why->message) : lost ? xstrdup(err->message) : NULL;
    if (lost && lost != ERROR_BUILD)
        return lost;
    struct error reason = ERROR_INIT;
    int unwritten = write_manifest(run, folder, &manifest, &reason);
    if (unwritten)
        *err = reason;
    return unwritten ? unwritten : lost;
}

int run_results_write(struct run *run, int failed, const struct error *why, struct error *err)
{
    struct test_bed bed = {0};
    const char *folder = run->request->results_dir;
    run->stage = "store";
    int lost = machine_test_bed(run->request->testbed_name, &bed, err);
    if (lost)
        return lost;
    run->out->test_bed = xstrdup(bed.name);
    test_bed_release(&bed);
    AUTO_FREE char *part = xasprintf("%s.part.%d", folder, (int)getpid());
    if (mkdir(part, 0755))
        return error_errno(err, ERROR_FAILURE, errno, "cannot make %s", part);
    lost = write_folder(run, part, failed, why, err);
    if (lost && lost != ERROR_BUILD) {
        (void)!tree_remove(part, NULL);
        return lost;
    }
    if (rename(part, folder)) {
        int reason = errno;
        (void)!tree_remove(part, NULL);
        return error_errno(err, ERROR_FAILURE, reason, "cannot make %s", folder);
    }
    log_info("the results are in %s", folder);
    return lost;
}
