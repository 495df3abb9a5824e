#include "host/journal.h"

#include "base/alloc.h"
#include "base/file.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct host_place place;

static void setup(void)
{
    test_folder_make();
    host_place_init(NULL, test_folder, &place);
}

static void teardown(void)
{
    host_place_release(&place);
    test_folder_remove();
}

TestSuite(journal, .init = setup, .fini = teardown);

static void load(struct journal *journal)
{
    struct error err = ERROR_INIT;
    cr_assert_eq(journal_load(&place, journal, &err), 0, "%s", err.message);
}

static void append(const struct strbuf *lines)
{
    AUTO_JOURNAL struct journal journal = {.fd = -1};
    load(&journal);
    cr_assert_eq(journal_append(&journal, lines, true, NULL), 0);
}

static void write_bytes(const char *bytes, size_t len)
{
    AUTO_FREE char *path = path_join(test_folder, "journal");
    cr_assert_eq(file_write_atomic(path, bytes, len, NULL), 0);
    cr_assert_eq(chmod(path, 0600), 0);
}

static void read_bytes(struct strbuf *out)
{
    AUTO_FREE char *path = path_join(test_folder, "journal");
    cr_assert_eq(file_read(path, 1 << 20, out, NULL), 0);
}

static void note(struct strbuf *lines, const char *path, const char *before, const char *wanted)
{
    struct journal_entry entry = {.boot = (char *)"boot",
                                  .knob = (char *)"knob",
                                  .path = (char *)path,
                                  .before = (char *)before,
                                  .wanted = (char *)wanted,
                                  .form = VALUE_CHOICE};
    journal_note(lines, &entry);
}

Test(journal, keeps_every_byte_of_what_was_found)
{
    static const char odd[] = "a b\tc\n%41 \x01\x7f\xc3\xa9 [x]\n\n";
    AUTO_STRBUF struct strbuf lines = STRBUF_INIT;
    note(&lines, "/sys/a", odd, "");
    note(&lines, "/sys/group", NULL, NULL);
    journal_note_answer(&lines, "/sys/a", "x\n");
    append(&lines);
    AUTO_JOURNAL struct journal journal = {.fd = -1};
    load(&journal);
    cr_assert_eq(journal.count, 2);
    cr_assert_str_eq(journal.entries[0].before, odd);
    cr_assert_str_eq(journal.entries[0].wanted, "");
    cr_assert_str_eq(journal.entries[0].answer, "x\n");
    cr_assert_eq(journal.entries[0].form, VALUE_CHOICE);
    cr_assert_null(journal.entries[1].before);
    cr_assert_eq(journal.damaged, 0);
}

Test(journal, keeps_what_the_first_has_found)
{
    AUTO_STRBUF struct strbuf lines = STRBUF_INIT;
    note(&lines, "/sys/a", "1", "2");
    journal_note_answer(&lines, "/sys/a", "2");
    note(&lines, "/sys/a", "2", "3");
    append(&lines);
    AUTO_JOURNAL struct journal journal = {.fd = -1};
    load(&journal);
    cr_assert_eq(journal.count, 1);
    cr_assert_str_eq(journal.entries[0].before, "1");
    cr_assert_str_eq(journal.entries[0].wanted, "3");
    cr_assert_null(journal.entries[0].answer);
}

Test(journal, cut_at_any_byte_keeps_the_whole_lines_and_takes_new_ones)
{
    AUTO_STRBUF struct strbuf lines = STRBUF_INIT, more = STRBUF_INIT, whole = STRBUF_INIT;
    for (int i = 0; i < 6; i++) {
        char path[32];
        (void)snprintf(path, sizeof(path), "/sys/file%d", i);
        note(&lines, path, "before\n", "after");
    }
    note(&more, "/sys/more", "1", "0");
    append(&lines);
    read_bytes(&whole);
    size_t expected = 0;
    for (size_t cut = 0; cut <= whole.len; cut++) {
        expected += cut && whole.buf[cut - 1] == '\n';
        write_bytes(whole.buf, cut);
        AUTO_JOURNAL struct journal torn = {.fd = -1}, journal = {.fd = -1};
        load(&torn);
        cr_assert_eq(torn.count, expected, "cut at %zu", cut);
        append(&more);
        load(&journal);
        cr_assert_eq(journal.count, expected + 1, "appended behind a cut at %zu", cut);
        cr_assert_eq(journal.damaged, 0);
    }
    cr_assert_eq(expected, 6);
}

Test(journal, passes_over_a_damaged_line_and_says_so)
{
    AUTO_STRBUF struct strbuf lines = STRBUF_INIT, whole = STRBUF_INIT;
    note(&lines, "/sys/a", "1", "2");
    note(&lines, "/sys/b", "1", "2");
    append(&lines);
    read_bytes(&whole);
    for (size_t i = 0; i < (size_t)(strchr(whole.buf, '\n') - whole.buf); i++) {
        char kept = whole.buf[i];
        whole.buf[i] = kept == '0' ? '1' : '0';
        write_bytes(whole.buf, whole.len);
        whole.buf[i] = kept;
        AUTO_JOURNAL struct journal journal = {.fd = -1};
        load(&journal);
        cr_assert_eq(journal.count, 1, "byte %zu", i);
        cr_assert_eq(journal.damaged, 1);
        cr_assert_str_eq(journal.entries[0].path, "/sys/b");
    }
}

/* A power cut leaves blocks of a file that were never written. */
Test(journal, takes_all_bad_lines_at_its_end_for_cut_off)
{
    AUTO_STRBUF struct strbuf lines = STRBUF_INIT, whole = STRBUF_INIT;
    note(&lines, "/sys/a", "1", "2");
    note(&lines, "/sys/b", "1", "2");
    note(&lines, "/sys/c", "1", "2");
    append(&lines);
    read_bytes(&whole);
    for (size_t i = (size_t)(strchr(whole.buf, '\n') - whole.buf) + 1; i < whole.len; i++)
        whole.buf[i] = whole.buf[i] == '\n' ? '\n' : '\0';
    write_bytes(whole.buf, whole.len);
    AUTO_JOURNAL struct journal journal = {.fd = -1};
    load(&journal);
    cr_assert_eq(journal.count, 1);
    cr_assert_eq(journal.damaged, 0);
    AUTO_STRBUF struct strbuf more = STRBUF_INIT;
    note(&more, "/sys/d", "1", "2");
    append(&more);
    AUTO_JOURNAL struct journal again = {.fd = -1};
    load(&again);
    cr_assert_eq(again.count, 2);
    cr_assert_eq(again.damaged, 0);
}

Test(journal, never_leads_out_of_the_kernels_files)
{
    static const char *const paths[] = {"/etc/passwd", "/sys/../etc/passwd", "sys/a", "/sys//etc",
                                        "/procfs"};
    AUTO_STRBUF struct strbuf lines = STRBUF_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
        note(&lines, paths[i], "1", "2");
    append(&lines);
    AUTO_JOURNAL struct journal journal = {.fd = -1};
    load(&journal);
    cr_assert_eq(journal.count, 0);
}

Test(journal, goes_when_nothing_is_left_in_it)
{
    AUTO_STRBUF struct strbuf lines = STRBUF_INIT;
    AUTO_FREE char *path = path_join(test_folder, "journal");
    note(&lines, "/sys/a", "1", "2");
    note(&lines, "/sys/b", "1", "2");
    append(&lines);
    AUTO_JOURNAL struct journal journal = {.fd = -1}, rest = {.fd = -1};
    load(&journal);
    cr_assert_eq(journal_keep(&journal, (bool[]){false, true}, NULL), 0);
    load(&rest);
    cr_assert_eq(rest.count, 1);
    cr_assert_str_eq(rest.entries[0].path, "/sys/b");
    struct stat st;
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0644);
    cr_assert_eq(journal_keep(&rest, (bool[]){false}, NULL), 0);
    cr_assert(!path_exists(path));
}

Test(journal, says_the_same_in_fewer_records)
{
    AUTO_STRBUF struct strbuf lines = STRBUF_INIT, more = STRBUF_INIT, whole = STRBUF_INIT;
    for (int i = 0; i < 50; i++) {
        note(&lines, "/sys/a", i ? "2" : "1", "2");
        journal_note_answer(&lines, "/sys/a", "2");
        note(&lines, "/sys/b", "1", "2");
    }
    note(&lines, "/sys/group", NULL, NULL);
    journal_note_mark(&lines, 'F', "/sys/b");
    journal_note_mark(&lines, 'R', NULL);
    append(&lines);
    AUTO_JOURNAL struct journal journal = {.fd = -1}, again = {.fd = -1};
    load(&journal);
    cr_assert_eq(journal_compact(&journal, NULL), 0);
    read_bytes(&whole);
    cr_assert_lt(whole.len, lines.len / 20);
    note(&more, "/sys/c", "1", "2");
    journal.restoring = false;
    load(&again);
    cr_assert(again.restoring);
    cr_assert_eq(journal_append(&journal, &more, true, NULL), 0);
    journal_release(&again);
    load(&again);
    cr_assert_eq(again.count, 4);
    cr_assert_eq(again.damaged, 0);
    cr_assert_str_eq(again.entries[0].before, "1");
    cr_assert_str_eq(again.entries[0].answer, "2");
    cr_assert(again.entries[1].foreign && !again.entries[1].answer);
    cr_assert_null(again.entries[2].before);
    cr_assert_str_eq(again.entries[3].path, "/sys/c");
}

Test(journal, is_never_longer_than_what_can_be_read_back)
{
    AUTO_FREE char *long_text = xmalloc(JOURNAL_FILE_MAX / 2);
    memset(long_text, 'x', JOURNAL_FILE_MAX / 2 - 1);
    long_text[JOURNAL_FILE_MAX / 2 - 1] = '\0';
    AUTO_STRBUF struct strbuf lines = STRBUF_INIT, tail = STRBUF_INIT;
    note(&lines, "/sys/a", long_text, "2");
    note(&tail, "/sys/b", long_text, "2");
    struct error err = ERROR_INIT;
    AUTO_JOURNAL struct journal journal = {.fd = -1}, again = {.fd = -1};
    load(&journal);
    cr_assert_eq(journal_append(&journal, &lines, true, &err), 0, "%s", err.message);
    cr_assert_eq(journal_append(&journal, &tail, true, &err), ERROR_FAILURE);
    cr_assert(strstr(err.message, "host restore"), "%s", err.message);
    load(&again);
    cr_assert_eq(again.count, 1);
}
