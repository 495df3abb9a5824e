#include "parse/format.h"

#include "base/alloc.h"
#include "collect.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct parse_format *recognise(const char *text)
{
    AUTO_INPUT struct input *input = input_from_memory("input", text, strlen(text));
    const struct parse_format *format = NULL;
    struct error err = ERROR_INIT;
    cr_assert_eq(format_select("auto", input, &format, &err), 0, "%s: %s", text, err.message);
    cr_assert_eq(input_position(input), 0);
    return format;
}

Test(format, content_tells_the_format)
{
    static const struct {
        const char *text, *name;
    } cases[] = {
        {"{\"reason\":\"benchmark-complete\",\"id\":\"a\"", "criterion"},
        {"   Compiling x\n{\"reason\":\"benchmark-complete\"}", "criterion"},
        {"{\"reason\":\"group-complete\",\"benchmarks\":[]}", "criterion"},
        {"{\n  \"machine_info\": {", "pytest"},
        {"\xef\xbb\xbf {\"benchmarks\":[]}", "pytest"},
        {"{\"benchmarks\":[{\"extra_info\":{\"reason\":\"x\"}}],\"commit_info\":{}}", "pytest"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        cr_assert_str_eq(recognise(cases[i].text)->name, cases[i].name, "%s", cases[i].text);
}

Test(format, real_files_are_recognised)
{
    static const struct {
        const char *path;
        size_t count;
    } cases[] = {
        {"cargo-criterion-1.1.0.jsonl", 5},
        {"pytest-benchmark-5.3.1.json", 6},
        {"criterion-0.8.2", 6},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO_COLLECTION struct collection c = collect_path("auto", cases[i].path);
        cr_assert_eq(c.rc, 0, "%s", c.err.message);
        cr_assert_eq(c.count, cases[i].count);
    }
}

Test(format, what_fits_none_is_told_what_was_tried)
{
    static const char *const texts[] = {"hello", "{}", "[1,2]", "\177ELF", "[[[[[[["};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        AUTO_COLLECTION struct collection c = collect_text("auto", texts[i], SIZE_MAX);
        assert_fails(&c, ERROR_INPUT,
                     "input is in no known format; tried: pytest-benchmark's JSON, "
                     "cargo-criterion's JSON lines, a benchmark history");
    }
}

Test(format, empty_files_hold_no_results)
{
    static const char *const texts[] = {"", " \n", "\xef\xbb\xbf"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        AUTO_COLLECTION struct collection c = collect_text("auto", texts[i], SIZE_MAX);
        assert_fails(&c, ERROR_NO_DATA,
                     "No benchmark results found in the input file (input is empty)");
    }
}

Test(format, utf16_is_named)
{
    AUTO_COLLECTION struct collection c = collect_text("auto", "\xff\xfe{\0", 4);
    assert_fails(&c, ERROR_INPUT, "input is UTF-16 text; UTF-8 is needed");
}

Test(format, a_history_is_sent_to_import_history)
{
    AUTO_COLLECTION struct collection c = collect_path("auto", "history.json");
    assert_fails(&c, ERROR_INPUT, "use import-history");
    AUTO_COLLECTION struct collection named = collect_path("history", "history.json");
    assert_fails(&named, ERROR_USAGE, "import-history");
}

Test(format, a_wrong_name_or_kind_is_refused)
{
    AUTO_COLLECTION struct collection unknown = collect_text("nose", "{}", SIZE_MAX);
    assert_fails(&unknown, ERROR_USAGE, "no format is called \"nose\"");
    AUTO_COLLECTION struct collection folder = collect_path("pytest", "criterion-0.8.2");
    assert_fails(&folder, ERROR_INPUT, "is a folder; the format \"pytest\" is a file");
}

Test(format, names_of_formats_are_words_and_their_descriptions_are_there)
{
    for (size_t i = 0; i < parse_format_count; i++) {
        const struct parse_format *format = parse_formats[i];
        cr_assert(*format->name && *format->harness && *format->description);
        cr_assert(format->kind == INPUT_FOLDER || format->recognise, "%s", format->name);
    }
}
