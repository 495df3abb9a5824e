"""How quickly the HTML report of many benchmarks is written, and opens in Chromium. Prints, and never fails.

    scripts/test-tools venv-new venv-browser
    LANCE_BENCH=build/lance-bench TEST_TOOLS/venv-browser/bin/python tests/perf/report_page.py [--series N]
"""

import argparse
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

from playwright.sync_api import sync_playwright

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "browser"), str(HERE.parent / "cli")]

from browser_helpers import CHROMIUM, QUIET  # noqa: E402
from store_helpers import TOOLS  # noqa: E402

AGENT = os.environ.get("LANCE_BENCH", str(HERE.parent.parent / "build" / "lance-bench"))
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def make_store(folder, series, commits):
    maker = f"import sys; sys.argv = ['x']; import changes; changes.make_store({str(folder)!r}, {series}, {commits})"
    subprocess.run([TOOLS / "venv-new" / "bin" / "python", "-c", maker], cwd=HERE, check=True)


def write(folder, *words):
    """CPU seconds of one run of the agent."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([AGENT, "--quiet", "--db", folder, "report", *words], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def until(page, condition):
    while not page.evaluate(condition):
        time.sleep(.01)


def opening(browser, url):
    """Seconds until things are there, as the one who waits counts them."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    times = {}

    def timed(name, *steps):
        started = time.perf_counter()
        for step in steps:
            step()
        times[name] = time.perf_counter() - started

    timed("usable", lambda: page.goto(url, wait_until="commit"),
          lambda: page.wait_for_selector("html[data-ready] #series tbody tr"))
    page.wait_for_load_state("load")
    times["first paint"] = (page.evaluate(PAINT) or float("nan")) / 1000
    until(page, "document.querySelectorAll('#series tbody tr').length >= Math.min(allSeries.length, 4000)")
    timed("filter", lambda: page.fill("input[type=search]", "name/17"),
          lambda: page.wait_for_selector("#series caption:has-text(' of ')"))
    timed("series", lambda: page.locator("#series tbody a").first.click(),
          lambda: page.wait_for_selector("[data-ready=yes] .u-over"))
    timed("compare", lambda: page.goto(f"{url}#compare"), lambda: page.wait_for_selector("#compare tbody tr"))
    context.close()
    return times


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--series", type=int, default=2000)
    parser.add_argument("--commits", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_store(folder, args.series, args.commits)
        report = pathlib.Path(folder) / "report.html"
        nothing = write(folder, "--csv", os.devnull, "--benchmark", "benchmark with a name/1234")
        page, site = write(folder, "--html", report), write(folder, "--site", pathlib.Path(folder) / "site")
        again = write(folder, "--site", pathlib.Path(folder) / "site")
        print(f"{args.series} series of {args.commits} commits, load average {os.getloadavg()[0]:.1f}")
        print(f"page {report.stat().st_size / 1e6:.1f} MB; CPU: page {page:.2f} s, site {site:.2f} s, "
              f"site again {again:.2f} s, one series {nothing:.2f} s")
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            rounds = [opening(browser, report.as_uri()) for _ in range(args.rounds)]
            browser.close()
        for name in ("first paint", "usable", "filter", "series", "compare"):
            values = sorted(r[name] for r in rounds)
            print(f"{name:12} {values[0]:.2f} to {values[-1]:.2f} s, median {values[len(values) // 2]:.2f} s")


main()
