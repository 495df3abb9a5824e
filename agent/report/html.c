#include "report/html.h"

#include "base/digest.h"

#include <stdio.h>
#include <string.h>

/* The files of agent/report/assets/, and uPlot; cmake/report.cmake. */
extern const char report_style[], report_style_end[];
extern const char report_script[], report_script_end[];
extern const char report_body[], report_body_end[];

const char html_generator[] = "<meta name=\"generator\" content=\"lance-bench";

/* JSON for a script element: nothing in it ends the element or begins a comment. "<" only ever
 * stands in JSON's strings. */
static void add_json(struct strbuf *out, const char *id, const struct strbuf *json)
{
    const char *at = json->buf, *end = json->buf + json->len;
    strbuf_addf(out, "<script type=\"application/json\" id=\"%s\">", id);
    strbuf_grow(out, json->len);
    while (at < end) {
        const char *found = memchr(at, '<', (size_t)(end - at));
        strbuf_add(out, at, (size_t)((found ? found : end) - at));
        if (found)
            strbuf_addstr(out, "\\u003c");
        at = found ? found + 1 : end;
    }
    strbuf_addstr(out, "</script>\n");
}

static void add_policy(struct strbuf *out, bool site)
{
    char script[SHA256_BASE64_SIZE];
    sha256_base64_of(report_script, (size_t)(report_script_end - report_script), script);
    strbuf_addf(out,
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                "script-src 'sha256-%s'; style-src 'unsafe-inline'; img-src data:%s; "
                "base-uri 'none'; form-action 'none'\">\n",
                script, site ? "; connect-src 'self'" : "");
}

static void add_top(struct strbuf *out, bool site)
{
    strbuf_addstr(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    add_policy(out, site);
    strbuf_addstr(out,
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    strbuf_addf(out, "%s %s\">\n", html_generator, LANCE_BENCH_VERSION);
    strbuf_addstr(out, "<title>Benchmark report</title>\n"
                       "<link rel=\"icon\" href=\"data:,\">\n<style>\n");
    strbuf_add(out, report_style, (size_t)(report_style_end - report_style));
    strbuf_addstr(out, "</style>\n</head>\n");
    strbuf_add(out, report_body, (size_t)(report_body_end - report_body));
}

/* In front of the parcels: the page is shown before a browser has read those. */
static void add_script(struct strbuf *out)
{
    strbuf_addstr(out, "<script>");
    strbuf_add(out, report_script, (size_t)(report_script_end - report_script));
    strbuf_addstr(out, "</script>\n");
}

static void add_overview(const struct report *report, const struct html_parcels *parcels,
                         const struct strlist *files, struct strbuf *out)
{
    AUTO_STRBUF struct strbuf json = STRBUF_INIT;
    html_overview(report, parcels, files, &json);
    add_json(out, "overview", &json);
}

void html_report(const struct report *report, struct strbuf *out)
{
    AUTO_HTML_PARCELS struct html_parcels parcels = {0};
    html_parcels_make(report, &parcels);
    add_top(out, false);
    add_overview(report, &parcels, NULL, out);
    add_script(out);
    for (size_t i = 0; i < parcels.count; i++) {
        char id[32];
        snprintf(id, sizeof(id), "parcel-%zu", i);
        add_json(out, id, &parcels.items[i]);
    }
    strbuf_addstr(out, "</body>\n</html>\n");
}

void html_site_page(const struct report *report, const struct html_parcels *parcels,
                    const struct strlist *files, struct strbuf *out)
{
    add_top(out, true);
    add_overview(report, parcels, files, out);
    add_script(out);
    strbuf_addstr(out, "</body>\n</html>\n");
}
