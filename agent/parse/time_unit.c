#include "parse/time_unit.h"

#include <stddef.h>
#include <string.h>

bool time_unit_find(const char *name, struct time_unit *out)
{
    static const struct {
        const char *name;
        struct time_unit unit;
    } units[] = {
        {"ns", {1, 1}},   {"us", {1e3, 1}}, {"\xc2\xb5s", {1e3, 1}}, {"\xce\xbcs", {1e3, 1}},
        {"ms", {1e6, 1}}, {"s", {1e9, 1}},  {"ps", {1, 1e3}},
    };
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (!strcmp(name, units[i].name)) {
            *out = units[i].unit;
            return true;
        }
    return false;
}
