"""`bisect` between ends by name, and of benchmarks that were called otherwise once."""

import datetime
import json

from bisect_helpers import CONFIG, FIRST_TIME, Line, bisect, number_of, words_for
from checkout_servers import git


def date(number, form="%Y-%m-%dT%H:%M:%SZ"):
    return datetime.datetime.fromtimestamp(FIRST_TIME + 3600 * number, datetime.timezone.utc).strftime(form)


def ends_of(said, line):
    return number_of(line, said["commits"][0]["commit"]), number_of(line, said["commits"][-1]["commit"])


def test_ends_are_ids_tags_branches_or_dates(bench, tmp_path):
    line = Line(tmp_path / "line", 30, 99)
    git(line.folder, "tag", "v1.0", line.id(3))
    git(line.folder, "tag", "-a", "-m", "annotated", "v2.0", line.id(20))
    git(line.folder, "branch", "release", line.id(12))
    git(line.folder, "tag", "2026-02-02", line.id(5))
    git(line.folder, "checkout", "-q", "-b", "side", line.id(10))
    git(line.folder, "commit", "-q", "--allow-empty", "-m", "commit 999")
    git(line.folder, "checkout", "-q", "main")
    for good, bad, first, last in [
        ("v1.0", "v2.0", 3, 20),
        ("release", "main", 12, 29),
        (line.id(2)[:9].upper(), "HEAD~4", 2, 25),
        (date(4), date(9), 4, 9),
        (date(4)[:-3] + "59Z", "main~1", 4, 28),  # a minute later
        ("v1.0", "2026-02-02", 3, 21),  # to the day's last second, whatever a tag is called
        ("refs/tags/2026-02-02", "v2.0", 5, 20),
    ]:
        said, _ = bisect(bench, line, "--dry-run", ends=(good, bad))
        assert ends_of(said, line) == (first, last), (good, bad)
    done = bench(*words_for(line, "--dry-run", ends=("v0.9", "main")))
    assert done.returncode == 1 and "v0.9" in done.stderr and done.stdout == ""
    done = bench(*words_for(line, "--dry-run", ends=("v1.0", "side")))
    assert done.returncode == 129
    assert f"side ({git(line.folder, 'rev-parse', 'side')[:12]}) is not among the 30 commits" in done.stderr


def with_aliases(aliases):
    return {**CONFIG, "aliases": aliases}


def test_a_benchmark_that_was_renamed_between_the_ends(bench, tmp_path):
    names = {0: "disk/table_scan", 8: "scan"}
    line = Line(tmp_path / "line", 16, 5, names=names, config=with_aliases({"scan": ["disk/table_scan"]}))
    said, err = bisect(bench, line)
    assert (said["answer"], said["first"], said["last"]) == ("found", line.id(5), line.id(5)), said
    assert not [row for row in said["commits"] if row["problem"]]
    again = bench(*[word if word != "scan" else "disk/table_scan" for word in words_for(line)])
    assert again.returncode == 0 and "disk/table_scan is called scan now" in again.stderr
    again = json.loads(again.stdout)
    assert (again["benchmark"], again["runs"], again["first"]) == ("scan", 0, line.id(5))


def test_without_the_alias_the_commits_before_a_rename_have_no_such_benchmark(bench, tmp_path):
    line = Line(tmp_path / "line", 12, 99, names={0: "table_scan", 6: "scan"})
    done = bench(*words_for(line))
    assert done.returncode == 4 and "it has no result of scan" in done.stderr
    # What is to be heeded may also stand in a file of one's own.
    config = tmp_path / "mine.json"
    config.write_text(json.dumps(with_aliases({"scan": "table_*"})))
    said, _ = bisect(bench, line, "--config", config, "--matters", "20", "--retry-failed", code=3)
    assert said["answer"] == "no change" and not [row for row in said["commits"] if row["problem"]]


def test_a_broken_file_at_the_branchs_end_is_no_reason_not_to_look_behind_it(bench, tmp_path):
    line = Line(tmp_path / "line", 8, 4)
    (line.folder / "lance-bench.json").write_text('{"aliases": 1}')
    git(line.folder, "commit", "-q", "-a", "-m", "commit 8")
    ends = (git(line.folder, "rev-parse", "main~8"), git(line.folder, "rev-parse", "main~1"))
    said, err = bisect(bench, line, "--dry-run", ends=ends)
    assert len(said["commits"]) == 8 and "aliases are not heeded: lance-bench.json of the default branch" in err
