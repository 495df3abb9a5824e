/* cargo-criterion's JSON lines. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_format("criterion", data, size);
    return 0;
}
