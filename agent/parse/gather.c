#include "parse/gather.h"

#include "base/alloc.h"
#include "base/log.h"
#include "parse/benchmark_name.h"
#include "parse/json_value.h"
#include "parse/time_unit.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

struct gathered {
    char *benchmark, *metric, *units, *details;
    struct double_list values;
    struct u64_list iterations;
    bool has_iterations, mean_only;
    struct throughput throughput;
};

static void gathered_release(struct gathered *g)
{
    free(g->benchmark);
    free(g->metric);
    free(g->units);
    free(g->details);
    free(g->values.items);
    free(g->iterations.items);
}

static void gather_clear(struct gather *gather)
{
    for (size_t i = 0; i < gather->keys.count; i++)
        gathered_release(&gather->items[i]);
    text_pool_release(&gather->keys);
    gather->bytes = 0;
    gather->left_out = 0;
}

void gather_release(struct gather *gather)
{
    gather_clear(gather);
    strbuf_release(&gather->key);
    free(gather->items);
    gather->items = NULL;
    gather->cap = 0;
}

static int check_text(const char *what, const char *text, const struct strbuf *name,
                      struct error *err)
{
    char label[BENCHMARK_LABEL_SIZE];
    size_t len = strlen(text);
    if (len && len <= GATHER_METRIC_MAX)
        return 0;
    benchmark_label(name, label);
    if (!len)
        return error_set(err, ERROR_INPUT, "%s: a %s without a name", label, what);
    return error_set(err, ERROR_INPUT, "%s: a %s of %zu bytes, %zu are allowed", label, what, len,
                     GATHER_METRIC_MAX);
}

static int check_piece(const struct gather_piece *piece, struct error *err)
{
    int rc = benchmark_name_check(piece->benchmark, err);
    if (!rc && piece->metric)
        rc = check_text("metric", piece->metric, piece->benchmark, err);
    return rc ? rc : check_text("unit", piece->units, piece->benchmark, err);
}

static char *metric_name(const char *metric)
{
    char *name = xstrdup(metric);
    for (char *p = name; p && *p; p++)
        *p = *p == '#' ? '_' : *p;
    return name;
}

/* What makes it this measurement and no other, in gather->key. */
static void write_key(struct gather *gather, const struct gather_piece *piece)
{
    struct strbuf *key = &gather->key;
    strbuf_clear(key);
    if (piece->variant)
        strbuf_addf(key, "%" PRIu64, piece->variant);
    strbuf_addch(key, '\x1f');
    size_t start = key->len;
    if (piece->metric)
        strbuf_addstr(key, piece->metric);
    for (char *p = key->buf + start; (p = strchr(p, '#'));)
        *p = '_';
    strbuf_addch(key, '\x1f');
    strbuf_add(key, piece->benchmark->buf, piece->benchmark->len);
}

/* The measurement of the piece; a new one is empty. */
static struct gathered *find(struct gather *gather, const struct gather_piece *piece, bool *is_new)
{
    write_key(gather, piece);
    size_t before = gather->keys.count;
    uint32_t number = text_pool_add(&gather->keys, gather->key.buf);
    *is_new = number == before;
    if (!*is_new)
        return &gather->items[number];
    ARRAY_RESERVE(gather->items, gather->cap, before + 1);
    gather->items[number] = (struct gathered){
        .benchmark = xstrdup(piece->benchmark->buf),
        .metric = metric_name(piece->metric),
        .units = xstrdup(piece->units),
        .details = xstrdup(piece->details),
        .has_iterations = piece->iterations != NULL,
        .mean_only = piece->mean_only,
        .throughput = piece->throughput,
    };
    gather->bytes += sizeof(struct gathered) + 3 * piece->benchmark->len + 64 +
                     (piece->details ? strlen(piece->details) : 0);
    return &gather->items[number];
}

/* Whether the value is one; *rc is set where it has to be. */
static bool check_value(struct gather *gather, const struct gather_piece *piece, double value,
                        int *rc, struct error *err)
{
    char label[BENCHMARK_LABEL_SIZE];
    if (value >= 0 && value <= TIME_NS_MAX)
        return true;
    benchmark_label(piece->benchmark, label);
    if (piece->metric) {
        log_warning("%s: %s is %g, which is not stored", label, piece->metric, value);
        gather->left_out++;
    } else {
        *rc = error_set(err, ERROR_INPUT, "%s: %g is no time", label, value);
    }
    return false;
}

static int add_values(struct gather *gather, struct gathered *g, const struct gather_piece *piece,
                      struct error *err)
{
    int rc = 0;
    size_t want = g->values.count + piece->count;
    ARRAY_RESERVE(g->values.items, g->values.cap, want);
    if (g->has_iterations)
        ARRAY_RESERVE(g->iterations.items, g->iterations.cap, want);
    for (size_t i = 0; !rc && i < piece->count; i++) {
        if (!check_value(gather, piece, piece->values[i], &rc, err))
            continue;
        if (g->has_iterations && !piece->iterations[i])
            return error_set(err, ERROR_INPUT, "%.128s: a value of 0 iterations", g->benchmark);
        if (g->has_iterations)
            g->iterations.items[g->iterations.count++] = piece->iterations[i];
        g->values.items[g->values.count++] = piece->values[i];
    }
    gather->bytes += piece->count * (sizeof(double) + (g->has_iterations ? sizeof(uint64_t) : 0));
    if (!rc && gather->bytes > GATHER_MAX)
        rc = error_set(err, ERROR_INPUT,
                       "more than %zu MiB of results in one file; publish it in parts",
                       GATHER_MAX >> 20);
    return rc;
}

int gather_add(struct gather *gather, const struct gather_piece *piece, struct error *err)
{
    int rc = check_piece(piece, err);
    if (rc < 0)
        return rc;
    bool is_new = false;
    struct gathered *g = find(gather, piece, &is_new);
    if (strcmp(g->units, piece->units))
        return error_set(err, ERROR_INPUT, "benchmark %.128s: %s is in %s here and in %s above",
                         g->benchmark, piece->metric ? piece->metric : "wall time", piece->units,
                         g->units);
    if (piece->mean_only && !is_new)
        return 0;
    if (g->mean_only && !is_new) {
        g->mean_only = false;
        g->values.count = g->iterations.count = 0;
        g->has_iterations = piece->iterations != NULL;
    }
    g->has_iterations = g->has_iterations && piece->iterations;
    return add_values(gather, g, piece, err);
}

static int hand_on_one(const struct gathered *g, const struct measurement_sink *sink,
                       struct error *err)
{
    struct summary summary = summary_unknown();
    summary.mean = g->values.items[0];
    const struct measurement measurement = {
        .benchmark = g->benchmark,
        .metric = g->metric,
        .units = g->units,
        .values = g->values.items,
        .value_count = g->values.count,
        .iterations = g->has_iterations ? g->iterations.items : NULL,
        .summary = g->mean_only ? &summary : NULL,
        .throughput = g->throughput,
        .details = g->details,
    };
    return sink->add(sink->context, &measurement, err);
}

int gather_hand_on(struct gather *gather, const struct measurement_sink *sink,
                   struct parse_report *report, struct error *err)
{
    int rc = 0;
    report->without_data += gather->left_out;
    for (size_t i = 0; !rc && i < gather->keys.count; i++) {
        if (!gather->items[i].values.count)
            continue;
        rc = hand_on_one(&gather->items[i], sink, err);
        if (!rc)
            report->found++;
    }
    gather_clear(gather);
    return rc;
}

double gather_work(double per_second, double ns)
{
    double work = per_second * ns / 1e9, whole = round(work);
    return whole > 0 && fabs(work - whole) <= whole * 1e-3 ? whole : work;
}
