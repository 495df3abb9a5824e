#!/bin/sh
# Builds libnative.a and puts it into the folder DEST, with native-includes.txt beside it: the include
# folders of the vendored C libraries. Prints DEST.
#
#   build.sh DEST
#
# The folder is $LANCE_BENCH_NATIVE_DIR or ${XDG_CACHE_HOME:-~/.cache}/lance-bench/native, below it a
# name made of Cargo.lock: a checkout in another place finds it again. Where there is none for this
# Cargo.lock yet, the newest of the others is copied first, and cargo compiles what differs.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${1:?usage: build.sh DEST}"
dest=$(cd "$1" && pwd)
base=${LANCE_BENCH_NATIVE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/lance-bench/native}
# Debian's newer Rust carries a suffix of its own and may stand beside an older one.
cargo=${CARGO:-cargo}
host=$($cargo -vV | sed -n 's/^host: //p')
key=$(sha256sum <"$here/Cargo.lock" | cut -c1-16)
target=$base/$key
if [ ! -d "$target" ]; then
    mkdir -p "$base"
    newest=$(find "$base" -mindepth 1 -maxdepth 1 -type d ! -name '*.part' -printf '%T@ %p\n' | sort -rn | head -n 1 | cut -d' ' -f2-)
    if [ -n "$newest" ]; then
        rm -rf "$target.part"
        # Times are kept: cargo goes by them.
        cp -a --reflink=auto "$newest" "$target.part"
        mv -T "$target.part" "$target"
    fi
    mkdir -p "$target"
fi

# The agent may be compiled with another compiler, or for debugging; that is no reason to compile the core again.
unset CC CXX CPP AR LD CFLAGS CXXFLAGS CPPFLAGS LDFLAGS RUSTFLAGS

# Two at a time at the most: the core's larger units take 2 GB of memory each.
jobs=${LANCE_BENCH_JOBS:-2}
cd "$here"
exec 9>"$target/.lance-bench-lock"
flock 9
CARGO_TARGET_DIR=$target $cargo build --release --locked -j "$jobs" --target "$host" -p native >&2

# The compiled library is shared by all checkouts with this Cargo.lock and is whosever built last, so
# each takes its own while nobody else builds. A link costs nothing; another file system needs a copy.
release=$target/$host/release
ln -f "$release/libnative.a" "$dest/libnative.a" 2>/dev/null ||
    cp "$release/libnative.a" "$dest/libnative.a"
sed "s#^#$release/#" "$release/native-includes.txt" >"$dest/native-includes.txt"
echo "$dest"
