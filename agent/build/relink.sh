#!/bin/sh
# Stands in PATH before the linker of one cargo command, under its name (relink.h): in place of one
# program of LANCE_BENCH_RELINK it leaves one for each of LANCE_BENCH_RELINK_SEEDS, in
# LANCE_BENCH_RELINK_FOLDER/000/, 001/ and so on, called LANCE_BENCH_RELINK_AS, and an empty file
# where it was to be.
linker=${0##*/}
own=${0%/*}
PATH=${PATH%%"$own":*}${PATH#*"$own":}
export PATH

output=
is_output=
for word; do
    [ -z "$is_output" ] || output=$word
    is_output=
    [ "$word" != -o ] || is_output=1
done
case ${output##*/} in
"$LANCE_BENCH_RELINK"-*) ;;
*) exec "$linker" "$@" ;;
esac

link_lld() {
    "$linker" "$@" "-Wl,--shuffle-sections=.text*=$seed" -o "$to"
}

link_mold() {
    "$linker" "$@" "-Wl,--shuffle-sections=$seed" -o "$to"
}

# Where another linker is asked for: the one of the toolchain.
link_rust_lld() {
    for tools in "$LANCE_BENCH_RELINK_TOOLCHAIN"/lib/rustlib/*/bin/gcc-ld; do
        [ -d "$tools" ] || continue
        "$linker" "$@" "-B$tools" -fuse-ld=lld "-Wl,--shuffle-sections=.text*=$seed" -o "$to" && return
    done
    return 1
}

exec >>"$LANCE_BENCH_RELINK_FOLDER/log" 2>&1
ways="lld mold rust_lld"
count=0
for seed in $LANCE_BENCH_RELINK_SEEDS; do
    folder=$LANCE_BENCH_RELINK_FOLDER/$(printf %03d "$count")
    to=$folder/$LANCE_BENCH_RELINK_AS
    mkdir "$folder"
    for way in $ways; do
        if "link_$way" "$@"; then
            ways=$way
            count=$((count + 1))
            continue 2
        fi
    done
    break
done
: >"$output"
chmod 755 "$output"
