"""The seam between C and the Lance core: the header by itself, the calls under valgrind, the symbols of
the library, and the finished agent, which needs nothing of the machine it runs on."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NATIVE = ROOT / "agent" / "native"
BUILD = pathlib.Path(os.environ.get("LANCE_BENCH_BUILD", ROOT / "build"))
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-pedantic-errors"]


def run(*words, **options):
    done = subprocess.run([str(w) for w in words], capture_output=True, encoding="utf-8", check=False, **options)
    assert done.returncode == 0, f"{words[0]}: {done.stderr[-4000:]}"
    return done


def need(program):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    return program


@pytest.fixture(scope="module")
def library():
    """libnative.a; the build folder says where it is."""
    stamp = BUILD / "native.stamp"
    if not stamp.is_file():
        pytest.skip(f"{stamp} is not there: build the agent, or set LANCE_BENCH_BUILD")
    return pathlib.Path(stamp.read_text().strip()) / "libnative.a"


@pytest.mark.parametrize("compiler,flags", [
    ("gcc", ["-std=c11"]), ("clang", ["-std=c11"]), ("gcc", ["-std=gnu17"]),
    ("g++", ["-x", "c++", "-std=c++11"]), ("clang++", ["-x", "c++", "-std=c++20"])])
def test_the_headers_compile_alone_as_strict_c_and_as_cpp(compiler, flags):
    run(need(compiler), *flags, *WARNINGS, "-fsyntax-only", "-I", NATIVE, HERE / "header.c")


@pytest.mark.parametrize("header", ["lance_store.h", "charts.h", "native.h"])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_each_header_compiles_without_any_other(compiler, header, tmp_path):
    source = tmp_path / "alone.c"
    source.write_text(f'#include "{header}"\n\nextern int something;\n')
    run(need(compiler), "-std=c11", *WARNINGS, "-fsyntax-only", "-I", NATIVE, source)


@pytest.fixture(scope="module")
def round_trip(library, tmp_path_factory):
    program = tmp_path_factory.mktemp("abi") / "round_trip"
    mold = ["-fuse-ld=mold"] if shutil.which("mold") else []
    run("gcc", "-std=c11", *WARNINGS, "-g", "-D_POSIX_C_SOURCE=200809L", "-I", NATIVE, HERE / "round_trip.c", "-o", program,
        *mold, "-Wl,--gc-sections", library, "-lpthread", "-ldl", "-lm")
    return program


def test_a_round_trip_from_c(round_trip, tmp_path):
    assert run(round_trip, tmp_path / "db", timeout=120).stdout == "fine\n"


def test_a_round_trip_from_c_under_valgrind(round_trip, tmp_path):
    need("valgrind")
    done = run("valgrind", "--quiet", "--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite",
               "--show-leak-kinds=definite", "--num-callers=40", round_trip, tmp_path / "db", timeout=900)
    assert done.stdout == "fine\n"


def declared(header):
    return set(re.findall(r"\b((?:lance|native)_\w+)\(", re.sub(r"/\*.*?\*/", "", (NATIVE / header).read_text(), flags=re.S)))


def test_the_library_exports_what_the_headers_declare_and_no_more(library):
    """Of the project's own crates; the symbols of the C libraries in it are none of ours."""
    ours = set()
    listed = run("nm", "--defined-only", "--extern-only", "--format=posix", "-A", library).stdout
    for line in listed.splitlines():
        match = re.match(r".*\[(\S+)\]: (\S+) [TDBR]\b", line)
        if match and re.match(r"(store|charts|native|libstore|libcharts|libnative)[-.]", match.group(1)):
            ours.add(match.group(2))
    # Rust's own names are mangled (_R…, _ZN…) or have a dot in them.
    plain = {name for name in ours if re.fullmatch(r"[a-zA-Z]\w*", name)}
    assert plain, "nm lists no symbol of our crates"
    assert plain == declared("lance_store.h") | declared("charts.h") | declared("native.h")


def test_the_finished_agent_needs_no_library_and_no_loader(agent):
    dynamic = run("readelf", "--dynamic", "--wide", agent).stdout
    assert "(NEEDED)" not in dynamic
    assert "INTERP" not in run("readelf", "--program-headers", "--wide", agent).stdout
    # Position-independent all the same.
    assert re.search(r"Type:\s+DYN", run("readelf", "--file-header", agent).stdout)


def test_the_finished_agent_runs_where_there_is_nothing_else(agent, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("chroot needs root")
    shutil.copy(agent, tmp_path / "agent")
    done = run(need("chroot"), tmp_path, "/agent", "--version", env={"PATH": os.environ["PATH"]})
    assert done.stdout.startswith("lance-bench ")
