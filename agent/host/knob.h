/*
 * A knob is a setting of the host that makes measurements quieter: one const row each, in a file of
 * its own, listed in knobs.c in the order in which tuning writes them. Restoring goes backwards.
 *
 * A row names its files and the value it wants for a profile and the chosen CPUs; reading, noting,
 * writing, reading back and restoring are the same for all (tune.c, restore.c).
 */
#pragma once

#include "host/io.h"
#include "host/topology.h"
#include "host/tune.h"
#include "host/value.h"

#define CPU_ROOT "/sys/devices/system/cpu"

struct knob_context {
    const struct host_io *io;
    const struct topology *topology;
    const struct tune_request *request;
    cpu_set_t cpus;     /* the benchmark CPUs; may be empty in host_survey() */
    cpu_set_t siblings; /* the other threads of their cores */
    cpu_set_t system;   /* the online CPUs that are neither */
};

struct knob_target {
    char *path;
    char *wanted; /* NULL: looked at, never written */
    enum value_form form;
};

struct knob_targets {
    struct knob_target *items;
    size_t count, cap;
};

void knob_targets_release(struct knob_targets *targets);
#define AUTO_KNOB_TARGETS __attribute__((cleanup(knob_targets_release)))
/* Takes `path` over and copies `wanted`. A path that does not exist is not added. */
void knob_target_add(const struct knob_context *ctx, struct knob_targets *targets, char *path,
                     enum value_form form, const char *wanted);

struct tuner; /* tuner.h */

struct knob {
    const char *name, *summary;
    /* Also with TUNE_SHARED: nobody else on the machine runs slower or less safely for it. */
    bool harmless;
    /* Another knob's write may change it: it is noted even where it is as wanted already. */
    bool guarded;
    /* What depends on earlier knobs is looked up in the files: this is called once for a survey and
     * again when the knob's turn has come. */
    void (*targets)(const struct knob_context *ctx, struct knob_targets *out);
    /* One line that a person should know, fresh, or NULL; the function may be NULL. */
    char *(*advice)(const struct knob_context *ctx);
    /* For a knob that is more than values in files; NULL for the others. */
    int (*apply)(struct tuner *tuner, const struct knob *knob, struct error *err);
};

extern const struct knob *const knobs[];
extern const size_t knob_count;

/* The frequency policies as paths below CPU_ROOT "/cpufreq", sorted. With `shared` only those of
 * benchmark CPUs. */
void knob_policies(const struct knob_context *ctx, struct strlist *out);
/* Whether the words of the file have this one. */
bool knob_offers(const struct host_io *io, const char *path, const char *word);
/* One file, one value. */
void knob_target_number(const struct knob_context *ctx, struct knob_targets *out, const char *path,
                        const char *wanted);
/* The CPUs of `from` less the benchmark CPUs and their siblings; the system's where none is left.
 */
cpu_set_t knob_moved_away(const struct knob_context *ctx, const cpu_set_t *from);
/* A file with a CPU mask, which is to be moved away. */
void knob_target_mask(const struct knob_context *ctx, struct knob_targets *out, const char *path);
