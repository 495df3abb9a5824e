/* lance_store.h, charts.h and native.h are plain C11 and C++: this file is compiled as both, alone
 * and strictly. Included twice and after the Arrow headers of somebody else, they say nothing
 * twice. */
#include "charts.h"
#include "lance_store.h"
#include "native.h"

#include "charts.h"
#include "lance_store.h"
#include "native.h"

int main(void)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct ArrowArrayStream stream;
    struct lance_table_info info;
    struct lance_merge_result merged;
    struct native_chart chart;
    enum lance_merge_mode mode = LANCE_KEEP;
    return sizeof(schema) + sizeof(array) + sizeof(stream) + sizeof(info) + sizeof(merged) +
                       sizeof(chart) + (unsigned)mode ==
                   LANCE_OK
               ? 1
               : 0;
}
