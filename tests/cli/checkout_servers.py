"""Repositories and servers for the tests of `lance-bench checkout`. Servers listen on 127.0.0.1."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time

GIT_ENV = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "C",
    "GIT_COMMITTER_EMAIL": "c@example.com",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C.UTF-8",
}
FIRST_TIME = 1_700_000_000


def git(where, *words, when=None, **options):
    env = dict(GIT_ENV)
    if when is not None:
        env["GIT_AUTHOR_DATE"] = env["GIT_COMMITTER_DATE"] = f"{when} +0000"
    done = subprocess.run(
        ["git", "-C", str(where), "-c", "protocol.file.allow=always", *map(str, words)],
        env=env, capture_output=True, check=False, **options)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def write(path, content, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)


def new_repository(path):
    path.mkdir(parents=True)
    git(path, "init", "-q", "-b", "main")
    return path


def commit(path, message, files=None, when=FIRST_TIME):
    for name, content in (files or {}).items():
        write(path / name, content)
    git(path, "add", "-A")
    git(path, "commit", "-q", "--allow-empty", "-m", message, when=when)
    return git(path, "rev-parse", "HEAD")


def make_history(path):
    """Eight commits on main, a branch `side` that is merged, an annotated and a light tag."""
    new_repository(path)
    manifest = '[workspace]\nmembers = []\n[workspace.package]\nversion = "1.2.3"\n'
    commit(path, "one", {"Cargo.toml": manifest, "number": "1\n"}, FIRST_TIME)
    commit(path, "two", {"number": "2\n", "folder/deep/file": "deep\n"}, FIRST_TIME + 60)
    git(path, "tag", "light")
    git(path, "checkout", "-q", "-b", "side")
    commit(path, "aside", {"aside": "aside\n"}, FIRST_TIME + 90)
    git(path, "checkout", "-q", "main")
    commit(path, "three", {"number": "3\n"}, FIRST_TIME + 120)
    git(path, "tag", "-a", "v1.0", "-m", "version 1.0", when=FIRST_TIME + 121)
    git(path, "merge", "-q", "--no-ff", "-m", "merge", "side", when=FIRST_TIME + 150)
    write(path / "program", "#!/bin/sh\n", 0o755)
    (path / "link").symlink_to("folder/deep/file")
    for number in range(4, 8):
        commit(path, f"number {number}", {"number": f"{number}\n"}, FIRST_TIME + 60 * number)
    return path


def bare_copy(source, target, **config):
    git(source.parent, "clone", "-q", "--mirror", source, target)
    for name, value in config.items():
        git(target, "config", name.replace("_", "."), value)
    return target


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, process=None, tries=200):
    for _ in range(tries):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert process is None or process.poll() is None, "the server has ended"
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")


@contextlib.contextmanager
def stopping(process):
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def git_daemon(base):
    """`git daemon` over the folder; yields the port."""
    port = free_port()
    program = pathlib.Path(git(base, "--exec-path")) / "git-daemon"
    command = [program, f"--base-path={base}", "--export-all", "--listen=127.0.0.1",
               f"--port={port}", "--reuseaddr", "--informative-errors", str(base)]
    process = subprocess.Popen(command, env=GIT_ENV, stderr=subprocess.DEVNULL)
    with stopping(process):
        wait_for_port(port, process)
        yield port


class Checkout:
    """Runs `lance-bench checkout` with a cache and a home of its own."""

    def __init__(self, agent, scratch):
        self.agent = agent
        self.home = scratch / "home"
        self.cache = scratch / "cache"
        self.home.mkdir(exist_ok=True)
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.home),
                    "XDG_CACHE_HOME": str(self.cache), "LC_ALL": "C.UTF-8"}

    def start(self, *words, **env):
        return subprocess.Popen(
            [self.agent, "checkout", *map(str, words)], env=self.env | env,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *words, timeout=60, **env):
        with self.start(*words, **env) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def get(self, *words, **env):
        """The JSON object of a checkout that must succeed."""
        done = self.run(*words, "--format", "json", **env)
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        result["stderr"] = done.stderr
        result["path"] = pathlib.Path(result["path"])
        return result

    def fail(self, *words, code=1, **env):
        """The one line of a checkout that must fail."""
        done = self.run(*words, **env)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert done.stdout == ""
        errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1, done.stderr
        return errors[0]

    def forget(self):
        shutil.rmtree(self.cache, ignore_errors=True)

    def mirrors(self):
        return sorted(p for p in (self.cache / "lance-bench/git").iterdir() if p.is_dir())


def assert_holds(result, source, revision="HEAD"):
    """The folder is what git itself checks out at that commit, and git finds it clean."""
    path = result["path"]
    assert git(path, "rev-parse", "HEAD") == result["commit"] == git(
        source, "rev-parse", f"{revision}^{{commit}}")
    assert git(path, "status", "--porcelain") == ""
    assert git(path, "log", "-1", "--format=%s") == git(source, "log", "-1", "--format=%s", revision)
    wanted = git(source, "ls-tree", "-r", revision)
    assert git(path, "ls-tree", "-r", "HEAD") == wanted
    for line in wanted.splitlines():
        kind, name = line.split()[0], line.split("\t")[1]
        if kind != "160000":
            assert git(path, "hash-object", "--no-filters", "--stdin-paths",
                       input=f"{name}\n".encode()) == line.split()[2] or kind == "120000"
