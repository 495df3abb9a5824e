/*
 * What a tune has found, kept until it is given back.
 *
 * The file `journal` of the state folder is append-only text, one record a line, with a checksum in
 * front of each. A record that says what will be written is on the disk (fsync of the file and, for
 * a new one, of its folder) before the write happens; a line that was cut off has therefore not
 * happened, and is passed over. Everybody may read it. A journal that somebody else than root may
 * have written is refused: what it says is written to the kernel's files.
 *
 *     W boot form knob path before wanted    a value: found, and about to be written
 *     D boot knob path                       a folder that is about to be made
 *     A path answer                          what the file told after the write
 *     U path                                 undone, and forgotten
 *     F path                                 somebody else has changed it; left alone
 *     R                                      a restore has begun
 *
 * A second W of a path keeps what the first one found, unless that one was left to somebody else.
 */
#pragma once

#include "base/error.h"
#include "host/place.h"
#include "host/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_FILE_MAX ((size_t)16 << 20)
/* A tune adds some 200 bytes for each file; from here on the records that later ones have replaced
 * are worth dropping. */
#define JOURNAL_COMPACT_FROM ((size_t)1 << 20)

struct journal_entry {
    char *boot, *knob, *path;
    char *before;         /* the file's text as it was; NULL: a folder that we made */
    char *wanted;         /* NULL with a folder */
    char *answer;         /* NULL: it is not known how far the write got */
    enum value_form form; /* of before, wanted and answer */
    bool foreign;         /* left to somebody else by an earlier restore */
    uint32_t path_hash;   /* journal_hash(); journal.c's own */
};

struct journal {
    char *path;
    struct journal_entry *entries; /* oldest first */
    size_t count, cap;
    size_t damaged;  /* lines whose checksum is wrong, those at the end apart: they were cut off */
    bool restoring;  /* a restore has begun and not ended */
    size_t good_len; /* bytes up to the end of the last good line */
    size_t cursor;   /* where journal_find() looks first: paths are asked for in their order */
    int fd;          /* -1 until the first append */
};

/* No file is an empty journal. */
int journal_load(const struct host_place *place, struct journal *out, struct error *err) MUST_CHECK;
void journal_release(struct journal *journal);
#define AUTO_JOURNAL __attribute__((cleanup(journal_release)))

/* Of a path: machines with many CPUs have thousands, and each is looked for among all. */
uint32_t journal_hash(const char *path);
/* NULL when the path is not in it. */
struct journal_entry *journal_find(struct journal *journal, const char *path);

/* Records for journal_append(), which also enter the entries in memory. */
void journal_note(struct strbuf *lines, const struct journal_entry *entry);
void journal_note_answer(struct strbuf *lines, const char *path, const char *answer);
void journal_note_mark(struct strbuf *lines, char mark, const char *path);

/* Adds lines; with `sync` they are on the disk when it returns. On failure the file is cut back to
 * what it was as far as possible; one that journal_load() would refuse to read is never written. */
int journal_append(struct journal *journal, const struct strbuf *lines, bool sync,
                   struct error *err) MUST_CHECK;
/* Replaces the file by one that says the same in fewer records: each tune on top of another adds
 * its own. */
int journal_compact(struct journal *journal, struct error *err) MUST_CHECK;
/* Replaces the file by the entries that keep[] says; removes it when there are none. */
int journal_keep(struct journal *journal, const bool *keep, struct error *err) MUST_CHECK;
