/*
 * The data behind the HTML report and the site, as JSON for agent/report/assets/.
 *
 * The overview is read when the page opens: commits, changes, and one column for each property of
 * all series, their verdicts among them. Their histories lie in parcels, a few series each, which
 * are read when they are looked at. A series' parcel follows from its name, test bed and unit
 * alone, and a parcel says nothing of the other ones, so that it stays byte for byte the same until
 * one of its series gets another point.
 */
#pragma once

#include "base/strbuf.h"
#include "base/strlist.h"
#include "report/report.h"

struct html_parcels {
    struct strbuf *items; /* JSON: an array of series */
    size_t count;
    size_t *parcel, *place; /* of each series of the report: its parcel, and its place in there */
};

void html_parcels_release(struct html_parcels *parcels);
#define AUTO_HTML_PARCELS __attribute__((cleanup(html_parcels_release)))

void html_parcels_make(const struct report *report, struct html_parcels *out);
/* Appends the overview. `files` names the parcels' files, one for each; NULL: they are in the
 * page. */
void html_overview(const struct report *report, const struct html_parcels *parcels,
                   const struct strlist *files, struct strbuf *out);
