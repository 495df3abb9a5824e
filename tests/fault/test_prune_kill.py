"""`cache prune` killed in the middle: a part of what it removes is never taken for the whole.

strace kills it at the N-th removal or rename; the next round starts from a whole cache again."""

import signal
import subprocess

import pytest
from checkout_servers import Checkout, assert_holds, bare_copy, commit, git, git_daemon, make_history


def prune_killed(checkout, call, when):
    """Whether it was killed; otherwise it came to its end before that."""
    process = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={when}",
         checkout.agent, "cache", "prune", "--all"], env=checkout.env, capture_output=True, text=True, timeout=60)
    assert process.returncode in (0, -signal.SIGKILL), process.stderr
    return process.returncode != 0


def rest(checkout):
    """Files that are left in the cache, but for the locks."""
    return [path for path in (checkout.cache / "lance-bench").rglob("*")
            if path.is_file() and path.suffix != ".lock"]


@pytest.fixture
def checkout(agent, tmp_path):
    return Checkout(agent, tmp_path)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    base = tmp_path_factory.mktemp("served")
    work = make_history(base / "work")
    bare_copy(work, base / "child.git", uploadpack_allowAnySHA1InWant="true")
    git(work, "submodule", "--quiet", "add", "../child.git", "child")
    commit(work, "with a submodule", {})
    bare_copy(work, base / "parent.git", uploadpack_allowAnySHA1InWant="true")
    with git_daemon(base) as port:
        yield {"url": f"git://127.0.0.1:{port}/parent.git", "bare": base / "parent.git"}


@pytest.mark.parametrize("call, step", [("unlink,unlinkat", 7), ("rmdir", 5), ("rename", 1)])
def test_what_is_left_of_a_mirror_is_none(checkout, served, call, step):
    when = 1
    while True:
        result = checkout.get(served["url"])
        assert_holds(result, served["bare"], "HEAD")
        assert (result["path"] / "child/number").read_text() == "7\n"
        assert "damaged" not in result["stderr"]
        if not prune_killed(checkout, call, when):
            break
        when += step
    assert when > 2, "hardly a call was met"
    assert rest(checkout) == []


def test_a_damaged_mirror_of_a_submodule_is_fetched_anew(checkout, served):
    checkout.get(served["url"])
    child, = (path for path in checkout.mirrors() if path.name.startswith("child-"))
    for pack in child.glob("objects/pack/pack-*"):
        pack.unlink()
    for folder in (checkout.cache / "lance-bench/worktrees").glob("parent-*/*"):
        subprocess.run(["rm", "-rf", str(folder)], check=True)
    result = checkout.get(served["url"])
    assert (result["path"] / "child/number").read_text() == "7\n"
    assert "child.git is damaged" in result["stderr"]


@pytest.mark.parametrize("call", ["unlink,unlinkat", "rmdir", "rename"])
def test_what_is_left_of_a_shared_folder_is_not_marked_complete(checkout, call):
    """Crates, environments and generated data are taken as they are where slot.json says that they are complete."""
    folder = checkout.cache / "lance-bench/build/crates-0"
    names = [f"tree/{part}/{number}" for part in "abc" for number in range(3)]
    for when in range(1, 40):
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name)
        (folder / "slot.json").write_text("{}\n")
        if not prune_killed(checkout, call, when):
            break
        if (folder / "slot.json").exists():
            assert all((folder / name).exists() for name in names)
    assert when > 1, "no call was met"
    assert rest(checkout) == []
