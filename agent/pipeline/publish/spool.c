#include "pipeline/publish/spool.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { REQUEST_MAX = 64 << 20, SPOOL_FORMAT = 1 };

#define REQUEST_FILE "request.json"
#define RECORDS_FILE "records.json"
#define PART_SUFFIX ".part" /* being written */

static int spool_dir(char **out, struct error *err)
{
    const char *own = getenv("LANCE_BENCH_SPOOL"), *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (own && *own)
        *out = xstrdup(own);
    else if (state && *state == '/')
        *out = path_join(state, "lance-bench/spool");
    else if (home && *home == '/')
        *out = path_join(home, ".local/state/lance-bench/spool");
    else
        return error_set(err, ERROR_USAGE,
                         "no folder for the spool: set LANCE_BENCH_SPOOL or HOME");
    return 0;
}

static void add_text(cJSON *object, const char *key, const char *text)
{
    if (text)
        cJSON_AddStringToObject(object, key, text);
}

/* A database below the working directory is meant from everywhere. The core takes ~/ for the home
 * folder, as a shell does. */
static char *absolute_uri(const char *uri)
{
    const char *home = getenv("HOME");
    if (*uri == '~' && (!uri[1] || uri[1] == '/') && home && *home == '/')
        return xasprintf("%s%s", home, uri + 1);
    if (strstr(uri, "://") || *uri == '/')
        return xstrdup(uri);
    AUTO_FREE char *here = path_real(".");
    return path_join(here ? here : "/", uri);
}

static cJSON *request_to_json(const struct publish_request *r, const struct parse_format *format)
{
    AUTO_FREE char *target = absolute_uri(r->db);
    cJSON *root = cJSON_CreateObject();
    cJSON_AddNumberToObject(root, "spool", SPOOL_FORMAT);
    add_text(root, "database", target);
    add_text(root, "table", r->table);
    add_text(root, "format", format->name);
    add_text(root, "commit", r->commit);
    add_text(root, "metric", r->metric);
    add_text(root, "wall_metric", r->wall_metric);
    add_text(root, "run", r->run);
    add_text(root, "host_session", r->host_session);
    add_text(root, "part", r->part);
    add_text(root, "toolchain", r->toolchain);
    add_text(root, "outcome", r->outcome);
    add_text(root, "reason", r->reason);
    add_text(root, "evidence", r->evidence);
    cJSON_AddNumberToObject(root, "timestamp", (double)r->timestamp);
    cJSON *dut = cJSON_AddObjectToObject(root, "dut");
    add_text(dut, "name", r->dut.name);
    add_text(dut, "version", r->dut.version);
    cJSON_AddNumberToObject(dut, "timestamp", (double)r->dut.timestamp);
    cJSON *bed = cJSON_AddObjectToObject(root, "test_bed");
    add_text(bed, "name", r->test_bed->name);
    add_text(bed, "cpu", r->test_bed->cpu);
    add_text(bed, "os", r->test_bed->os);
    cJSON_AddNumberToObject(bed, "memory_gb", r->test_bed->memory_gb);
    cJSON_AddNumberToObject(bed, "created_at", (double)r->test_bed->created_at);
    cJSON *expected = cJSON_AddArrayToObject(root, "expected");
    for (size_t i = 0; i < r->expected.count; i++)
        cJSON_AddItemToArray(expected, cJSON_CreateString(r->expected.items[i]));
    return root;
}

static int copy_file_input(struct input *input, const char *to, struct error *err)
{
    AUTO_CLOSE int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return error_errno(err, ERROR_FAILURE, errno, "cannot write %s", to);
    int failed = input_rewind(input, err);
    AUTO_FREE char *buf = xmalloc(1 << 20);
    for (size_t got = 1; !failed && got;) {
        failed = input_read(input, buf, 1 << 20, &got, err);
        int lost = failed ? 0 : fd_write_all(fd, buf, got);
        if (lost)
            failed = error_errno(err, ERROR_FAILURE, -lost, "cannot write %s", to);
    }
    if (!failed && fsync(fd))
        failed = error_errno(err, ERROR_FAILURE, errno, "cannot write %s", to);
    return failed;
}

/* Copies the regular files below a folder; links are not followed. */
static int copy_folder(const char *from, const char *to, struct error *err)
{
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    int failed = dir_make(to, err);
    if (!failed)
        failed = dir_list(from, &names, err);
    for (size_t i = 0; !failed && i < names.count; i++) {
        AUTO_FREE char *source = path_join(from, names.items[i]);
        AUTO_FREE char *target = path_join(to, names.items[i]);
        struct stat st;
        if (lstat(source, &st))
            continue;
        if (S_ISDIR(st.st_mode)) {
            failed = copy_folder(source, target, err);
        } else if (S_ISREG(st.st_mode)) {
            AUTO_INPUT struct input *file = NULL;
            failed = input_open(source, UINT64_MAX, &file, err);
            if (!failed)
                failed = copy_file_input(file, target, err);
        }
    }
    return failed;
}

static int write_entry(const char *folder, const char *name, const cJSON *json, struct input *input,
                       struct error *err)
{
    AUTO_FREE char *data = path_join(folder, "input"), *path = path_join(folder, name);
    int failed = dir_make(folder, err);
    if (!failed && input && input_kind(input) == INPUT_FOLDER)
        failed = copy_folder(input_name(input), data, err);
    else if (!failed && input)
        failed = copy_file_input(input, data, err);
    AUTO_FREE char *text = cJSON_Print(json);
    return failed ? failed : file_write_atomic(path, text, strlen(text), err);
}

/* An entry out of one JSON file and, where it is not NULL, an input. */
static int add_entry(const char *name, const cJSON *json, struct input *input, char **path,
                     struct error *err)
{
    AUTO_FREE char *spool = NULL;
    int failed = spool_dir(&spool, err);
    if (failed)
        return failed;
    static unsigned sequence;
    AUTO_FREE char *entry =
        xasprintf("%s/%" PRId64 "-%d-%u", spool, clock_unix_ms(), (int)getpid(), sequence++);
    AUTO_FREE char *part = xasprintf("%s" PART_SUFFIX, entry);
    failed = write_entry(part, name, json, input, err);
    if (!failed && rename(part, entry))
        failed = error_errno(err, ERROR_FAILURE, errno, "cannot write %s", entry);
    if (failed) {
        (void)!tree_remove(part, NULL);
        return error_wrap(err, "spooling the results");
    }
    *path = take_ptr(entry);
    return 0;
}

int spool_add(const struct publish_request *request, const struct parse_format *format,
              struct input *input, char **path, struct error *err)
{
    cJSON *json = request_to_json(request, format);
    int failed = add_entry(REQUEST_FILE, json, input, path, err);
    cJSON_Delete(json);
    return failed;
}

static int take_nothing(void *context, const struct measurement *m, struct error *err)
{
    (void)context;
    (void)m;
    return interrupt_check(err);
}

/* Whether the input can be published at all: what would wait for ever is better refused at once. */
static int check_input(const struct parse_format *format, struct input *input, struct error *err)
{
    const struct measurement_sink nowhere = {take_nothing, NULL};
    struct parse_report report = PARSE_REPORT_INIT;
    return format_parse(format, input, &nowhere, &report, err);
}

int publish_or_spool(const struct publish_request *given, const struct parse_format *format,
                     struct input *input, struct publish_outcome *outcome, struct error *err)
{
    struct publish_request request = *given;
    if (!request.timestamp)
        request.timestamp = clock_unix_s();
    struct error reason = ERROR_INIT;
    int failed = publish_input(&request, format, input, outcome, &reason);
    if (failed != ERROR_UNREACHABLE && failed != ERROR_CONFLICT) {
        if (failed && err)
            *err = reason;
        return failed;
    }
    int bad = check_input(format, input, err);
    if (bad)
        return bad;
    request.run = outcome->run;
    int lost = spool_add(&request, format, input, &outcome->spooled, err);
    if (lost)
        return error_wrap(err, "%s, and the spool failed too", reason.message);
    return error_set(err, ERROR_SPOOLED, "%s", reason.message);
}

int spool_add_records(const char *db_uri, const struct run_records *records, char **path,
                      struct error *err)
{
    AUTO_FREE char *target = absolute_uri(db_uri);
    cJSON *json = run_records_write(records);
    cJSON_AddNumberToObject(json, "spool", SPOOL_FORMAT);
    cJSON_AddStringToObject(json, "database", target);
    int failed = add_entry(RECORDS_FILE, json, NULL, path, err);
    cJSON_Delete(json);
    return failed;
}

static const char *text_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* Text that goes into a JSON document as it is: NULL unless it is an object. */
static const char *object_text_of(const cJSON *object, const char *key)
{
    const char *text = text_of(object, key);
    cJSON *json = text ? cJSON_ParseWithOpts(text, NULL, true) : NULL;
    bool is_object = cJSON_IsObject(json);
    cJSON_Delete(json);
    return is_object ? text : NULL;
}

static int64_t integer_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : 0;
}

/* The request borrows from the tree and from `bed`. */
static int request_from_json(const cJSON *root, struct publish_request *out, struct test_bed *bed,
                             struct error *err)
{
    const cJSON *dut = cJSON_GetObjectItemCaseSensitive(root, "dut");
    const cJSON *test_bed = cJSON_GetObjectItemCaseSensitive(root, "test_bed");
    if (integer_of(root, "spool") != SPOOL_FORMAT || !text_of(root, "database") ||
        !text_of(root, "table") || !text_of(root, "format") || !text_of(root, "run"))
        return error_set(err, ERROR_INPUT, "request.json is not a spooled publish request");
    *bed = (struct test_bed){
        .name = (char *)(uintptr_t)text_of(test_bed, "name"),
        .cpu = (char *)(uintptr_t)text_of(test_bed, "cpu"),
        .os = (char *)(uintptr_t)text_of(test_bed, "os"),
        .memory_gb = (int32_t)integer_of(test_bed, "memory_gb"),
        .created_at = integer_of(test_bed, "created_at"),
    };
    *out = (struct publish_request){
        .db = text_of(root, "database"),
        .table = text_of(root, "table"),
        .dut = {(char *)(uintptr_t)text_of(dut, "name"), (char *)(uintptr_t)text_of(dut, "version"),
                integer_of(dut, "timestamp")},
        .commit = text_of(root, "commit"),
        .test_bed = bed,
        .metric = text_of(root, "metric"),
        .wall_metric = text_of(root, "wall_metric"),
        .run = text_of(root, "run"),
        .host_session = text_of(root, "host_session"),
        .part = text_of(root, "part"),
        .toolchain = text_of(root, "toolchain"),
        .outcome = text_of(root, "outcome"),
        .reason = text_of(root, "reason"),
        .evidence = object_text_of(root, "evidence"),
        .timestamp = integer_of(root, "timestamp"),
    };
    const cJSON *item;
    cJSON_ArrayForEach(item,
                       cJSON_GetObjectItemCaseSensitive(root, "expected")) if (cJSON_IsString(item))
        strlist_push(&out->expected, item->valuestring);
    return 0;
}

static int read_json(const char *path, cJSON **out, struct error *err)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    int failed = file_read(path, REQUEST_MAX, &text, err);
    if (!failed)
        *out = cJSON_ParseWithLength(text.buf, text.len);
    return failed;
}

static int publish_records(const char *path, struct error *err)
{
    cJSON *root = NULL;
    int failed = read_json(path, &root, err);
    struct run_records records = {0};
    run_records_read(root, &records);
    if (!failed && (integer_of(root, "spool") != SPOOL_FORMAT || !text_of(root, "database") ||
                    !records.run.id || !records.commit.id || !records.session.id))
        failed = error_set(err, ERROR_INPUT, RECORDS_FILE " holds no records of a run");
    if (!failed)
        failed = run_records_put(text_of(root, "database"), &records, err);
    strlist_release(&records.run.expected);
    cJSON_Delete(root);
    return failed;
}

static int publish_entry(const char *entry, uint64_t *inserted, struct error *err)
{
    AUTO_FREE char *path = path_join(entry, REQUEST_FILE), *data = path_join(entry, "input");
    AUTO_FREE char *records = path_join(entry, RECORDS_FILE);
    if (path_exists(records))
        return publish_records(records, err);
    cJSON *root = NULL;
    int failed = read_json(path, &root, err);
    if (failed)
        return failed;
    struct publish_request request = {0};
    struct test_bed bed;
    AUTO_INPUT struct input *input = NULL;
    const struct parse_format *format = NULL;
    AUTO_PUBLISH_OUTCOME struct publish_outcome outcome = {0};
    failed = request_from_json(root, &request, &bed, err);
    if (!failed)
        failed = input_open(data, UINT64_MAX, &input, err);
    if (!failed)
        failed = format_select(text_of(root, "format"), input, &format, err);
    if (!failed)
        failed = publish_input(&request, format, input, &outcome, err);
    if (!failed)
        *inserted += outcome.inserted;
    strlist_release(&request.expected);
    cJSON_Delete(root);
    return failed;
}

int spool_publish(struct spool_counts *counts, struct error *err)
{
    AUTO_FREE char *spool = NULL;
    int failed = spool_dir(&spool, err);
    if (failed)
        return failed;
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    failed = dir_list(spool, &names, err);
    if (failed == ERROR_NOT_FOUND)
        return 0;
    if (failed)
        return failed;
    AUTO_CLOSE int lock = -1;
    AUTO_FREE char *lock_path = path_join(spool, ".lock");
    failed = lock_acquire(lock_path, -1, &lock, err);
    for (size_t i = 0; !failed && i < names.count; i++) {
        AUTO_FREE char *entry = path_join(spool, names.items[i]);
        if (text_ends_with(entry, REMOVED_SUFFIX))
            failed = tree_retire(entry, err);
        if (strchr(names.items[i], '.') || !path_is_dir(entry))
            continue;
        struct error reason = ERROR_INIT;
        int result = publish_entry(entry, &counts->inserted, &reason);
        if (!result) {
            counts->published++;
            failed = tree_retire(entry, err);
        } else if (result == ERROR_INTERRUPTED) {
            *err = reason;
            failed = result;
        } else if (result == ERROR_UNREACHABLE || result == ERROR_CONFLICT) {
            if (!counts->waiting++ && err)
                *err = reason;
        } else {
            counts->broken++;
            log_error("%s: %s", entry, reason.message);
        }
    }
    return failed;
}
