"""docker/compose.yml: the local stack starts, and what its comment says works. There may be no image registry, so the
images are stand-ins with the same program (S3) or with Debian's Postgres under the official image's variables."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time

import pytest

import store_helpers
from docker_daemon import BASE, ROOT, TOOLS

S3 = f"""FROM {BASE}
COPY versitygw /app/versitygw
"""
POSTGRES = f"""FROM {BASE}
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql
COPY start /start
CMD ["/start"]
"""
START = """#!/bin/sh
# The official image's variables and the place of its data.
set -eu
PATH=$PATH:$(echo /usr/lib/postgresql/*/bin)
data=/var/lib/postgresql/data
mkdir -p "$data" && chown postgres "$data"
echo "$POSTGRES_PASSWORD" >/tmp/password && chmod 644 /tmp/password
as() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
[ -f "$data/PG_VERSION" ] || as initdb -D "$data" -U "$POSTGRES_USER" --pwfile=/tmp/password -A scram-sha-256 >/dev/null
echo "host all all all scram-sha-256" >>"$data/pg_hba.conf"
as sh -c "PGPASSWORD=$POSTGRES_PASSWORD; export PGPASSWORD; until createdb -h 127.0.0.1 -U $POSTGRES_USER $POSTGRES_DB; do sleep .2; done" &
printf '#!/bin/sh\\nexec env PGPASSWORD=%s /usr/lib/postgresql/*/bin/pg_isready -h 127.0.0.1 "$@"\\n' "$POSTGRES_PASSWORD" \
    >/usr/local/bin/pg_isready && chmod 755 /usr/local/bin/pg_isready
exec setpriv --reuid=postgres --regid=postgres --init-groups /bin/sh -c "exec /usr/lib/postgresql/*/bin/postgres -D $data -c listen_addresses='*' -k /tmp"
"""


def build(docker, tag, folder, dockerfile, files):
    folder.mkdir()
    for name, source in files.items():
        if isinstance(source, str):
            (folder / name).write_text(source)
        else:
            shutil.copy(source, folder / name)
        (folder / name).chmod(0o755)
    (folder / "Dockerfile").write_text(dockerfile)
    docker("build", "--quiet", "--network=host", "-t", tag, folder, timeout=900)


@pytest.fixture
def compose(docker, tmp_path):
    """Runs docker-compose in the daemon of the tests, with the stand-in images."""
    if not shutil.which("docker-compose"):
        pytest.skip("docker-compose is not installed (scripts/setup test)")
    if not (TOOLS / "versitygw.stamp").is_file():
        pytest.skip("no S3 server: run scripts/test-tools versitygw")
    for port in (7070, 5432):
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                pytest.skip(f"port {port} of this machine is taken, and the stack has it fixed")
    build(docker, "stand-in-s3", tmp_path / "s3", S3, {"versitygw": TOOLS / "bin" / "versitygw"})
    build(docker, "stand-in-postgres", tmp_path / "postgres", POSTGRES, {"start": START})

    def run(*words):
        return subprocess.run(
            ["docker-compose", "-p", "lance-bench-test", "-f", ROOT / "docker" / "compose.yml", *words],
            env={**docker.env, "S3_IMAGE": "stand-in-s3", "POSTGRES_IMAGE": "stand-in-postgres"},
            text=True, capture_output=True, check=False, timeout=300)

    yield run
    run("down", "--volumes", "--timeout", "1")


def wait_until(holds, what, tries=600):
    for _ in range(tries):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within a minute: {what}")


def healthy(docker, service):
    found = docker("ps", "-q", "--filter", f"label=com.docker.compose.service={service}").stdout.split()
    return found and docker("inspect", "--format", "{{.State.Health.Status}}", *found).stdout.strip() == "healthy"


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def test_the_local_stack_starts_and_keeps_results_and_features(compose, docker, agent, tmp_path):
    done = compose("up", "--detach")
    assert done.returncode == 0, done.stdout + done.stderr
    wait_until(lambda: healthy(docker, "postgres") and listens(7070), "both services answer")

    # As the file's comment has it.
    lines = [line.split("export ", 1)[1] for line in (ROOT / "docker" / "compose.yml").read_text().splitlines()
             if line.startswith("#   export ")]
    env = dict(pair.split("=", 1) for line in lines for pair in line.split())
    assert "LANCE_BENCH_URI" in env
    path = tmp_path / "criterion.json"
    path.write_text(store_helpers.criterion_lines(["a", "b"]))

    def lance_bench(*words):
        return subprocess.run(
            [agent, *map(str, words)], text=True, capture_output=True, check=False, timeout=60,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANCE_BENCH_TESTBED_FILE": "/nonexistent", **env})

    done = lance_bench("publish", "criterion", path, "--dut-version", "1.0.0+abcdef0", "--dut-timestamp", 1_700_000_000,
                       "--testbed-name", "bed")
    assert done.returncode == 0, done.stderr
    done = lance_bench("query", "--format", "json", "SELECT count(*) AS n FROM results")
    assert json.loads(done.stdout) == [{"n": 2}], done.stderr

    said = subprocess.run(
        ["psql", "-At", "-h", "127.0.0.1", "-U", "lance-bench", "-d", "features", "-c", "SELECT 6 * 7"],
        env={"PATH": os.environ["PATH"], "PGPASSWORD": "lance-bench-local"}, text=True, capture_output=True,
        check=False)
    assert said.stdout.strip() == "42", said.stderr
    mapped = docker("ps", "--format", "{{.Ports}}").stdout
    for port in (5432, 7070):
        assert f"127.0.0.1:{port}->" in mapped and f"0.0.0.0:{port}->" not in mapped
