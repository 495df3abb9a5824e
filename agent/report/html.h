/*
 * The report as HTML: one file that opens from anywhere, and the page of a site, whose histories
 * lie in files beside it. Both are the same page, agent/report/assets/, with the same data
 * (html_data.h).
 *
 * Foreign text is in the JSON only, where no "<" stands, and the page shows it as text. A
 * Content-Security-Policy names the one script by its digest and allows no request, a site's page
 * none but for its own files.
 */
#pragma once

#include "report/html_data.h"

/* Appends the whole page. */
void html_report(const struct report *report, struct strbuf *out);
/* Appends a site's page; `files` names the parcels' files below data/. */
void html_site_page(const struct report *report, const struct html_parcels *parcels,
                    const struct strlist *files, struct strbuf *out);
/* What a page of ours has and no other: how it is recognised. */
extern const char html_generator[];
