/* The rows that knobs.c puts in order. */
#pragma once

#include "host/knob.h"

extern const struct knob knob_energy_preference, knob_governor, knob_turbo, knob_side_effects,
    knob_frequency_limits, knob_deep_idle, knob_numa_balancing, knob_huge_pages, knob_swappiness,
    knob_aslr, knob_nmi_watchdog, knob_perf_event, knob_irqbalance, knob_irq_default,
    knob_irq_affinity, knob_workqueue, knob_isolation, knob_smt;
