#include "model/pytest_suite.h"

#include <stdlib.h>

void pytest_suite_release(struct pytest_suite *suite)
{
    free(suite->python);
    free(suite->folder);
    free(suite->path);
    free(suite->filter);
    free(suite->wheel);
    strlist_release(&suite->arguments);
    strlist_release(&suite->env);
    *suite = (struct pytest_suite){0};
}
