"""The actions under act, as GitHub runs them: from a consumer's repository and from our own, on images built from the
shipped Dockerfile. Asserted are outputs, never exit codes alone: act calls some steps a success that did nothing."""

import functools
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import threading

import pytest

import store_helpers
from docker_daemon import ROOT
from run_helpers import git, make_sample

STEPS = """
name: Try
on: workflow_dispatch
jobs:
  try:
    runs-on: ubuntu-latest
    env:
      LANCE_BENCH_URI: ./db
    steps:
"""
# Prints what a later step sees of an earlier one.
SEE = """
      - if: always()
        env:
          SEEN: ${{ toJSON(steps.%s.outputs) }}
        run: |
          echo "SEEN %s $(echo "$SEEN" | tr -d '\\n')"
"""
RUN = """
          %s: ${{ github.workspace }}/sample
          rev: first
          python-only: true
          testbed-name: bed
          retakes: 0
          filter: "%s"
"""


def seen(done, name):
    """The outputs of a step, as the step behind it printed them."""
    found = re.search(rf"\| SEEN {name} (\{{.*\}})", done.stdout)
    assert found, f"{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
    return json.loads(found[1])


@pytest.fixture
def consumer(tmp_path):
    """A repository with the sample project in a folder of it, and one workflow."""
    repository = tmp_path / "consumer"
    (repository / ".github" / "workflows").mkdir(parents=True)
    make_sample(repository / "sample")

    def workflow(text):
        (repository / ".github" / "workflows" / "try.yml").write_text(text.lstrip())
        if not (repository / ".git").exists():
            git_init(repository)
        return repository

    return workflow


def git_init(repository):
    subprocess.run(["git", "init", "-q", "-b", "main", repository], check=True)
    (repository / "README").write_text("a consumer\n")
    git(repository, "add", "README", ".github")
    git(repository, "commit", "-q", "-m", "first")
    git(repository, "remote", "add", "origin", "https://github.com/consumer/repository")


def results_of(repository, outputs):
    return json.loads((repository / outputs["results"]).read_text())


def test_the_container_action_measures_a_commit_and_asks_the_database(act, consumer):
    repository = consumer(STEPS + f"""
      - id: bench
        uses: lancedb/lance-bench@v1
        with:
          command: run
          {(RUN % ("target", "most_common")).strip()}
      - id: rows
        uses: lancedb/lance-bench@v1
        with:
          command: query
          target: SELECT benchmark_name, test_bed['name'] AS bed FROM results
      - id: none
        continue-on-error: true
        uses: lancedb/lance-bench@v1
        with:
          command: compare
          target: |
            0000000
            1111111
""" + SEE % ("bench", "bench") + SEE % ("rows", "rows") + SEE % ("none", "none"))
    done = act(repository, "--bind", "workflow_dispatch")
    bench = seen(done, "bench")
    assert bench["exit-code"] == "0", done.stdout[-6000:]
    run = results_of(repository, bench)
    assert run["outcome"] == "complete" and run["test_bed"] == "bed"
    assert run["commit"] == git(repository / "sample", "rev-parse", "first")
    rows = results_of(repository, seen(done, "rows"))
    assert {row["bed"] for row in rows} == {"bed"}
    assert "benchmarks/test_words.py::test_most_common" in {row["benchmark_name"] for row in rows}
    none = seen(done, "none")
    assert (none["verdict"], none["exit-code"], none["results"]) == ("no-data", "3", "")
    assert "::error title=lance-bench compare::no results of commit 0000000" in done.stdout


def test_the_composite_actions_use_the_runner_s_own_lance_bench(act, consumer, agent):
    repository = consumer(STEPS + f"""
      - id: setup
        uses: lancedb/lance-bench/actions/setup@v1
      - id: bench
        uses: lancedb/lance-bench/actions/run@v1
        with:
          {(RUN % ("repository", "most_common")).strip()}
      - id: publish
        uses: lancedb/lance-bench/actions/publish@v1
        with:
          files: |
            one.json
            two.json
          dut-name: other
          dut-version: 1.0.0+abcdef0
          dut-timestamp: 1700000000
          testbed-name: bed
      - id: compare
        continue-on-error: true
        uses: lancedb/lance-bench/actions/compare@v1
        with:
          commits: |
            abcdef0
            abcdef0
          benchmark: both
""" + "".join(SEE % (name, name) for name in ("setup", "bench", "publish", "compare")))
    (repository / "one.json").write_text(store_helpers.criterion_lines(["both", "$(touch owned)::error::x"]))
    (repository / "two.json").write_text(store_helpers.criterion_lines(["second"], seed=2))
    done = act(repository, "--bind", "workflow_dispatch")
    version = subprocess.run([agent, "--version"], text=True, capture_output=True, check=True).stdout.split()[1]
    assert seen(done, "setup") == {"path": "/usr/local/bin/lance-bench", "version": version}
    bench = seen(done, "bench")
    assert bench["exit-code"] == "0", done.stdout[-6000:]
    assert results_of(repository, bench)["outcome"] == "complete"
    assert seen(done, "publish")["exit-code"] == "0"
    compare = seen(done, "compare")
    assert [row["benchmark"] for row in rows_in(results_of(repository, compare))] == ["both"]
    assert not (repository / "owned").exists()


def rows_in(result):
    return result if isinstance(result, list) else next(value for value in result.values() if isinstance(value, list))


def test_the_actions_work_from_our_own_checkout_too(act, tmp_path):
    """`uses: ./` and `uses: ./actions/…`, as our own workflows would."""
    repository = tmp_path / "own"
    (repository / ".github" / "workflows").mkdir(parents=True)
    shutil.copy(ROOT / "action.yml", repository)
    shutil.copytree(ROOT / "actions", repository / "actions")
    (repository / ".github" / "workflows" / "try.yml").write_text((STEPS + """
      - id: root
        uses: ./
        with:
          command: help
          arguments: |
            --readme
      - id: setup
        uses: ./actions/setup
""" + SEE % ("root", "root") + SEE % ("setup", "setup")).lstrip())
    git_init(repository)
    done = act(repository, "--bind", "workflow_dispatch")
    assert seen(done, "root").get("exit-code") == "0", done.stdout
    assert "| `action` |" in (repository / "lance-bench-results" / "help.json").read_text()
    assert seen(done, "setup")["path"] == "/usr/local/bin/lance-bench"


def test_setup_installs_a_release_only_when_its_hash_is_right(tmp_path):
    """The script of actions/setup against a server of files, without act."""
    version = "1.2.3"
    name = f"lance-bench-{version}-{os.uname().machine}-linux"
    release = tmp_path / "www" / f"v{version}"
    (release / name).mkdir(parents=True)
    (release / name / "lance-bench").write_text(f"#!/bin/sh\necho lance-bench {version}\n")
    (release / name / "lance-bench").chmod(0o755)
    subprocess.run(["tar", "-C", release, "-czf", release / f"{name}.tar.gz", name], check=True)
    digest = hashlib.sha256((release / f"{name}.tar.gz").read_bytes()).hexdigest()
    (release / f"{name}.sha256").write_text(f"{digest}  {name}.tar.gz\n")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "www"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def setup(**env):
        for path in ("output", "path"):
            (tmp_path / path).write_text("")
        return subprocess.run(["sh", ROOT / "actions" / "setup" / "install.sh"], text=True, capture_output=True, check=False,
                              env={"PATH": "/usr/bin:/bin", "RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "output"),
                                   "GITHUB_PATH": str(tmp_path / "path"), "RUNNER_TOOL_CACHE": str(tmp_path / "tools"),
                                   "LB_BASE_URL": f"http://127.0.0.1:{server.server_port}", **env})

    try:
        for env in ({"LB_VERSION": version}, {"LB_VERSION": version, "LB_SHA256": digest}):
            done = setup(**env)
            assert done.returncode == 0, done.stdout + done.stderr
            folder = (tmp_path / "path").read_text().strip()
            assert (tmp_path / "output").read_text() == f"path={folder}/lance-bench\nversion={version}\n"
            assert subprocess.run([f"{folder}/lance-bench", "--version"], check=True, capture_output=True).stdout
        shutil.rmtree(tmp_path / "tools")
        for env, reason in (({"LB_VERSION": version, "LB_SHA256": 64 * "0"}, "has the SHA-256"),
                            ({"LB_VERSION": version, "LB_SHA256": "x; id"}, "hexadecimal"),
                            ({"LB_VERSION": "9.9.9"}, "cannot fetch"), ({"LB_VERSION": "../../x y"}, "letters, digits"),
                            ({}, "no lance-bench on this runner")):
            done = setup(**env)
            assert done.returncode == 1 and reason in done.stdout, done.stdout + done.stderr
            assert (tmp_path / "path").read_text() == "" and not (tmp_path / "tools").exists()
        (release / f"{name}.sha256").write_text(f"{64 * 'a'}  {name}.tar.gz\n")
        assert "has the SHA-256" in setup(LB_VERSION=version).stdout
        assert not list(tmp_path.glob("lance-bench.*")), "nothing is left of a failed try"
    finally:
        server.shutdown()
        server.server_close()


def test_setup_follows_no_redirect_out_of_https(tmp_path):
    curl = tmp_path / "bin" / "curl"
    curl.parent.mkdir()
    curl.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/words\nexit 1\n')
    curl.chmod(0o755)
    for url, protocols in (("https://example.org", "=https"), ("http://127.0.0.1:1", "=https,http")):
        done = subprocess.run(["sh", ROOT / "actions" / "setup" / "install.sh"], text=True, capture_output=True, check=False,
                              env={"PATH": f"{curl.parent}:/usr/bin:/bin", "RUNNER_TEMP": str(tmp_path),
                                   "LB_BASE_URL": url, "LB_VERSION": "1.2.3"})
        assert done.returncode == 1 and "cannot fetch" in done.stdout
        assert f"--proto {protocols} " in (tmp_path / "words").read_text()
