/*
 * The JSON of Gungraun, which was Iai-Callgrind before: the lines of `--output-format=json`, or a
 * file of `--save-summary`; format "gungraun". Schema versions 6 (Iai-Callgrind 0.16) and 7
 * (Gungraun 0.20).
 *
 * A benchmark is called by its module path and id: `bench::group::function::id`. What it says are
 * counts, not times: each event is a metric of one value, the one of the new run where there is an
 * old one too.
 *
 *     Ir               instructions          Dr, Dw     data_reads, data_writes
 *     L1hits, LLhits, RamHits                           l1_hits, ll_hits, ram_hits
 *     TotalRW          total_read_write      EstimatedCycles   estimated_cycles
 *     …Rate            as it is called, in percent
 *     others           as they are called, in "events"
 *
 * Events of another tool than Callgrind (or Cachegrind, where that is the first one) have its name
 * in front: `dhat.TotalBytes`, in bytes or blocks where the name says so.
 */
#pragma once

#include "parse/format.h"

#define GUNGRAUN_EVENTS_MAX 4096 /* of one benchmark */

extern const struct parse_format gungraun_format;
