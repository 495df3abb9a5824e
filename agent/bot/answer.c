#include "bot/answer.h"

#include "bot/text.h"

void bot_answer_help(struct strbuf *out, const char *mention)
{
    static const struct {
        const char *command, *meaning;
    } rows[] = {
        {"benchmark", "say which commit would be measured, and the line that approves it"},
        {"benchmark FULL-COMMIT-ID", "measure that commit of this pull request"},
        {"benchmark FULL-COMMIT-ID --rust-only", "its Rust benches alone"},
        {"benchmark FULL-COMMIT-ID --python-only", "its Python suite alone"},
        {"benchmark FULL-COMMIT-ID --crate NAME",
         "the benches of this crate alone; may be repeated"},
        {"compare BASE", "set the last results beside those of a commit, branch or tag"},
        {"status", "say where the run is"},
        {"cancel", "stop the runs of this pull request"},
        {"help", "this list"},
    };
    strbuf_addstr(out, "| command | what it does |\n|---|---|\n");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        strbuf_addf(out, "| `%s %s` | %s |\n", mention, rows[i].command, rows[i].meaning);
    strbuf_addstr(out,
                  "\nA command is a line of its own, one in a comment. It takes write access to "
                  "this repository.");
}

void bot_answer_refusal(struct strbuf *out, const char *login, const char *why)
{
    bot_code(out, login);
    strbuf_addstr(out, ", that was not done: ");
    bot_code(out, why);
    strbuf_addstr(out, ".");
}

void bot_command_print(struct strbuf *out, const struct bot_command *command, const char *commit)
{
    strbuf_addf(out, "%s %s", bot_verb_name(command->verb), commit);
    if (command->rust_only)
        strbuf_addstr(out, " --rust-only");
    if (command->python_only)
        strbuf_addstr(out, " --python-only");
    for (size_t i = 0; i < command->crates.count; i++)
        strbuf_addf(out, " --crate %s", command->crates.items[i]);
}

void bot_answer_which(struct strbuf *out, const char *mention, const char *head,
                      const struct bot_command *command)
{
    strbuf_addf(
        out,
        "A comment does not say which commit it means, and the branch may move. The head is "
        "now `%s`. Look at it; to have that commit measured, answer with:\n\n```\n%s ",
        head, mention);
    bot_command_print(out, command, head);
    strbuf_addstr(out, "\n```");
}
