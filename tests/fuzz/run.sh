#!/bin/sh
# Fuzzes every parser: tests/fuzz/run.sh SECONDS [NAME…]
#
# Builds fuzz_NAME.c (all of them without a NAME) with clang's libFuzzer, AddressSanitizer and UBSan
# and runs each for so many seconds from its corpus in tests/fixtures/parse/corpus/NAME. New inputs
# go to a scratch folder; one that fails is left in $FUZZ_ARTIFACTS (default: the present folder)
# and the script exits 1. Exits 77 where clang or its fuzzer runtime is missing.
set -eu

seconds=${1:?usage: tests/fuzz/run.sh SECONDS [NAME…]}
shift
root=$(cd "$(dirname "$0")/../.." && pwd)
clang=${CLANG:-clang}
artifacts=${FUZZ_ARTIFACTS:-.}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/lance-bench-fuzz.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

flags="-std=gnu17 -D_GNU_SOURCE -O1 -g -fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer -DJSON_WINDOW_SIZE=256 -DJSON_AHEAD=64"

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

cd "$root"
objects=
for source in agent/parse/*.c agent/model/summary.c tests/fuzz/fuzz.c \
    agent/base/alloc.c agent/base/clock.c agent/base/digest.c agent/base/error.c \
    agent/base/escape.c agent/base/file.c agent/base/interrupt.c agent/base/log.c \
    agent/base/strbuf.c agent/base/strlist.c; do
    object=$scratch/$(echo "$source" | tr / _).o
    # shellcheck disable=SC2086 # the flags are words
    $clang $flags $crypto_flags -Iagent -include agent/base/banned.h -c "$source" -o "$object"
    objects="$objects $object"
done

[ $# -gt 0 ] || set -- json decimal criterion criterion_folder pytest history auto
failed=
for name; do
    # shellcheck disable=SC2086
    $clang $flags -fsanitize=fuzzer -Iagent -Itests/fuzz -include agent/base/banned.h \
        "tests/fuzz/fuzz_$name.c" $objects $crypto -lm -o "$scratch/fuzz_$name"
    mkdir -p "$scratch/new_$name"
    if "$scratch/fuzz_$name" -max_total_time="$seconds" -max_len=8192 -timeout=10 -verbosity=0 \
        -print_final_stats=1 -dict=tests/fuzz/json.dict -artifact_prefix="$artifacts/fuzz-$name-" \
        "$scratch/new_$name" "tests/fixtures/parse/corpus/$name" >"$scratch/log_$name" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$scratch/log_$name")
        echo "fuzz_$name: $runs inputs in $seconds s, nothing found"
    else
        cat "$scratch/log_$name" >&2
        failed="$failed $name"
    fi
done
if [ -n "$failed" ]; then
    echo "fuzz: failed:$failed" >&2
    exit 1
fi
