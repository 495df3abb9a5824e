"""`run --clock cpu`: CPU time of unmodified benchmarks, and what it refuses.

The library itself is tried in Python programs that print what Criterion prints, beside a neighbour that has half of their
CPU; what they find is gross (a sleep is not shorter than it should be, half of the time is gone), so that a busy machine
does not fail it.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from run_helpers import error_of, git, rows_of
from test_measure import FAST, compare

CPU = max(os.sched_getaffinity(0))

PRELUDE = """
import json, os, sys, time

def say(what, name="it"):
    os.write(2, f"Benchmarking {name}: {what}\\n".encode())

def begin(name="it"):
    say("Warming up for 1.0000 s", name)
    say("Collecting 10 samples in estimated 1.0000 s (10 iterations)", name)

def real():
    return time.clock_gettime(time.CLOCK_BOOTTIME)

def mono():
    return time.clock_gettime(time.CLOCK_MONOTONIC)

def spin(seconds):
    until = real() + seconds
    while real() < until:
        pass

def difference():
    return -(mono() - real())  # the monotonic clock first

# Whoever is preempted between the two reads sees more than there is.
BEFORE = min(difference() for _ in range(100))

def lag():
    return min(difference() for _ in range(20)) - BEFORE
"""


@pytest.fixture(scope="module")
def library(agent):
    folder = pathlib.Path(os.environ.get("LANCE_BENCH_BUILD", pathlib.Path(agent).parent))
    path = folder / "generated" / "liblance_bench_clock.so"
    if not path.is_file():
        pytest.skip(f"{path} is not there: it lies in the agent's build folder")
    return path


@pytest.fixture
def neighbour():
    """A process that wants the whole CPU that is measured on."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"],
                               preexec_fn=lambda: os.sched_setaffinity(0, {CPU}))
    yield
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.fixture
def clocked(library, tmp_path):
    """Runs a program under the library: what it printed as JSON, and the lines of the report."""

    def run(program, report=tmp_path / "report", rule="phases"):
        pathlib.Path(report).unlink(missing_ok=True)
        env = {**os.environ, "LD_PRELOAD": str(library), "LANCE_BENCH_CLOCK": str(report), "LANCE_BENCH_CLOCK_RULE": rule}
        done = subprocess.run([sys.executable, "-c", PRELUDE + textwrap.dedent(program)], env=env, text=True,
                              capture_output=True, timeout=60, preexec_fn=lambda: os.sched_setaffinity(0, {CPU}))
        assert done.returncode == 0, done.stderr
        lines = pathlib.Path(report).read_text().splitlines() if pathlib.Path(report).exists() else []
        return json.loads(done.stdout), lines

    return run


def figures(line):
    """CPU time, blocked, others, preempted in seconds, reads, name."""
    word, *numbers, reads, name = line.split(" ", 6)
    assert word == "benchmark"
    return (*[int(n) / 1e9 for n in numbers], int(reads), name)


def test_what_a_neighbour_takes_is_left_out(clocked, neighbour):
    (cpu, clock, raw, took), lines = clocked("""
        begin()
        start = time.thread_time(), mono(), time.clock_gettime(time.CLOCK_MONOTONIC_RAW), real()
        spin(1)
        end = time.thread_time(), mono(), time.clock_gettime(time.CLOCK_MONOTONIC_RAW), real()
        say("Analyzing")
        print(json.dumps([b - a for a, b in zip(start, end)]))
    """)
    assert clock == pytest.approx(cpu, rel=0.05)
    assert raw == pytest.approx(cpu, rel=0.05)
    assert clock < 0.8 * took
    head, line = lines
    # A read is a system call: more than ten nanoseconds, less than a tenth of a millisecond.
    assert head.startswith("clock 1 ") and 10_000 < int(head.split()[2]) < 100_000_000
    cpu_s, blocked, others, preempted, reads, name = figures(line)
    assert (name, reads > 2) == ("it", True)
    assert preempted > 0.1 and blocked < 0.02 and others < 0.02


WAITS = """
import ctypes, threading
lib = ctypes.CDLL(None, use_errno=True)

class Time(ctypes.Structure):
    _fields_ = [("s", ctypes.c_long), ("ns", ctypes.c_long)]

def deadline():
    at = time.clock_gettime_ns(time.CLOCK_MONOTONIC) + 100_000_000
    return ctypes.byref(Time(at // 10**9, at % 10**9))

def zeroed():
    return ctypes.create_string_buffer(256)

def condition_of_the_monotonic_clock():
    attribute, condition = zeroed(), zeroed()
    lib.pthread_condattr_setclock(attribute, 1)
    lib.pthread_cond_init(condition, attribute)
    return condition

def locked():
    mutex = zeroed()
    lib.pthread_mutex_lock(mutex)
    return mutex

WAITS = {
    "time.sleep": lambda: time.sleep(0.1),
    "Event.wait": lambda: threading.Event().wait(0.1),
    "clock_nanosleep": lambda: lib.clock_nanosleep(1, 1, deadline(), None),
    "pthread_cond_timedwait": lambda: lib.pthread_cond_timedwait(condition_of_the_monotonic_clock(), locked(), deadline()),
    "pthread_cond_clockwait": lambda: lib.pthread_cond_clockwait(zeroed(), locked(), 1, deadline()),
    "pthread_mutex_clocklock": lambda: lib.pthread_mutex_clocklock(locked(), 1, deadline()),
    "sem_clockwait": lambda: lib.sem_clockwait(zeroed(), 1, deadline()),
    # FUTEX_WAIT_BITSET, private: what Rust's standard library calls.
    "futex": lambda: lib.syscall(ctypes.c_long(FUTEX), zeroed(), ctypes.c_long(9 | 128), ctypes.c_long(0), deadline(),
                                 None, ctypes.c_long(0xFFFFFFFF)),
}
"""


def test_waits_last_as_long_as_on_the_real_clock(clocked, neighbour):
    futex = {"x86_64": 202, "aarch64": 98}[os.uname().machine]
    found, lines = clocked(f"FUTEX = {futex}\n" + WAITS + textwrap.dedent("""
        begin()
        spin(0.8)
        found = {"lag": lag()}
        for name, wait in WAITS.items():
            start = real(), mono()
            wait()
            found[name] = [real() - start[0], mono() - start[1]]
        start = real()
        until = mono() + 0.2
        while mono() < until:
            time.sleep(0.01)
        found["loop"] = real() - start
        say("Analyzing")
        print(json.dumps(found))
    """))
    # Without a lag a deadline need not be moved, and the test would not see that it is.
    assert found.pop("lag") > 0.12
    assert 0.2 <= found.pop("loop") < 5
    for name, (took, seen) in found.items():
        assert 0.0999 <= took < 2, name
        assert 0.09 < seen <= took + 0.001, name
    _, blocked, *_ = figures(lines[-1])
    assert blocked > 0.7


def test_only_the_measuring_thread_of_the_process_itself_has_the_clock(clocked, neighbour):
    found, _ = clocked("""
        import subprocess, threading
        begin()
        spin(0.8)
        found = {"own": lag()}
        thread = threading.Thread(target=lambda: found.update(thread=lag()))
        thread.start()
        thread.join()
        ends = os.pipe()
        child = os.fork()
        if not child:
            os.write(ends[1], json.dumps(lag()).encode())
            os._exit(0)
        os.waitpid(child, 0)
        found["child"] = json.loads(os.read(ends[0], 100))
        found["environment"] = subprocess.run(["env"], capture_output=True, text=True).stdout
        say("Analyzing")
        found["after"] = lag()
        print(json.dumps(found))
    """)
    assert found["own"] > 0.1
    assert [abs(found[who]) < 0.001 for who in ("thread", "child", "after")] == [True] * 3
    assert "LD_PRELOAD" not in found["environment"] and "LANCE_BENCH_CLOCK" not in found["environment"]


def test_the_clock_never_goes_back_and_never_ahead(clocked, neighbour):
    times, _ = clocked("""
        times = []
        def look():
            until = real() + 0.15
            while real() < until:
                now = mono()
                times.append([now, difference() - BEFORE])
        look()
        for i in range(2):
            say("Warming up for 1.0000 s")
            look()
            say("Collecting 10 samples in estimated 1.0000 s (10 iterations)")
            look()
            say("Analyzing")
            look()
        worst = min(b[0] - a[0] for a, b in zip(times, times[1:]))
        print(json.dumps([worst, min(lag for _, lag in times)]))
    """)
    worst, least_lag = times
    assert worst >= 0
    assert least_lag > -0.001


def test_work_of_other_threads_is_seen(clocked):
    _, lines = clocked("""
        import hashlib, threading
        begin()
        thread = threading.Thread(target=hashlib.pbkdf2_hmac, args=("sha256", b"x", b"y", 300_000))
        thread.start()
        thread.join()
        mono()
        say("Analyzing")
        print("null")
    """)
    cpu, _, others, _, _, _ = figures(lines[-1])
    assert others > 0.02 and others > cpu


def test_lines_are_read_whole_and_no_other_is_taken_for_one_of_criterions(clocked):
    _, lines = clocked("""
        def printed(fd, *pieces):
            for piece in pieces:
                os.write(fd, piece.encode())
        begin("a: Collecting b")
        mono()
        printed(2, "Benchmarking ", "a: Collecting b", ": Analyzing", "\\n")
        begin("long")
        printed(2, "Benchmarking " + "x" * 5000 + ": Analyzing\\n")
        printed(2, "Comparing to Benchmarking long: Analyzing\\n")
        mono()
        # As Criterion 0.3 does; standard output is the test's own.
        sys.stdout.flush()
        own = os.dup(1)
        os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
        printed(1, "Benchmarking long: Analyzing\\n")
        os.dup2(own, 1)
        print("null")
    """)
    assert [figures(line)[5] for line in lines[1:]] == ["a: Collecting b", "long"]


TIMED = """
#include <stdio.h>
#include <time.h>
#include <unistd.h>
static double at(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}
int main(void)
{
    usleep(200000);
    double cpu = at(CLOCK_THREAD_CPUTIME_ID), clock = at(CLOCK_MONOTONIC), real = at(CLOCK_BOOTTIME);
    while (at(CLOCK_BOOTTIME) - real < 1)
        ;
    printf("[%f, ", at(CLOCK_BOOTTIME) - real);
    printf("%f, ", at(CLOCK_MONOTONIC) - clock);
    printf("%f]", at(CLOCK_THREAD_CPUTIME_ID) - cpu);
    usleep(200000);
    return 0;
}
"""


@pytest.fixture
def timed(library, tmp_path):
    """Builds a C or C++ program and runs it under the library: what it printed as JSON, and the lines of the report."""

    def run(source, compiler, *words, arguments=()):
        subprocess.run([*compiler, "-O1", "-o", "timed", "-", *words], input=source, text=True, cwd=tmp_path, check=True)
        report = tmp_path / "report"
        env = {**os.environ, "LD_PRELOAD": str(library), "LANCE_BENCH_CLOCK": str(report),
               "LANCE_BENCH_CLOCK_RULE": "program"}
        done = subprocess.run(["./timed", *arguments], cwd=tmp_path, env=env, check=True, text=True, capture_output=True,
                              timeout=60, preexec_fn=lambda: os.sched_setaffinity(0, {CPU}))
        return json.loads(done.stdout), report.read_text().splitlines()

    return run


def test_a_program_is_judged_from_its_first_read_of_the_clock_to_the_last(timed, neighbour):
    (took, clock, cpu), (_, line) = timed(TIMED, ["gcc", "-x", "c"])
    assert clock == pytest.approx(cpu, rel=0.05)
    assert clock < 0.8 * took
    cpu_s, blocked, others, preempted, reads, name = figures(line)
    # It has slept before and after, and was never alone.
    assert (name, reads) == ("the program", 1)
    assert preempted > 0.1 and blocked < 0.02 and others < 0.02


def test_libtests_lines_part_the_reads_of_a_program(clocked):
    _, lines = clocked("""
        import ctypes, hashlib, threading
        def say(name):
            os.write(1, f"test {name:9} ... bench:".encode())
            os.write(1, b"  1.00 ns/iter (+/- 0.00)\\n")
        def threaded():
            thread = threading.Thread(target=hashlib.pbkdf2_hmac, args=("sha256", b"x", b"y", 300_000))
            thread.start()
            thread.join()
        own = os.dup(1)
        os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
        for name, work in {"spins": lambda: spin(0.1), "waits": lambda: ctypes.CDLL(None).usleep(100_000),
                           "threads": threaded, "spins ... bench: twice": lambda: spin(0.1)}.items():
            mono()
            work()
            mono()
            ctypes.CDLL(None).usleep(50_000)
            say(name)
        say("never")
        os.dup2(own, 1)
        print("null")
    """, rule="libtest")
    found = {name: rest for *rest, name in map(figures, lines[1:])}
    assert list(found) == ["spins", "waits", "threads", "spins ... bench: twice", "never"]
    waited = [name for name, (_, blocked, *_) in found.items() if blocked > 0.05]
    assert waited[0] == "waits" and not {"spins", "spins ... bench: twice", "never"} & set(waited)
    assert [name for name, (_, _, others, *_) in found.items() if others > 0.02] == ["threads"]
    assert found["never"][-1] == 0 and found["spins"][-1] > 0


GOOGLE = """
#include <benchmark/benchmark.h>
static void sum(benchmark::State &state)
{
    for (auto _ : state)
        for (long i = 0; i < 500; i++)
            benchmark::DoNotOptimize(i);
}
BENCHMARK(sum);
BENCHMARK_MAIN();
"""


def test_google_benchmark_sees_in_the_clock_what_it_measures_as_cpu_time_itself(timed, neighbour):
    if not pathlib.Path("/usr/include/benchmark/benchmark.h").exists():
        pytest.skip("libbenchmark-dev is not installed (scripts/setup test)")
    document, (_, line) = timed(GOOGLE, ["g++", "-x", "c++"], "-lbenchmark", "-lpthread",
                                arguments=("--benchmark_format=json", "--benchmark_min_time=0.5"))
    (measured,) = document["benchmarks"]
    assert measured["real_time"] == pytest.approx(measured["cpu_time"], rel=0.02)
    assert figures(line)[3] > 0.1, "without a neighbour the two would agree anyway"


def test_without_its_variable_the_library_does_nothing(library, tmp_path):
    program = PRELUDE + "begin(); spin(0.2); say('Analyzing'); print(json.dumps(lag()))"
    env = {**os.environ, "LD_PRELOAD": str(library)}
    done = subprocess.run([sys.executable, "-c", program], env=env, text=True, capture_output=True, cwd=tmp_path)
    assert done.returncode == 0 and abs(json.loads(done.stdout)) < 0.001
    assert not [*tmp_path.iterdir()]


def test_what_fits_is_stored_as_cpu_time_and_the_rest_is_refused_with_its_reason(machine, sample):
    done, said = machine.run(sample, "--rev", "odd", "--bench", "clocks", "--clock", "cpu")
    assert done.returncode == 4, done.stderr
    assert (said["clock"], said["outcome"]) == ("cpu", "partial")
    problem = error_of(done)
    assert "3 of 4 benchmarks cannot be measured with --clock cpu" in problem
    assert "clocks/sleep sleeps or waits: " in problem
    assert "clocks/threads has work done by other threads: " in problem
    assert "clocks/deadline sleeps or waits: " in problem
    rows = rows_of(machine, said)
    assert list(rows) == ["clocks/compute#cpu_time"]
    clock = json.loads(rows["clocks/compute#cpu_time"]["metadata"])["evidence"]["clock"]
    assert clock["source"] == "thread CPU time"
    assert 10 < clock["read_ns"] < 100_000
    assert clock["cpu_s"] > 0.5 and clock["waited_s"] < 0.01
    assert f"reading that clock takes {clock['read_ns']:.0f} ns" in done.stderr


def test_compare_measures_each_benchmark_of_a_criterion_bench_alone(machine, sample):
    """The sample's second commit does without a hash set: by CPU time that is seen beside any other work."""
    done, printed, rows = compare(machine, sample, "first", "second", "--benchmark", "unique", "--measurement-time",
                                  "0.04", run=[*FAST, "--rust-only", "--bench", "words", "--clock", "cpu"])
    assert done.returncode == 2, done.stderr
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "words/unique/500#cpu_time": "worse", "words/unique/2000#cpu_time": "worse"}
    assert all(row["change"] > 0.3 for row in rows.values())
    assert printed["clock"] == "cpu" and not printed["same_programs"]
    assert printed["processes"] == sum(2 * row["pairs"] for row in rows.values())


def test_equal_sources_give_equal_programs(machine, sample):
    done, printed, _ = compare(machine, sample, "first", "first", "--benchmark", "longest", "--measurement-time", "0.04",
                               "--budget", "0.01", run=[*FAST, "--rust-only", "--bench", "text"])
    assert done.returncode == 0, done.stderr
    assert printed["same_programs"]


def test_a_neighbour_on_the_cpu_changes_wall_time_and_not_cpu_time(machine, sample):
    def median(clock, beside):
        process = beside and subprocess.Popen([sys.executable, "-c", "while True: pass"],
                                              preexec_fn=lambda: os.sched_setaffinity(0, {CPU}))
        try:
            done, said = machine.run(sample, "--rev", "odd", "--bench", "clocks", "--filter", "compute", "--clock", clock,
                                     "--cpus", CPU, "--retakes", 0)
        finally:
            if process:
                process.kill()
                process.wait()
        assert done.returncode == 0, done.stderr
        (name,) = rows_of(machine, said)
        assert name == ("clocks/compute#cpu_time" if clock == "cpu" else "clocks/compute")
        return rows_of(machine, said)[name]["summary"]["median"]

    for attempt in range(3):
        alone, beside, wall = median("cpu", False), median("cpu", True), median("wall", True)
        if wall > 1.5 * beside and abs(beside / alone - 1) < 0.1:
            return
        time.sleep(1)
    pytest.fail(f"CPU time {alone:.0f} ns alone, {beside:.0f} ns beside a neighbour; wall time then {wall:.0f} ns")


SUITE = """
import threading, time, pytest

def work(n=5000):
    return sum(range(n))

def threaded():
    thread = threading.Thread(target=work, args=(100000,))
    thread.start()
    thread.join()

def test_compute(benchmark):
    benchmark(work)

def test_pedantic(benchmark):
    benchmark.pedantic(work, rounds=20, iterations=3)

def test_sleep(benchmark):
    benchmark(time.sleep, 0.25)

def test_threads(benchmark):
    benchmark(threaded)

@pytest.mark.benchmark(timer=time.perf_counter)
def test_own_timer(benchmark):
    benchmark(work)
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    repo = tmp_path_factory.mktemp("suite") / "suite"
    (repo / "tests").mkdir(parents=True)
    git(repo, "init", "-q", "-b", "main")
    fast = "--benchmark-max-time=0.1 --benchmark-min-rounds=3 --benchmark-warmup=off"
    (repo / "pyproject.toml").write_text(f'[tool.pytest.ini_options]\naddopts = "{fast}"\n')
    (repo / "tests" / "test_a.py").write_text(SUITE)
    requirements = ["pytest==8.4.2", "pytest-benchmark==5.1.0"]
    config = {"project": "suite", "clock": "cpu", "python": {"suite": "tests", "requirements": requirements}}
    (repo / "lance-bench.json").write_text(json.dumps(config))
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "benchmarks")
    return repo


def test_pytest_benchmark_is_told_its_timer_and_judged_alike(machine, suite):
    done, said = machine.run(suite)
    assert done.returncode == 4, done.stderr
    problem = error_of(done)
    assert "3 of 5 benchmarks cannot be measured with --clock cpu" in problem
    assert "::test_sleep sleeps or waits: " in problem
    assert "::test_threads has work done by other threads: " in problem
    assert "::test_own_timer reads no clock" in problem
    rows = rows_of(machine, said)
    assert sorted(rows) == ["tests/test_a.py::test_compute#cpu_time", "tests/test_a.py::test_pedantic#cpu_time"]
    details = json.loads(rows["tests/test_a.py::test_compute#cpu_time"]["metadata"])
    assert details["evidence"]["clock"]["read_ns"] > 10
    # A sleep of a quarter of a second was not repeated as often as its CPU time would let it.
    assert said["parts"][0]["seconds"] < 60


def test_the_command_line_wins_over_the_configuration(machine, suite):
    done, said = machine.run(suite, "--clock", "wall", "--filter", "compute")
    assert done.returncode == 0, done.stderr
    assert said["clock"] == "wall"
    assert list(rows_of(machine, said)) == ["tests/test_a.py::test_compute"]


@pytest.mark.parametrize("name, reason", [("sleep", "sleeps or waits"), ("own_timer", "reads no clock")])
def test_a_suite_of_which_nothing_is_left_says_so(machine, suite, name, reason):
    done, said = machine.run(suite, "--filter", name)
    assert done.returncode == 4
    wanted = f"no benchmark of it can be measured with --clock cpu: tests/test_a.py::test_{name} {reason}"
    assert wanted in error_of(done)
    assert said["outcome"] == "failed"


def test_an_unknown_clock_is_one_clear_line(machine, suite):
    done = machine("run", suite, "--clock", "sundial")
    assert done.returncode == 129
    assert error_of(done) == "error: --clock is wall or cpu, not 'sundial'"
