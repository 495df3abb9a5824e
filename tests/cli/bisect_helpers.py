"""A line of commits whose benchmark changes at one of them, and `bisect` over it. The benchmark is a program that
prints numbers of its own: what this machine does meanwhile has no part in them."""

import json
import math
import random

from checkout_servers import git

QUICK = ["--", "--retakes", "0", "--tune", "off"]
FIRST_TIME = 1_770_000_000
# What any program may print: hyperfine's JSON. A run is one number, with noise from run to run alone.
PROGRAM = """import json, math, random
level = {level}
noise = random.SystemRandom().gauss(0, {noise})
assert {works}, "does not work here"
print(json.dumps({{"results": [{{"command": "{name}", "mean": 1, "times": [level * math.exp(noise)] * 3}},
                              {{"command": "other", "mean": 1, "times": [2.0]}}]}}))
"""
CONFIG = {"project": "line", "commands": [{"name": "bench", "run": ["python3", "bench.py"], "format": "hyperfine"}]}


class Line:
    """Commits 0, 1, …; from `place` on the benchmark takes `factor` times as long. It is called what `names` says of
    the last commit in it that is not newer."""

    def __init__(self, folder, count, place, factor=1.3, noise=0.005, broken=(), names=None, config=CONFIG):
        self.folder, self.count, self.place, self.factor = folder, count, place, factor
        folder.mkdir()
        git(folder, "init", "-q", "-b", "main")
        (folder / "lance-bench.json").write_text(json.dumps(config))
        name = "scan"
        for number in range(count):
            name = (names or {}).get(number, name)
            level = 0.1 * (factor if number >= place else 1)
            program = PROGRAM.format(level=level, noise=noise, works=number not in broken, name=name)
            (folder / "bench.py").write_text(f"{program}# {number}\n")
            git(folder, "add", "-A")
            git(folder, "commit", "-q", "-m", f"commit {number}", when=FIRST_TIME + 3600 * number)

    def id(self, number):
        return git(self.folder, "rev-parse", f"main~{self.count - 1 - number}")


def words_for(line, *words, ends=None):
    ends = (line.id(0), line.id(line.count - 1)) if ends is None else ends
    # The numbers are the program's own: other work on this machine has no part in them.
    return ("bisect", *ends, "--disturbed", "--benchmark", "scan", "--repo", line.folder, "--test-bed", "bed",
            "--format", "json", *words, *QUICK)


def bisect(bench, line, *words, ends=None, code=0):
    done = bench(*words_for(line, *words, ends=ends))
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout), done.stderr


def publish(bench, line, numbers, folder):
    """Results of these commits, as if they had been measured long ago."""
    rng = random.Random(1)
    for number in numbers:
        level = 0.1 * (line.factor if number >= line.place else 1) * math.exp(rng.gauss(0, 0.01))
        path = folder / f"{number}.json"
        path.write_text(json.dumps({"results": [{"command": "scan", "mean": level, "times": [level] * 3}]}))
        done = bench("publish", "hyperfine", path, "--commit", line.id(number), "--dut-name", "line", "--dut-version",
                     f"0.0.0+{line.id(number)[:7]}", "--dut-timestamp", FIRST_TIME + 3600 * number, "--testbed-name",
                     "bed")
        assert done.returncode == 0, done.stderr


def number_of(line, commit):
    return int(git(line.folder, "log", "-1", "--format=%s", commit).split()[1])


def runs_of(bench):
    """How many runs of each commit have a visible result of the benchmark."""
    found = bench.query("select dut.version as v, count(*) as n from results where benchmark_name = 'scan' group by v")
    return {row["v"]: row["n"] for row in found}
