#!/bin/sh
# Fuzzes everything that reads foreign bytes: tests/fuzz/run.sh SECONDS [NAME…]
#
# Builds fuzz_NAME.c (all of them without a NAME) with clang's libFuzzer, AddressSanitizer and UBSan
# and runs each for so many seconds from its corpus in tests/fixtures/parse/corpus/NAME, $LANCE_BENCH_JOBS
# (default 2) of them at a time. New inputs go to a scratch folder; one that fails is left in
# $FUZZ_ARTIFACTS (default: the present folder) and the script exits 1. Exits 77 where clang or its
# fuzzer runtime is missing.
set -eu

seconds=${1:?usage: tests/fuzz/run.sh SECONDS [NAME…]}
shift
root=$(cd "$(dirname "$0")/../.." && pwd)
clang=${CLANG:-clang}
artifacts=${FUZZ_ARTIFACTS:-.}
jobs=${LANCE_BENCH_JOBS:-2}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/lance-bench-fuzz.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

flags="-std=gnu17 -D_GNU_SOURCE -O1 -g -fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer -DJSON_WINDOW_SIZE=256 -DJSON_AHEAD=64
    -include $scratch/version.h"
echo '#define LANCE_BENCH_VERSION "0"' >"$scratch/version.h"

echo 'int LLVMFuzzerTestOneInput(const char *data, long size) { return !data && size; }' \
    >"$scratch/try.c"
if ! $clang -fsanitize=fuzzer,address,undefined "$scratch/try.c" -o "$scratch/try" 2>/dev/null; then
    echo "fuzz: no clang with libFuzzer here (Debian: clang, libclang-rt-dev)" >&2
    exit 77
fi

# libcrypto, for the digest of an input: the system's, else the one built for the agent.
native=${LANCE_BENCH_NATIVE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/lance-bench/native}
if [ -f /usr/include/openssl/evp.h ]; then
    crypto_flags=
    crypto=-lcrypto
else
    crypto=$(find "$native" -path '*/openssl-build/install/lib*/libcrypto.a' 2>/dev/null | head -n 1)
    if [ -z "$crypto" ]; then
        echo "fuzz: no libcrypto: neither libssl-dev nor a native library in $native" >&2
        exit 77
    fi
    crypto_flags=-I$(dirname "$(dirname "$crypto")")/include
fi

# zlib and cJSON, likewise.
if [ -f /usr/include/zlib.h ]; then
    zlib=-lz
    zlib_flags=
else
    zlib=$(find "$native" -path '*/out/lib/libz.a' 2>/dev/null | head -n 1)
    if [ -z "$zlib" ]; then
        echo "fuzz: no zlib: neither zlib1g-dev nor a native library in $native" >&2
        exit 77
    fi
    zlib_flags=-I$(dirname "$(dirname "$zlib")")/include
fi
cjson=${LANCE_BENCH_CJSON_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/lance-bench/cjson}
if [ ! -f "$cjson/cjson/cJSON.c" ]; then
    echo "fuzz: no cJSON in $cjson: run scripts/setup build" >&2
    exit 77
fi

library_flags="$crypto_flags $zlib_flags -I$cjson"

cd "$root"
mkdir "$scratch/objects"
# shellcheck disable=SC2086
$clang $flags -w -c "$cjson/cjson/cJSON.c" -o "$scratch/objects/cJSON.o"
# shellcheck disable=SC2086,SC2116 # the flags are words, on several lines
for source in agent/parse/*.c agent/model/bmf_measure.c agent/model/summary.c tests/fuzz/fuzz.c \
    agent/github/event.c agent/github/field.c agent/github/workflow_command.c agent/net/link_header.c \
    agent/report/report*.c agent/report/markdown_table.c agent/report/quantity.c agent/report/table.c \
    agent/report/html.c agent/report/html_data.c agent/report/html_number.c \
    agent/bot/*.c agent/artifact/zip.c agent/artifact/manifest.c \
    agent/base/alloc.c agent/base/clock.c agent/base/digest.c agent/base/error.c \
    agent/base/code_span.c agent/base/escape.c agent/base/file.c agent/base/file_writer.c \
    agent/base/interrupt.c agent/base/log.c agent/base/parallel.c \
    agent/base/strbuf.c agent/base/strlist.c agent/base/text.c agent/base/text_pool.c agent/base/json_write.c \
    agent/base/number.c; do
    echo "$source $scratch/objects/$(echo "$source" | tr / _).o"
done | xargs -P "$jobs" -n 2 sh -c \
    "exec $(echo $clang $flags $library_flags) -Iagent -include agent/base/banned.h -c \"\$0\" -o \"\$1\""
# A library: each fuzzer takes what it uses, and the page of html.c is in none but fuzz_report.c.
ar rcs "$scratch/libfuzzed.a" "$scratch"/objects/*.o

[ $# -gt 0 ] || set -- json decimal criterion criterion_folder pytest history auto formats \
    comment bot_text zip manifest github report

# Builds and runs one.
fuzz() {
    # shellcheck disable=SC2086
    $clang $flags $library_flags -fsanitize=fuzzer -Iagent -Itests/fuzz -include agent/base/banned.h \
        "tests/fuzz/fuzz_$1.c" "$scratch/libfuzzed.a" $crypto $zlib -lm -o "$scratch/fuzz_$1" || return
    mkdir -p "$scratch/new_$1"
    "$scratch/fuzz_$1" -max_total_time="$seconds" -max_len=8192 -timeout=10 -verbosity=0 \
        -print_final_stats=1 -dict=tests/fuzz/json.dict -artifact_prefix="$artifacts/fuzz-$1-" \
        "$scratch/new_$1" "tests/fixtures/parse/corpus/$1" >"$scratch/log_$1" 2>&1 ||
        { cat "$scratch/log_$1" >&2; return 1; }
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$scratch/log_$1")
    echo "fuzz_$1: $runs inputs in $seconds s, nothing found"
}

failed=
while [ $# -gt 0 ]; do
    going=
    for name in $(echo "$*" | cut -d ' ' -f "1-$jobs"); do
        fuzz "$name" &
        going="$going $name=$!"
        shift
    done
    for one in $going; do
        wait "${one#*=}" || failed="$failed ${one%%=*}"
    done
done
if [ -n "$failed" ]; then
    echo "fuzz: failed:$failed" >&2
    exit 1
fi
