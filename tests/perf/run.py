"""What the agent costs while a benchmark runs, and whether it changes what the benchmark says.

Prints a table and asserts nothing. Rounds alternate between the agent and the same executable started by hand, on the
same CPU. Needs an idle machine of two CPUs or more:

    LANCE_BENCH=build/lance-bench python3 tests/perf/run.py [ROUNDS]
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "cli"))

from run_helpers import ODD, Machine, add_odd_benches, make_sample  # noqa: E402

NAMES = ["steady/arithmetic", "steady/sort"]


def cpu_ns(pid):
    """Time that the process has had on a CPU: all its threads, none of its children."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def medians_of_folder(folder):
    found = {}
    for name in NAMES:
        sample = json.loads((folder / name.replace("/", "_") / "new" / "sample.json").read_text())
        found[name] = statistics.median(t / n for t, n in zip(sample["times"], sample["iters"]))
    return found


def by_hand(executable, cpu):
    with tempfile.TemporaryDirectory() as home:
        subprocess.run(["taskset", "-c", str(cpu), executable, "--bench"], check=True, capture_output=True,
                       env={"PATH": os.environ["PATH"], "CRITERION_HOME": home}, cwd=home)
        return medians_of_folder(pathlib.Path(home))


def under_agent(machine, repo, cpu, run):
    """Medians, and the agent's own CPU time as a share of the time that the benchmark ran."""
    agent = machine.start("run", repo, "--rev", "odd", "--bench", "steady", "--cpus", str(cpu), "--testbed-name", "bed",
                          "--run", run)
    for line in agent.stderr:
        if line.startswith("running wordbag/steady"):
            break
    time.sleep(1)
    start, before = time.monotonic(), cpu_ns(agent.pid)
    time.sleep(12)
    share = (cpu_ns(agent.pid) - before) / 1e9 / (time.monotonic() - start)
    agent.communicate()
    assert agent.returncode == 0
    rows = machine.query(f"select benchmark_name, summary from results where metadata like '%\"{run}\"%'")
    return {row["benchmark_name"]: row["summary"]["median"] for row in rows}, share


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    cpu = max(os.sched_getaffinity(0))
    agent = os.environ.get("LANCE_BENCH", str(ROOT / "build" / "lance-bench"))
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(agent, folder)
        repo = make_sample(pathlib.Path(folder) / "wordbag")
        add_odd_benches(repo, ODD)
        under_agent(machine, repo, cpu, "warm-up")
        (executable,) = [p for p in pathlib.Path(folder).glob("cache/lance-bench/build/*/target/release/deps/steady-*")
                         if not p.suffix]
        shares, ratios = [], {name: [] for name in NAMES}
        for n in range(rounds):
            hand = by_hand(executable, cpu) if n % 2 else None
            agents, share = under_agent(machine, repo, cpu, f"round-{n}")
            hand = hand or by_hand(executable, cpu)
            shares.append(share)
            for name in NAMES:
                ratios[name].append(agents[name] / hand[name])
        print(f"load while measuring (1 min): {os.getloadavg()[0]:.1f}, {rounds} rounds, CPU {cpu}")
        print(f"the agent's own CPU: median {statistics.median(shares):.5%} of a core, largest {max(shares):.5%}")
        for name in NAMES:
            found = ratios[name]
            print(f"{name}: agent / by hand, median {statistics.median(found):.4f}, from {min(found):.4f} to {max(found):.4f}")


main()
