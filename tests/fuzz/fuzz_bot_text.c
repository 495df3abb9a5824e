/* The bot's comment: foreign words stay inside of their code span, and sections read back. */
#include "base/alloc.h"
#include "base/escape.h"
#include "bot/text.h"
#include "fuzz.h"

#include <string.h>

static void check_code(const char *code, size_t len)
{
    fuzz_require(len >= 2 && code[0] == '`' && code[len - 1] == '`', "it is a code span");
    fuzz_require(len <= BOT_CODE_MAX + 40, "it is short");
    fuzz_require(utf8_is_valid(code, len), "it is UTF-8");
    for (size_t i = 1; i + 1 < len; i++) {
        fuzz_require(code[i] != '`', "nothing ends the span");
        fuzz_require((unsigned char)code[i] >= 0x20 && code[i] != 0x7f, "there is no control");
        fuzz_require(code[i] != '|' || (code[i - 1] == '\\' && code[i - 2] != '\\'),
                     "nothing ends the cell");
    }
    fuzz_require(!memmem(code, len, "\xe2\x80\xae", 3), "nothing turns the direction of text");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_FREE char *words = xstrndup((const char *)data, size);
    AUTO_STRBUF struct strbuf code = STRBUF_INIT, body = STRBUF_INIT;
    bot_code(&code, words);
    check_code(code.buf, code.len);
    AUTO_BOT_TEXT struct bot_text text = {
        .job = xstrdup("lance-bench/1/7/x/1/all"),
        .state = xasprintf("state %s", code.buf),
        .result = xasprintf("| %s | 1 |\n| %s | 2 |", code.buf, code.buf),
        .answer = xasprintf("%s\n\nanswer", code.buf),
    };
    AUTO_BOT_TEXT struct bot_text read = {0}, any = {0};
    bot_text_print(&text, &body);
    fuzz_require(body.len <= BOT_TEXT_MAX, "GitHub takes it");
    bot_text_parse(body.buf, &read);
    fuzz_require(read.job && !strcmp(read.job, text.job), "the job reads back");
    fuzz_require(read.state && !strcmp(read.state, text.state), "the state reads back");
    fuzz_require(read.result && !strcmp(read.result, text.result), "the result reads back");
    fuzz_require(read.answer && !strcmp(read.answer, text.answer), "the answer reads back");
    bot_text_parse(words, &any);
    strbuf_clear(&body);
    bot_text_print(&any, &body);
    fuzz_require(body.len <= BOT_TEXT_MAX, "GitHub takes what anybody wrote");
    return 0;
}
