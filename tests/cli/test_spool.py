"""The spool: results that could not be stored wait, and go where they belong and nowhere else."""

import json

import pytest
from store_helpers import FIXTURES, COMMIT, criterion_lines, error_line, store  # noqa: F401


@pytest.fixture
def away(store):  # noqa: F811
    """A database that cannot be reached until the file in its place is gone."""
    path = store.file("away", "in the way")
    store.db = str(path)
    return store


def come_back(store):  # noqa: F811
    (store.folder / "away").unlink()


def test_everything_that_was_asked_for_is_kept(away):
    path = away.file("in.jsonl", criterion_lines(["a"]))
    done = away.publish(path, "--commit", COMMIT, "--metric", "cpu_time", "--run", "the 'run'", "--pull-request",
                        bed="bed ü")
    error_line(done, 6)
    (entry,) = away.spooled()
    request = json.loads((entry / "request.json").read_text())
    assert request["database"] == away.db
    path.unlink()
    come_back(away)
    away.ok("publish", "--spooled")
    (row,) = away.query("SELECT * FROM results_pr")
    assert row["benchmark_name"] == "a#cpu_time" and row["test_bed"]["name"] == "bed ü"
    assert row["dut"] == {"name": "lance", "version": "1.2.3+abcdef0", "timestamp": 1_700_000_000}
    metadata = json.loads(row["metadata"])
    assert metadata["run"] == "the 'run'" and metadata["commit"] == COMMIT
    assert away.spooled() == []


def test_a_folder_is_kept_as_a_folder_and_standard_input_as_a_file(away):
    error_line(away.publish(FIXTURES / "criterion-0.8.2"), 6)
    with open(FIXTURES / "cargo-criterion-1.1.0.jsonl") as lines:
        error_line(away.publish("-", stdin=lines), 6)
    assert len(away.spooled()) == 2
    come_back(away)
    assert "Sent 2 spooled publishings" in away.ok("publish", "--spooled").stdout
    rows = away.tables()["results"]["rows"]
    away.published(FIXTURES / "criterion-0.8.2")
    away.published(FIXTURES / "cargo-criterion-1.1.0.jsonl")
    assert away.tables()["results"]["rows"] == rows, "it was the same run"


def test_entries_go_each_to_its_own_database(away):
    first, second = away.folder / "first", away.folder / "second"
    for place in (first, second):
        place.write_text("in the way")
        error_line(away.publish(away.file(f"{place.name}.jsonl", criterion_lines([place.name])), db=place), 6)
    first.unlink()
    assert "1 publishings still wait" in away.run("publish", "--spooled", db=away.folder / "third").stderr
    assert away.names(db=first) == ["first"]
    assert len(away.spooled()) == 1 and not (away.folder / "third").exists()
    second.unlink()
    away.ok("publish", "--spooled", db=away.folder / "third")
    assert away.names(db=second) == ["second"] and away.names(db=first) == ["first"]
    assert not (away.folder / "third").exists()


def test_a_relative_database_is_meant_from_everywhere(away):
    path = away.file("in.jsonl", criterion_lines(["a"]))
    error_line(away.publish(path, db="away"), 6)
    come_back(away)
    away.env["HOME"] = "/"
    elsewhere = away.folder / "elsewhere"
    elsewhere.mkdir()
    folder, away.folder = away.folder, elsewhere
    away.ok("publish", "--spooled")
    away.folder = folder
    assert away.names() == ["a"]
    assert not (elsewhere / "away").exists()


def test_what_cannot_be_read_stays_and_is_named(away):
    error_line(away.publish(away.file("a.jsonl", criterion_lines(["a"]))), 6)
    error_line(away.publish(away.file("b.jsonl", criterion_lines(["b"]))), 6)
    entry = away.spooled()[0]
    (entry / "request.json").write_text("{")
    come_back(away)
    done = away.run("publish", "--spooled")
    assert done.returncode == 1 and str(entry) in done.stderr
    assert away.names() == ["b"] and away.spooled() == [entry]


def test_an_empty_spool_is_fine(store):  # noqa: F811
    assert "Sent 0" in store.ok("publish", "--spooled").stdout
    done = store.ok("publish", "--spooled", "--format", "json")
    assert json.loads(done.stdout) == {"published": 0, "waiting": 0, "broken": 0, "results": 0}


def test_two_senders_at_once_send_everything_once(away):
    for i in range(4):
        error_line(away.publish(away.file(f"{i}.jsonl", criterion_lines([f"r{i}"], seed=i))), 6)
    come_back(away)
    senders = [away.start("publish", "--spooled") for _ in range(2)]
    for sender in senders:
        _, err = sender.communicate(timeout=120)
        assert sender.returncode == 0, err
    assert away.names() == [f"r{i}" for i in range(4)]
    assert away.tables()["runs"]["rows"] == 4 and away.spooled() == []


def test_bad_input_is_never_spooled(away):
    bad = away.file("bad.jsonl", criterion_lines(["good"]) + '{"reason":"benchmark-complete","id":"x"}\n')
    assert "bad.jsonl" in error_line(away.publish(bad), 1)
    assert "No benchmark results" in error_line(away.publish(away.file("none.jsonl", "\n")), 3)
    assert away.spooled() == []


def test_the_home_folder_is_meant_by_a_tilde_from_everywhere(away):
    home = away.folder / "home"
    (home / "blocked").write_text("in the way")
    error_line(away.publish(away.file("in.jsonl", criterion_lines(["a"])), db="~/blocked"), 6)
    (home / "blocked").unlink()
    away.ok("publish", "--spooled")
    assert away.names(db=home / "blocked") == ["a"]
    assert not (away.folder / "~").exists()
