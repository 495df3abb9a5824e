"""The images of docker/Dockerfile."""

import json
import subprocess

from docker_daemon import AGENT, BENCH
from run_helpers import make_sample


def test_the_agent_s_image_is_one_file_that_runs(images, agent):
    version = subprocess.run([agent, "--version"], text=True, capture_output=True, check=True).stdout
    words = ("run", "--rm", "--network=none", "--read-only", "--cap-drop=ALL", "--user", "1234:1234", AGENT)
    assert images(*words, "--version").stdout == version
    layers = json.loads(images("image", "inspect", AGENT).stdout)[0]
    assert len(layers["RootFS"]["Layers"]) == 1 and layers["Config"]["Entrypoint"] == ["/lance-bench"]


def test_the_images_are_no_larger_than_they_may_be(images):
    size = int(images("image", "inspect", "--format", "{{.Size}}", AGENT).stdout)
    assert size <= 200_000_000
    save = subprocess.Popen([images.program, "save", AGENT], env=images.env, stdout=subprocess.PIPE)
    packed = subprocess.run("gzip -1 | wc -c", shell=True, stdin=save.stdout, capture_output=True, check=True)
    assert save.wait() == 0
    assert int(packed.stdout) <= 70_000_000


def test_the_bench_image_lacks_nothing_that_lance_is_built_with(images):
    done = images("run", "--rm", "--network=none", BENCH, "doctor", "--format", "json", check=False)
    rows = {row["check"]: row for row in json.loads(done.stdout)}
    for program in ("cargo", "rustc", "cc", "python3", "protoc", "cmake", "python3-venv"):
        assert rows[program]["state"] == "ok", rows[program]
    for program in ("clang", "maturin", "uv", "git"):
        images("run", "--rm", "--network=none", "--entrypoint", program, BENCH, "--version")


def test_in_a_container_with_one_cpu_benchmarks_are_pinned_to_it_and_it_is_verified(images, tmp_path):
    """What docker's --cpuset-cpus leaves is what the agent pins to; another CPU it refuses before it builds anything."""
    make_sample(tmp_path / "sample")

    def run(cpus):
        return images(
            "run", "--rm", "--network=host", "--cpuset-cpus=1", "-v", f"{tmp_path}:/mnt", "-w", "/mnt", BENCH,
            "run", "sample", "--rev", "first", "--python-only", "--filter", "most_common", "--testbed-name", "bed",
            "--retakes", "0", "--db", "/mnt/db", "--cpus", cpus, "--format", "json", check=False)

    refused = run("0")
    assert refused.returncode == 129 and "CPU 0" in refused.stderr, refused.stderr
    done = run("1")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["cpus"] == "1"
    done = images("run", "--rm", "--network=none", "-v", f"{tmp_path}:/mnt", BENCH, "query", "--db", "/mnt/db",
                  "--format", "json", "SELECT metadata FROM results")
    rows = [json.loads(row["metadata"]) for row in json.loads(done.stdout)]
    assert rows
    for row in rows:
        assert row["evidence"]["cpus"] == "1", row
