"""'lance-bench init' writes the folder workflows/, and nothing over what somebody has changed."""

import os
import subprocess

import pytest

from docker_daemon import ROOT

FILES = sorted((ROOT / "workflows").glob("*.yml"))


@pytest.fixture
def init(agent, tmp_path):
    def run(*words, code=0):
        done = subprocess.run([agent, "init", "--dir", tmp_path, *words], text=True, capture_output=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    run.folder = tmp_path / ".github" / "workflows"
    return run


def written(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_is_written_is_what_the_repository_has(init):
    init()
    assert written(init.folder) == {path.name: path.read_bytes() for path in FILES}


def test_a_second_time_changes_nothing(init):
    init()
    before = {path: path.stat().st_mtime_ns for path in init.folder.iterdir()}
    assert "created" not in init().stdout
    assert {path: path.stat().st_mtime_ns for path in init.folder.iterdir()} == before


def test_a_changed_file_is_kept_and_the_difference_shown(init):
    init()
    changed = init.folder / "analyze-results.yml"
    changed.write_text(changed.read_text().replace("43 5 * * *", "44 6 * * *"))
    (init.folder / "run-benchmarks.yml").unlink()
    done = init(code=1)
    assert "kept" in done.stdout and '-    - cron: "44 6 * * *"\n+    - cron: "43 5 * * *"' in done.stdout
    assert "1 of the files differs" in done.stderr and "--force" in done.stderr
    assert "44 6" in changed.read_text()
    assert (init.folder / "run-benchmarks.yml").is_file(), "what was missing is written all the same"
    init("--force")
    assert written(init.folder) == {path.name: path.read_bytes() for path in FILES}


def test_the_diff_is_one_that_patch_takes_and_writes_nothing(init):
    done = init("--diff", code=1)
    assert not init.folder.exists()
    subprocess.run(["patch", "-p1", "--quiet"], cwd=init.folder.parent.parent, input=done.stdout, text=True, check=True)
    assert written(init.folder) == {path.name: path.read_bytes() for path in FILES}
    assert init("--diff").stdout == ""
    changed = init.folder / "pr-benchmarks.yml"
    lines = changed.read_text().splitlines(keepends=True)
    changed.write_text("# mine\n" + "".join(lines[:10]) + "".join(lines[12:]) + "last line")
    done = init("--diff", code=1)
    subprocess.run(["patch", "-p1", "--quiet"], cwd=init.folder.parent.parent, input=done.stdout, text=True, check=True)
    assert changed.read_text() == "".join(lines)


def test_a_project_of_ones_own_measures_its_own_repository(init):
    init("--for", "rust")
    text = (init.folder / "run-benchmarks.yml").read_text()
    assert "lance-format" not in "".join(path.read_text() for path in init.folder.iterdir())
    assert 'description: "Run the Python suite"\n        type: boolean\n        default: false' in text
    assert 'description: "Run the Rust benches"\n        type: boolean\n        default: true' in text
    init("--for", "python", "--force")
    text = (init.folder / "run-benchmarks.yml").read_text()
    assert 'description: "Run the Python suite"\n        type: boolean\n        default: true' in text
    assert 'description: "Run the Rust benches"\n        type: boolean\n        default: false' in text


def test_the_actions_can_be_pinned(init):
    commit = 40 * "1"
    init("--action", f"me/fork@{commit}")
    text = "".join(path.read_text() for path in init.folder.iterdir())
    assert f"uses: me/fork/actions/run@{commit}" in text and "lancedb/lance-bench" not in text


@pytest.mark.parametrize("words", [
    ("--for", "java"), ("--action", "me"), ("--action", "me/x"), ("--action", "me/x@v1\n- run: id"),
    ("--action", "a/b/c@v1"), ("--diff", "--force"), ("extra",),
])
def test_wrong_usage_writes_nothing(init, words):
    done = init(*words, code=129)
    assert done.stderr.startswith("error: ") and not init.folder.exists()


def test_a_folder_that_is_not_there_is_named(agent, tmp_path):
    done = subprocess.run([agent, "init", "--dir", tmp_path / "no"], text=True, capture_output=True, check=False)
    assert done.returncode == 1 and "is no folder" in done.stderr


def test_a_folder_within_a_repository_is_no_place_for_workflows(agent, init, tmp_path):
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    done = subprocess.run([agent, "init"], cwd=tmp_path / "sub" / "deep", text=True, capture_output=True, check=False)
    assert done.returncode == 129 and done.stderr.endswith(f": --dir {tmp_path}\n") and not done.stdout
    assert not (tmp_path / "sub" / "deep" / ".github").exists()
    init()


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(init, tmp_path):
    init.folder.mkdir(parents=True)
    target = tmp_path / "precious"
    target.write_text("mine")
    (init.folder / "analyze-results.yml").symlink_to(target)
    init("--force")
    assert target.read_text() == "mine"
    assert not (init.folder / "analyze-results.yml").is_symlink()


def test_a_link_that_leads_nowhere_is_a_file_that_differs(init):
    init.folder.mkdir(parents=True)
    (init.folder / "analyze-results.yml").symlink_to("/nonexistent/file")
    assert "1 of the files differs" in init(code=1).stderr
    init("--force")
    assert written(init.folder) == {path.name: path.read_bytes() for path in FILES}


@pytest.mark.parametrize("link", [".github", ".github/workflows"])
def test_nothing_is_written_through_a_folder_that_is_a_link(init, tmp_path, link):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = tmp_path / link
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(elsewhere)
    done = init(code=1)
    assert f"{place} is a symbolic link" in done.stderr
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_named_and_not_waited_for(agent, init, make):
    init.folder.mkdir(parents=True)
    make(init.folder / "analyze-results.yml")
    done = subprocess.run([agent, "init", "--dir", init.folder.parent.parent], text=True, capture_output=True,
                          check=False, timeout=20)
    assert done.returncode == 1 and "analyze-results.yml is no file" in done.stderr
