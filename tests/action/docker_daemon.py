"""A Docker daemon of the tests' own, with the images that the action needs.

It touches nothing of the machine's network (no bridge, no iptables: containers have the host's network or none), keeps
its images in the folder of the test tools and ends with the block that started it. The base image is Debian as
scripts/test-tools has fetched it, because there may be no image registry.

    python3 docker_daemon.py prepare     compiles the layers of toolchains once, for scripts/test-tools
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOOLS = pathlib.Path(
    os.environ.get("LANCE_BENCH_TEST_TOOLS")
    or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    / "lance-bench" / "test-tools")
HOME = TOOLS / "docker"
BASE = "debian:bookworm-slim"
AGENT = "lance-bench:v1"
# The name in action.yml: what is called so here is never asked of a registry.
BENCH = "ghcr.io/lancedb/lance-bench-bench:v1"


def missing():
    """Why there can be no daemon here; None when there can."""
    if os.geteuid() != 0:
        return "a Docker daemon needs root"
    if not shutil.which("dockerd") or not client():
        return "Docker is not installed (scripts/setup test)"
    if not (HOME / "base.tar").is_file():
        return "there is no base image (scripts/test-tools docker)"
    return None


def client():
    """A client that has BuildKit: a newer one in front of PATH may come without."""
    return "/usr/bin/docker" if pathlib.Path("/usr/bin/docker").exists() else shutil.which("docker")


class Docker:
    def __init__(self, socket):
        self.program = client()
        self.env = {**os.environ, "DOCKER_HOST": f"unix://{socket}", "DOCKER_BUILDKIT": "1",
                    "DOCKER_CONFIG": str(socket.parent / "config")}

    def __call__(self, *words, check=True, **options):
        done = subprocess.run([self.program, *map(str, words)], env=self.env, text=True, capture_output=True,
                              check=False, **options)
        assert not check or done.returncode == 0, f"docker {words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def has(self, image):
        return self("image", "inspect", image, check=False).returncode == 0

    def build(self, target, tag, agent, timeout=1500):
        """A target of docker/Dockerfile around the program `agent`."""
        with tempfile.TemporaryDirectory() as context:
            (pathlib.Path(context) / "lance-bench").hardlink_to(agent) if same_disk(agent, context) else \
                shutil.copy(agent, pathlib.Path(context) / "lance-bench")
            self("build", "--quiet", "--network=host", "-f", ROOT / "docker" / "Dockerfile", "--target", target,
                 "--build-arg", "AGENT=lance-bench", "--build-arg", f"BENCH_BASE={BASE}", "-t", tag, context,
                 timeout=timeout)


def same_disk(a, b):
    return os.stat(a).st_dev == os.stat(b).st_dev


@contextlib.contextmanager
def daemon():
    """A running daemon with the base image."""
    HOME.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="lb-docker-"))
    with (HOME / "lock").open("w") as lock, (work / "log").open("w") as log:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one daemon at a time has the images
        process = subprocess.Popen(
            ["dockerd", "--host", f"unix://{work}/d.sock", "--data-root", str(HOME / "data"),
             "--exec-root", str(work / "exec"), "--pidfile", str(work / "pid"), "--bridge=none", "--iptables=false",
             "--ip-forward=false"],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            docker = Docker(work / "d.sock")
            wait(docker, process, work / "log")
            if not docker.has(BASE):
                docker("import", HOME / "base.tar", BASE)
            yield docker
            # What earlier builds of the agent left would fill the disk.
            docker("image", "prune", "--force", check=False)
            docker("builder", "prune", "--force", "--keep-storage", "8GB", check=False)
        finally:
            stop(process)
            for left in (work / "exec" / "netns").glob("*"):  # dockerd leaves them mounted
                subprocess.run(["umount", left], check=False, capture_output=True)
            shutil.rmtree(work, ignore_errors=True)


def wait(docker, process, log):
    for _ in range(300):
        if docker("version", check=False).returncode == 0:
            return
        assert process.poll() is None, f"dockerd ended:\n{log.read_text()[-2000:]}"
        time.sleep(0.1)
    raise AssertionError(f"dockerd does not answer:\n{log.read_text()[-2000:]}")


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def prepare():
    reason = missing()
    if reason:
        sys.exit(f"docker: {reason}")
    with daemon() as docker:
        docker("import", HOME / "base.tar", BASE)  # it may be a new one
        docker.build("bench", "lance-bench-prepared", "/bin/true", timeout=3000)


if __name__ == "__main__":
    if sys.argv[1:] != ["prepare"]:
        sys.exit(__doc__)
    prepare()
