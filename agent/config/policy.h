/*
 * What a project says of its verdicts: the keys "verdicts" and "aliases" of lance-bench.json.
 *
 *     "verdicts": {
 *         "alpha": 0.05, "matters": "5%", "minimum_effect": "0%",
 *         "rules": [
 *             {"benchmark": "scan*", "matters": "3%", "minimum_effect": "2%"},
 *             {"benchmark": "flaky*", "ignore": true},
 *             {"metric": "tokens_left", "direction": "higher", "exact": true}
 *         ]
 *     },
 *     "aliases": {"scan": ["table_scan", "Scan_v?"], "io_*": ["disk_*"]}
 *
 * A rule names benchmarks, metrics and test beds by globs (fnmatch: * ? [a-z]; "*" stops at
 * nothing); what it does not name is any. The metric of a result is what stands behind the last '#'
 * of its name, and "wall_time" without one. Each setting is that of the last rule that matches and
 * has it. Nothing of this is ever stored: a rule that is taken out of the file is gone.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>

#define POLICY_WALL_TIME "wall_time"

struct cJSON;

enum policy_direction { POLICY_BY_METRIC, POLICY_LOWER_IS_BETTER, POLICY_HIGHER_IS_BETTER };
enum policy_switch { POLICY_NOT_SAID, POLICY_NO, POLICY_YES };

/* What a rule, or all that match together, say. Relative numbers: .03 is 3 %; NAN: not said. */
struct policy_settings {
    double matters;        /* a change of this size has to be seen for a verdict "same" */
    double minimum_effect; /* a smaller one is neither worse nor better */
    int direction;         /* enum policy_direction */
    int exact;             /* enum policy_switch: a count, of which any difference is a change */
    int ignore;            /* enum policy_switch: no verdict, no change, no alert */
};

struct policy_rule {
    char *benchmark, *metric, *test_bed; /* globs; NULL: any */
    struct policy_settings settings;
};

/* Results under one of the old names are of the benchmark `name`. */
struct policy_alias {
    char *name;
    struct strlist old;
};

struct policy {
    double alpha;                   /* 0: not said */
    double matters, minimum_effect; /* of what no rule matches; 0: not said */
    struct policy_rule *rules;
    size_t rule_count, rule_cap;
    struct policy_alias *aliases;
    size_t alias_count, alias_cap;
};

void policy_release(struct policy *policy);
#define AUTO_POLICY __attribute__((cleanup(policy_release)))

/* Whether it says anything at all. */
bool policy_is_empty(const struct policy *policy);
/* Its alpha, or `otherwise` where it has none or is NULL. */
double policy_alpha(const struct policy *policy, double otherwise);
/* What the rules say of a series; `policy` may be NULL. `benchmark` as in the table `results`. */
struct policy_settings policy_of(const struct policy *policy, const char *benchmark,
                                 const char *test_bed);
/*
 * The name that results of `benchmark` have now, as a fresh string; NULL: that one. An alias is
 * held against the name in front of the '#', and the metric stays; one that has a '#' itself
 * against the whole name. Where both have one '*', what it stands for in the old name stands in the
 * new one. The first that matches in the order of the file counts. A name that is a new one itself
 * is left alone, unless the old name that matches it says more of it (has more characters that
 * stand for themselves): so nothing is renamed twice, or in circles.
 */
char *policy_current_name(const struct policy *policy, const char *benchmark);
/*
 * Adds the names that `benchmark` may have had before, without a metric unless the alias names one.
 * What a '*' of the new name stands for is put in, and the names are literal then; else true is
 * returned when one of them is a glob. `policy` may be NULL.
 */
bool policy_former_names(const struct policy *policy, const char *benchmark, struct strlist *out);

/* For config.c: the members of struct policy at `member` by the value of their key. */
int policy_decode_verdicts(const struct cJSON *value, const char *path, void *member,
                           struct error *err) MUST_CHECK;
int policy_decode_aliases(const struct cJSON *value, const char *path, void *member,
                          struct error *err) MUST_CHECK;

/* The policy of a lance-bench.json, which need not name anything to run but is checked as a whole.
 * `name` stands for it in messages. ERROR_USAGE. */
int policy_parse(const char *text, size_t len, const char *name, struct policy *out,
                 struct error *err) MUST_CHECK;
int policy_load(const char *file, struct policy *out, struct error *err) MUST_CHECK;
