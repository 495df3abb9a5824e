#!/bin/sh
# The speed of reading 329 MB of Criterion's JSON lines: ours, cJSON and Python's json side by side,
# and what the digest of the input costs. CPU seconds, so that other work on the machine counts
# little. tests/perf/parse.sh [LINES]; the best of three rounds is what to look at.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
cjson=${LANCE_BENCH_CJSON_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/lance-bench/cjson}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/lance-bench-parse.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

cd "$root"
base=$(for name in alloc clock digest error escape file file_writer interrupt json_write log number strbuf strlist text text_pool; do
    echo "agent/base/$name.c"
done)
# shellcheck disable=SC2086 # a list of files
${CC:-cc} -std=gnu17 -D_GNU_SOURCE -O2 -Iagent -include agent/base/banned.h -isystem "$cjson" \
    tests/perf/parse_speed.c agent/parse/*.c agent/model/bmf_measure.c agent/model/summary.c $base -x c - \
    -lcrypto -lm -o "$scratch/parse_speed" <<EOF
#undef strcpy
#undef sprintf
#include "$cjson/cjson/cJSON.c"
EOF

tests/perf/make_criterion.py "${1:-100000}" >"$scratch/criterion.jsonl"
for round in 1 2 3; do
    echo "round $round"
    for reader in ours cjson sha256; do
        "$scratch/parse_speed" $reader "$scratch/criterion.jsonl"
    done
    python3 - "$scratch/criterion.jsonl" <<'EOF'
import json, sys, time
start, size, total = time.process_time(), 0, 0.0
for line in open(sys.argv[1]):
    message = json.loads(line)
    size += len(line)
    total += sum(map(lambda v, n: v / n, message["measured_values"], message["iteration_count"]))
spent = time.process_time() - start
print(f"{'python':8} {size / 1e6:7.1f} MB {spent:6.3f} s of CPU {size / 1e6 / spent:7.0f} MB/s   sum {total:.12g}")
EOF
done

# Two of the other formats, with what reads them in Python.
python=${LANCE_BENCH_TEST_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/lance-bench/test-tools}/venv-formats/bin/python
[ -x "$python" ] || python=python3
"$python" tests/perf/formats.py "$scratch/parse_speed" "$scratch"
