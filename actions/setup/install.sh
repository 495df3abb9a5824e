#!/bin/sh
# Installs the release $LB_VERSION, checked against $LB_SHA256 or the release's checksum file, into the runner's tool
# folder. Without a version, or where that version is on PATH already and no hash is asked for, it takes the one on PATH.
set -eu

fail() {
    echo "::error title=lance-bench setup::$1"
    exit 1
}

on_path=$(command -v lance-bench) || on_path=
if [ -n "$on_path" ] && [ -z "${LB_SHA256:-}" ] &&
    [ "$("$on_path" --version | sed -n '1s/^lance-bench //p')" = "${LB_VERSION:-}" ]; then
    LB_VERSION=
fi
if [ -n "${LB_VERSION:-}" ]; then
    case $LB_VERSION in *[!0-9A-Za-z.+-]*) fail "the version may hold letters, digits and . + - alone" ;; esac
    case ${LB_SHA256:-} in *[!0-9a-f]*) fail "sha256 takes 64 lower-case hexadecimal digits" ;; esac
    name=lance-bench-$LB_VERSION-$(uname -m)-linux
    folder=${RUNNER_TOOL_CACHE:-${RUNNER_TEMP:-/tmp}}/lance-bench/$name
    work=$(mktemp -d "${RUNNER_TEMP:-/tmp}/lance-bench.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    # What begins encrypted stays so where it is redirected: the checksum may come the same way.
    case $LB_BASE_URL in http://*) protocols='=https,http' ;; *) protocols='=https' ;; esac
    fetch() {
        curl --fail --silent --show-error --location --proto "$protocols" --retry 5 --retry-connrefused \
            --output "$work/$1" "$LB_BASE_URL/v$LB_VERSION/$1" || fail "cannot fetch $LB_BASE_URL/v$LB_VERSION/$1"
    }
    fetch "$name.tar.gz"
    wanted=${LB_SHA256:-}
    if [ -z "$wanted" ]; then
        fetch "$name.sha256"
        wanted=$(awk -v file="$name.tar.gz" '$2 == file || $2 == "*" file { print $1 }' "$work/$name.sha256")
    fi
    found=$(sha256sum "$work/$name.tar.gz" | cut -d ' ' -f 1)
    [ "$found" = "$wanted" ] || fail "$name.tar.gz has the SHA-256 $found, not ${wanted:-the one that is asked for}"
    tar -C "$work" -xzf "$work/$name.tar.gz" "$name/lance-bench"
    mkdir -p "$folder"
    mv -f "$work/$name/lance-bench" "$folder/lance-bench"
    program=$folder/lance-bench
    echo "$folder" >>"$GITHUB_PATH"
else
    program=$on_path
    [ -n "$program" ] ||
        fail "there is no lance-bench on this runner: give 'version', or install it with 'lance-bench host install'"
fi
version=$("$program" --version | sed -n '1s/^lance-bench //p')
{
    echo "path=$program"
    echo "version=$version"
} >>"$GITHUB_OUTPUT"
echo "lance-bench $version: $program"
