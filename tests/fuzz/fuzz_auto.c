/* Recognising the format, and then reading it. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_format("auto", data, size);
    return 0;
}
