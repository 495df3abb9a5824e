#include "parse/criterion_folder.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "base/file.h"
#include "parse/benchmark_name.h"
#include "parse/json_value.h"
#include "parse/samples.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#define WALK_DEPTH_MAX 64

static const char *const result_files[] = {"benchmark.json", "sample.json", "estimates.json"};

/* Called for each folder `new` that is a result. */
struct visitor {
    int (*visit)(void *context, const char *dir, struct error *err);
    void *context;
};

static mode_t type_of(const char *dir, const char *name)
{
    AUTO_FREE char *path = path_join(dir, name);
    struct stat st;
    return lstat(path, &st) < 0 ? 0 : st.st_mode & S_IFMT;
}

/* Whether `new` is a result. It may also be a group that is called so: that has no result file of
 * its own, but sub-folders. */
static int is_result(const char *dir, bool *out, struct error *err)
{
    size_t present = 0;
    const char *missing = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(result_files); i++) {
        bool is_file = type_of(dir, result_files[i]) == S_IFREG;
        present += is_file;
        missing = is_file || missing ? missing : result_files[i];
    }
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    bool is_group = false;
    int rc = present ? 0 : dir_list(dir, &names, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < names.count; i++)
        is_group |= type_of(dir, names.items[i]) == S_IFDIR;
    if (missing && !is_group)
        return error_set(err, ERROR_INPUT,
                         "%s has no %s: Criterion was stopped while it wrote; run the benchmark "
                         "again, or remove the folder",
                         dir, missing);
    *out = !missing;
    return 0;
}

static int walk(const char *dir, unsigned depth, const struct visitor *visitor, struct error *err)
{
    if (depth > WALK_DEPTH_MAX)
        return error_set(err, ERROR_INPUT, "%s lies more than %d folders deep", dir,
                         WALK_DEPTH_MAX);
    AUTO_STRLIST struct strlist names = STRLIST_INIT;
    int rc = dir_list(dir, &names, err);
    for (size_t i = 0; !rc && i < names.count; i++) {
        if (type_of(dir, names.items[i]) != S_IFDIR)
            continue;
        AUTO_FREE char *path = path_join(dir, names.items[i]);
        bool result = false;
        if (!strcmp(names.items[i], "new"))
            rc = is_result(path, &result, err);
        if (!rc)
            rc = result ? visitor->visit(visitor->context, path, err)
                        : walk(path, depth + 1, visitor, err);
    }
    return rc;
}

/* From the folder that the user names, which may be a result itself, whatever it is called. */
static int walk_root(const char *root, const struct visitor *visitor, struct error *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(result_files); i++)
        if (type_of(root, result_files[i]) != S_IFREG)
            return walk(root, 0, visitor, err);
    return visitor->visit(visitor->context, root, err);
}

/* The measurement of one folder; its memory serves folder after folder. */
struct result_folder {
    struct strbuf full_id, details;
    struct throughput throughput;
    double other_throughput; /* the bytes of ElementsAndBytes; NAN when there are none */
    struct double_list iterations;
    struct samples samples;
};

#define RESULT_FOLDER_INIT                             \
    {                                                  \
        .full_id = STRBUF_INIT, .details = STRBUF_INIT \
    }

static void result_folder_release(struct result_folder *f)
{
    strbuf_release(&f->full_id);
    strbuf_release(&f->details);
    free(f->iterations.items);
    samples_release(&f->samples);
}

static void result_folder_clear(struct result_folder *f)
{
    strbuf_clear(&f->full_id);
    strbuf_clear(&f->details);
    f->throughput = (struct throughput){0};
    f->other_throughput = NAN;
    f->iterations.count = f->samples.totals.count = f->samples.iterations.count = 0;
}

static int add_detail(struct json_reader *r, struct result_folder *f, const char *key,
                      struct error *err)
{
    size_t before = f->details.len;
    strbuf_addf(&f->details, "%s\"%s\":", before ? "," : "{", key);
    size_t value = f->details.len;
    int rc = json_copy(r, &f->details, BENCHMARK_DETAILS_MAX, err);
    if (rc < 0 || !strcmp(f->details.buf + value, "null"))
        strbuf_truncate(&f->details, before);
    return rc;
}

/* {"elements": n, "bytes": n}: elements are the primary one. */
static int read_two_throughputs(struct json_reader *r, struct result_folder *f, struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    f->throughput = samples_throughput(0, "elements");
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "elements"))
            rc = json_read_double(r, &f->throughput.multiplier, err);
        else if (json_text_is(r, "bytes"))
            rc = json_read_double(r, &f->other_throughput, err);
        else
            rc = json_skip(r, err);
    }
    return rc;
}

/* null, or an object whose one key is the unit, as Rust writes an enum. */
static int read_throughput(struct json_reader *r, struct result_folder *f, struct error *err)
{
    static const struct {
        const char *key;
        struct throughput throughput;
    } kinds[] = {
        {"Bytes", {0, "bytes", "binary"}},
        {"BytesDecimal", {0, "bytes", "decimal"}},
        {"Elements", {0, "elements", "decimal"}},
        {"Bits", {0, "bits", "decimal"}},
    };
    bool is_null = false, more = false;
    int rc = json_try_null(r, &is_null, err);
    if (rc < 0 || is_null)
        return rc;
    rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "ElementsAndBytes")) {
            rc = read_two_throughputs(r, f, err);
            continue;
        }
        size_t kind = 0;
        while (kind < ARRAY_SIZE(kinds) && !json_text_is(r, kinds[kind].key))
            kind++;
        if (kind == ARRAY_SIZE(kinds))
            return json_fail(r, err, "unknown throughput \"%.64s\"", r->text.buf);
        f->throughput = kinds[kind].throughput;
        rc = json_read_double(r, &f->throughput.multiplier, err);
        if (!rc && f->throughput.multiplier < 0)
            rc = json_fail(r, err, "%g is no work per iteration", f->throughput.multiplier);
    }
    return rc;
}

static int read_benchmark(struct json_reader *r, struct result_folder *f, struct error *err)
{
    bool more = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "full_id")) {
            rc = json_read_string(r, err);
            strbuf_clear(&f->full_id);
            if (!rc)
                strbuf_add(&f->full_id, r->text.buf, r->text.len);
        } else if (json_text_is(r, "group_id")) {
            rc = add_detail(r, f, "group_id", err);
        } else if (json_text_is(r, "function_id")) {
            rc = add_detail(r, f, "function_id", err);
        } else if (json_text_is(r, "value_str")) {
            rc = add_detail(r, f, "value_str", err);
        } else if (json_text_is(r, "throughput")) {
            rc = read_throughput(r, f, err);
        } else {
            rc = json_skip(r, err);
        }
    }
    return rc < 0 ? rc : benchmark_name_check(&f->full_id, err);
}

/* Criterion keeps the counts as floating point numbers. */
static int count_iterations(struct result_folder *f, struct error *err)
{
    struct u64_list *counts = &f->samples.iterations;
    ARRAY_RESERVE(counts->items, counts->cap, f->iterations.count);
    for (size_t i = 0; i < f->iterations.count; i++) {
        double n = f->iterations.items[i];
        if (!(n >= 0 && n < 0x1p64) || n != trunc(n))
            return error_set(err, ERROR_INPUT, "iters[%zu] is %g, which is no count", i, n);
        counts->items[i] = (uint64_t)n;
    }
    counts->count = f->iterations.count;
    return 0;
}

/* Since 0.3.4 an object; before, the two lists in an array. */
static int read_sample(struct json_reader *r, struct result_folder *f, struct error *err)
{
    enum json_token token = JSON_END;
    bool more = false;
    int rc = json_next(r, &token, err);
    if (!rc && token == JSON_ARRAY_BEGIN) {
        struct double_list *lists[] = {&f->iterations, &f->samples.totals};
        size_t i = 0;
        while (!rc && !(rc = json_next_item(r, &more, err)) && more && i < ARRAY_SIZE(lists))
            rc = json_read_doubles(r, lists[i++], err);
        return !rc && more ? json_fail(r, err, "expected two lists, found more") : rc;
    }
    if (!rc && token != JSON_OBJECT_BEGIN)
        return json_fail(r, err, "expected an object, found %s", json_token_name(token));
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        if (json_text_is(r, "iters"))
            rc = json_read_doubles(r, &f->iterations, err);
        else if (json_text_is(r, "times"))
            rc = json_read_doubles(r, &f->samples.totals, err);
        else if (json_text_is(r, "sampling_mode"))
            rc = add_detail(r, f, "sampling_mode", err);
        else
            rc = json_skip(r, err);
    }
    return rc;
}

static int convert_sample(struct json_reader *r, struct result_folder *f, struct error *err)
{
    const struct time_unit ns = {1, 1};
    int rc = read_sample(r, f, err);
    if (!rc)
        rc = count_iterations(f, err);
    return rc < 0 ? rc : samples_per_iteration(&f->samples, &ns, "times", "iters", err);
}

/* Nothing in it is needed, but it is whole only if Criterion came to its end. */
static int check_estimates(struct json_reader *r, struct result_folder *f, struct error *err)
{
    (void)f;
    bool more = false, has_mean = false;
    int rc = json_enter(r, JSON_OBJECT_BEGIN, err);
    while (!rc && !(rc = json_next_key(r, &more, err)) && more) {
        has_mean |= json_text_is(r, "mean") || json_text_is(r, "Mean");
        rc = json_skip(r, err);
    }
    return rc < 0 || has_mean ? rc : error_set(err, ERROR_INPUT, "it has no mean");
}

static int read_file(const char *dir, const char *name, uint64_t max_bytes,
                     int (*read)(struct json_reader *, struct result_folder *, struct error *),
                     struct result_folder *f, struct error *err)
{
    AUTO_FREE char *path = path_join(dir, name);
    AUTO_INPUT struct input *input = NULL;
    int rc = input_open(path, max_bytes, &input, err);
    if (rc < 0)
        return rc;
    AUTO_JSON_READER struct json_reader r;
    json_reader_init(&r, input, JSON_ONE_DOCUMENT);
    rc = read(&r, f, err);
    if (!rc)
        rc = json_finish(&r, err);
    if (rc < 0)
        (void)error_wrap(err, "%s", path);
    return rc;
}

struct parse_walk {
    const struct measurement_sink *sink;
    struct parse_report *report;
    struct result_folder folder;
    uint64_t max_bytes;
};

static int hand_on(struct parse_walk *walk_state, struct error *err)
{
    struct result_folder *f = &walk_state->folder;
    if (!isnan(f->other_throughput))
        strbuf_addf(&f->details,
                    "%s\"more_throughput\":[{\"per_iteration\":%.17g,\"unit\":\"bytes\"}]",
                    f->details.len ? "," : "{", f->other_throughput);
    if (f->details.len)
        strbuf_addch(&f->details, '}');
    struct measurement measurement = {
        .benchmark = f->full_id.buf,
        .units = "nanoseconds",
        .values = f->samples.totals.items,
        .value_count = f->samples.totals.count,
        .iterations = f->samples.iterations.items,
        .throughput = f->throughput,
        .details = f->details.len ? f->details.buf : NULL,
    };
    int rc = walk_state->sink->add(walk_state->sink->context, &measurement, err);
    if (!rc)
        walk_state->report->found++;
    return rc;
}

static int parse_result(void *context, const char *dir, struct error *err)
{
    struct parse_walk *walk_state = context;
    struct result_folder *f = &walk_state->folder;
    uint64_t max = walk_state->max_bytes;
    result_folder_clear(f);
    int rc = read_file(dir, "benchmark.json", max, read_benchmark, f, err);
    if (!rc)
        rc = read_file(dir, "sample.json", max, convert_sample, f, err);
    if (!rc)
        rc = read_file(dir, "estimates.json", max, check_estimates, f, err);
    return rc < 0 ? rc : hand_on(walk_state, err);
}

static int criterion_folder_parse(struct input *input, const struct measurement_sink *sink,
                                  struct parse_report *report, struct error *err)
{
    struct parse_walk walk_state = {
        .sink = sink,
        .report = report,
        .folder = RESULT_FOLDER_INIT,
        .max_bytes = input_max_bytes(input),
    };
    struct visitor visitor = {parse_result, &walk_state};
    int rc = walk_root(input_name(input), &visitor, err);
    result_folder_release(&walk_state.folder);
    return rc;
}

struct digest_walk {
    struct sha256 *hash;
    const char *root;
    uint64_t max_bytes;
};

static int digest_file(const struct digest_walk *digest, const char *path, struct error *err)
{
    AUTO_INPUT struct input *input = NULL;
    char hex[SHA256_HEX_SIZE];
    int rc = input_open(path, digest->max_bytes, &input, err);
    if (!rc)
        rc = input_sha256(input, hex, err);
    if (rc < 0)
        return rc;
    const char *below = path + strlen(digest->root);
    below += strspn(below, "/");
    sha256_update(digest->hash, below, strlen(below) + 1);
    sha256_update(digest->hash, hex, sizeof(hex));
    return 0;
}

static int digest_result(void *context, const char *dir, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < ARRAY_SIZE(result_files); i++) {
        AUTO_FREE char *path = path_join(dir, result_files[i]);
        rc = digest_file(context, path, err);
    }
    return rc;
}

static int list_result(void *context, const char *dir, struct error *err)
{
    (void)err;
    strlist_push(context, dir);
    return 0;
}

int criterion_folder_list(const char *path, struct strlist *out, struct error *err)
{
    struct visitor visitor = {list_result, out};
    return walk_root(path, &visitor, err);
}

int criterion_folder_sha256(const char *path, uint64_t max_bytes, char out[SHA256_HEX_SIZE],
                            struct error *err)
{
    struct digest_walk digest = {sha256_new(), path, max_bytes};
    struct visitor visitor = {digest_result, &digest};
    int rc = walk_root(path, &visitor, err);
    if (!rc)
        sha256_hex(digest.hash, out);
    sha256_free(digest.hash);
    return rc;
}

const struct parse_format criterion_folder_format = {
    .name = "criterion",
    .harness = "criterion",
    .description = "a target/criterion folder",
    .kind = INPUT_FOLDER,
    .parse = criterion_folder_parse,
};
