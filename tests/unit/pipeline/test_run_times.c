#include "pipeline/run/run_times.h"

#include "base/alloc.h"
#include "base/file.h"
#include "test_folder.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void setup(void)
{
    test_folder_make();
    setenv("XDG_CACHE_HOME", test_folder, 1);
}

Test(run_times, what_is_saved_is_known_again, .init = setup, .fini = test_folder_remove)
{
    struct run_times times = {0};
    run_times_set(&times, "a/b c", 1.5);
    run_times_set(&times, "pytest", 20);
    run_times_set(&times, "a/b c", 2.5);
    run_times_save(&times, "../strange name");
    run_times_release(&times);
    run_times_load(&times, "../strange name");
    cr_assert_eq(run_times_get(&times, "a/b c"), 2.5);
    cr_assert_eq(run_times_get(&times, "pytest"), 20);
    cr_assert_lt(run_times_get(&times, "unknown"), 0);
    run_times_release(&times);
}

Test(run_times, a_damaged_file_is_nothing_known, .init = setup, .fini = test_folder_remove)
{
    struct run_times times = {0};
    run_times_load(&times, "p");
    cr_assert_eq(times.count, 0);
    run_times_save(&times, "p");
    AUTO_FREE char *path = path_join(test_folder, "lance-bench/times/p");
    static const char damaged[] = "x y\n-3 z\n\n7\n4.5 good\n";
    cr_assert_eq(file_write_atomic(path, damaged, strlen(damaged), NULL), 0);
    run_times_load(&times, "p");
    cr_assert_eq(times.count, 1);
    cr_assert_eq(run_times_get(&times, "good"), 4.5);
    run_times_release(&times);
}
