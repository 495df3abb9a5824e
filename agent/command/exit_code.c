#include "command/exit_code.h"

#include "base/error.h"

int exit_code_of(int error_code)
{
    switch (error_code) {
    case 0:
        return 0;
    case ERROR_USAGE:
        return 129;
    case ERROR_NO_DATA:
        return 3;
    case ERROR_BUILD:
        return 4;
    case ERROR_NOT_COMPARABLE:
        return 5;
    case ERROR_SPOOLED:
        return 6;
    case ERROR_INTERRUPTED:
        return 130;
    default:
        return 1;
    }
}
