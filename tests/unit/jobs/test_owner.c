#include "jobs/owner.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct owner self = {"host", "machine", "boot", 7, 100, 5000};

static enum owner_life judge(struct owner owner, int64_t start_now)
{
    AUTO_FREE char *text = owner_text(&owner);
    return owner_judge(text, &self, start_now);
}

Test(owner, a_process_knows_itself)
{
    struct owner me, again;
    cr_assert_eq(owner_self(&me, NULL), 0);
    AUTO_FREE char *text = owner_text(&me);
    cr_assert(owner_parse(text, &again), "%s", text);
    cr_assert_eq(again.pid, getpid());
    cr_assert_gt(again.start, 0);
    cr_assert_eq(owner_look(text, &me), OWNER_SELF);
}

Test(owner, a_process_that_has_ended_is_dead_also_before_its_parent_looks)
{
    struct owner me;
    int ready[2];
    char byte = 0;
    cr_assert_eq(owner_self(&me, NULL), 0);
    cr_assert_eq(pipe(ready), 0);
    pid_t child = fork();
    if (!child) {
        close(ready[0]);
        struct owner mine;
        AUTO_FREE char *text = owner_self(&mine, NULL) ? NULL : owner_text(&mine);
        if (text && write(ready[1], text, strlen(text)) < 0)
            _exit(1);
        pause();
        _exit(0);
    }
    close(ready[1]);
    char text[512] = "";
    cr_assert_gt(read(ready[0], text, sizeof(text) - 1), 0);
    cr_assert_eq(owner_look(text, &me), OWNER_ALIVE);
    kill(child, SIGKILL);
    cr_assert_eq(read(ready[0], &byte, 1), 0, "the end of the pipe: it has ended");
    siginfo_t info;
    cr_assert_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    cr_assert_eq(owner_look(text, &me), OWNER_DEAD);
    waitpid(child, NULL, 0);
    cr_assert_eq(owner_look(text, &me), OWNER_DEAD);
    close(ready[0]);
}

Test(owner, is_judged_by_machine_boot_namespace_and_start)
{
    struct owner other = self;
    cr_assert_eq(judge(self, 5000), OWNER_SELF);
    cr_assert_eq(judge(self, 0), OWNER_DEAD);
    cr_assert_eq(judge(self, 6000), OWNER_DEAD, "another process with its pid");
    other.pid = 101;
    cr_assert_eq(judge(other, 5000), OWNER_ALIVE);
    other.pid_namespace = 8;
    cr_assert_eq(judge(other, 0), OWNER_ELSEWHERE, "a container's processes cannot be seen");
    other = self;
    memcpy(other.boot, "older", 6);
    cr_assert_eq(judge(other, 5000), OWNER_DEAD, "before this machine was booted");
    memcpy(other.host, "clone", 6);
    cr_assert_eq(judge(other, 0), OWNER_ELSEWHERE, "clones have one machine id");
    other = self;
    memcpy(other.machine, "another", 8);
    memcpy(other.boot, "another", 8);
    cr_assert_eq(judge(other, 0), OWNER_ELSEWHERE);
}

Test(owner, what_is_not_known_is_not_taken_for_the_same)
{
    struct owner nameless = self, other = self;
    memcpy(other.machine, "-", 2);
    memcpy(other.boot, "-", 2);
    AUTO_FREE char *text = owner_text(&other);
    memcpy(nameless.machine, "-", 2);
    memcpy(nameless.boot, "-", 2);
    cr_assert_eq(owner_judge(text, &nameless, 0), OWNER_ELSEWHERE);
}

Test(owner, text_that_is_no_owner_is_somewhere_else)
{
    static const char *const texts[] = {"", "a", "a/b/c/d/e/f", "a/b/c/1/2", "a/b/c/1/2/3/4"};
    struct owner out;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        cr_assert_not(owner_parse(texts[i], &out), "%s", texts[i]);
        cr_assert_eq(owner_judge(texts[i], &self, 0), OWNER_ELSEWHERE);
    }
    AUTO_FREE char *long_name = xasprintf("%0200d/b/c/1/2/3", 1);
    cr_assert_not(owner_parse(long_name, &out));
}
