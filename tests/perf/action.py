#!/usr/bin/env python3
"""What a step costs before the agent does anything, under act: the container action and a composite action, beside an
empty step of bash and a bare `docker run`. Medians of the steps' own times as act prints them; wall-clock seconds.

    LANCE_BENCH=build/lance-bench tests/perf/action.py [ROUNDS]
"""

import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "action"))

import docker_daemon  # noqa: E402
from docker_daemon import AGENT, BENCH, TOOLS  # noqa: E402

STEPS = {
    "an empty step of bash": "- name: NAME\n        run: 'true'",
    "the container action": "- name: NAME\n        uses: lancedb/lance-bench@v1\n        with: {command: help, arguments: --readme}",
    "a composite action": "- name: NAME\n        uses: lancedb/lance-bench/actions/compare@v1\n"
                          "        with: {commits: '--', arguments: --help}",
}


def workflow(rounds):
    text = "name: Cost\non: workflow_dispatch\njobs:\n  cost:\n    runs-on: ubuntu-latest\n    steps:\n"
    for number in range(rounds):
        for name, step in STEPS.items():
            text += "      " + step.replace("NAME", f"{name} {number}") + "\n"
    return text


def seconds(text):
    return sum(float(value) * {"m": 60, "s": 1, "ms": 1e-3, "µs": 1e-6}[unit]
               for value, unit in re.findall(r"([\d.]+)(ms|µs|m|s)", text))


def main():
    agent = pathlib.Path(os.environ.get("LANCE_BENCH", ROOT / "build" / "lance-bench")).resolve()
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with docker_daemon.daemon() as docker, tempfile.TemporaryDirectory() as folder:
        docker.build("agent", AGENT, agent)
        docker.build("bench", BENCH, agent)
        repository, ours = pathlib.Path(folder) / "consumer", pathlib.Path(folder) / "ours"
        (repository / ".github" / "workflows").mkdir(parents=True)
        (repository / ".github" / "workflows" / "cost.yml").write_text(workflow(rounds))
        subprocess.run(["git", "init", "-q", repository], check=True)
        shutil.copytree(ROOT / "actions", ours / "actions")
        shutil.copy(ROOT / "action.yml", ours)
        done = subprocess.run(
            [TOOLS / "bin" / "act", "--pull=false", "--action-offline-mode", "--container-daemon-socket", "-",
             "-P", f"ubuntu-latest={BENCH}", "--local-repository", f"lancedb/lance-bench@v1={ours}", "--bind"],
            cwd=repository, text=True, capture_output=True, check=False,
            env={**docker.env, "XDG_CACHE_HOME": str(TOOLS / "act-cache")})
        for name in STEPS:
            took = [seconds(found) for found in re.findall(rf"Main {name} \d+ \[([^\]]+)\]", done.stdout)]
            assert len(took) == rounds, done.stdout + done.stderr
            print(f"{name:28} {statistics.median(took):.2f} s  ({min(took):.2f}–{max(took):.2f})")
        took = []
        for _ in range(rounds):
            start = time.monotonic()
            docker("run", "--rm", "--network=none", AGENT, "--version")
            took.append(time.monotonic() - start)
        print(f"{'docker run of the agent':28} {statistics.median(took):.2f} s  ({min(took):.2f}–{max(took):.2f})")


if __name__ == "__main__":
    main()
