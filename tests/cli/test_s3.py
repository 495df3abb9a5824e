"""Databases on S3, against a real server (versitygw), which scripts/test-tools brings."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
from store_helpers import TOOLS, Store, criterion_lines, error_line

KEYS = {"AWS_ACCESS_KEY_ID": "the-user", "AWS_SECRET_ACCESS_KEY": "the-secret"}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """versitygw over a folder; each folder in it is a bucket."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.process = None
        (folder / "bucket").mkdir(parents=True)

    def start(self):
        self.process = subprocess.Popen(
            [TOOLS / "bin" / "versitygw", "--port", f"127.0.0.1:{self.port}", "--quiet", "posix",
             str(self.folder)],
            env={"PATH": os.environ["PATH"], "ROOT_ACCESS_KEY": KEYS["AWS_ACCESS_KEY_ID"],
                 "ROOT_SECRET_KEY": KEYS["AWS_SECRET_ACCESS_KEY"]},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "versitygw ended at once"
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        raise AssertionError("versitygw does not listen")

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    if not (TOOLS / "versitygw.stamp").is_file():
        pytest.skip("no S3 server: run scripts/test-tools versitygw")
    server = Server(tmp_path_factory.mktemp("s3"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(running):
    """Started again where the test before stopped it."""
    if not running.process:
        running.start()
    return running


@pytest.fixture
def remote(agent, server, tmp_path, request):
    """A database of the test's own in the server's bucket."""
    return Store(agent, tmp_path, db=f"s3://bucket/{request.node.name}",
                 AWS_ENDPOINT_URL=f"http://127.0.0.1:{server.port}", AWS_REGION="us-east-1", **KEYS)


def lines(remote, name, names, seed=1):
    return remote.file(name, criterion_lines(names, seed=seed))


def test_what_is_published_is_read_back_and_compacted(remote):
    for i in range(3):
        remote.published(lines(remote, f"{i}.jsonl", [f"r{i}/a", f"r{i}/b"], seed=i))
    assert remote.names() == ["r0/a", "r0/b", "r1/a", "r1/b", "r2/a", "r2/b"]
    before = remote.results()
    assert remote.tables()["results"]["fragments"] == 3
    remote.ok("db", "compact", "--keep", "0")
    assert remote.tables()["results"]["fragments"] == 1
    assert remote.results() == before
    state = remote.state()
    remote.published(remote.folder / "1.jsonl")
    assert remote.state() == state
    assert not (remote.folder / "db").exists()


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT", "AWS_ENDPOINT_URL_S3"])
def test_the_endpoint_is_taken_from_the_usual_variables(remote, variable):
    remote.env[variable] = remote.env.pop("AWS_ENDPOINT_URL")
    remote.env["AWS_DEFAULT_REGION"] = remote.env.pop("AWS_REGION")
    remote.published(lines(remote, "a.jsonl", ["a"]))
    assert remote.names() == ["a"]


def finish(processes):
    ended = []
    for process in processes:
        _, err = process.communicate(timeout=120)
        ended.append((process.returncode, err))
    return ended


def start_publish(remote, path, **options):
    return remote.start("publish", "criterion", path, "--dut-version", "1.2.3+abcdef0", "--dut-timestamp",
                        1_700_000_000, "--testbed-name", "bed", **options)


def test_eight_publishers_at_once_lose_nothing(remote):
    paths = [lines(remote, f"{i}.jsonl", [f"p{i}/{j}" for j in range(20)], seed=i) for i in range(8)]
    ended = finish([start_publish(remote, path) for path in paths])
    assert [code for code, _ in ended] == [0] * 8, ended
    assert remote.names() == sorted(f"p{i}/{j}" for i in range(8) for j in range(20))
    assert remote.tables()["runs"]["rows"] == 8


def test_eight_publishers_of_the_same_store_it_once(remote):
    path = lines(remote, "same.jsonl", [f"same/{j}" for j in range(20)])
    ended = finish([start_publish(remote, path) for _ in range(8)])
    assert [code for code, _ in ended] == [0] * 8, ended
    assert remote.names() == sorted(f"same/{j}" for j in range(20))
    assert remote.query("SELECT count(*) AS n FROM results") == [{"n": 20}]
    assert remote.tables()["runs"]["rows"] == 1


def assert_spooled(remote, done):
    line = error_line(done, 6)
    assert "Database connection failed" in line
    assert len(remote.spooled()) == 1
    return line


def test_with_wrong_keys_the_results_wait_in_the_spool(remote):
    path = lines(remote, "a.jsonl", ["a"])
    wrong = {"AWS_SECRET_ACCESS_KEY": "another-secret"}
    assert remote.db in assert_spooled(remote, remote.publish(path, env=wrong))
    done = remote.run("publish", "--spooled", env=wrong)
    assert done.returncode == 6
    assert len(remote.spooled()) == 1
    remote.ok("publish", "--spooled")
    assert remote.names() == ["a"] and remote.spooled() == []
    line = error_line(remote.run("results", env=wrong), 1)
    assert "Database connection failed" in line
    assert "SignatureDoesNotMatch" in line
    # What the server says beside that holds the key's name and the signed request.
    assert KEYS["AWS_ACCESS_KEY_ID"] not in line and "<" not in line


def test_with_a_missing_bucket_the_results_wait_in_the_spool(remote, server):
    path = lines(remote, "a.jsonl", ["a"])
    remote.db = "s3://made-later/db"
    assert_spooled(remote, remote.publish(path))
    (server.folder / "made-later").mkdir()
    remote.ok("publish", "--spooled")
    assert remote.names() == ["a"] and remote.spooled() == []


def test_what_waits_is_sent_where_it_belongs_and_nowhere_else(remote, server):
    server.stop()
    path = lines(remote, "a.jsonl", ["a", "b"])
    remote.env["LANCE_BENCH_S3_RETRIES"] = "1"
    assert_spooled(remote, remote.publish(path))
    elsewhere = str(remote.folder / "elsewhere")
    done = remote.run("publish", "--spooled", db=elsewhere)
    assert done.returncode == 6
    assert len(remote.spooled()) == 1
    assert not os.path.exists(elsewhere)
    server.start()
    remote.ok("publish", "--spooled", db=elsewhere)
    assert not os.path.exists(elsewhere)
    assert remote.names() == ["a", "b"] and remote.spooled() == []
    # The spooled input is the same run: publishing it by hand changes nothing any more.
    state = remote.state()
    remote.published(path)
    assert remote.state() == state


@pytest.mark.parametrize("delay", [0.05, 0.1, 0.2, 0.4])
def test_a_publisher_that_is_killed_leaves_a_database_that_takes_the_same_again(remote, delay):
    remote.published(lines(remote, "first.jsonl", ["first"]))
    names = [f"killed/{j}" for j in range(3000)]
    path = lines(remote, "killed.jsonl", names, seed=3)
    process = start_publish(remote, path)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert len(remote.results()) in (1, 3001)
    remote.published(path)
    assert remote.names() == sorted(["first", *names])
    assert remote.tables()["runs"]["rows"] == 2


def test_without_keys_the_message_says_which_variables_to_set(remote):
    for name in KEYS:
        del remote.env[name]
    line = error_line(remote.run("results", env={"AWS_EC2_METADATA_DISABLED": "true"}), 1)
    assert "AWS_ACCESS_KEY_ID" in line and "AWS_SECRET_ACCESS_KEY" in line


def test_a_server_that_never_answers_is_given_up_on_in_time(remote):
    path = lines(remote, "a.jsonl", ["a"])
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        remote.env |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
                       "LANCE_BENCH_S3_TIMEOUT": "2"}
        line = assert_spooled(remote, remote.publish(path, timeout=30))
        assert "did not answer for 2 s" in line
        assert "did not answer for 2 s" in error_line(remote.run("results", timeout=30), 1)
        done = remote.run("db", "info", timeout=30)
        assert done.returncode == 1 and "did not answer for 2 s" in done.stderr


class ForgetfulProxy:
    """Passes bytes on, but hangs up instead of handing over the answer to the first commit of results:
    it happened, and whoever asked does not know."""

    def __init__(self, port):
        self.target = port
        self.dropped = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                committing = threading.Event()
                for words in ((client, server, committing, True), (server, client, committing, False)):
                    threading.Thread(target=self.pump, args=words, daemon=True).start()

    def pump(self, source, target, committing, is_request):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                # Version 2 of the table: the first with rows in it.
                if is_request and re.search(rb"PUT \S*results\.lance/_versions/18446744073709551613", data):
                    committing.set()
                if not is_request and committing.is_set() and not self.dropped:
                    self.dropped += 1
                    break
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()


def test_a_commit_whose_answer_is_lost_loses_no_data(remote, server):
    path = lines(remote, "a.jsonl", [f"a/{i}" for i in range(50)])
    proxy = ForgetfulProxy(server.port)
    try:
        done = remote.publish(path, env={"AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.port}"})
    finally:
        proxy.close()
    assert proxy.dropped == 1, "the commit did not go through the proxy"
    assert done.returncode in (0, 6), done.stderr
    # The version is there; so must be the files that it consists of.
    assert remote.names() == sorted(f"a/{i}" for i in range(50))
    remote.env["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{server.port}"
    if done.returncode == 6:
        for entry in remote.spooled():
            assert json.loads((entry / "request.json").read_text())["database"] == remote.db
        remote.ok("publish", "--spooled")
    assert len(remote.query("SELECT id FROM results")) == 50
    assert remote.tables()["runs"]["rows"] == 1
