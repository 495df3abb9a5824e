#!/bin/sh
# What the evidence costs for each measured process, in CPU time of the agent: tests/perf/evidence.sh
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/lance-bench-evidence.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

cd "$root"
base=$(for name in alloc clock cpu_list cpu_mask error escape file file_writer interrupt log number strbuf strlist text; do
    echo "agent/base/$name.c"
done)
# shellcheck disable=SC2086 # a list of files
${CC:-cc} -std=gnu17 -D_GNU_SOURCE -O2 -Iagent -include agent/base/banned.h \
    tests/perf/evidence_cost.c agent/evidence/evidence.c agent/evidence/machine_state.c \
    agent/evidence/counters.c agent/host/io.c agent/host/irqbalance.c agent/sandbox/perf.c $base -lm -o "$scratch/evidence_cost"
"$scratch/evidence_cost"
