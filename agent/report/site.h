/*
 * The report as a static site, for GitHub Pages or any other web server:
 *
 *     index.html          the page with the overview
 *     data/<digest>.json  parcels of histories, named by what they hold
 *     manifest.json       what belongs to the site, with SHA-256
 *
 * Writing it again touches only what has changed. Files of data are there before the page that
 * names them, and go when no page does any more: whoever is stopped in between leaves the old site
 * or the new one.
 */
#pragma once

#include "base/error.h"
#include "report/report.h"

struct site_outcome {
    size_t written, kept, removed; /* files */
};

/* The folder is made where it is missing. ERROR_USAGE where its index.html is not a site's,
 * ERROR_CONFLICT while somebody else is writing there. */
int site_write(const struct report *report, const char *dir, struct site_outcome *out,
               struct error *err) MUST_CHECK;
