/*
 * One series of a report as a picture: agent/native/charts.h with the report's own words. Every
 * point is drawn; where the highest is a hundred times the lowest and more, the axis is
 * logarithmic.
 */
#pragma once

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strlist.h"
#include "report/report.h"

enum chart_kind { CHART_SVG, CHART_PNG };

struct chart_look {
    enum chart_kind kind;
    bool dark; /* light lines on dark paper */
};

/* Appends the bytes of the picture of report->series[series]. ERROR_FAILURE when it cannot be
 * drawn. */
int chart_draw(const struct report *report, size_t series, struct chart_look look,
               struct strbuf *out, struct error *err) MUST_CHECK;

/* Draws one picture for each series. `path` that ends in ".svg" or ".png" is a file, for reports of
 * one series only (ERROR_USAGE names the option that narrows it); else a folder, made where it is
 * missing, with a file for each series, named after it: chart_file_name(). *written says how many.
 */
int chart_write_all(const struct report *report, const char *path, struct chart_look look,
                    size_t *written, struct error *err) MUST_CHECK;

/* A fresh string: the name and the test bed as far as file names allow, at most 100 characters, and
 * eight of a digest that tells series apart: "scan-bed-1f0c33ab.svg". */
char *chart_file_name(const struct report_series *series, enum chart_kind kind);
