"""The report that the tests look at, and a page that keeps count of what it must not do."""

import os
import pathlib
import shutil
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "cli"))

from history_helpers import History, noisy  # noqa: E402
from store_helpers import TOOLS  # noqa: E402

CHROMIUM = os.environ.get("LANCE_BENCH_CHROMIUM") or shutil.which("chromium")
AXE = TOOLS / "axe" / "node_modules" / "axe-core" / "axe.min.js"
HOSTILE = "</script><img src=x onerror=alert(1)> \u202egnp.exe\u202c && \"it's\""
LONG = "long/" + "name-" * 820
COUNT = 60

# An address that nobody answers: whatever the browser would tell its maker stays here.
QUIET = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update",
         "--host-resolver-rules=MAP * 127.0.0.1:9, EXCLUDE 127.0.0.1", "--force-color-profile=srgb"]


def example():
    """Benchmarks of every kind: steady, slower, better, hostile, of another metric or test bed, of many runs."""
    history = History()
    half = COUNT - 10
    history.line(noisy([1e6] * half + [1.2e6] * 9 + [1.44e6]), name="slower")
    history.line(noisy([2e6] * half + [1.5e6] * 9 + [1.2e6], seed=2), name="better")
    history.line(noisy([3e6] * 30 + [90e6] + [3e6] * 29, seed=3), name="steady with one outlier")
    history.line(noisy([4e9] * COUNT, seed=4), name=HOSTILE)
    history.line(noisy([5e3] * COUNT, seed=5), name=LONG)
    history.line(noisy([2 ** 20] * COUNT, seed=6), name="slower#peak_memory", units="bytes")
    history.line(noisy([7e6] * COUNT, seed=7), name="slower", bed="another bed", cpu="another CPU")
    for i in range(80):
        history.line(noisy([1e5 * (i + 1)] * COUNT, seed=i), name=f"group {i // 20}/case {i}")
    for i in range(COUNT):
        for run in range(3):
            history.result(i, 6e6 * (1 + .01 * run), time=3600 * i, name="three runs", run=f"{i}-{run}")
            row = history.tables["results"][-1]
            row["values"] = [row["values"][0] * (1 + .001 * j) for j in range(-10, 11)]
    history.tables["commits"] = history.tables["commits"][:COUNT]
    return history


def odd_example():
    """What hardly anybody stores: names that nobody sees, units of a line's length, the ends of a double."""
    history = History()
    for name in (" ", "\u3164", "tag \U000e0041", LONG, "combining " + "a\u0301\u0302" * 40):
        history.line([3e6] * 4, name=name)
    history.line([5.0], name="one point")
    history.line([1.7e308, -1.7e308] * 4, name="both ends")
    history.line([5e-324] * 4 + [1e308] * 4, name="from the least to the most")
    history.line([1e9, 1.1e9], name="long unit#widgets", units="widgets per fortnight " + "x" * 200)
    history.line([2e9 + 1e6 * i for i in range(20)], name="counted#instructions", units="instructions")
    history.tables["commits"] = list({c["id"]: c for c in history.tables["commits"]}.values())
    return history


class Page:
    """A page that keeps count of what it must not do."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.problems, self.requests = [], []
        self.page.on("console", lambda m: m.type in ("error", "warning") and self.problems.append(m.text))
        self.page.on("pageerror", lambda e: self.problems.append(str(e)))
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("dialog", lambda d: self.problems.append("a dialog") or d.dismiss())

    def open(self, url):
        self.page.goto(url)
        self.page.wait_for_selector("html[data-ready]")
        return self.page

    def series(self, url, name, metric="wall_time"):
        """Opens the view of the series of this name on the first test bed."""
        key = self.page.evaluate(
            "([name, metric]) => keyOf(allSeries.find("
            "(s) => s.title === name && s.metric === metric && s.test_bed === 'bed'))", [name, metric])
        self.page.goto(f"{url}#series={key}")
        self.page.wait_for_selector("[data-ready=yes] .u-over")

    def axe(self):
        """What axe-core finds; it is put in past the page's policy, which allows no foreign script."""
        if not AXE.is_file():
            pytest.skip("needs axe-core: scripts/test-tools axe")
        self.page.evaluate(AXE.read_text() + "; null")
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        return [(v["id"], [n["html"][:200] + " " + n["failureSummary"][:200] for n in v["nodes"][:3]]) for v in found]

    def overflow(self):
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
