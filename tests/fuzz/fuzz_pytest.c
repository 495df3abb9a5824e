/* pytest-benchmark's JSON: the measurements, and the commit. */
#include "fuzz.h"
#include "parse/pytest_benchmark.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_format("pytest", data, size);
    AUTO_INPUT struct input *input = input_from_memory("input", data, size);
    AUTO_PYTEST_COMMIT struct pytest_commit commit = {0};
    struct error err = ERROR_INIT;
    int rc = pytest_commit_read(input, &commit, &err);
    if (rc < 0)
        fuzz_check_error(rc, &err);
    return 0;
}
