"""`Perf-Expected` as people write it: in merges, squashed merges, with CRLF, several in a message, globs in quotes."""

import json

import pytest
from checkout_servers import git
from history_helpers import History, ident, noisy
from store_helpers import store  # noqa: F401

NAMES = ["scan all", "scan[8]", "take"]
AT = 15


def build(store, repo, message, merged=False):  # noqa: F811
    """A line of commits, with whose 16th all three benchmarks become slower, and the 16th has this message, or
    is a merge of a commit that has it."""
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main")
    written, parent = History(), None
    for i in range(25):
        path = repo.parent / "message"
        path.write_bytes(message.encode() if i == AT and not merged else f"commit {i}\n".encode())
        if i == AT and merged:
            git(repo, "checkout", "-q", "-b", "side")
            path.write_bytes(message.encode())
            git(repo, "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", path)
            git(repo, "checkout", "-q", "main")
            git(repo, "merge", "-q", "--no-ff", "-m", "Merge branch side", "side")
        else:
            git(repo, "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", path)
        sha = git(repo, "rev-parse", "HEAD")
        written.commit(i, None, 3600 * i)
        written.tables["commits"][-1].update(id=sha, parent=parent)
        for n, name in enumerate(NAMES):
            level = 130 if i >= AT else 100
            written.result(i, noisy([level] * (i + 1), seed=n + 1)[i], time=3600 * i, name=name)
            row = written.tables["results"][-1]
            row["metadata"] = row["metadata"].replace(ident(i), sha)
            row["dut"]["version"] = f"1.0+{sha[:7]}"
        parent = sha
    written.write(store)


def expected(store, repo):  # noqa: F811
    done = store.run("alerts", "update", "--repo", repo, "--format", "json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(store.ok("changes", "--format", "json").stdout)
    return sorted(row["benchmark"] for row in rows if row["status"] == "expected")


@pytest.mark.parametrize("message, names", [
    pytest.param('A change\r\n\r\nWhy.\r\n\r\nPerf-Expected: "scan *" the checksum\r\nSigned-off-by: A <a@b.c>\r\n',
                 ["scan all"], id="CRLF and quotes"),
    pytest.param("Squashed (#12)\n\n* one\n\nPerf-Expected: take why\n\n* two\n\nperf-expected: scan[8]\n",
                 ["scan[8]", "take"], id="squashed"),
    pytest.param('Two\n\nPerf-Expected: "scan*" a\nPerf-Expected: take b\nPerf-Expected: nothing c\n', NAMES,
                 id="several"),
    pytest.param("All\n\nPerf-Expected: *\n", NAMES, id="without a reason"),
    pytest.param("Perf-Expected: * in the subject\n", [], id="subject"),
    pytest.param("Quoted\n\n> Perf-Expected: *\n    Perf-Expected: *\n", [], id="quoted"),
    pytest.param('Open\n\nPerf-Expected: "scan all\n', [], id="a quote that is left open"),
])
def test_a_message(store, tmp_path, message, names):  # noqa: F811
    build(store, tmp_path / "lance", message)
    assert expected(store, tmp_path / "lance") == names


def test_of_a_merge_its_own_message_counts(store, tmp_path):  # noqa: F811
    build(store, tmp_path / "lance", "On the side\n\nPerf-Expected: *\n", merged=True)
    assert expected(store, tmp_path / "lance") == []
