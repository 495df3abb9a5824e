#include "jobs/owner.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/number.h"
#include "base/strlist.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIELDS = 6, STAT_FIELDS_BEFORE_START = 19 };

/* Field 22 of /proc/PID/stat; the name in field 2 may hold anything, so it is counted from the last
 * parenthesis. */
static int64_t process_start(int64_t pid)
{
    AUTO_STRBUF struct strbuf stat = STRBUF_INIT;
    AUTO_FREE char *path = xasprintf("/proc/%" PRId64 "/stat", pid);
    if (file_read(path, 1 << 16, &stat, NULL))
        return 0;
    const char *at = strrchr(stat.buf, ')');
    AUTO_STRLIST struct strlist fields = STRLIST_INIT;
    strlist_split(&fields, at ? at + 1 : "", ' ');
    int64_t start = 0;
    /* A zombie has ended; its parent has not looked yet. */
    bool ended = fields.count && (*fields.items[0] == 'Z' || *fields.items[0] == 'X');
    if (ended || fields.count <= STAT_FIELDS_BEFORE_START ||
        !parse_int64(fields.items[STAT_FIELDS_BEFORE_START], &start))
        return 0;
    return start;
}

static void read_word(const char *path, char *out, size_t size)
{
    AUTO_STRBUF struct strbuf text = STRBUF_INIT;
    bool found = !file_read(path, 256, &text, NULL);
    strbuf_rtrim(&text);
    if (!found || !text.len || strchr(text.buf, '/'))
        snprintf(out, size, "-");
    else
        snprintf(out, size, "%s", text.buf);
}

int owner_self(struct owner *out, struct error *err)
{
    struct owner self = {.pid = getpid()};
    struct stat namespace;
    if (stat("/proc/self/ns/pid", &namespace))
        return error_errno(err, ERROR_FAILURE, errno,
                           "this process cannot tell itself from others: /proc/self/ns/pid");
    self.pid_namespace = (int64_t) namespace.st_ino;
    self.start = process_start(self.pid);
    if (gethostname(self.host, sizeof(self.host) - 1) || !*self.host || strchr(self.host, '/'))
        snprintf(self.host, sizeof(self.host), "-");
    read_word("/etc/machine-id", self.machine, sizeof(self.machine));
    read_word("/proc/sys/kernel/random/boot_id", self.boot, sizeof(self.boot));
    *out = self;
    return 0;
}

char *owner_text(const struct owner *owner)
{
    return xasprintf("%s/%s/%s/%" PRId64 "/%" PRId64 "/%" PRId64, owner->host, owner->machine,
                     owner->boot, owner->pid_namespace, owner->pid, owner->start);
}

bool owner_parse(const char *text, struct owner *out)
{
    struct owner owner = {.pid = 0};
    AUTO_STRLIST struct strlist fields = STRLIST_INIT;
    strlist_split(&fields, text ? text : "", '/');
    if (fields.count != FIELDS || strlen(fields.items[0]) >= sizeof(owner.host) ||
        strlen(fields.items[1]) >= sizeof(owner.machine) ||
        strlen(fields.items[2]) >= sizeof(owner.boot) ||
        !parse_int64(fields.items[3], &owner.pid_namespace) ||
        !parse_int64(fields.items[4], &owner.pid) || !parse_int64(fields.items[5], &owner.start))
        return false;
    snprintf(owner.host, sizeof(owner.host), "%s", fields.items[0]);
    snprintf(owner.machine, sizeof(owner.machine), "%s", fields.items[1]);
    snprintf(owner.boot, sizeof(owner.boot), "%s", fields.items[2]);
    *out = owner;
    return true;
}

enum owner_life owner_judge(const char *text, const struct owner *self, int64_t start_now)
{
    struct owner owner;
    if (!owner_parse(text, &owner))
        return OWNER_ELSEWHERE;
    if (strcmp(owner.boot, "-") && !strcmp(owner.boot, self->boot)) {
        if (owner.pid_namespace != self->pid_namespace)
            return OWNER_ELSEWHERE;
        if (start_now != owner.start)
            return OWNER_DEAD;
        return owner.pid == self->pid ? OWNER_SELF : OWNER_ALIVE;
    }
    bool same_machine = strcmp(owner.machine, "-") && !strcmp(owner.machine, self->machine) &&
                        !strcmp(owner.host, self->host);
    return same_machine && strcmp(owner.boot, "-") && strcmp(self->boot, "-") ? OWNER_DEAD
                                                                              : OWNER_ELSEWHERE;
}

enum owner_life owner_look(const char *text, const struct owner *self)
{
    struct owner owner;
    return owner_judge(text, self, owner_parse(text, &owner) ? process_start(owner.pid) : 0);
}
