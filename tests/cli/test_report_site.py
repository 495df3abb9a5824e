"""`report --site`, `--html`, `--svg` and `--png`: what is in the files. tests/browser/ looks at the pages."""

import hashlib
import json
import math
import random
import re
import shutil
import struct
import time
import xml.etree.ElementTree
import zlib

import pytest
from history_helpers import History, noisy
from store_helpers import error_line, store  # noqa: F401

HOSTILE = "</script><script>alert(1)</script><!-- \u202ereversed\u202c \"quoted\" 'too' & \\u003c"


def history_of(names, count=40, extra=0):
    history = History()
    for i, name in enumerate(names):
        history.line(noisy([1e6 * (i + 1)] * (count - 10) + [1.1e6 * (i + 1)] * 10, seed=i) + [1e6] * extra, name=name)
    history.tables["commits"] = history.tables["commits"][:count + extra]
    return history


def write_history(store, history):
    shutil.rmtree(store.db, ignore_errors=True)
    history.write(store)


def overview_of(page):
    found = re.search(r'<script type="application/json" id="overview">(.*?)</script>', page, re.S)
    return json.loads(found.group(1))


def site_files(folder):
    return {p.relative_to(folder).as_posix(): p.stat().st_mtime_ns for p in folder.rglob("*")
            if p.is_file() and p.name != ".lock"}


def is_whole(folder):
    """Every file that the page names is there and is what it should be."""
    overview = overview_of((folder / "index.html").read_text())
    parcels = [json.loads((folder / "data" / name).read_text()) for name in overview["files"]]
    series = overview["series"]
    for parcel, place, points in zip(series["parcel"], series["place"], series["points"]):
        assert len(parcels[parcel][place]["v"]) == points
    return overview


# -- the page


def test_foreign_text_cannot_end_the_script_element_it_stands_in(store):
    write_history(store, history_of([HOSTILE, "plain"]))
    store.ok("report", "--html", "report.html")
    page = (store.folder / "report.html").read_text()
    parts = re.findall(r"<script[^>]*>(.*?)</script>", page, re.S)
    assert len(parts) == len(re.findall(r"<script", page)) == page.count("</script>")
    assert "alert(1)</script>" not in page
    overview = overview_of(page)
    assert HOSTILE in overview["series"]["name"]
    assert all("<" not in part for part in parts if part.startswith(("{", "[")))


def test_a_page_allows_its_own_script_and_no_request(store):
    write_history(store, history_of(["plain"]))
    store.ok("report", "--html", "report.html", "--site", "site")
    for name, requests in (("report.html", None), ("site/index.html", "connect-src 'self'")):
        page = (store.folder / name).read_text()
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)
        assert policy.startswith("default-src 'none'; script-src 'sha256-")
        assert ("connect-src" in policy) == (requests is not None) and "unsafe-eval" not in policy
        assert not re.search(r'(?:src|href)="(?!data:|#)', page)


def test_the_data_are_the_results_in_seven_digits(store):
    history = History()
    values = [123456789.123, 0.00012345678, 1e22, 3, 99999999.9, 1e-9]
    history.line(values, name="odd values")
    write_history(store, history)
    store.ok("report", "--html", "report.html")
    page = (store.folder / "report.html").read_text()
    parcel = json.loads(re.search(r'id="parcel-0">(.*?)</script>', page, re.S).group(1))
    assert parcel[0]["v"] == pytest.approx(values, rel=1e-6)
    assert parcel[0]["c"] == 0


# -- the site


def test_writing_a_site_again_changes_nothing(store):
    write_history(store, history_of(["a", "b", "c"]))
    store.ok("report", "--site", "site")
    before = site_files(store.folder / "site")
    is_whole(store.folder / "site")
    time.sleep(1.1)  # the page says when it was made
    store.ok("report", "--site", "site")
    assert site_files(store.folder / "site") == before


def test_only_what_has_changed_is_written_and_what_is_gone_goes(store):
    names = [f"bench {i}" for i in range(60)]
    site = store.folder / "site"
    write_history(store, history_of(names))
    store.ok("report", "--site", "site")
    before = site_files(site)
    history = history_of(names)
    history.commit(40, 39, 3600 * 40)
    history.result(40, 1.1e6, time=3600 * 40, name="bench 0")
    write_history(store, history)
    store.ok("report", "--site", "site")
    is_whole(site)
    after = site_files(site)
    written = [name for name in after if before.get(name) != after[name]]
    assert sorted(name.split("/")[0] for name in written) == ["data", "index.html", "manifest.json"]
    assert len(after) == len(before), "the parcel's old file has gone"
    write_history(store, history_of(names[:1]))
    store.ok("report", "--site", "site")
    assert is_whole(site)["series"]["name"] == names[:1]
    assert len(list((site / "data").glob("*.json"))) == 1


def test_the_manifest_names_every_file_with_its_digest(store):
    write_history(store, history_of(["a", "b"]))
    store.ok("report", "--site", "site")
    site = store.folder / "site"
    listed = {f["path"]: f["sha256"] for f in json.loads((site / "manifest.json").read_text())["files"]}
    assert set(listed) | {"manifest.json"} == set(site_files(site))
    for name, digest in listed.items():
        assert hashlib.sha256((site / name).read_bytes()).hexdigest() == digest


def test_a_site_is_not_written_over_a_page_of_somebody_else(store):
    write_history(store, history_of(["a"]))
    page = store.file("site/index.html", "<h1>mine</h1>")
    assert "index.html is not a page of lance-bench" in error_line(store.run("report", "--site", "site"), 129)
    assert page.read_text() == "<h1>mine</h1>"


def test_a_damaged_file_is_mended_and_other_files_stay(store):
    write_history(store, history_of(["a"]))
    store.ok("report", "--site", "site")
    site = store.folder / "site"
    data, = (site / "data").glob("*.json")
    data.write_bytes(data.read_bytes()[:10])
    mine = store.file("site/data/notes.json", "{}")
    (site / "data" / "0123456789abcdef.json.tmp.1").write_text("half")
    store.ok("report", "--site", "site")
    is_whole(site)
    assert mine.exists() and not list(site.rglob("*.tmp.*"))


def test_who_is_killed_in_between_leaves_a_whole_site(store):
    names = [f"bench {i}" for i in range(250)]
    site = store.folder / "site"
    write_history(store, history_of(names, count=12))
    store.ok("report", "--site", "site")
    write_history(store, history_of(names, count=12, extra=1))
    rng = random.Random(7)
    killed = 0
    for _ in range(12):
        before = site_files(site)
        process = store.start("report", "--site", "site")
        # From the moment that the first file of data differs, a moment longer each time.
        while process.poll() is None and site_files(site) == before:
            time.sleep(.001)
        time.sleep(rng.uniform(0, .01))
        process.kill()
        process.communicate()
        killed += process.returncode == -9
        overview = is_whole(site)
        assert len(overview["commits"]["id"]) in (12, 13)
        if len(overview["commits"]["id"]) == 13:
            write_history(store, history_of(names, count=12))
            store.ok("report", "--site", "site")
            write_history(store, history_of(names, count=12, extra=1))
    assert killed
    for name in ("index.html", "manifest.json"):
        (site / f"{name}.tmp.1").write_text("unfinished")
    store.ok("report", "--site", "site")
    assert len(is_whole(site)["commits"]["id"]) == 13 and not list(site.rglob("*.tmp.*"))


# -- pictures


def png_size(data):
    """Width and height of a PNG all of whose parts are whole."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, pixels = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0]
        if kind == b"IHDR":
            width, height = struct.unpack(">II", body[:8])
        pixels += body if kind == b"IDAT" else b""
        at += 12 + length
    assert len(zlib.decompress(pixels)) == height * (1 + 3 * width)
    return width, height


def test_each_series_is_drawn_into_a_file_of_its_own(store):
    write_history(store, history_of(["a/b", "a b", HOSTILE, "x" * 4000]))
    store.ok("report", "--svg", "svg", "--png", "png")
    svgs, pngs = sorted((store.folder / "svg").iterdir()), sorted((store.folder / "png").iterdir())
    assert [p.stem for p in svgs] == [p.stem for p in pngs] and len(svgs) == 4
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,120}\.svg", p.name) for p in svgs)
    for path in svgs:
        root = xml.etree.ElementTree.parse(path).getroot()
        assert root.tag.endswith("svg") and not [e for e in root.iter() if e.tag.endswith("script")]
        assert "\u202e" not in path.read_text()
        assert len([e for e in root.iter() if e.tag.endswith("circle")]) == 40, "a point for each commit"
        assert "worse" in "".join(root.itertext())
    assert {png_size(p.read_bytes()) for p in pngs} == {(960, 420)}
    texts = ["".join(xml.etree.ElementTree.parse(p).getroot().itertext()) for p in svgs]
    assert any("</script><script>alert(1)" in text for text in texts)


def test_one_picture_needs_one_series(store):
    write_history(store, history_of(["a", "b"]))
    assert "--benchmark" in error_line(store.run("report", "--svg", "one.svg"), 129)
    store.ok("report", "--svg", "one.svg", "--png", "one.png", "--benchmark", "b")
    assert xml.etree.ElementTree.parse(store.folder / "one.svg").getroot().tag.endswith("svg")
    assert png_size((store.folder / "one.png").read_bytes()) == (960, 420)


@pytest.mark.parametrize("values", [[5.0], [0.0, 0.0], [1.0, 1.0, 1.0], [-3.0, 2.0], [1e-12, 1e12], [1e300, 1e300]])
def test_odd_series_are_drawn(store, values):
    history = History()
    history.line(values, units="widgets <&>")
    write_history(store, history)
    store.ok("report", "--svg", "one.svg", "--png", "one.png", "--html", "one.html")
    assert len(xml.etree.ElementTree.parse(store.folder / "one.svg").getroot().findall(".//{*}circle")) == len(values)


def random_name(rng):
    """Letters of several scripts, marks, controls, what other programs take for syntax; at times very long."""
    pieces = ["a", "B", "0", " ", "-", "/", "#", "&", "<", ">", "\"", "'", "]]>", "<!--", "</svg>", "\u202e", "\u200f",
              "\x1b[31m", "\x7f", "\x85", "\t", "\n", "é", "ж", "日本", "שלום", "🚀",
              "a\u0301", "\ufffe", "\U0010ffff", "&#0;", "%s", "::"]
    return "".join(rng.choice(pieces) for _ in range(rng.choice([0, 1, 5, 40, 4000])))


def random_value(rng):
    return rng.choice([0.0, 1.0, -1.0, 1e-300, 5e-324, 1e308, -1e308, 1.7e308, rng.random(), rng.lognormvariate(0, 20),
                       -rng.lognormvariate(0, 20), rng.gauss(1e9, 1)])


def test_any_name_and_any_numbers_are_drawn_and_written(store):
    """Whatever a table holds that is another program's: every output, and all pictures well formed."""
    rng = random.Random(11)
    history = History()
    made = {}
    for _ in range(60):
        count = rng.choice([1, 2, 3, 12])
        made[random_name(rng)] = [random_value(rng) for _ in range(count)]
    for name, values in made.items():
        history.line(values, name=name, units=random_name(rng)[:50] or "ns")
    for i, value in enumerate([float("nan"), float("inf"), 1.0, 2.0]):
        history.result(i, value, time=3600 * i, name="partly numbers")
    history.tables["commits"] = list({c["id"]: c for c in history.tables["commits"]}.values())
    write_history(store, history)
    store.ok("report", "--svg", "svg", "--png", "png", "--html", "r.html", "--site", "site", "--json", "r.json",
             "--csv", "r.csv", "--bmf", "r.bmf", "--data-js", "data.js", "--markdown", "r.md")
    pictures = sorted((store.folder / "svg").iterdir())
    assert len(pictures) == len(made) + 1
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,120}\.svg", p.name) for p in pictures)
    points = 0
    for path in pictures:
        root = xml.etree.ElementTree.parse(path).getroot()
        circles = [e for e in root.iter() if e.tag.endswith("circle")]
        assert all(math.isfinite(float(c.get(at))) for c in circles for at in ("cx", "cy"))
        points += len(circles)
    assert points == sum(map(len, made.values())) + 2, "a point for each number"
    assert {png_size(p.read_bytes()) for p in (store.folder / "png").iterdir()} == {(960, 420)}
    for file, start in (("r.json", 0), ("r.bmf", 0), ("data.js", len("window.BENCHMARK_DATA = "))):
        json.loads((store.folder / file).read_text()[start:], parse_constant=pytest.fail)
    said = json.loads((store.folder / "r.json").read_text())
    assert "results without a finite number, left out: 2" in said["notes"] and said["left_out"] == 0
    assert "- `results without a finite number, left out: 2`" in (store.folder / "r.md").read_text()
