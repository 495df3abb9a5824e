"""`backfill`: which commits of the past, and in which order. test_schedule_run.py measures them."""

import json

import pytest
from checkout_servers import git
from line_helpers import DAY, FIRST_TIME, Line, rows
from store_helpers import criterion_lines, error_line, store  # noqa: F401


@pytest.fixture
def empty_line(tmp_path):
    """Twelve commits, a day apart, in no need of being measured."""
    line = Line(tmp_path / "line")
    for _ in range(12):
        line.commit()
    return line


def plan(store, line, *words):  # noqa: F811
    """Numbers of the commits that would be measured, in order."""
    done = store.ok("backfill", "--repo", line.folder, "--dry-run", "--format", "json", *words)
    found = rows(done)
    assert all(row["action"] == "left" for row in found)
    return [int(row["subject"].split()[1]) for row in found]


def publish(store, line, number, mean=100.0, **options):  # noqa: F811
    commit = line.id(f"main~{line.count - number}")
    text = criterion_lines(["a", "b"], seed=1)
    scaled = []
    for message in map(json.loads, text.splitlines()):
        message["measured_values"] = [v * mean / 100 for v in message["measured_values"]]
        scaled.append(json.dumps(message))
    path = store.file(f"{number}.jsonl", "\n".join(scaled) + "\n")
    done = store.publish(path, "--commit", commit, version=f"1+{commit[:7]}", **options)
    assert done.returncode == 0, done.stderr


def test_the_newest_ten_are_measured_from_the_newest_on(store, empty_line):  # noqa: F811
    assert plan(store, empty_line) == [12, 11, 10, 9, 8, 7, 6, 5, 4, 3]
    assert plan(store, empty_line, "--max-commits", "3") == [12, 11, 10]
    assert plan(store, empty_line, "--max-commits", "99") == list(range(12, 0, -1))


def test_every_so_many_th_commit(store, empty_line):  # noqa: F811
    assert plan(store, empty_line, "--max-commits", "3", "--interval", "4") == [12, 8, 4]
    assert plan(store, empty_line, "--max-commits", "3", "--interval", "4", "--order", "oldest-first") == [4, 8, 12]


def test_what_is_measured_is_left_out(store, empty_line):  # noqa: F811
    publish(store, empty_line, 11)
    assert plan(store, empty_line, "--max-commits", "3") == [12, 10]
    assert plan(store, empty_line, "--max-commits", "3", "--only-missing") == [12, 10]
    assert plan(store, empty_line, "--max-commits", "3", "--all") == [12, 11, 10]
    assert plan(store, empty_line, "--max-commits", "3", "--test-bed", "other") == [12, 11, 10]


def test_a_range_of_commits_has_both_its_ends(store, empty_line):  # noqa: F811
    since, until = empty_line.id("main~8"), empty_line.id("main~6")
    assert plan(store, empty_line, "--since", since, "--until", until) == [6, 5, 4]
    assert plan(store, empty_line, "--since", since[:7], "--until", until[:12].upper()) == [6, 5, 4]
    assert plan(store, empty_line, "--since", since, "--until", since) == [4]
    assert plan(store, empty_line, "--until", until, "--max-commits", "2") == [6, 5]
    assert plan(store, empty_line, "--since", since, "--order", "oldest-first", "--max-commits", "2") == [4, 5]


def test_a_range_of_dates_has_whole_days_in_utc(store, empty_line):  # noqa: F811
    # Commit n was made on 2026-02-02 + n days, 02:40 UTC.
    assert plan(store, empty_line, "--since", "2026-02-05", "--until", "2026-02-06") == [4, 3]
    assert plan(store, empty_line, "--since", "2026-02-05T02:40:01Z", "--until", "2026-02-06T02:40:00Z") == [4]
    # 02:40 UTC is 04:40 two hours to the east, and still the day before eight hours to the west.
    assert plan(store, empty_line, "--since", "2026-02-05T04:40:00+02:00", "--until", "2026-02-05T23:00+02:00") == [3]
    assert plan(store, empty_line, "--since", "2026-02-04T18:40:00-08:00", "--until", "2026-02-04T18:40:00-08:00") == [3]
    assert plan(store, empty_line, "--since", "2026-02-13", "--order", "oldest-first") == [11, 12]


def test_dates_are_found_behind_a_commit_whose_clock_was_wrong(store, tmp_path):  # noqa: F811
    line = Line(tmp_path / "line")
    for number in range(1, 7):
        line.commit(when="@86400" if number == 4 else FIRST_TIME + number * DAY)
    assert plan(store, line, "--since", "2026-02-04", "--until", "2026-02-08") == [6, 5, 3, 2]


def test_by_information_an_unmeasured_range_is_covered_coarsely_then_finely(store, empty_line):  # noqa: F811
    assert plan(store, empty_line, "--order", "information", "--max-commits", "12")[:3] == [12, 1, 7]


def test_by_information_the_largest_step_is_halved_first(store, empty_line):  # noqa: F811
    for number, mean in ((1, 100), (6, 101), (12, 130)):
        publish(store, empty_line, number, mean)
    done = store.ok("backfill", "--repo", empty_line.folder, "--dry-run", "--format", "json", "--max-commits", "12",
                    "--order", "information")
    first = rows(done)[0]
    assert first["subject"] == "commit 9"
    assert "halves the 5 commits between" in first["why"] and "changed by +2" in first["why"]
    # Without the step the wider gap would be first.
    assert plan(store, empty_line, "--max-commits", "12", "--order", "information", "--test-bed", "other")[0] == 12


def test_a_merge_counts_once(store, empty_line):  # noqa: F811
    repo = empty_line.folder
    git(repo, "checkout", "-q", "-b", "side", "main~1")
    git(repo, "commit", "-q", "--allow-empty", "-m", "commit 100")
    git(repo, "checkout", "-q", "main")
    git(repo, "merge", "-q", "--no-ff", "-m", "commit 13", "side")
    assert plan(store, empty_line, "--max-commits", "3") == [13, 12, 11]


def test_a_range_of_very_many_commits(store, tmp_path):  # noqa: F811
    """More than are put into one condition: states and values are looked up instead."""
    repo, count = tmp_path / "many", 450
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main")
    text = "".join(
        f"commit refs/heads/main\nmark :{n}\ncommitter a <a@b> {FIRST_TIME + n} +0000\ndata {len(f'commit {n}')}\n"
        f"commit {n}\n" + (f"from :{n - 1}\n" if n > 1 else "") for n in range(1, count + 1))
    git(repo, "fast-import", "--quiet", input=text.encode())
    line = Line.__new__(Line)
    line.folder, line.count = repo, count
    for number, mean in ((1, 100), (225, 100), (449, 150)):
        publish(store, line, number, mean)
    since = ("--since", line.id(f"main~{count - 1}"))
    assert plan(store, line, *since, "--max-commits", "3") == [450, 448, 447]
    assert plan(store, line, *since, "--max-commits", "2", "--order", "information")[0] == 337
    found = rows(store.ok("schedule", "--repo", repo, "--since-commit", since[1], "--format", "json"))
    states = {int(row["subject"].split()[1]): row["state"] for row in found}
    assert len(found) == count and {n for n, state in states.items() if state == "complete"} == {1, 225, 449}


def test_a_shallow_clone_is_said(store, empty_line, tmp_path):  # noqa: F811
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{empty_line.folder}", tmp_path / "clone")
    done = store.ok("backfill", "--repo", tmp_path / "clone", "--dry-run", "--format", "json")
    assert len(rows(done)) == 2
    assert "shallow clone: 2 commits" in done.stderr


def test_a_plan_writes_nothing(store, empty_line):  # noqa: F811
    assert plan(store, empty_line)
    assert store.tables() == {}


@pytest.mark.parametrize("words, code, message", [
    (["--since", "2026-03-01", "--until", "2026-02-01"], 129, "--since 2026-03-01 is newer than --until 2026-02-01"),
    (["--since", "HEAD", "--until", "HEAD~3"], 129, "is newer than"),
    (["--since", "2031-01-01"], 3, "no commit of the branch lies between 2031-01-01 and its end"),
    (["--until", "2001-01-01"], 3, "no commit of the branch lies between its beginning and 2001-01-01"),
    (["--since", "0123456789"], 129, "--since 0123456789 is not among the 12 commits"),
    (["--since", "yesterday"], 129, "a date such as 2026-01-31, not 'yesterday'"),
    (["--until", "2026-02-30"], 129, "not '2026-02-30'"),
    (["--max-commits", "0"], 129, "between 1 and"),
    (["--interval", "0"], 129, "between 1 and"),
    (["--max-commits", "5000", "--interval", "5000"], 129, "between 1 and"),
    (["--order", "random"], 129, "not 'random'"),
    (["--all", "--only-missing"], 129, "exclude each other"),
    (["--branch", "absent"], 1, "'absent'"),
    (["--run", "--dispatch-repo", "a/b"], 129, "give one of them"),
    (["--budget", "soon"], 129, "--budget takes a time"),
    (["stray"], 129, "'stray'"),
])
def test_what_cannot_be_is_told(store, empty_line, words, code, message):  # noqa: F811
    words = [empty_line.id(word) if word.startswith("HEAD") else word for word in words]
    assert message in error_line(store.run("backfill", "--repo", empty_line.folder, *words), code)
