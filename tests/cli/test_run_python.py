"""`run` on Python projects: tests that fail, data that is generated, wheels that are built or published."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import zipfile

import pytest

from run_helpers import error_of, git

REQUIREMENTS = ["pytest==8.4.2", "pytest-benchmark==5.1.0"]
FAST = 'addopts = "--benchmark-max-time=0.05 --benchmark-min-rounds=3 --benchmark-warmup=off"\n'


def make_repo(folder, files, config):
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    config = {"project": folder.name, "python": {"requirements": REQUIREMENTS, **config}}
    files = {"pyproject.toml": f"[tool.pytest.ini_options]\n{FAST}", **files, "lance-bench.json": json.dumps(config)}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "benchmarks")
    return folder


def names(machine, said):
    rows = machine.query(f"select benchmark_name from results where metadata like '%\"{said['run']}\"%'")
    return sorted(row["benchmark_name"].split("::")[-1] for row in rows)


def test_a_test_that_fails_after_its_measurement_is_left_out(machine, tmp_path):
    repo = make_repo(tmp_path / "failing", {"tests/test_a.py": (
        "def test_good(benchmark):\n    benchmark(sum, [1, 2])\n"
        "def test_fails_late(benchmark):\n    benchmark(sum, [1, 2])\n    assert False, 'wrong sum'\n"
        "def test_fails_early(benchmark):\n    raise ValueError\n"
        "def test_plain():\n    pass\n"
    )}, {"suite": "tests"})
    done, said = machine.run(repo)
    assert done.returncode == 4
    assert "2 tests failed: tests/test_a.py::test_fails_late, tests/test_a.py::test_fails_early" in error_of(done)
    assert said["outcome"] == "partial"
    assert names(machine, said) == ["test_good"]


def test_benchmarks_that_the_settings_disable_are_measured(machine, tmp_path):
    """As in projects whose benchmarks lie among their tests."""
    settings = FAST.replace('"--', '"--benchmark-disable --', 1)
    repo = make_repo(tmp_path / "disabled", {"pyproject.toml": f"[tool.pytest.ini_options]\n{settings}",
                                             "tests/test_a.py": "def test_x(benchmark):\n    benchmark(int)\n"},
                     {"suite": "tests"})
    done, said = machine.run(repo)
    assert done.returncode == 0, done.stderr
    assert names(machine, said) == ["test_x"]


def test_an_option_that_pytest_does_not_know_is_named(machine, tmp_path):
    repo = make_repo(tmp_path / "options", {"pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-n 4"\n',
                                            "tests/test_a.py": "def test_x(benchmark):\n    benchmark(int)\n"},
                     {"suite": "tests"})
    done, _ = machine.run(repo)
    assert done.returncode == 4
    assert "error: unrecognized arguments: -n" in error_of(done)


@pytest.mark.parametrize(
    "name, text, code, message",
    [
        ("errors", "def test_x(benchmark):\n    raise ValueError('no luck')\n", 4, "no luck"),
        ("syntax", "def test_x(benchmark:\n", 4, "pytest exited with code 2"),
        ("dies", "import os\ndef test_x(benchmark):\n    os._exit(3)\n", 4, "pytest exited with code 3"),
        ("none", "def test_x():\n    pass\n", 4, "measured nothing"),
        ("empty", "", 3, "pytest selects no benchmark in tests"),
    ],
)
def test_a_suite_that_measures_nothing_says_why(machine, tmp_path, name, text, code, message):
    repo = make_repo(tmp_path / name, {"tests/test_a.py": text}, {"suite": "tests"})
    done, said = machine.run(repo)
    assert done.returncode == code, done.stderr
    assert message in error_of(done), done.stderr
    assert said["outcome"] == "failed"


def test_results_that_are_a_link_are_not_read(machine, tmp_path):
    suite = (
        "import atexit, os, pathlib, shutil, sys\n"
        "def test_x(benchmark):\n    benchmark(sum, [1, 2])\n"
        "(path,) = [a.split('=', 1)[1] for a in sys.argv if a.startswith('--benchmark-json=')]\n"
        "def replace():\n"
        "    folder = pathlib.Path(path).parent\n"
        "    folder.rename(folder.with_name('moved'))\n"
        "    folder.symlink_to(folder.with_name('moved'))\n"
        "atexit.register(replace)\n"
    )
    repo = make_repo(tmp_path / "link", {"tests/test_a.py": suite}, {"suite": "tests"})
    done, said = machine.run(repo)
    assert done.returncode == 4
    assert "is neither a file nor a folder" in error_of(done)
    assert not said["parts"][0]["stored"]


def test_data_is_generated_once_for_the_same_generator(machine, tmp_path):
    generator = "import os, pathlib\npath = pathlib.Path.home() / 'data'\npath.write_text('%s')\nprint('generated')\n"
    suite = (
        "import pathlib\n"
        "def test_read(benchmark):\n"
        "    assert benchmark((pathlib.Path.home() / 'data').read_text) in ('one', 'two')\n"
    )
    config = {"suite": "tests", "datagen": {"command": ["python", "gen.py"], "inputs": ["gen.py"]}}
    repo = make_repo(tmp_path / "data", {"gen.py": generator % "one", "tests/test_a.py": suite}, config)
    said = [machine.run(repo)[0].stderr for _ in range(2)]
    assert "generating the suite's data" in said[0]
    assert "generating the suite's data" not in said[1]
    (repo / "gen.py").write_text(generator % "two")
    git(repo, "commit", "-q", "-a", "-m", "other data")
    done, _ = machine.run(repo)
    assert done.returncode == 0, done.stderr
    assert "generating the suite's data" in done.stderr


def test_a_generator_that_fails_is_named(machine, tmp_path):
    config = {"suite": "tests", "datagen": {"command": ["python", "gen.py"], "inputs": ["gen.py"]}}
    files = {"gen.py": "raise SystemExit('no data today')\n", "tests/test_a.py": "def test_x(benchmark):\n    benchmark(int)\n"}
    repo = make_repo(tmp_path / "nodata", files, config)
    done, _ = machine.run(repo)
    assert done.returncode == 4
    assert "datagen exited with code 1: no data today" in error_of(done)
    done, said = machine.run(repo, "--keep-going")
    assert done.returncode == 0, done.stderr
    assert names(machine, said) == ["test_x"]


def test_a_package_is_built_without_the_network_and_imported_from_its_wheel(machine, tmp_path):
    files = {
        "pyproject.toml": (
            '[build-system]\nrequires = ["setuptools==80.9.0"]\nbuild-backend = "setuptools.build_meta"\n'
            '[project]\nname = "speedy"\nversion = "1.5.0"\n'
            '[tool.setuptools]\npackages = ["speedy"]\n[tool.setuptools.package-dir]\nspeedy = "src/speedy"\n'
            '[tool.setuptools.package-data]\nspeedy = ["devices"]\n'
            f"[tool.pytest.ini_options]\n{FAST}"
        ),
        # Made while the wheel is built: the sources alone could not be imported.
        "setup.py": (
            "import pathlib\nfrom setuptools import setup\n"
            "pathlib.Path('src/speedy/made.py').write_text('def fast():\\n    return 7\\n')\n"
            "names = [line.split(':')[0].strip() for line in open('/proc/net/dev') if ':' in line]\n"
            "pathlib.Path('src/speedy/devices').write_text(' '.join(names))\nsetup()\n"
        ),
        "src/speedy/__init__.py": "from .made import fast\n",
        "tests/test_a.py": "import speedy\ndef test_fast(benchmark):\n    assert benchmark(speedy.fast) == 7\n"
        "def test_where():\n    assert 'site-packages' in speedy.__file__\n",
    }
    repo = make_repo(tmp_path / "speedy", files, {"suite": "tests", "build": "pip"})
    done, said = machine.run(repo, "--keep-files")
    assert done.returncode == 0, done.stderr
    wheels = [*pathlib.Path(said["files"]).glob("out/wheels/speedy-1.5.0-*.whl")]
    assert len(wheels) == 1
    if "network" in said["sandbox"]:
        # The build wrote down which network devices it saw.
        with zipfile.ZipFile(wheels[0]) as wheel:
            assert wheel.read("speedy/devices").decode() == "lo"
    assert said["version"].startswith("1.5.0+")
    assert names(machine, said) == ["test_fast"]


def test_a_published_wheel_is_measured_by_the_suite_of_a_commit(machine, tmp_path):
    files = {
        # A folder of the same name beside the suite: the wheel is what has to be imported.
        "iniconfig/__init__.py": "raise ImportError('the checkout, not the wheel')\n",
        "suite/test_a.py": "import iniconfig\n"
        "def test_parse(benchmark):\n    benchmark(lambda: iniconfig.IniConfig('x', data='[a]\\nb=1'))\n",
    }
    repo = make_repo(tmp_path / "wheel", files, {"suite": "suite", "build": "wheel", "package": "iniconfig"})
    done, _ = machine.run(repo)
    assert done.returncode == 129
    assert "which version of iniconfig?" in error_of(done)
    done, said = machine.run(repo, "--wheel", "2.1.0")
    assert done.returncode == 0, done.stderr
    assert said["version"] == f"2.1.0+{git(repo, 'rev-parse', '--short=7', 'HEAD')}"
    assert names(machine, said) == ["test_parse"]


def test_a_file_of_a_suite_that_is_a_package_finds_the_rest_of_it(machine, tmp_path):
    """The wheel is measured by one file; what that file imports from its own package comes along."""
    files = {
        "pyproject.toml": f"[tool.pytest.ini_options]\n{FAST}",
        "py/ci/__init__.py": "",
        "py/ci/numbers_of_ours.py": "TEXT = '[a]\\nb=1'\n",
        "py/ci/conftest.py": "import pytest\n@pytest.fixture\ndef name():\n    return 'x'\n",
        "py/ci/suite/test_a.py": "import iniconfig\nfrom ci.numbers_of_ours import TEXT\n"
        "def test_parse(benchmark, name):\n    benchmark(lambda: iniconfig.IniConfig(name, data=TEXT))\n",
    }
    config = {"suite": "py/ci/suite/test_a.py", "build": "wheel", "package": "iniconfig", "version": "2.1.0"}
    done, said = machine.run(make_repo(tmp_path / "part", files, config))
    assert done.returncode == 0, done.stderr
    assert names(machine, said) == ["test_parse"]


def test_a_suite_inside_the_measured_package_does_not_bring_its_sources(machine, tmp_path):
    files = {
        "pyproject.toml": f"[tool.pytest.ini_options]\n{FAST}",
        "iniconfig/__init__.py": "raise ImportError('the checkout, not the wheel')\n",
        "iniconfig/bench/__init__.py": "SIZE = 3\n",
        "iniconfig/bench/test_a.py": "import iniconfig\nfrom . import SIZE\n"
        "def test_parse(benchmark):\n    benchmark(lambda: iniconfig.IniConfig('x', data='[a]\\nb=%d' % SIZE))\n",
    }
    config = {"suite": "iniconfig/bench/test_a.py", "build": "wheel", "package": "iniconfig", "version": "2.1.0"}
    done, said = machine.run(make_repo(tmp_path / "inside", files, config))
    assert done.returncode == 0, done.stderr
    assert names(machine, said) == ["test_parse"]


def test_a_package_beside_its_suite_is_imported_from_its_wheel(machine, tmp_path):
    files = {
        "pyproject.toml": (
            '[build-system]\nrequires = ["setuptools==80.9.0"]\nbuild-backend = "setuptools.build_meta"\n'
            '[project]\nname = "speedy"\nversion = "1.5.0"\n[tool.setuptools]\npackages = ["speedy"]\n'
            f"[tool.pytest.ini_options]\n{FAST}"
        ),
        "speedy/__init__.py": "def fast():\n    return 7\n",
        "tests/test_a.py": "import speedy\ndef test_fast(benchmark):\n"
        "    assert 'site-packages' in speedy.__file__\n    assert benchmark(speedy.fast) == 7\n",
    }
    done, said = machine.run(make_repo(tmp_path / "flat", files, {"suite": "tests", "build": "pip"}))
    assert done.returncode == 0, done.stderr
    assert names(machine, said) == ["test_fast"]


def test_the_agents_command_line_is_not_for_foreign_code(machine, tmp_path):
    """The address of a repository may hold a password, and each process sees the first one's command line."""
    suite = "import pathlib\ndef test_x(benchmark):\n    benchmark(int)\n" \
        "    print('line:', pathlib.Path('/proc/1/cmdline').read_bytes().replace(b'\\0', b' ').strip())\n"
    repo = make_repo(tmp_path / "nosy", {"tests/test_a.py": suite}, {"suite": "tests", "pytest_args": ["-s"]})
    done, said = machine.run(repo, "--keep-files")
    assert done.returncode == 0, done.stderr
    if "pid" not in said["sandbox"]:
        pytest.skip(f"no PID namespace here: {said['sandbox']}")
    log = [*pathlib.Path(said["files"]).glob("logs/*pytest.out")][-1].read_text()
    assert "line: b''" in log


def test_an_interpreter_that_is_not_there_is_named(machine, tmp_path):
    repo = make_repo(tmp_path / "old", {"tests/test_a.py": ""}, {"suite": "tests"})
    done, _ = machine.run(repo, "--python", "python2.5")
    assert "no Python called python2.5" in error_of(done)


CRATE = {
    "python/Cargo.toml": (
        '[package]\nname = "fastsum"\nversion = "2.4.0"\nedition = "2021"\n\n[lib]\ncrate-type = ["cdylib"]\n\n'
        '[dependencies]\npyo3 = { version = "0.25", features = ["extension-module"] }\n\n[workspace]\n'
    ),
    "python/src/lib.rs": (
        "use pyo3::prelude::*;\n\n#[pyfunction]\nfn add(a: u64, b: u64) -> u64 {\n    a + b\n}\n\n"
        "#[pymodule]\nfn fastsum(m: &Bound<'_, PyModule>) -> PyResult<()> {\n"
        "    m.add_function(wrap_pyfunction!(add, m)?)\n}\n"
    ),
    "python/pyproject.toml": (
        '[build-system]\nrequires = ["maturin>=1.4,<2"]\nbuild-backend = "maturin"\n'
        f'[project]\nname = "fastsum"\ndynamic = ["version"]\n[tool.pytest.ini_options]\n{FAST}'
    ),
    "python/bench/__init__.py": "",
    "python/bench/test_sum.py": "import fastsum\ndef test_add(benchmark):\n    assert benchmark(fastsum.add, 1, 2) == 3\n",
}


@pytest.mark.skipif(not shutil.which("cargo"), reason="no cargo to write a Cargo.lock with")
def test_a_package_of_rust_is_built_by_maturin(machine, tmp_path):
    repo = make_repo(tmp_path / "mixed", CRATE, {"folder": "python", "suite": "bench", "build": "maturin"})
    subprocess.run(["cargo", "generate-lockfile"], cwd=repo / "python", check=True, capture_output=True)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "lock")
    done, said = machine.run(repo)
    assert done.returncode == 0, done.stderr
    assert said["version"].startswith("2.4.0+")
    assert names(machine, said) == ["test_add"]


def can_make_venv():
    done = subprocess.run(["/usr/bin/python3", "-c", "import ensurepip"], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.skipif(not can_make_venv(), reason="the system's Python has no venv (python3-venv)")
def test_an_ordinary_user_has_a_sandbox_too(agent):
    """Without root the sandbox is a user namespace."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lance-bench-user-"))
    try:
        folder.chmod(0o755)
        home = folder / "home"
        (home / ".ssh").mkdir(parents=True)
        (home / ".ssh" / "id_ed25519").write_text("secret")
        os.chown(home, 1234, 1234)
        program = shutil.copy(agent, folder / "agent")
        suite = (
            "import os, pathlib\n"
            "def test_x(benchmark):\n"
            "    benchmark(sum, [1, 2])\n"
            f"    assert not pathlib.Path('{home}/.ssh').exists()\n"
            "    assert len([p for p in os.listdir('/proc') if p.isdigit()]) <= 3\n"
        )
        repo = make_repo(folder / "repo", {"tests/test_a.py": suite}, {"suite": "tests"})
        subprocess.run(["chmod", "-R", "a+rX", repo], check=True)
        env = {"PATH": "/usr/bin:/bin", "HOME": str(home), "LANCE_BENCH_JOBS": "2",
               "LANCE_BENCH_HOST_ROOT": "/nonexistent"}
        if "SSL_CERT_FILE" in os.environ:
            env["SSL_CERT_FILE"] = os.environ["SSL_CERT_FILE"]
        done = subprocess.run(
            ["setpriv", "--reuid", "1234", "--regid", "1234", "--clear-groups", program, "--db", home / "db",
             "run", f"file://{repo}", "--format", "json", "--testbed-name", "bed"],
            env=env, text=True, capture_output=True, check=False)
        said = json.loads(done.stdout)
        if "user namespace" not in said["sandbox"] or "mount" not in said["sandbox"]:
            pytest.skip(f"this machine gives no user namespace: {said['sandbox']}")
        assert done.returncode == 0, done.stderr
        assert said["outcome"] == "complete"
    finally:
        shutil.rmtree(folder)
