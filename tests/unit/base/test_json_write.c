#include "base/json_write.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <string.h>

Test(json_write, commas_stand_between_the_keys_and_nowhere_else)
{
    AUTO_STRBUF struct strbuf out = STRBUF_INIT;
    AUTO_STRLIST struct strlist none = STRLIST_INIT, two = STRLIST_INIT;
    strlist_push(&two, "a\"b");
    strlist_push(&two, "");
    strbuf_addch(&out, '{');
    json_text(&out, "text", "x\ny");
    json_text(&out, "nothing", NULL);
    json_list(&out, "none", &none);
    json_list(&out, "two", &two);
    json_integer(&out, "least", INT64_MIN);
    json_bool(&out, "no", false);
    json_raw(&out, "object", "{}");
    json_raw(&out, "missing", NULL);
    json_key(&out, "inner");
    strbuf_addch(&out, '{');
    json_bool(&out, "yes", true);
    strbuf_addstr(&out, "}}");
    cr_assert_str_eq(out.buf,
                     "{\"text\":\"x\\ny\",\"nothing\":null,\"none\":[],\"two\":[\"a\\\"b\",\"\"],"
                     "\"least\":-9223372036854775808,\"no\":false,\"object\":{},"
                     "\"missing\":null,\"inner\":{\"yes\":true}}");
    cJSON *json = cJSON_Parse(out.buf);
    cr_assert(cJSON_IsObject(json));
    cJSON_Delete(json);
}
