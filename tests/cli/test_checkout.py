"""`lance-bench checkout`: from a name to the files of a commit."""

import os
import shutil
import stat

import pytest
from checkout_servers import (FIRST_TIME, Checkout, assert_holds, bare_copy, commit, git,
                              git_daemon, make_history, new_repository, write)


@pytest.fixture
def checkout(agent, tmp_path):
    return Checkout(agent, tmp_path)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return make_history(tmp_path_factory.mktemp("source") / "history")


@pytest.fixture(scope="module")
def remotes(source, tmp_path_factory):
    """The same repository behind a server that gives any commit, one that gives only what it
    advertises, and as a folder."""
    base = tmp_path_factory.mktemp("served")
    bare_copy(source, base / "any.git", uploadpack_allowAnySHA1InWant="true")
    bare_copy(source, base / "tips.git")
    with git_daemon(base) as port:
        yield {
            "any": f"git://127.0.0.1:{port}/any.git",
            "tips": f"git://127.0.0.1:{port}/tips.git",
            "path": str(source),
            "file": f"file://{source}",
        }


# --- what is printed --------------------------------------------------------------------------


def test_text_has_four_labelled_lines(checkout, source):
    done = checkout.run(source)
    assert done.returncode == 0
    head = git(source, "rev-parse", "HEAD")
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert lines["commit"] == head
    assert lines["time"] == "2023-11-14T22:20:20Z"
    assert lines["version"] == f"1.2.3+{head[:7]}"
    assert os.path.isdir(lines["path"])


def test_json_tells_the_commit_its_parent_and_the_branch(checkout, source):
    result = checkout.get(source)
    assert result["commit"] == git(source, "rev-parse", "HEAD")
    assert result["parent"] == git(source, "rev-parse", "HEAD~1")
    assert result["time"] == FIRST_TIME + 420
    assert result["subject"] == "number 7"
    assert result["branch"] == "main"
    assert result["project"] == "history"


def test_the_parent_is_told_even_where_it_was_not_fetched(checkout, source, remotes):
    assert checkout.get(remotes["any"])["parent"] == git(source, "rev-parse", "HEAD~1")


def test_markdown_is_a_table(checkout, source):
    done = checkout.run(source, "--format", "markdown")
    assert done.stdout.startswith("| checkout | history |\n|---|---|\n| commit | ")


# --- which commit -----------------------------------------------------------------------------

REVISIONS = ["HEAD", "main", "side", "v1.0", "light", "refs/heads/side", "refs/tags/v1.0",
             "heads/side", "tags/light", "HEAD~3", "main~2", "v1.0^", "v1.0~1^1", "v1.0^{commit}",
             "main~4^2", "main~4^2~1", "HEAD^^", "@~1", "side^0"]


@pytest.mark.parametrize("kind", ["any", "tips", "path", "file"])
@pytest.mark.parametrize("revision", REVISIONS)
def test_a_revision_is_what_git_takes_it_for(checkout, source, remotes, kind, revision):
    result = checkout.get(remotes[kind], "--rev", revision)
    assert_holds(result, source, revision)


@pytest.mark.parametrize("kind", ["any", "tips", "path", "file"])
@pytest.mark.parametrize("revision", ["HEAD", "HEAD~4", "HEAD~6"])
@pytest.mark.parametrize("length", [40, 12, 7])
def test_an_id_is_found_wherever_it_is_in_the_history(checkout, source, remotes, kind, revision,
                                                      length):
    full = git(source, "rev-parse", revision)
    assert checkout.get(remotes[kind], "--rev", full[:length])["commit"] == full
    full_parent = git(source, "rev-parse", f"{revision}~1")
    assert checkout.get(remotes[kind], "--rev", f"{full[:length]}~1")["commit"] == full_parent


def test_upper_case_ids_are_ids(checkout, source, remotes):
    full = git(source, "rev-parse", "HEAD~1")
    assert checkout.get(remotes["any"], "--rev", full.upper())["commit"] == full
    checkout.forget()
    assert checkout.get(remotes["any"], "--rev", full[:9].upper())["commit"] == full


@pytest.mark.parametrize("revision,branch", [("HEAD", "main"), ("side", "side"), ("v1.0", None)])
def test_the_branch_is_told_where_one_was_named(checkout, remotes, revision, branch):
    for kind in ("any", "path"):
        assert checkout.get(remotes[kind], "--rev", revision)["branch"] == branch


def test_one_commit_is_fetched_and_not_the_history(checkout, source, remotes):
    checkout.get(remotes["any"], "--rev", git(source, "rev-parse", "HEAD~2"))
    (mirror,) = checkout.mirrors()
    assert git(mirror, "rev-list", "--all", "--count") == "1"
    objects = git(mirror, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)")
    assert objects.split().count("commit") == 1


def test_a_way_back_fetches_as_many_commits_as_it_needs(checkout, source, remotes):
    checkout.get(remotes["any"], "--rev", "HEAD~2")
    (mirror,) = checkout.mirrors()
    objects = git(mirror, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)")
    assert objects.split().count("commit") == 3


def test_going_further_back_deepens_what_is_there(checkout, source, remotes):
    for revision in ("HEAD", "HEAD~1", "HEAD~5", "HEAD~2", "v1.0"):
        assert_holds(checkout.get(remotes["any"], "--rev", revision), source, revision)
    (mirror,) = checkout.mirrors()
    git(mirror, "fsck", "--connectivity-only")


def test_a_commit_that_is_there_needs_no_network(checkout, source, tmp_path):
    served = tmp_path / "served"
    served.mkdir()
    bare_copy(source, served / "a.git", uploadpack_allowAnySHA1InWant="true")
    full = git(source, "rev-parse", "HEAD~1")
    with git_daemon(served) as port:
        url = f"git://127.0.0.1:{port}/a.git"
        checkout.get(url, "--rev", full)
    again = checkout.get(url, "--rev", full)
    assert again["commit"] == full
    shutil.rmtree(again["path"])
    assert_holds(checkout.get(url, "--rev", full), source, full)
    assert "cannot fetch from" in checkout.fail(url, "--rev", "main")


def test_a_branch_that_moved_is_followed(checkout, source, tmp_path):
    served = tmp_path / "served"
    moving = served / "a"
    git(tmp_path, "clone", "-q", source, moving)
    with git_daemon(served) as port:
        url = f"git://127.0.0.1:{port}/a/.git"
        first = checkout.get(url, "--rev", "main")
        newer = commit(moving, "newer", {"number": "8\n"})
        second = checkout.get(url, "--rev", "main")
    assert second["commit"] == newer != first["commit"]
    assert (second["path"] / "number").read_text() == "8\n"
    assert (first["path"] / "number").read_text() == "7\n"


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """A history with two commits whose ids start with the same four characters."""
    path = new_repository(tmp_path_factory.mktemp("crowded") / "crowded")
    stream = []
    for number in range(1200):
        text = f"commit {number}"
        stream.append(f"commit refs/heads/main\nmark :{number + 1}\n"
                      f"committer C <c@example.com> {FIRST_TIME + number} +0000\n"
                      f"data {len(text)}\n{text}\n")
        if number:
            stream.append(f"from :{number}\n")
        stream.append(f"M 100644 inline file\ndata {len(text)}\n{text}\n\n")
    git(path, "fast-import", "--quiet", input="".join(stream).encode())
    seen = {}
    for full in git(path, "rev-list", "main").split():
        seen.setdefault(full[:4], []).append(full)
    twins = next(ids for ids in seen.values() if len(ids) > 1)
    return path, sorted(twins)


def test_an_ambiguous_id_lists_the_candidates(checkout, crowded, tmp_path):
    path, twins = crowded
    with git_daemon(path.parent) as port:
        for remote in (path, f"git://127.0.0.1:{port}/crowded/.git"):
            # Over the network the whole history has to be there before both are known.
            checkout.run(remote, "--rev", "0000")
            line = checkout.fail(remote, "--rev", twins[0][:4], code=129)
            assert "ambiguous" in line
            assert all(twin in line for twin in twins[:2])


@pytest.mark.parametrize("kind", ["any", "tips", "path"])
def test_what_does_not_exist_is_named(checkout, remotes, kind):
    url = remotes[kind]
    for revision in ("no-such-branch", "beefbeefbeef", "ab" * 20):
        line = checkout.fail(url, "--rev", revision)
        assert revision in line and url in line
    assert "does not go back that far" in checkout.fail(url, "--rev", "HEAD~50")
    assert "does not go back that far" in checkout.fail(url, "--rev", "HEAD^2")


def test_a_tree_is_not_a_commit(checkout, source, remotes):
    tree = git(source, "rev-parse", "HEAD^{tree}")
    for kind in ("path", "any"):
        assert "not a commit" in checkout.fail(remotes[kind], "--rev", tree)


@pytest.mark.parametrize("revision", ["a b", "main:Cargo.toml", "HEAD@{1}", "a..b", "-x", "main~x",
                                      "main~99999999999", "^", "a\nb"])
def test_what_cannot_be_a_revision_is_wrong_usage(checkout, source, revision):
    if revision == "^":
        assert checkout.get(source, "--rev", "^")["commit"] == git(source, "rev-parse", "HEAD^")
    else:
        checkout.fail(source, f"--rev={revision}", code=129)


def test_an_empty_repository_says_so(checkout, tmp_path):
    path = new_repository(tmp_path / "served/empty")
    assert "empty" in checkout.fail(path)
    with git_daemon(path.parent) as port:
        assert "no commit yet" in checkout.fail(f"git://127.0.0.1:{port}/empty/.git")


# --- which repository -------------------------------------------------------------------------


def test_a_folder_that_is_none_is_named(checkout, tmp_path):
    assert "does not exist" in checkout.fail(tmp_path / "nowhere")
    assert "not a git repository" in checkout.fail(tmp_path)
    assert "file:///ABSOLUTE/PATH" in checkout.fail("file://host/x", code=129)
    assert "scheme" in checkout.fail("ftp://example.com/x", code=129)
    assert "scheme" in checkout.fail("ext::sh -c true", code=129)
    checkout.fail("", code=129)
    checkout.fail("https:///x", code=129)


def test_a_repository_that_the_server_does_not_have_is_named(checkout, remotes):
    line = checkout.fail(remotes["any"].replace("any.git", "none.git"))
    assert "there is no repository at git://" in line


def test_a_relative_path_is_a_path(checkout, source, monkeypatch):
    monkeypatch.chdir(source.parent)
    assert checkout.get("history")["project"] == "history"
    monkeypatch.chdir(source)
    assert checkout.get(".")["project"] == "history"


def test_a_repository_of_another_user_is_read(checkout, source, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    other = tmp_path / "other"
    shutil.copytree(source, other, symlinks=True)
    for folder, _, files in os.walk(other):
        for name in [folder] + [os.path.join(folder, file) for file in files]:
            os.lchown(name, 65534, 65534)
    assert checkout.get(other)["commit"] == git(source, "rev-parse", "HEAD")


def test_a_shallow_repository_is_read(checkout, source, tmp_path):
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{source}", shallow)
    assert_holds(checkout.get(shallow), source)
    assert_holds(checkout.get(shallow, "--rev", "HEAD~1"), source, "HEAD~1")
    assert "shallow clone?" in checkout.fail(shallow, "--rev", "HEAD~2")


def test_a_repository_that_lacks_objects_says_so(checkout, source, tmp_path):
    broken = bare_copy(source, tmp_path / "broken.git")
    loose = tmp_path / "loose.git"
    git(tmp_path, "init", "-q", "--bare", loose)
    for pack in (broken / "objects/pack").glob("*.pack"):
        git(loose, "unpack-objects", "-q", input=pack.read_bytes())
    for path in (source / ".git/objects").glob("??/*"):
        target = loose / "objects" / path.parent.name / path.name
        target.parent.mkdir(exist_ok=True)
        if not target.exists():
            shutil.copy(path, target)
    head = git(source, "rev-parse", "HEAD")
    git(loose, "update-ref", "refs/heads/main", head)
    blob = git(source, "rev-parse", "HEAD:number")
    (loose / "objects" / blob[:2] / blob[2:]).unlink()
    line = checkout.fail(loose, "--rev", "main")
    assert "lacks objects" in line and blob[:7] in line
    # An older commit that is whole can still be had.
    assert checkout.get(loose, "--rev", "main~1")["commit"] == git(source, "rev-parse", "HEAD~1")


def test_the_users_git_configuration_has_no_say(checkout, source, remotes):
    write(checkout.home / ".gitconfig",
          '[url "file:///nonexistent/"]\n\tinsteadOf = git://\n[core]\n\tautocrlf = true\n'
          '\thooksPath = /nonexistent\n[filter "x"]\n\tsmudge = false\n')
    assert_holds(checkout.get(remotes["any"]), source)


# --- the folder -------------------------------------------------------------------------------


def test_modes_and_links_are_kept(checkout, source, remotes):
    for kind in ("any", "path"):
        path = checkout.get(remotes[kind])["path"]
        assert os.readlink(path / "link") == "folder/deep/file"
        assert stat.S_IMODE((path / "program").stat().st_mode) & 0o111 == 0o111
        assert stat.S_IMODE((path / "number").stat().st_mode) & 0o111 == 0


def test_bytes_are_written_as_they_are(checkout, tmp_path):
    path = new_repository(tmp_path / "r")
    files = {"unix": b"a\nb\n", "dos": b"a\r\nb\r\n", "binary": bytes(range(256))}
    for name, content in files.items():
        write(path / name, content)
    git(path, "add", "-A")
    git(path, "commit", "-q", "-m", "bytes", when=FIRST_TIME)
    commit(path, "attributes", {".gitattributes": "unix text eol=crlf\nbinary ident\n"})
    result = checkout.get(path)
    for name, content in files.items():
        assert (result["path"] / name).read_bytes() == content
    (warning,) = [line for line in result["stderr"].splitlines() if "conversions" in line]
    assert warning.startswith("warning: ") and ".gitattributes" in warning
    assert checkout.get(path)["path"] == result["path"]


@pytest.mark.parametrize("text", ["* text=auto\n*.bin -text\n", "#* eol=crlf\n", "*.lance filter=lfs diff=lfs\n"])
def test_attributes_that_convert_nothing_are_not_warned_of(checkout, tmp_path, text):
    path = new_repository(tmp_path / "r")
    commit(path, "attributes", {".gitattributes": text, "a": "a\n"})
    assert "conversions" not in checkout.get(path)["stderr"]


def test_a_shallow_repository_behind_a_server_says_what_to_do(checkout, source, tmp_path):
    git(tmp_path, "clone", "-q", "--bare", "--depth", "2", f"file://{source}", tmp_path / "shallow.git")
    with git_daemon(tmp_path) as port:
        line = checkout.fail(f"git://127.0.0.1:{port}/shallow.git")
    assert "git fetch --unshallow" in line


def test_a_folder_that_is_whole_is_taken_as_it_is(checkout, source):
    first = checkout.get(source)
    inode = (first["path"] / "number").stat().st_ino
    ignored = first["path"] / ".git"
    second = checkout.get(source)
    assert (second["path"] / "number").stat().st_ino == inode
    assert "restored" not in second["stderr"]
    assert ignored.is_file()


def change_content(path):
    (path / "number").write_text("9\n")


def remove_file(path):
    (path / "number").unlink()


def remove_folder(path):
    shutil.rmtree(path / "folder")


def change_mode(path):
    (path / "program").chmod(0o644)


def add_untracked(path):
    (path / "conftest.py").write_text("foreign")


def file_to_folder(path):
    (path / "number").unlink()
    (path / "number").mkdir()
    (path / "number/inside").write_text("x")


def folder_to_link(path):
    shutil.rmtree(path / "folder")
    (path / "folder").symlink_to("/tmp")


def lose_git_file(path):
    (path / ".git").unlink()


def point_elsewhere(path):
    (path / ".git").write_text("gitdir: /nonexistent\n")


def become_repository(path):
    (path / ".git").unlink()
    git(path, "init", "-q")


def hide_behind_rules(path):
    (path / "folder/.gitignore").write_text("*\n")
    (path / "folder/conftest.py").write_text("foreign")


def plant_repository(path):
    git(new_repository(path / "folder/inner"), "config", "core.bare", "false")


@pytest.mark.parametrize("spoil", [hide_behind_rules, plant_repository, change_content, remove_file, remove_folder, change_mode,
                                   add_untracked, file_to_folder, folder_to_link, lose_git_file,
                                   point_elsewhere, become_repository])
@pytest.mark.parametrize("kind", ["any", "path"])
def test_a_modified_folder_is_restored_and_that_is_said(checkout, source, remotes, kind, spoil):
    first = checkout.get(remotes[kind])
    spoil(first["path"])
    second = checkout.get(remotes[kind])
    assert "restored" in second["stderr"]
    assert_holds(second, source)
    assert "restored" not in checkout.get(remotes[kind])["stderr"]


def test_ignored_files_stay_until_something_else_has_changed(checkout, tmp_path):
    path = new_repository(tmp_path / "r")
    commit(path, "one", {".gitignore": "target/\n", "number": "1\n"})
    first = checkout.get(path)
    write(first["path"] / "target/product", "built")
    assert "restored" not in checkout.get(path)["stderr"]
    (first["path"] / "number").write_text("2\n")
    assert "restored" in checkout.get(path)["stderr"]
    assert not (first["path"] / "target").exists()


def test_a_link_in_place_of_a_folder_leads_nothing_astray(checkout, source, tmp_path):
    victim = tmp_path / "victim"
    for words in ((), ("--dest", tmp_path / "target")):
        write(victim / "deep/file", "precious")
        path = checkout.get(source, *words)["path"]
        shutil.rmtree(path / "folder")
        (path / "folder").symlink_to(victim)
        assert_holds(checkout.get(source, *words), source)
        assert (victim / "deep/file").read_text() == "precious"
    (path / "folder/deep/file").unlink()
    (path / "folder/deep").rmdir()
    (path / "folder/deep").symlink_to(victim / "deep")
    checkout.get(source, *words, "--rev", "HEAD~7")
    assert (victim / "deep/file").read_text() == "precious"


# --- --dest -----------------------------------------------------------------------------------


def test_dest_is_made_with_its_parents(checkout, source, tmp_path):
    target = tmp_path / "a/b/c"
    result = checkout.get(source, "--dest", target)
    assert result["path"] == target
    assert_holds(result, source)


def test_dest_may_be_an_empty_folder(checkout, source, tmp_path, monkeypatch):
    target = tmp_path / "target"
    target.mkdir()
    assert_holds(checkout.get(source, "--dest", target), source)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert_holds(checkout.get(source, "--dest", "."), source)
    assert os.path.exists("number")


def test_dest_refuses_what_is_not_ours(checkout, source, tmp_path):
    target = tmp_path / "target"
    write(target / "precious", "x")
    assert "not empty" in checkout.fail(source, "--dest", target, code=129)
    assert os.listdir(target) == ["precious"]
    repository = new_repository(tmp_path / "repository")
    assert "not empty" in checkout.fail(source, "--dest", repository, code=129)
    write(tmp_path / "file", "x")
    checkout.fail(source, "--dest", tmp_path / "file", code=129)


def test_dest_goes_to_another_commit_and_keeps_what_the_user_added(checkout, source, tmp_path):
    target = tmp_path / "target"
    checkout.get(source, "--dest", target)
    write(target / "notes", "mine")
    second = checkout.get(source, "--dest", target, "--rev", "light")
    assert (target / "number").read_text() == "2\n"
    assert not (target / "program").exists()
    assert (target / "notes").read_text() == "mine"
    assert git(target, "rev-parse", "HEAD") == second["commit"]
    (target / "notes").unlink()
    assert_holds(second, source, "light")


@pytest.fixture
def shifting(tmp_path):
    """Three commits in which a name is a file, a folder and a link, and a folder a submodule."""
    base = tmp_path / "shifting"
    child = new_repository(base / "child")
    commit(child, "c", {"name": "child\n"})
    path = new_repository(base / "parent")
    commit(path, "file", {"a": "file\n", "b/c/d": "deep\n", "e": "stays\n", "lib/old": "old\n"})
    git(path, "rm", "-rq", "a", "b", "lib")
    git(path, "submodule", "--quiet", "add", "../child", "lib")
    commit(path, "folder", {"a/x/y": "folder\n", "b": "file\n"})
    git(path, "rm", "-rqf", "a", "b", "lib")
    (path / "a").symlink_to("b/c")
    commit(path, "link", {"b/c": "less deep\n", "lib/new": "new\n"})
    return path


def test_dest_follows_what_changes_its_kind(checkout, shifting, tmp_path):
    target = tmp_path / "target"
    for revision in ("HEAD~2", "HEAD~1", "HEAD", "HEAD~1", "HEAD~2", "HEAD", "HEAD~2"):
        write(target / "mine", "kept") if target.is_dir() else None
        result = checkout.get(shifting, "--dest", target, "--rev", revision)
        (target / "mine").unlink(missing_ok=True)
        assert_holds(result, shifting, revision)
        tracked = [target / name for name in git(shifting, "ls-tree", "-r", "--name-only", revision).splitlines()]
        found = [path for path in target.rglob("*") if path.is_symlink() or path.is_file()]
        assert set(tracked) <= {target / "lib", *found}
        if revision == "HEAD~1":
            assert (target / "lib/name").read_text() == "child\n"
        else:
            assert not (target / "lib/name").exists()


def test_what_is_no_commit_does_not_cost_the_cache(checkout, source, tmp_path):
    """It is the name that is wrong: what was fetched before is there afterwards."""
    path = tmp_path / "served/tags"
    shutil.copytree(source, path, symlinks=True)
    git(path, "tag", "-a", "blob", "-m", "a file", "HEAD:number")
    with git_daemon(path.parent) as port:
        url = f"git://127.0.0.1:{port}/tags/.git"
        checkout.get(url)
        before = sorted(p.name for p in checkout.mirrors()[0].glob("objects/pack/*.pack"))
        done = checkout.run(url, "--rev", "blob")
        assert done.returncode == 1 and "is not a commit" in done.stderr
        assert "damaged" not in done.stderr
        assert set(before) <= {p.name for p in checkout.mirrors()[0].glob("objects/pack/*.pack")}


def test_dest_of_another_repository_is_refused(checkout, source, tmp_path):
    other = new_repository(tmp_path / "other")
    commit(other, "one", {"number": "1\n"})
    checkout.get(source, "--dest", tmp_path / "target")
    assert "not a checkout of this" in checkout.fail(other, "--dest", tmp_path / "target", code=129)


# --- submodules -------------------------------------------------------------------------------


@pytest.fixture
def family(tmp_path):
    """parent ⊃ libs/child ⊃ grandchild, with relative URLs."""
    base = tmp_path / "family"
    grandchild = new_repository(base / "grandchild")
    commit(grandchild, "g", {"name": "grandchild\n"})
    child = new_repository(base / "child")
    git(child, "submodule", "--quiet", "add", "../grandchild", "grandchild")
    commit(child, "c", {"name": "child\n"})
    parent = new_repository(base / "parent")
    git(parent, "submodule", "--quiet", "add", "../child", "libs/child")
    commit(parent, "p", {"name": "parent\n"})
    return base


def check_family(path):
    assert (path / "name").read_text() == "parent\n"
    assert (path / "libs/child/name").read_text() == "child\n"
    assert (path / "libs/child/grandchild/name").read_text() == "grandchild\n"
    for part in (path, path / "libs/child", path / "libs/child/grandchild"):
        assert git(part, "status", "--porcelain") == ""


def test_submodules_come_along(checkout, family):
    check_family(checkout.get(family / "parent")["path"])
    assert "restored" not in checkout.get(family / "parent")["stderr"]


def test_submodules_come_over_the_network(checkout, family):
    with git_daemon(family) as port:
        url = f"git://127.0.0.1:{port}/parent"
        check_family(checkout.get(url)["path"])
        first = checkout.get(url)
        assert "restored" not in first["stderr"]
        (first["path"] / "libs/child/name").write_text("spoiled")
        second = checkout.get(url)
        assert "restored" in second["stderr"]
        check_family(second["path"])


def test_a_repository_may_be_its_own_submodule(checkout, tmp_path):
    path = new_repository(tmp_path / "served/self")
    commit(path, "one", {"name": "one\n"})
    git(path, "submodule", "--quiet", "add", "./", "inner")
    commit(path, "two", {"name": "two\n"})
    with git_daemon(path.parent) as port:
        for remote in (path, f"git://127.0.0.1:{port}/self/.git"):
            text = (path / ".gitmodules").read_text()
            if remote != path:
                (path / ".gitmodules").write_text(text.replace("./", remote))
                commit(path, "three")
            result = checkout.get(remote)
            assert (result["path"] / "name").read_text() == "two\n"
            assert (result["path"] / "inner/name").read_text() == "one\n"
            assert "restored" not in checkout.get(remote)["stderr"]


def test_submodules_can_be_left_out(checkout, family):
    path = checkout.get(family / "parent", "--no-submodules")["path"]
    assert os.listdir(path / "libs/child") == []
    check_family(checkout.get(family / "parent")["path"])


def test_a_submodule_without_a_url_is_named(checkout, family):
    parent = family / "parent"
    commit(parent, "broken", {".gitmodules": ""})
    line = checkout.fail(parent)
    assert "libs/child" in line and ".gitmodules" in line


def test_a_submodule_whose_repository_is_gone_is_named(checkout, family):
    shutil.rmtree(family / "grandchild")
    line = checkout.fail(family / "parent")
    assert "submodule libs/child: submodule grandchild" in line


def test_a_submodule_whose_commit_is_gone_is_named(checkout, family):
    grandchild = family / "grandchild"
    git(grandchild, "commit", "-q", "--amend", "-m", "other", when=FIRST_TIME + 5)
    git(grandchild, "-c", "gc.reflogExpire=now", "-c", "gc.reflogExpireUnreachable=now", "reflog",
        "expire", "--expire=now", "--all")
    git(grandchild, "gc", "-q", "--prune=now")
    assert "submodule grandchild" in checkout.fail(family / "parent")


@pytest.mark.parametrize("url", ["/etc", "file:///etc", "{base}/grandchild"])
def test_a_submodule_may_not_name_a_folder_of_this_machine(checkout, family, url):
    parent = family / "parent"
    url = url.format(base=family)
    commit(parent, "sly", {".gitmodules":
                           f'[submodule "x"]\n\tpath = libs/child\n\turl = {url}\n'})
    with git_daemon(family) as port:
        for remote in (parent, f"git://127.0.0.1:{port}/parent"):
            assert "refused" in checkout.fail(remote)


# --- hostile commits --------------------------------------------------------------------------


def hostile_repository(path, entries):
    new_repository(path)
    blob = git(path, "hash-object", "-w", "--stdin", input=b"evil\n")
    link = git(path, "hash-object", "-w", "--stdin", input=str(path.parent).encode())
    inner = bytes.fromhex(git(path, "hash-object", "-t", "tree", "-w", "--stdin", "--literally",
                              input=b"100644 evil\0" + bytes.fromhex(blob)))
    ids = {"100644": bytes.fromhex(blob), "120000": bytes.fromhex(link), "40000": inner}
    raw = b"".join(f"{mode} {name}".encode() + b"\0" + ids[mode] for mode, name in entries)
    tree = git(path, "hash-object", "-t", "tree", "-w", "--stdin", "--literally", input=raw)
    head = git(path, "commit-tree", tree, "-m", "hostile", when=FIRST_TIME)
    git(path, "update-ref", "refs/heads/main", head)
    return path


@pytest.mark.parametrize("entries", [
    [("100644", "..")], [("40000", "..")], [("40000", ".git")], [("100644", ".git")],
    [("40000", ".GIT")], [("100644", "../evil")], [("120000", "a"), ("40000", "a")],
    [("100644", ".git/config")], [("100644", "a/../../evil")],
])
def test_a_path_that_leads_outside_is_refused(checkout, tmp_path, entries):
    path = hostile_repository(tmp_path / "r" / "hostile", entries)
    before = sorted(os.listdir(tmp_path / "r"))
    done = checkout.run(path, "--dest", tmp_path / "target/inner")
    if done.returncode == 0:
        # Nothing may have been written but below the folder.
        assert entries[0][0] == "120000", "only the doubled name may be harmless"
    else:
        assert done.returncode == 1 and done.stderr.startswith("error: ")
        assert not (tmp_path / "target/inner").exists()
    assert sorted(os.listdir(tmp_path / "r")) == before
    assert not (tmp_path / "target/evil").exists()


# --- Git LFS ----------------------------------------------------------------------------------


def test_lfs_pointers_are_named_and_not_followed(checkout, tmp_path):
    path = new_repository(tmp_path / "r")
    pointer = ("version https://git-lfs.github.com/spec/v1\n"
               "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
               "size 12345\n")
    files = {f"data/{i}.bin": pointer for i in range(5)}
    commit(path, "lfs", files | {".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
                                 "README": "version https is not a pointer" * 5})
    for _ in range(2):
        result = checkout.get(path)
        assert "5 files are Git LFS pointers" in result["stderr"]
        assert "data/0.bin" in result["stderr"]
        assert (result["path"] / "data/0.bin").read_text() == pointer


# --- version ----------------------------------------------------------------------------------

MANIFESTS = {
    "workspace": ({"Cargo.toml": '[workspace.package]\nversion = "2.0.0-beta.1"\n'}, "2.0.0-beta.1"),
    "package": ({"Cargo.toml": '[package]\nname = "a"\nversion = "0.3.1"\n'}, "0.3.1"),
    "inherited": ({"Cargo.toml": '[package]\nname = "a"\nversion.workspace = true\n'
                                 '[workspace.package]\nversion = "4.5.6"\n'}, "4.5.6"),
    "project": ({"pyproject.toml": '[project]\nname = "a"\nversion = "1.0.post1"\n'}, "1.0.post1"),
    "poetry": ({"pyproject.toml": '[tool.poetry]\nversion = "7.1"\n'}, "7.1"),
    "maturin": ({"pyproject.toml": '[project]\nname = "a"\ndynamic = ["version"]\n'
                                   '[tool.maturin]\nmanifest-path = "rust/Cargo.toml"\n',
                 "rust/Cargo.toml": '[package]\nname = "a"\nversion = "8.8.8"\n'}, "8.8.8"),
    "python": ({"Cargo.toml": "[workspace]\nmembers = []\n",
                "pyproject.toml": '[project]\nname = "a"\ndynamic = ["version"]\n',
                "python/Cargo.toml": '[package]\nname = "a"\nversion = "9.0.0"\n'}, "9.0.0"),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_version_is_what_the_manifest_states(checkout, tmp_path, name):
    files, version = MANIFESTS[name]
    path = new_repository(tmp_path / "r")
    head = commit(path, "one", files)
    assert checkout.get(path)["version"] == f"{version}+{head[:7]}"


@pytest.mark.parametrize("files,warning", [
    ({"README": "x"}, "neither Cargo.toml nor pyproject.toml"),
    ({"Cargo.toml": "[package\n"}, "Cargo.toml"),
    ({"Cargo.toml": '[package]\nversion = "1 2\\n3"\n'}, "is not a version"),
    ({"Cargo.toml": "[package]\nversion = 3\n"}, "neither"),
])
def test_without_a_version_it_is_zero_and_that_is_said(checkout, tmp_path, files, warning):
    path = new_repository(tmp_path / "r")
    head = commit(path, "one", files)
    result = checkout.get(path)
    assert result["version"] == f"0.0.0+{head[:7]}"
    assert warning in result["stderr"]
