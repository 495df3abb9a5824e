"""`lance-bench checkout` killed, run twice at once, without disk, and over a damaged cache."""

import contextlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time

import pytest
from checkout_servers import (Checkout, assert_holds, bare_copy, commit, git, git_daemon,
                              make_history)
from run_helpers import catches

KILL_SECONDS = 60 if os.environ.get("LANCE_BENCH_LONG") else 6


@pytest.fixture
def checkout(agent, tmp_path):
    return Checkout(agent, tmp_path)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A repository with many files and a submodule, so that every stage takes some time."""
    base = tmp_path_factory.mktemp("served")
    noise = random.Random(1)
    work = make_history(base / "work")
    bare_copy(work, base / "child.git", uploadpack_allowAnySHA1InWant="true")
    git(work, "submodule", "--quiet", "add", "../child.git", "child")
    files = {f"f{i % 20}/file{i}": noise.randbytes(2000) for i in range(1500)}
    commit(work, "many", files)
    commit(work, "more", {f"f{i}/file{i}": noise.randbytes(3000) for i in range(20)})
    bare_copy(work, base / "parent.git", uploadpack_allowAnySHA1InWant="true")
    small = make_history(base / "small-work")
    bare_copy(small, base / "small.git", uploadpack_allowAnySHA1InWant="true")
    with git_daemon(base) as port:
        yield {"base": base, "url": f"git://127.0.0.1:{port}/parent.git",
               "bare": base / "parent.git", "small": f"git://127.0.0.1:{port}/small.git"}


def check_whole(checkout, served, result, revision="HEAD"):
    assert_holds(result, served["bare"], revision)
    assert (result["path"] / "child/number").read_text() == "7\n"
    for mirror in checkout.mirrors():
        git(mirror, "fsck", "--connectivity-only")
        left = [path for path in mirror.rglob("*")
                if path.name.endswith(".lock") or "_git2_" in path.name]
        assert left == []
    worktrees = checkout.cache / "lance-bench/worktrees"
    assert [p for p in worktrees.rglob("*.lance-bench-*")] == []


def test_a_run_after_a_kill_repairs_what_it_left(checkout, served):
    started = time.monotonic()
    whole = checkout.run(served["url"])
    assert whole.returncode == 0
    duration = time.monotonic() - started
    kills = 0
    end = time.monotonic() + KILL_SECONDS
    chance = random.Random(os.getpid())
    while time.monotonic() < end or kills < 3:
        if chance.random() < 0.5:
            checkout.forget()
        else:
            # Something to restore: another stage in which to be killed.
            for path in (checkout.cache / "lance-bench/worktrees").glob("parent-*/*/f0/file0"):
                path.write_text("spoiled")
        process = checkout.start(served["url"])
        time.sleep(chance.random() * duration * 1.1)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
        result = checkout.get(served["url"], "--rev", chance.choice(["HEAD", "HEAD~1"]))
        check_whole(checkout, served, result, result["commit"])


def test_a_kill_while_dest_changes_commits_is_repaired(checkout, served, tmp_path):
    target = tmp_path / "target"
    checkout.get(served["url"], "--dest", target)
    revisions = ["HEAD~1", "HEAD", "light"]
    for turn in range(6):
        process = checkout.start(served["url"], "--dest", target, "--rev", revisions[turn % 3])
        time.sleep(0.02 * turn)
        process.kill()
        process.communicate()
        revision = revisions[(turn + 1) % 3]
        result = checkout.get(served["url"], "--dest", target, "--rev", revision)
        assert git(target, "rev-parse", "HEAD") == result["commit"]
        assert git(target, "status", "--porcelain", "--untracked-files=no") == ""


def test_an_interrupted_run_says_so_and_the_next_one_goes_on(checkout, served):
    process = checkout.start(served["url"])
    while process.poll() is None and not catches(process.pid, signal.SIGTERM):
        time.sleep(0.001)
    time.sleep(0.03)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode in (0, 130), err
    check_whole(checkout, served, checkout.get(served["url"]))


def test_runs_at_once_do_not_disturb_one_another(checkout, served):
    revisions = ["HEAD", "HEAD", "HEAD~1", "HEAD~2", "light", "v1.0"]
    processes = [checkout.start(served["url"], "--rev", revision) for revision in revisions]
    for process, revision in zip(processes, revisions):
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        path = out.splitlines()[-1].split(maxsplit=1)[1]
        assert git(path, "rev-parse", "HEAD") == git(served["bare"], "rev-parse",
                                                     f"{revision}^{{commit}}")
        assert git(path, "status", "--porcelain") == ""
    check_whole(checkout, served, checkout.get(served["url"]))


def test_a_run_that_waits_for_another_says_so_and_can_be_interrupted(checkout, served):
    checkout.get(served["url"])
    lock = next((checkout.cache / "lance-bench/git").glob("parent-*.lock"))
    with subprocess.Popen(["flock", "-n", lock, "sh", "-c", "echo held; exec sleep 60"],
                          stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        line = checkout.fail(served["url"], "--timeout", "1")
        assert "--timeout" in line
        process = checkout.start(served["url"])
        assert "waiting: " in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode == 130
        # flock(1) keeps the lock open in its child.
        subprocess.run(["pkill", "-P", str(holder.pid)], check=False)
        holder.kill()


DAMAGES = {
    "a truncated pack": lambda m: truncate(next((m / "objects/pack").glob("*.pack")), 2),
    "a truncated index of a pack": lambda m: truncate(next((m / "objects/pack").glob("*.idx")), 2),
    "no pack": lambda m: next((m / "objects/pack").glob("*.pack")).unlink(),
    "no objects": lambda m: shutil.rmtree(m / "objects"),
    "no references": lambda m: shutil.rmtree(m / "refs"),
    "no HEAD": lambda m: (m / "HEAD").unlink(),
    "an empty config": lambda m: (m / "config").write_bytes(b""),
    "nonsense for a config": lambda m: (m / "config").write_bytes(b"[[[\n"),
    "nonsense for references": lambda m: fill(m / "refs/lance-bench", b"nonsense\n"),
    "nonsense for shallow": lambda m: (m / "shallow").write_bytes(b"nonsense\n"),
    "stale locks": lambda m: [(m / name).touch() for name in ("shallow.lock", "config.lock")],
    "nonsense for an index": lambda m: fill(m / "worktrees", b"DIRC nonsense", "*/index"),
    "no worktrees": lambda m: shutil.rmtree(m / "worktrees"),
}


def truncate(path, divisor):
    path.chmod(0o644)
    os.truncate(path, path.stat().st_size // divisor)


def fill(folder, content, pattern="*"):
    for path in folder.glob(pattern):
        path.write_bytes(content)


@pytest.mark.parametrize("with_folder", [True, False])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cache_is_made_good(checkout, served, damage, with_folder):
    first = checkout.get(served["small"])
    (mirror,) = checkout.mirrors()
    DAMAGES[damage](mirror)
    if not with_folder:
        shutil.rmtree(first["path"])
    for revision in ("HEAD", "HEAD~1"):
        assert_holds(checkout.get(served["small"], "--rev", revision),
                     served["base"] / "small.git", revision)


@contextlib.contextmanager
def small_disk(where, size):
    where.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", where],
                          capture_output=True, check=False)
    if done.returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        yield
    finally:
        subprocess.run(["umount", where], check=True)


@pytest.mark.parametrize("size", ["64k", "1m", "4m", "6m"])
def test_a_full_disk_is_told_and_leaves_nothing_half_written(checkout, served, size):
    with small_disk(checkout.cache, size):
        line = checkout.fail(served["url"])
        assert "No space left" in line or "no space left" in line, line
        worktrees = checkout.cache / "lance-bench/worktrees"
        assert list(worktrees.glob("*/*")) == []
        subprocess.run(["mount", "-o", "remount,size=64m", checkout.cache], check=True)
        check_whole(checkout, served, checkout.get(served["url"]))


def test_a_full_disk_does_not_empty_the_cache(checkout, served):
    """strace lets a folder of the worktree not be made, at each place in turn."""
    checkout.get(served["url"])
    told = set()
    for when in range(1, 400, 9):
        process = subprocess.run(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject=mkdir:error=ENOSPC:when={when}",
             checkout.agent, "checkout", served["url"], "--rev", "HEAD~1"],
            env=checkout.env, capture_output=True, text=True, timeout=60)
        assert "damaged" not in process.stderr
        told.add(process.returncode)
        if process.returncode == 0:
            break
        assert process.stderr.count("error: ") == 1 and "No space left" in process.stderr
    assert told == {0, 1}


def test_a_cache_that_cannot_be_written_is_named(checkout, served):
    checkout.cache.write_text("a file")
    assert str(checkout.cache) in checkout.fail(served["url"])


def test_without_a_home_it_says_what_to_set(checkout, served):
    del checkout.env["XDG_CACHE_HOME"], checkout.env["HOME"]
    assert "XDG_CACHE_HOME" in checkout.fail(served["url"], code=129)


def test_a_folder_in_use_is_not_rewritten(checkout, served):
    path = checkout.get(served["url"])["path"]
    mirror = next(m for m in checkout.mirrors() if m.name.startswith("parent"))
    mark = mirror / "worktrees" / path.name / "in-use"
    with subprocess.Popen(["flock", "-s", "-n", mark, "sh", "-c", "echo held; exec cat"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        assert "restored" not in checkout.get(served["url"])["stderr"]
        (path / "f0/file0").write_text("spoiled")
        assert "another run is using it" in checkout.fail(served["url"])
        assert (path / "f0/file0").read_text() == "spoiled"
        holder.stdin.close()
    assert "restored" in checkout.get(served["url"])["stderr"]
