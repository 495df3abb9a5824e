"""Loaded into pytest by `lance-bench run --clock cpu` (-p lance_bench_clock).

pytest-benchmark itself measures with time.thread_time. This says for each benchmark whether that thread did the work
alone and without waiting, in the file named by LANCE_BENCH_CLOCK and the format of preload/clock.h.
"""

import functools
import os
import resource
import time

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

REPORT = os.environ.pop("LANCE_BENCH_CLOCK")
HOPELESS_NS = 20_000_000  # waited for, and for longer than worked, before the rounds begin


def report(line):
    with open(REPORT, "a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(line + "\n")


def run_delay():
    """Time that the thread was ready to run and did not, where the kernel says so."""
    try:
        with open("/proc/thread-self/schedstat", encoding="ascii") as file:
            return int(file.read().split()[1])
    except (OSError, IndexError, ValueError):
        return 0


def reading():
    usage = resource.getrusage(resource.RUSAGE_THREAD)
    return time.perf_counter_ns(), time.thread_time_ns(), time.process_time_ns(), usage.ru_nvcsw, run_delay()


def used_since(start):
    """CPU time of the thread, time that it was blocked, CPU time of others, time that it was preempted."""
    real, cpu, process, switches, delay = (b - a for a, b in zip(start, reading()))
    lost = max(real - cpu, 0)
    blocked = max(lost - delay, 0) if switches else 0
    return cpu, blocked, max(process - cpu, 0), lost - blocked


def tell(fixture, used):
    # A timer of the benchmark's own measures something else.
    reads = 1 if fixture._timer is time.thread_time else 0
    report(f"benchmark {' '.join(map(str, used))} {reads} {fixture.fullname}")


def watched(method):
    @functools.wraps(method)
    def wrapper(fixture, *args, **kwargs):
        # pytest-benchmark works for a second to learn the timer's precision, once: before what is judged.
        fixture._get_precision(fixture._timer)
        start = reading()
        result = method(fixture, *args, **kwargs)
        tell(fixture, used_since(start))
        return result

    return wrapper


def calibrated(method):
    """pytest-benchmark chooses the rounds by what a call takes: for one that sleeps, by CPU time, far too many."""

    @functools.wraps(method)
    def wrapper(fixture, *args, **kwargs):
        start = reading()
        result = method(fixture, *args, **kwargs)
        used = used_since(start)
        if used[1] > max(used[0], HOPELESS_NS):
            tell(fixture, used)
            pytest.fail("it sleeps or waits, which the CPU clock does not measure", pytrace=False)
        return result

    return wrapper


def read_cost_ps():
    def batch(reads=1000):
        start = time.thread_time_ns()
        for _ in range(reads):
            time.thread_time()
        return (time.thread_time_ns() - start) * 1000 // reads

    return min(batch() for _ in range(20))


report(f"clock 1 {read_cost_ps()}")
BenchmarkFixture.__call__ = watched(BenchmarkFixture.__call__)
BenchmarkFixture.pedantic = watched(BenchmarkFixture.pedantic)
BenchmarkFixture._calibrate_timer = calibrated(BenchmarkFixture._calibrate_timer)
