"""TLS of the static file: whom it trusts, and that S3, git and HTTP ask the same question."""

import contextlib
import os
import shutil
import socket
import subprocess
import time

import pytest
from store_helpers import TOOLS, Store, criterion_lines, error_line
from test_s3 import KEYS, free_port

DUT = ["--dut-version", "1.0+0123456", "--dut-timestamp", "1700000000", "--testbed-name", "bed"]


def openssl(*words, cwd):
    subprocess.run(["openssl", *words], cwd=cwd, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate authority of our own, and a server's certificate for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("ca")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test ca",
            "-keyout", "ca.key", "-out", "ca.pem", cwd=folder)
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", "key.pem",
            "-out", "request.pem", cwd=folder)
    (folder / "ext").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", "ext", "-out", "cert.pem", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def port(authority, tmp_path_factory):
    """An S3 server that speaks TLS."""
    if not (TOOLS / "versitygw.stamp").is_file():
        pytest.skip("no S3 server: run scripts/test-tools versitygw")
    data = tmp_path_factory.mktemp("s3")
    (data / "bucket").mkdir()
    number = free_port()
    server = subprocess.Popen(
        [TOOLS / "bin" / "versitygw", "--port", f"127.0.0.1:{number}", "--cert", authority / "cert.pem",
         "--key", authority / "key.pem", "--quiet", "posix", data],
        env={"PATH": os.environ["PATH"], "ROOT_ACCESS_KEY": KEYS["AWS_ACCESS_KEY_ID"],
             "ROOT_SECRET_KEY": KEYS["AWS_SECRET_ACCESS_KEY"]},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", number), 1):
            break
        time.sleep(0.05)
    yield number
    server.kill()
    server.wait()


@pytest.fixture
def store(agent, port, tmp_path, request):
    return Store(agent, tmp_path, db=f"s3://bucket/{request.node.name}",
                 AWS_ENDPOINT_URL=f"https://127.0.0.1:{port}", AWS_REGION="us-east-1", **KEYS)


def publish(store, *options, **more):
    lines = store.file("lines.json", criterion_lines(["a", "b"]))
    return store.run(*options, "publish", "criterion", lines, *DUT, **more)


def test_s3_with_a_private_authority_is_trusted_by_the_option(store, authority):
    done = publish(store, "--cacert", authority / "ca.pem")
    assert done.returncode == 0, done.stderr
    listed = store.run("--cacert", authority / "ca.pem", "results", "--format", "json")
    assert listed.returncode == 0 and '"benchmark": "a"' in listed.stdout


def test_s3_with_a_private_authority_is_trusted_by_the_variable(store, authority):
    done = publish(store, env={"SSL_CERT_FILE": str(authority / "ca.pem")})
    assert done.returncode == 0, done.stderr


def test_a_stranger_is_not_trusted_and_the_results_wait(store):
    done = publish(store)
    assert done.returncode == 6
    assert "certificate" in error_line(done).lower()
    assert list(store.spool.iterdir())


@pytest.mark.parametrize("content", [None, "", "no certificate\n"], ids=["missing", "empty", "text"])
def test_a_bundle_that_is_none_is_wrong_usage(store, tmp_path, content):
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_text(content)
    done = publish(store, "--cacert", bundle)
    assert done.returncode == 129
    assert "--cacert" in error_line(done) and "bundle.pem" in error_line(done)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change the root folder")
def test_on_a_machine_without_certificates_the_embedded_ones_are_used(agent, tmp_path):
    """A root folder that holds nothing but the agent, /proc and /dev."""
    root = tmp_path / "root"
    (root / "proc").mkdir(parents=True)
    (root / "dev").mkdir()
    shutil.copy(agent, root / "agent")
    script = (f'mount -t proc proc "{root}/proc" && mount --bind /dev "{root}/dev" && '
              f'exec chroot "{root}" /agent --format json doctor')
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], env={"PATH": os.environ["PATH"], "HOME": "/"},
                          capture_output=True, encoding="utf-8", check=False)
    if "unshare" in done.stderr:
        pytest.skip(f"no mount namespace here: {done.stderr.strip()}")
    row = next(line for line in done.stdout.splitlines() if '"check": "certificates"' in line)
    assert '"state": "ok"' in row and "/proc/" in row
