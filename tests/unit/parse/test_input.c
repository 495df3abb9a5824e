#include "parse/input.h"

#include "base/alloc.h"
#include "base/file.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *put(const char *name, const char *bytes, size_t len)
{
    char *path = path_join(test_folder, name);
    cr_assert_eq(file_write_atomic(path, bytes, len, NULL), 0);
    return path;
}

static void open_fails(const char *path, uint64_t max, int code, const char *words)
{
    struct error err = ERROR_INIT;
    struct input *input = NULL;
    cr_assert_eq(input_open(path, max, &input, &err), code, "%s", err.message);
    cr_assert_null(input);
    cr_assert(strstr(err.message, words), "%s", err.message);
}

Test(input, a_missing_file_is_told_in_upstreams_words)
{
    open_fails("/nonexistent/x.json", 1, ERROR_NOT_FOUND, "File not found: /nonexistent/x.json");
}

Test(input, a_file_beyond_the_limit_is_refused_before_it_is_read, .init = test_folder_make,
     .fini = test_folder_remove)
{
    AUTO_FREE char *path = path_join(test_folder, "sparse");
    FILE *file = fopen(path, "we");
    cr_assert(file && !ftruncate(fileno(file), (off_t)3 << 30));
    fclose(file);
    open_fails(path, INPUT_MAX_DEFAULT, ERROR_INPUT, "is larger than 2048 MiB (--max-input)");
    open_fails(path, 1000, ERROR_INPUT, "is larger than 1000 bytes (--max-input)");
}

Test(input, a_file_is_read_again_after_its_digest, .init = test_folder_make,
     .fini = test_folder_remove)
{
    AUTO_FREE char *path = put("file", "abc", 3);
    AUTO_INPUT struct input *input = NULL;
    cr_assert_eq(input_open(path, 3, &input, NULL), 0);
    cr_assert_eq(input_kind(input), INPUT_FILE);
    char hex[SHA256_HEX_SIZE], buf[8];
    size_t got = 0;
    cr_assert_eq(input_read(input, buf, 2, &got, NULL), 0);
    cr_assert_eq(input_sha256(input, hex, NULL), 0);
    cr_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    cr_assert_eq(input_read(input, buf, sizeof(buf), &got, NULL), 0);
    cr_assert_eq(got, 3);
    cr_assert_eq(input_position(input), 3);
    cr_assert_eq(input_read(input, buf, sizeof(buf), &got, NULL), 0);
    cr_assert_eq(got, 0);
}

Test(input, a_file_that_grows_past_the_limit_is_noticed, .init = test_folder_make,
     .fini = test_folder_remove)
{
    AUTO_FREE char *path = put("file", "abc", 3);
    AUTO_INPUT struct input *input = NULL;
    struct error err = ERROR_INIT;
    cr_assert_eq(input_open(path, 4, &input, NULL), 0);
    FILE *file = fopen(path, "ae");
    cr_assert(file && fputs("defg", file) >= 0);
    fclose(file);
    char buf[8];
    size_t got = 0;
    cr_assert_eq(input_read(input, buf, sizeof(buf), &got, &err), ERROR_INPUT);
    cr_assert(strstr(err.message, "larger than 4 bytes"));
}

/* Puts a pipe with `text` in it in the place of standard input. */
static void pipe_to_stdin(const char *text)
{
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    cr_assert_eq(fd_write_all(ends[1], text, strlen(text)), 0);
    close(ends[1]);
    cr_assert_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
}

Test(input, a_pipe_can_be_rewound_and_has_a_digest)
{
    pipe_to_stdin("abc");
    AUTO_INPUT struct input *input = NULL;
    struct error err = ERROR_INIT;
    cr_assert_eq(input_open("-", 10, &input, &err), 0, "%s", err.message);
    cr_assert_str_eq(input_name(input), "standard input");
    char buf[8], hex[SHA256_HEX_SIZE];
    size_t got = 0;
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(input_read(input, buf, sizeof(buf), &got, NULL), 0);
        cr_assert_eq(got, 3);
        cr_assert_eq(input_sha256(input, hex, NULL), 0);
        cr_assert_eq(input_rewind(input, NULL), 0);
    }
    cr_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

Test(input, a_pipe_beyond_the_limit_is_refused)
{
    pipe_to_stdin("abcdef");
    open_fails("-", 5, ERROR_INPUT, "standard input is larger than 5 bytes (--max-input)");
}

Test(input, a_folder_for_temporary_files_that_is_missing_is_named)
{
    pipe_to_stdin("abc");
    setenv("TMPDIR", "/nonexistent", 1);
    open_fails("-", 5, ERROR_FAILURE, "cannot make a file in /nonexistent (TMPDIR)");
}

Test(input, a_folder_cannot_be_read_as_bytes, .init = test_folder_make, .fini = test_folder_remove)
{
    AUTO_INPUT struct input *input = NULL;
    struct error err = ERROR_INIT;
    cr_assert_eq(input_open(test_folder, 10, &input, NULL), 0);
    cr_assert_eq(input_kind(input), INPUT_FOLDER);
    char buf[8];
    size_t got = 0;
    cr_assert_eq(input_read(input, buf, sizeof(buf), &got, &err), ERROR_INPUT);
    cr_assert(strstr(err.message, "is a folder"));
}
