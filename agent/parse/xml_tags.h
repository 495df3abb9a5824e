/*
 * The tags of an XML document, in bounded memory; the text between them is passed over.
 *
 *     while (!(rc = xml_next(&xml, &more, err)) && more)
 *         if (!strcmp(xml.name.buf, "testcase")) … xml_attribute(&xml, "time") …
 *
 * Comments, CDATA and processing instructions are passed over. A document type is refused: it can
 * define entities. Entities other than XML's own five and numbers stay as they are written.
 */
#pragma once

#include "base/strlist.h"
#include "parse/json_window.h"
#include "base/strbuf.h"

#define XML_TAG_MAX ((size_t)1 << 20) /* bytes of one tag with its attributes */

struct xml_tags {
    struct json_window window;
    struct strbuf tag;  /* what stands between < and > */
    struct strbuf name; /* of the tag, without "/" */
    bool closes;        /* </name> */
    bool empty;         /* <name/> */
    struct strbuf value;
};

void xml_tags_init(struct xml_tags *xml, struct input *input);
void xml_tags_release(struct xml_tags *xml);
#define AUTO_XML_TAGS __attribute__((cleanup(xml_tags_release)))

/* The next tag; *more is false at the end of the document. */
int xml_next(struct xml_tags *xml, bool *more, struct error *err) MUST_CHECK;
/* The decoded value of an attribute of the present tag, in xml->value; NULL when it has none. */
const struct strbuf *xml_attribute(struct xml_tags *xml, const char *name);
