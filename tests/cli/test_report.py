"""`report`: what it says, in each of its formats. Golden files: tests/fixtures/report; LANCE_BENCH_WRITE_GOLDEN=1 writes
them anew."""

import csv
import io
import json
import math
import os
import pathlib
import re
import shutil
import subprocess

import pytest
from history_helpers import START, History, ident, noisy
from store_helpers import error_line, store  # noqa: F401

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "report"
COMMITS = 40
NASTY = "a|b `c` </script><b>@everyone \u202e\\|d"
SUBJECTS = {24: "decode: check every page @lance #12", 39: "scan | `twice`", 31: "bump the toolchain"}


def make(history, count=COMMITS):
    """One of everything that a report can have to say."""
    for i in range(count):
        history.commit(i, i - 1 if i else None, 3600 * i, subject=SUBJECTS.get(i, f"commit {i}"))
    for session, toolchain in (("old", "rustc 1.90"), ("new", "rustc 1.95 @nightly")):
        history.session(session, toolchain)
    series = {
        "scan": [1e6] * 24 + [1.08e6] * 15 + [1.3e6],
        "decode": [2.5e6] * 39 + [2e6],
        "steady": [3e3] * 40,
        "rows#throughput": [5e5] * 39 + [4e5],
        NASTY: [7e5] * 20 + [6e5] * 20,
        "gone": [1e4] * 21,
    }
    for seed, (name, levels) in enumerate(series.items()):
        units = "rows/s" if "#" in name else "nanoseconds"
        for i, value in enumerate(noisy(levels, seed=seed, noise=.005)[:count]):
            history.result(i, value, time=3600 * i, name=name, units=units)
    for i, value in enumerate(noisy([4e6] * count, seed=9, noise=.1)):
        history.result(i, value, time=3600 * i, name="wild")
        history.result(i, 1024 * (i + 1 if i >= 30 else 1), time=3600 * i, name="file#size",
                       units="bytes" if i < 30 else "blocks")
    for i, value in enumerate(noisy([1e6] * count, seed=10, noise=.002)):
        history.result(i, value, time=3600 * i, name="scan", bed="other", session="old" if i < 39 else "new")
    history.result(count - 1, 1.31e6, time=3600 * (count - 1), name="scan", run="again")
    history.result(count - 1, 12345.0, time=3600 * (count - 1), name="fresh")


@pytest.fixture
def full(store):
    history = History()
    make(history)
    history.write(store)
    return store


def masked(text):
    text = re.sub(r'"generator":"[^"]*"', '"generator":"lance-bench"', text)
    return re.sub(r'"generated":"[^"]*"', '"generated":"now"', text)


def golden(name, text):
    if os.environ.get("LANCE_BENCH_WRITE_GOLDEN"):
        (GOLDEN / name).write_text(text)
    return (GOLDEN / name).read_text()


def same(a, b):
    """Equal, but for the last digits of numbers, which are the C library's."""
    if isinstance(a, float) or isinstance(b, float):
        return a is not None and b is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def tables(markdown):
    """Rows of each table of the text, split at bars that are not escaped."""
    found, rows = [], []
    for line in [*markdown.splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif rows:
            found.append(rows)
            rows = []
    return found


# --- golden files -----------------------------------------------------------------------------------

def test_the_markdown_is_the_golden_one(full):
    said = full.ok("report", "--repository-url", "https://github.com/o/lance").stdout
    assert said == golden("history.md", said)


def test_the_json_is_the_golden_one(full):
    said = masked(full.ok("report", "--format", "json", "--samples", 1).stdout)
    assert same(json.loads(said), json.loads(golden("history.json", said)))


def test_the_markdown_for_a_pull_request_is_the_golden_one(store):
    history = History()
    make(history, count=30)
    history.commit("request", 28, 3600 * 50, subject="faster <scan>")
    for name, value in (("scan", 9e5), ("steady", 3e3), (NASTY, 7.4e5)):
        for run in range(3):
            history.result("request", value * (1 + run / 1000), time=3600 * 50, name=name, run=f"pr {run}",
                           table="results_pr")
    history.write(store)
    said = store.ok("report", ident("request"), "--pull-request", "--beside", ident(28), "--test-bed", "bed").stdout
    assert said == golden("pull-request.md", said)
    assert "Measured at the base, and not here: `decode`" in said, "what the base has is named"
    assert "open regressions" not in said, "a pull request is not to blame for them"


# --- Markdown ---------------------------------------------------------------------------------------

def test_the_verdict_comes_first_and_what_changed_second(full):
    said = full.ok("report").stdout
    assert said.splitlines()[2].startswith("**Verdict: worse.** 2 worse, 1 better, ")
    first = tables(said)[0]
    assert [row[0] for row in first[2:]] == ["`scan`", "`rows#throughput`", "`decode`"], "the worst first"
    assert said.index("<details>") > said.index("`decode`")
    assert said.count("<details>") == said.count("</details>") == said.count("<summary>")
    assert all(len({len(row) for row in rows}) == 1 for rows in tables(said)), "a table's rows have its cells"


@pytest.mark.parametrize("limit", [10_000, 11_000, 12_500, 14_000])
def test_rows_are_left_out_whole_and_counted(store, limit):
    history = History()
    for i in range(12):
        history.commit(i, i - 1 if i else None, 3600 * i)
        for number in range(150):
            history.result(i, 1e6 * (1 + .001 * ((i * 7 + number) % 5)), time=3600 * i,
                           name=f"group/benchmark with a long name/{number:03}")
    history.write(store)
    said = store.ok("report", "--max-bytes", limit).stdout
    assert len(said.encode()) <= limit
    assert said.count("<details>") == said.count("</details>")
    shown = sum(len(rows) - 2 for rows in tables(said) if rows[0][0] == "benchmark")
    left = sum(map(int, re.findall(r"(\d+) of \d+ (?:same|unsure)", said)))
    assert shown + left == 150 and left, said[-300:]
    whole = store.ok("report", "--max-bytes", "1M").stdout
    assert "Left out" not in whole and all(row in whole.splitlines() for row in said.splitlines() if "group/" in row)


def test_foreign_words_are_text_in_markdown(full):
    said = full.ok("report").stdout
    outside = re.sub(r"`[^`\n]*`", "", said)
    for word in ("@everyone", "@lance", "#12", "</script", "@nightly", "\u202e"):
        assert word not in outside, word
    assert "\u202e" not in said and "U+202E" in said


def rendered(program, markdown):
    """As GitHub's own program for Markdown renders it, with the extensions that GitHub uses."""
    extensions = [word for name in ("table", "autolink", "strikethrough", "tagfilter") for word in ("-e", name)]
    return subprocess.run([program, *extensions, "--unsafe"], input=markdown, capture_output=True, encoding="utf-8",
                          check=True).stdout


def test_tables_stay_tables_on_github_whatever_names_hold(store):
    program = shutil.which("cmark-gfm")
    if not program:
        pytest.skip("cmark-gfm is not here: run scripts/setup test")
    history = History()
    names = ["a|b", "a\\|b", "a\\\\|b", "``a|``", "|", "\\", "`", "a`b|c`", "<b>|</b>", "\n|-|\n|x|", "| - |",
             "[l](http://x)|", "https://a.example/|b", "~~a|b~~", "</details>", "a\u2028|b", "|" * 40, "\\|" * 40,
             "@octocat|#1"]
    for number, name in enumerate(names):
        history.line(noisy([1e6] * 30 + [2e6] * 9, seed=number), name=name, units=name if number % 2 else "nanoseconds")
    history.tables["commits"] = [{**c, "subject": names[i % len(names)]}
                                 for i, c in enumerate(history.tables["commits"][:39])]
    history.write(store)
    said = store.ok("report").stdout
    rows = [line for line in said.splitlines() if line.startswith("|") and not re.fullmatch(r"[|:-]+", line)]
    page = rendered(program, said)
    assert page.count("<tr>") == len(rows) >= 2 * len(names), "no row is lost, none is added"
    for table in re.findall(r"<table>.*?</table>", page, re.DOTALL):
        cells = {len(re.findall("<t[dh]", row)) for row in re.findall("<tr>.*?</tr>", table, re.DOTALL)}
        assert len(cells) == 1
    plain = re.sub("<code>.*?</code>", "", page, flags=re.DOTALL)
    assert page.count("<details>") == page.count("</details>") == said.count("<details><summary>")
    assert not re.findall(r"<a |<img|<del>|<b>|@octocat|#1\b", plain)


def test_commits_are_linked_where_the_repository_has_the_projects_name(full):
    page = f"(https://github.com/o/lance/commit/{ident(39)})"
    assert page in full.ok("report", env={"GITHUB_REPOSITORY": "o/lance"}).stdout
    assert "https" not in full.ok("report", env={"GITHUB_REPOSITORY": "o/benchmarks"}).stdout
    assert f"(https://git.example/c?id={ident(39)})" in full.ok(
        "report", "--commit-url", "https://git.example/c?id={commit}").stdout
    assert "https" not in full.ok(
        "report", env={"GITHUB_REPOSITORY": "o/lance", "GITHUB_SERVER_URL": "javascript:alert(1)//"}).stdout


# --- the data ---------------------------------------------------------------------------------------

def report(store, *words):
    return json.loads(store.ok("report", "--format", "json", *words).stdout)


def find(said, name, bed="bed", units=None):
    found, = (s for s in said["series"] if (s["name"], s["test_bed"]) == (name, bed) and units in (None, s["units"]))
    return found


def test_json_has_points_levels_changes_and_verdicts(full):
    said = report(full)
    assert (said["schema"], said["project"], said["verdict"]) == (1, "lance", "worse")
    assert [c["id"] for c in said["commits"]] == [ident(i) for i in range(COMMITS)]
    assert said["commits"][24]["subject"] == SUBJECTS[24]
    scan = find(said, "scan")
    assert scan["points"]["commit"] == list(range(COMMITS)) and len(scan["points"]["runs"][39]) == 2
    first, second = scan["levels"]
    assert (first["from"], first["to"], second["from"]) == (0, 23, 24)
    assert first["low"] < first["value"] < first["high"] < second["low"]
    assert scan["verdict"]["outcome"] == "worse" and scan["verdict"]["runs"] == 2
    change, = (c for c in said["changes"] if said["series"][c["series"]] == scan)
    assert (change["last_before"], change["first_after"], change["status"]) == (23, 24, "open")
    rows = find(said, "rows#throughput")
    assert rows["higher_is_better"] and rows["metric"] == "throughput" and rows["verdict"]["outcome"] == "worse"
    assert find(said, "decode")["verdict"]["outcome"] == "better"
    assert find(said, "fresh")["verdict"]["outcome"] == "no history"
    assert find(said, "gone")["verdict"]["outcome"] == "not measured"
    other = find(said, "scan", "other")["verdict"]
    assert other["outcome"] == "not comparable" and "rustc 1.95" in other["notes"][0]
    assert sum(said["outcomes"].values()) == len(said["series"])


def test_the_verdicts_are_those_of_compare_and_the_changes_those_of_changes(full):
    said = report(full)
    done = full.run("compare", "--history", "--format", "json")
    for item in json.loads(done.stdout)["benchmarks"]:
        mine = find(said, item["benchmark"], item["test_bed"], item["units"])["verdict"]
        assert (mine["outcome"], mine["change"], mine["p"]) == (item["verdict"], item["change"], item["p_adjusted"])
    listed = json.loads(full.ok("changes", "--format", "json").stdout)
    assert [(c["benchmark"], c["first_after"], c["status"]) for c in listed] == [
        (said["series"][c["series"]]["name"], said["commits"][c["first_after"]]["id"], c["status"])
        for c in said["changes"]]


def test_another_unit_is_another_series_and_said_so(full):
    said = report(full)
    blocks, old = find(said, "file#size", units="blocks"), find(said, "file#size", units="bytes")
    assert blocks["other_units"] and old["other_units"] and old["verdict"]["outcome"] == "not measured"
    assert "`file#size` in `blocks`, `bytes`" in full.ok("report").stdout


def test_since_hides_commits_that_still_count(full):
    said = report(full, "--since", "2023-11-16")
    assert len(said["commits"]) == 14 and said["commits"][0]["time"] >= "2023-11-16"
    assert find(said, "scan")["verdict"] | {"oldest": 0, "newest": 0} == \
        find(report(full), "scan")["verdict"] | {"oldest": 0, "newest": 0}
    assert [s["name"] for s in said["series"]].count("gone") == 0
    assert len(find(said, "scan")["levels"]) == 1


def test_an_earlier_commit_is_held_against_what_came_before_it(full):
    said = report(full, ident(24)[:8], "--beside", ident(10)[:8])
    assert said["commits"][said["commit"]]["id"] == ident(24)
    assert said["commits"][said["base"]]["id"] == ident(10)
    scan = find(said, "scan")
    assert scan["verdict"]["outcome"] == "worse" and scan["base"] == scan["points"]["value"][10]


def test_samples_are_there_when_asked_for(full):
    assert "samples" not in find(report(full), "scan")
    samples = find(report(full, "--samples", 2), "scan")["samples"]
    assert sorted((s["commit"], s["values"][0] > 1.2e6) for s in samples) == [(38, False), (39, True), (39, True)]


def test_the_policy_counts(full):
    config = full.file("rules.json", json.dumps({"verdicts": {"rules": [
        {"benchmark": "scan", "ignore": True}, {"benchmark": "decode", "direction": "higher"}]}}))
    said = report(full, "--config", config)
    assert find(said, "scan")["verdict"]["outcome"] == "ignored"
    decode = find(said, "decode")
    assert decode["higher_is_better"] and decode["verdict"]["outcome"] == "worse"


# --- other programs' formats ------------------------------------------------------------------------

def test_csv_has_every_point(full):
    rows = list(csv.DictReader(io.StringIO(full.ok("report", "--csv", "-").stdout)))
    said = report(full)
    assert len(rows) == sum(len(s["points"]["value"]) for s in said["series"])
    assert {r["name"] for r in rows} == {s["name"] for s in said["series"]}, "also the one with quotes and bars"
    last, = (r for r in rows if r["commit"] == ident(39) and (r["name"], r["test_bed"]) == ("scan", "bed"))
    assert last["verdict"] == "worse" and last["runs"] == "2" and float(last["low"]) < float(last["high"]) == 1.31e6


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one CPU here: nothing is done beside anything")
def test_one_cpu_and_all_of_them_say_the_same(full):
    cpu = min(os.sched_getaffinity(0))
    one = {"preexec_fn": lambda: os.sched_setaffinity(0, {cpu})}
    for words in (("report", "--csv", "-"), ("report", "--json", "-"), ("changes", "--format", "json")):
        assert masked(full.ok(*words, **one).stdout) == masked(full.ok(*words).stdout), words


def data_js(text):
    assert text.startswith("window.BENCHMARK_DATA = {")
    assert "<" not in text and ">" not in text, "nothing in it ends a script"
    return json.loads(text.removeprefix("window.BENCHMARK_DATA = "))


def test_data_js_is_what_github_action_benchmarks_page_reads(full):
    data = data_js(full.ok("report", "--data-js", "-", "--repository-url", "https://github.com/o/lance").stdout)
    assert set(data) == {"lastUpdate", "repoUrl", "entries"} and set(data["entries"]) == {"bed", "other"}
    entries = data["entries"]["bed"]
    for entry in entries:
        assert set(entry) == {"commit", "date", "tool", "benches"}
        assert {"id", "message", "timestamp", "url", "author", "committer"} <= set(entry["commit"])
        assert isinstance(entry["commit"]["committer"]["username"], str) and entry["date"] % 1000 == 0
        assert entry["tool"] in ("customSmallerIsBetter", "customBiggerIsBetter")
        for bench in entry["benches"]:
            assert isinstance(bench["value"], (int, float)) and {"name", "unit", "value"} <= set(bench)
    bigger, = (e for e in entries if e["tool"] == "customBiggerIsBetter" and e["commit"]["id"] == ident(39))
    assert [b["name"] for b in bigger["benches"]] == ["rows#throughput"]
    assert [e["date"] for e in entries] == sorted(e["date"] for e in entries)


@pytest.mark.parametrize("bed, prefix", [(("--test-bed", "bed"), ""), ((), "bed/")])
def test_data_js_reads_back(full, store, bed, prefix):
    store.ok("report", "--data-js", store.folder / "data.js", *bed)
    before = report(store, *bed)
    other = store.folder / "other"
    store.ok("import-history", store.folder / "data.js", "--dut-name", "lance", db=other)
    after = json.loads(store.ok("report", "--format", "json", "--project", "lance", db=other).stdout)
    for series in before["series"]:
        if series["test_bed"] != "bed":
            continue
        read, = (s for s in after["series"] if (s["name"], s["units"]) == (prefix + series["name"], series["units"]))
        assert read["points"]["value"] == series["points"]["value"], series["name"]
        assert [after["commits"][c]["id"] for c in read["points"]["commit"]] == [
            before["commits"][c]["id"] for c in series["points"]["commit"]]


def test_bmf_has_the_commits_results_and_reads_back(full, store):
    store.ok("report", "--bmf", store.folder / "bmf.json", "--test-bed", "bed")
    data = json.loads((store.folder / "bmf.json").read_text())
    assert set(data) == {"scan", "decode", "steady", "rows", "wild", "fresh", "file", NASTY}
    scan = data["scan"]["latency"]
    assert scan["lower_value"] < scan["value"] < scan["upper_value"] == 1.31e6
    assert data["fresh"] == {"latency": {"value": 12345}} and data["file"]["size"]["value"] == 40960
    other = store.folder / "other"
    store.ok("publish", "bmf", store.folder / "bmf.json", "--dut-version", "1", "--dut-timestamp", START, "--commit",
             ident(39), db=other)
    names = {r["benchmark"] for r in json.loads(store.ok("results", "--format", "json", db=other).stdout)}
    assert {"scan", "rows#throughput", "file#size", NASTY} <= names
    both = json.loads(store.ok("report", "--bmf", "-").stdout)
    assert both["scan @ other"]["latency"]["value"] != both["scan @ bed"]["latency"]["value"]


# --- the command ------------------------------------------------------------------------------------

def test_one_call_writes_every_output(full):
    files = {name: full.folder / f"out.{name}" for name in ("markdown", "json", "csv", "bmf", "data-js")}
    done = full.ok("report", *[word for name, path in files.items() for word in (f"--{name}", path)])
    assert done.stdout == "" and all(path.stat().st_size > 500 for path in files.values())
    assert files["markdown"].read_text() == full.ok("report").stdout == full.ok("report", "--markdown", "-").stdout
    assert masked(files["json"].read_text()) == masked(full.ok("report", "--format", "json").stdout)
    assert not list(full.folder.glob("*.tmp.*"))


def test_a_file_that_cannot_be_written_is_one_line(full):
    assert "no-such-folder" in error_line(full.run("report", "--json", full.folder / "no-such-folder" / "x"), 1)


def test_several_projects_are_to_be_told_apart(full, store):
    lines = json.dumps([{"name": "x", "commit": ident(1), "datetime": "2023-01-01 00:00:00", "os": "Linux",
                         "arch": "x86_64", "mean_duration_ns": 1.5, "standard_error": 0.1}])
    store.ok("import-history", store.file("history.json", lines), "--dut-name", "another")
    said = error_line(store.run("report"), 129)
    assert "--project" in said and "'another'" in said and "'lance'" in said
    assert "### Benchmarks of `another`" in store.ok("report", "--project", "another").stdout


@pytest.mark.parametrize("words, code", [
    (("xyz",), 129), (("--pull-request",), 129), (("--alpha", "1"), 129), (("--matters", "0"), 129),
    (("--max-bytes", "100"), 129), (("--since", "yesterday"), 129), (("--samples", "-1"), 129),
    (("--commit-url", "https://x"), 129), (("--commit-url", "javascript:{commit}"), 129),
    (("--repository-url", "https://x/a b"), 129), (("--csv", "-", "--json", "-"), 129), (("--csv", ""), 129),
    (("fffffff",), 3), (("--benchmark", "no such"), 3), (("--beside", "fffffff"), 3), (("abcdef0", "abcdef1"), 129),
])
def test_wrong_usage_is_one_line(full, words, code):
    error_line(full.run("report", *words), code)


def test_nothing_stored_is_no_data(store):
    error_line(store.run("report"), 3)


def test_spoiled_results_are_shown_only_where_that_is_asked_for(store):
    history = History()
    history.session("bad", canary="spoiled")
    for i in range(5):
        history.result(i, 100.0 + i, time=3600 * i, session="bad")
    history.write(store)
    refused = store.run("report")
    assert "none of the 5 results that match" in error_line(refused, 3)
    shown = store.ok("report", "--disturbed").stdout
    assert "104" in shown and "Results count even where" in shown
    said = report(store, "--disturbed")
    assert said["disturbed"] and said["series"][0]["points"]["value"] == [100, 101, 102, 103, 104]
