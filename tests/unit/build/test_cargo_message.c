#include "build/cargo_message.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <string.h>

static const char artifact[] =
    "{\"reason\":\"compiler-artifact\",\"target\":{\"kind\":[\"bench\"],\"name\":\"text\"},"
    "\"executable\":\"/t/release/deps/text-1\"}\n";

static struct bench_targets targets_named(const char *package, const char *bench)
{
    struct bench_targets targets = {0};
    struct bench_target *target = bench_targets_add(&targets);
    target->package = xstrdup(package);
    target->bench = xstrdup(bench);
    return targets;
}

Test(cargo_message, executables_are_taken_from_pieces_of_any_size)
{
    for (size_t piece = 1; piece < sizeof(artifact); piece++) {
        AUTO_BENCH_TARGETS struct bench_targets targets = targets_named("p", "text");
        AUTO_CARGO_MESSAGES struct cargo_messages m = {.package = "p", .targets = &targets};
        for (size_t at = 0; at < sizeof(artifact) - 1; at += piece) {
            size_t left = sizeof(artifact) - 1 - at;
            cargo_messages_add(&m, artifact + at, left < piece ? left : piece);
        }
        cr_assert_str_eq(targets.items[0].executable, "/t/release/deps/text-1");
        cr_assert_eq(m.crates_built, 1);
    }
}

Test(cargo_message, other_packages_and_kinds_are_left_alone)
{
    AUTO_BENCH_TARGETS struct bench_targets targets = targets_named("other", "text");
    AUTO_CARGO_MESSAGES struct cargo_messages m = {.package = "p", .targets = &targets};
    cargo_messages_add(&m, artifact, sizeof(artifact) - 1);
    cr_assert_null(targets.items[0].executable);
    static const char library[] =
        "{\"reason\":\"compiler-artifact\",\"target\":{\"kind\":[\"lib\"],"
        "\"name\":\"text\"},\"executable\":\"/x\"}\n";
    m.package = "other";
    cargo_messages_add(&m, library, sizeof(library) - 1);
    cr_assert_null(targets.items[0].executable);
    cr_assert_eq(m.crates_built, 2);
}

Test(cargo_message, what_is_no_message_is_passed_over)
{
    AUTO_BENCH_TARGETS struct bench_targets targets = targets_named("p", "text");
    AUTO_CARGO_MESSAGES struct cargo_messages m = {.package = "p", .targets = &targets};
    static const char noise[] = "hello\n{\"reason\n{\"reason\":7}\n[]\n\n{}\n";
    cargo_messages_add(&m, noise, sizeof(noise) - 1);
    cargo_messages_add(&m, artifact, sizeof(artifact) - 1);
    cr_assert_eq(m.crates_built, 1);
    cr_assert_str_eq(targets.items[0].executable, "/t/release/deps/text-1");
}

Test(cargo_message, a_line_without_end_costs_bounded_memory)
{
    AUTO_BENCH_TARGETS struct bench_targets targets = targets_named("p", "text");
    AUTO_CARGO_MESSAGES struct cargo_messages m = {.package = "p", .targets = &targets};
    AUTO_FREE char *block = xmalloc(1 << 20);
    memset(block, '{', 1 << 20);
    for (int i = 0; i < 40; i++)
        cargo_messages_add(&m, block, 1 << 20);
    cr_assert_leq(m.line.len, CARGO_MESSAGE_MAX);
    cargo_messages_add(&m, "\n", 1);
    cargo_messages_add(&m, artifact, sizeof(artifact) - 1);
    cr_assert_eq(m.crates_built, 1);
}
