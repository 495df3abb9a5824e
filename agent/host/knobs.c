/* Every knob, in the order in which tuning writes them. */
#include "host/knobs.h"

#include "base/alloc.h"

/*
 * Why this order. With the governor `performance` the kernel refuses another energy preference, so
 * that one goes first, and comes back last. A change of governor may reset turbo, and turbo moves
 * the frequency limits. Interrupts leave the CPUs before their siblings go offline; a CPU that is
 * offline has no frequency or idle files, so that siblings go last and come back first. What
 * governor and turbo change along is looked at behind them.
 */
const struct knob *const knobs[] = {
    &knob_energy_preference, &knob_governor,    &knob_turbo,          &knob_side_effects,
    &knob_frequency_limits,  &knob_deep_idle,   &knob_numa_balancing, &knob_huge_pages,
    &knob_swappiness,        &knob_aslr,        &knob_nmi_watchdog,   &knob_perf_event,
    &knob_irqbalance,        &knob_irq_default, &knob_irq_affinity,   &knob_workqueue,
    &knob_isolation,         &knob_smt,
};
const size_t knob_count = ARRAY_SIZE(knobs);
