#include "model/result.h"

#include <stdlib.h>

void dut_release(struct dut *dut)
{
    free(dut->name);
    free(dut->version);
    *dut = (struct dut){0};
}

void test_bed_release(struct test_bed *bed)
{
    free(bed->name);
    free(bed->cpu);
    free(bed->os);
    *bed = (struct test_bed){0};
}
