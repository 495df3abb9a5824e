"""What the tests of `lance-bench run` share: the sample repository and a machine of their own."""

import json
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SAMPLE = ROOT / "tests" / "fixtures" / "sample"
ODD = ROOT / "tests" / "fixtures" / "odd"


def git(repo, *arguments):
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    for who in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{who}_NAME": "Test", f"GIT_{who}_EMAIL": "test@example.com"}
    done = subprocess.run(["git", "-C", repo, *arguments], env=env, check=True, text=True, capture_output=True)
    return done.stdout.strip()


def error_of(done):
    """The error line of a run, which other chatter may stand in front of."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert lines, done.stderr
    return lines[-1]


def rows_of(machine, said):
    """The rows of the run that printed `said`, by the benchmark's name."""
    rows = machine.query(f"select * from results where metadata like '%\"{said['run']}\"%'")
    return {row["benchmark_name"]: row for row in rows}


def make_sample(dest):
    subprocess.run([SAMPLE / "make.sh", dest], check=True)
    return dest


def add_odd_benches(repo, odd):
    """A branch `odd` with every bench of `odd`; `broken`, which does not compile; `poison`, whose build script writes
    into the caches."""
    git(repo, "checkout", "-q", "-b", "odd", "first")
    shutil.copytree(odd / "benches", repo / "benches", dirs_exist_ok=True)
    names = sorted(path.stem for path in (odd / "benches").glob("*.rs"))
    with (repo / "Cargo.toml").open("a") as manifest:
        for name in names:
            manifest.write(f'\n[[bench]]\nname = "{name}"\nharness = false\n')
    (repo / "lance-bench.json").unlink()
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "benches that misbehave")
    (repo / "src" / "lib.rs").write_text("pub fn broken() -> u32 { missing_name }\n")
    git(repo, "checkout", "-q", "-b", "broken")
    git(repo, "commit", "-q", "-a", "-m", "does not compile")
    git(repo, "checkout", "-q", "odd")
    git(repo, "checkout", "-q", "-b", "poison")
    (repo / "build.rs").write_text(
        'fn main() {\n'
        '    for name in ["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_MANIFEST_DIR"] {\n'
        '        let path = format!("{}/poison", std::env::var(name).unwrap());\n'
        '        println!("cargo:warning={path} {}", std::fs::write(&path, "x").is_ok());\n'
        "    }\n"
        "}\n"
    )
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "a build script that writes where it can")
    git(repo, "checkout", "-q", "main")


class Machine:
    """An agent with a home, caches and a database of its own; toolchains are those of the machine."""

    def __init__(self, agent, folder, cache=None, db=None):
        self.agent, self.folder = agent, pathlib.Path(folder)
        self.home = self.folder / "home"
        self.home.mkdir(parents=True, exist_ok=True)
        self.db = pathlib.Path(db or self.folder / "db")
        self.cache = pathlib.Path(cache or self.folder / "cache")
        real = pathlib.Path(os.path.expanduser("~"))
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(real / ".rustup")),
            "PYENV_ROOT": os.environ.get("PYENV_ROOT", str(real / ".pyenv")),
            "XDG_CACHE_HOME": str(self.cache),
            "LANCE_BENCH_HOST_ROOT": "/nonexistent",  # the machine is not for the tests to tune
            "LANCE_BENCH_JOBS": os.environ.get("LANCE_BENCH_JOBS", "2"),
        }
        if "SSL_CERT_FILE" in os.environ:
            self.env["SSL_CERT_FILE"] = os.environ["SSL_CERT_FILE"]

    def command(self, *arguments):
        return [self.agent, "--db", str(self.db), *map(str, arguments)]

    def __call__(self, *arguments, env=None, **options):
        return subprocess.run(self.command(*arguments), env={**self.env, **(env or {})}, text=True,
                              capture_output=True, **options)

    def run(self, *arguments, retakes=0, **options):
        """`run` with --format json: the finished process, and what it printed. Unless told, nothing is measured once
        more because other work on the machine was in the way; None is the agent's own default."""
        if retakes is not None:
            arguments = (*arguments, "--retakes", retakes)
        done = self("run", "--format", "json", "--testbed-name", "bed", *arguments, **options)
        return done, json.loads(done.stdout) if done.stdout.strip() else None

    def start(self, *arguments, env=None, **options):
        return subprocess.Popen(self.command(*arguments), env={**self.env, **(env or {})}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def query(self, sql):
        done = self("query", "--format", "json", sql)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def catches(pid, number):
    """Whether the process has a handler for the signal yet."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    (mask,) = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")]
    return bool(int(mask, 16) >> (number - 1) & 1)


def processes_with(word):
    """Ids of the processes whose command line has `word` in it."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if word in (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"):
                    found.append(int(entry.name))
            except OSError:
                pass
    return found
