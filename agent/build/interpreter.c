#include "build/interpreter.h"

#include "base/alloc.h"
#include "base/program.h"
#include "base/strlist.h"

#include <string.h>

void interpreter_release(struct interpreter *interpreter)
{
    free(interpreter->path);
    free(interpreter->prefix);
    free(interpreter->version);
    *interpreter = (struct interpreter){0};
}

int interpreter_find(const char *wanted, struct interpreter *out, struct error *err)
{
    static const char question[] = "import os, platform, sys\n"
                                   "print(os.path.realpath(sys.executable), sys.base_prefix, "
                                   "platform.python_version(), sep='\\n')";
    const char *name = wanted ? wanted : "python3";
    AUTO_FREE char *answer = NULL;
    AUTO_STRLIST struct strlist lines = STRLIST_INIT;
    if (program_output((const char *const[]){name, "-I", "-c", question, NULL}, &answer, NULL))
        return error_set(err, ERROR_NOT_FOUND,
                         "no Python called %s: install python3 and python3-venv, or name another "
                         "one with python.interpreter in the configuration",
                         name);
    strlist_split(&lines, answer, '\n');
    if (lines.count != 3 || *lines.items[0] != '/')
        return error_set(err, ERROR_FAILURE, "%s does not say where it is installed", name);
    *out = (struct interpreter){
        .path = xstrdup(lines.items[0]),
        .prefix = xstrdup(lines.items[1]),
        .version = xstrdup(lines.items[2]),
    };
    return 0;
}
