#!/bin/sh
# Builds libnative.a and prints the folder it is in (and native-includes.txt beside it).
#
# The folder is $LANCE_BENCH_NATIVE_DIR or ${XDG_CACHE_HOME:-~/.cache}/lance-bench/native, below it a
# name made of Cargo.lock, the profile and the compiler: what was compiled for another one is not
# thrown away, and a checkout in another place finds it again.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
base=${LANCE_BENCH_NATIVE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/lance-bench/native}
# Debian's newer Rust carries a suffix of its own and may stand beside an older one.
cargo=${CARGO:-cargo}
host=$($cargo -vV | sed -n 's/^host: //p')
key=$(sha256sum <"$here/Cargo.lock" | cut -c1-16)
target=$base/$key
mkdir -p "$target"

# Two at a time at the most: the core's larger units take 2 GB of memory each.
jobs=${LANCE_BENCH_JOBS:-2}
cd "$here"
CARGO_TARGET_DIR=$target $cargo build --release --locked -j "$jobs" --target "$host" -p native >&2

echo "$target/$host/release"
