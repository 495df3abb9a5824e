"""`lance-bench checkout` over https, http and ssh, and with remotes that misbehave."""

import base64
import contextlib
import getpass
import http.server
import os
import pathlib
import pty
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest
from checkout_servers import (GIT_ENV, Checkout, assert_holds, bare_copy, free_port, git,
                              git_daemon, make_history, stopping, wait_for_port)

TOKEN = "secret-token-3141592653"


@pytest.fixture
def checkout(agent, tmp_path):
    return Checkout(agent, tmp_path)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return make_history(tmp_path_factory.mktemp("source") / "history")


@pytest.fixture(scope="module")
def served(source, tmp_path_factory):
    base = tmp_path_factory.mktemp("served")
    bare_copy(source, base / "any.git", uploadpack_allowAnySHA1InWant="true",
              http_receivepack="false")
    bare_copy(source, base / "tips.git")
    return base


# --- http and https ---------------------------------------------------------------------------


class GitHandler(http.server.BaseHTTPRequestHandler):
    """git's own CGI program behind Python's server; /private/ asks for the token."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_any(self):
        length = self.headers.get("Content-Length")
        if length is not None:
            body = self.rfile.read(int(length))
        elif self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = b""
        self.server.seen.append((self.path, self.headers.get("Authorization")))
        path, _, query = self.path.partition("?")
        if path.startswith("/moved/"):
            return self.answer(301, {"Location": self.server.moved + self.path[len("/moved"):]})
        if path.startswith("/page/"):
            return self.answer(200, {"Content-Type": "text/html"}, b"<html>hello</html>")
        if path.startswith("/broken/"):
            return self.answer(500, {})
        if path.startswith("/private/"):
            wanted = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
            userinfo = base64.b64encode(b"me:word").decode()
            if self.headers.get("Authorization") not in (f"Basic {wanted}", f"Basic {userinfo}"):
                return self.answer(401, {"WWW-Authenticate": 'Basic realm="private"'})
            path = path[len("/private"):]
        env = GIT_ENV | {
            "GIT_PROJECT_ROOT": str(self.server.base), "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command, "PATH_INFO": path, "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": "127.0.0.1",
        }
        if self.headers.get("Content-Encoding"):
            env["HTTP_CONTENT_ENCODING"] = self.headers["Content-Encoding"]
        done = subprocess.run(["git", "http-backend"], env=env, input=body, capture_output=True,
                              check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        status = int(headers.pop("Status", "200").split()[0])
        return self.answer(status, headers, content)

    do_GET = do_POST = handle_any


@contextlib.contextmanager
def web_server(base, context=None, host="127.0.0.1"):
    server = http.server.ThreadingHTTPServer((host, 0), GitHandler)
    server.base, server.seen, server.moved = base, [], ""
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.address = f"{'https' if context else 'http'}://{host}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A private certificate authority and a certificate for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("authority")

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-subj", "/CN=Test Authority", "-days", "2")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr",
            "-subj", "/CN=127.0.0.1")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-out", "server.pem", "-days", "2", "-extfile", "names")
    return folder


@pytest.fixture
def secure(served, authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem", authority / "server.key")
    with web_server(served, context) as server:
        yield server


@pytest.fixture
def trusted(checkout, authority):
    checkout.env["SSL_CERT_FILE"] = str(authority / "ca.pem")
    return checkout


@pytest.fixture
def plain(served):
    with web_server(served) as server:
        yield server


@pytest.mark.parametrize("name", ["any.git", "tips.git"])
@pytest.mark.parametrize("revision", ["HEAD", "v1.0", "HEAD~3"])
def test_http_gives_the_commit(checkout, source, plain, name, revision):
    url = f"{plain.address}/{name}"
    assert_holds(checkout.get(url, "--rev", revision), source, revision)
    full = git(source, "rev-parse", f"{revision}~1")
    assert_holds(checkout.get(url, "--rev", full), source, full)
    assert_holds(checkout.get(url, "--rev", "light"), source, "light")


def test_https_wants_a_trusted_certificate(checkout, source, secure, authority):
    url = f"{secure.address}/any.git"
    assert "is not trusted" in checkout.fail(url)
    assert_holds(checkout.get(url, "--cacert", authority / "ca.pem"), source)
    checkout.forget()
    assert_holds(checkout.get(url, SSL_CERT_FILE=str(authority / "ca.pem")), source)


def copy_bytes(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def tunnelling_proxy(target):
    """Answers CONNECT with a tunnel to the port `target`; yields its address and what was asked."""

    def serve(listener):
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                asked.append(client.recv(65536).split(b"\r\n")[0].decode())
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                server = socket.create_connection(("127.0.0.1", target))
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=copy_bytes, args=pair, daemon=True).start()

    asked = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked


def test_the_proxy_of_the_environment_is_used_for_https(trusted, source, secure):
    port = secure.server_port
    with tunnelling_proxy(port) as (proxy, asked):
        url = f"https://localhost:{port}/any.git"
        assert_holds(trusted.get(url, https_proxy=proxy), source)
        assert asked and all(line.startswith(f"CONNECT localhost:{port}") for line in asked)
        asked.clear()
        trusted.get(url, https_proxy=proxy, no_proxy="localhost")
        assert not asked


def files_that_hold(folder, text):
    return [path for path in folder.rglob("*")
            if path.is_file() and text.encode() in path.read_bytes()]


def test_the_token_opens_a_private_repository_and_is_kept_nowhere(trusted, source, secure):
    url = f"{secure.address}/private/any.git"
    result = trusted.get(url, "--verbose", LANCE_BENCH_GIT_TOKEN=TOKEN)
    assert_holds(result, source)
    assert TOKEN not in result["stderr"]
    assert files_that_hold(trusted.cache, TOKEN) == []
    assert files_that_hold(trusted.cache, base64.b64encode(TOKEN.encode()).decode()[:20]) == []


def test_without_a_token_a_private_repository_says_what_to_set(trusted, secure):
    line = trusted.fail(f"{secure.address}/private/any.git")
    assert "asks for a password" in line and "LANCE_BENCH_GIT_TOKEN" in line


def test_a_wrong_token_is_refused_and_not_shown(trusted, secure):
    line = trusted.fail(f"{secure.address}/private/any.git", LANCE_BENCH_GIT_TOKEN="wrong-one")
    assert "refused the token" in line and "wrong-one" not in line


def test_credentials_in_the_address_work_and_are_masked(trusted, source, secure):
    host = secure.address.removeprefix("https://")
    result = trusted.get(f"https://me:word@{host}/private/any.git", "--verbose")
    assert_holds(result, source)
    assert files_that_hold(trusted.cache, "me:word") == []
    assert git(result["path"], "config", "remote.origin.url") == f"https://{host}/private/any.git"
    trusted.forget()
    line = trusted.fail(f"https://me:wrong-word@{host}/private/any.git")
    assert "refused the user name and password" in line and "wrong-word" not in line
    line = trusted.fail("nonsense://me:wrong-word@host/x", code=129)
    assert "wrong-word" not in line


def test_githubs_token_goes_to_githubs_host_alone(trusted, source, secure):
    url = f"{secure.address}/private/any.git"
    assert "asks for a password" in trusted.fail(url, GITHUB_TOKEN=TOKEN)
    assert not any(seen for _, seen in secure.seen)
    assert_holds(trusted.get(url, GITHUB_TOKEN=TOKEN, GITHUB_SERVER_URL=secure.address), source)


def test_a_token_does_not_follow_a_redirect_to_another_host(trusted, source, secure, served,
                                                            authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem", authority / "server.key")
    with web_server(served, context) as thief:
        secure.moved = thief.address.replace("127.0.0.1", "localhost") + "/private"
        url = f"{secure.address}/moved/any.git"
        assert "leads to another host" in trusted.fail(url, LANCE_BENCH_GIT_TOKEN=TOKEN)
        assert thief.seen == []
        # On the same host a repository may move, as GitHub's do.
        secure.moved = secure.address + "/private"
        assert_holds(trusted.get(url, LANCE_BENCH_GIT_TOKEN=TOKEN), source)
        trusted.forget()
        # Without a secret at stake it may move anywhere.
        secure.moved = thief.address.replace("127.0.0.1", "localhost")
        assert_holds(trusted.get(url), source)


def test_a_token_is_not_sent_unencrypted(checkout, plain, served):
    assert checkout.get(f"{plain.address}/private/any.git", LANCE_BENCH_GIT_TOKEN=TOKEN)
    # 127.0.0.2 is this machine too, but only by the look of the network, which is not asked.
    with web_server(served, host="127.0.0.2") as server:
        line = checkout.fail(f"{server.address}/private/any.git", LANCE_BENCH_GIT_TOKEN=TOKEN)
        assert "not sent unencrypted" in line
        assert server.seen and not any(seen for _, seen in server.seen)


def test_what_is_no_repository_is_told_from_what_is_broken(checkout, plain):
    assert "is a web page" in checkout.fail(f"{plain.address}/page/any.git")
    assert "500" in checkout.fail(f"{plain.address}/broken/any.git")
    assert "there is no repository" in checkout.fail(f"{plain.address}/none.git")


def test_a_submodules_host_does_not_get_the_token(trusted, secure, served, authority, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem", authority / "server.key")
    with web_server(served, context) as other:
        theirs = other.address.replace("127.0.0.1", "localhost")
        parent = tmp_path / "parent"
        git(tmp_path, "clone", "-q", served / "any.git", parent)
        head = git(parent, "rev-parse", "HEAD")
        (parent / ".gitmodules").write_text(
            f'[submodule "s"]\n\tpath = s\n\turl = {theirs}/private/any.git\n')
        git(parent, "add", "-A")
        git(parent, "update-index", "--add", "--cacheinfo", f"160000,{head},s")
        git(parent, "commit", "-q", "-m", "with submodule")
        bare_copy(parent, served / "parent.git")
        line = trusted.fail(f"{secure.address}/private/parent.git", LANCE_BENCH_GIT_TOKEN=TOKEN)
        assert "submodule s" in line and "asks for a password" in line
        assert not any(seen for _, seen in other.seen)


# --- remotes that misbehave -------------------------------------------------------------------


@contextlib.contextmanager
def silent_server():
    """Accepts connections and never says a word. Gives its port, and what waits for a connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        yield listener.getsockname()[1], listener.accept


@pytest.mark.parametrize("scheme", ["git", "http", "https", "ssh"])
def test_a_silent_remote_is_given_up_on(checkout, scheme):
    with silent_server() as (port, _):
        line = checkout.fail(f"{scheme}://127.0.0.1:{port}/x.git", "--timeout", "1")
    assert "--timeout" in line


@pytest.mark.parametrize("scheme", ["git", "http", "https", "ssh"])
def test_ctrl_c_ends_the_waiting(checkout, scheme):
    with silent_server() as (port, accept):
        process = checkout.start(f"{scheme}://127.0.0.1:{port}/x.git")
        with accept()[0]:
            started = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
    assert process.returncode == 130 and out == "" and "interrupted" in err
    # The wait is what is looked at, not the speed: the server would have held it for 30 s.
    assert time.monotonic() - started < 10


def test_a_remote_that_nobody_listens_for_is_named(checkout):
    port = free_port()
    for scheme in ("git", "http", "https", "ssh"):
        line = checkout.fail(f"{scheme}://127.0.0.1:{port}/x.git")
        assert f"127.0.0.1:{port}" in line


def test_a_host_that_does_not_exist_is_named(checkout):
    line = checkout.fail("https://no-such-host.invalid/x.git")
    assert "no-such-host.invalid" in line


@contextlib.contextmanager
def dropping_proxy(target, limit):
    """Passes bytes on, and closes each connection after `limit` bytes from the server."""

    def pump(source, sink, left):
        with contextlib.suppress(OSError):
            while left > 0 and (data := source.recv(min(left, 65536))):
                sink.sendall(data)
                left -= len(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve(listener):
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", target))
                for args in ((client, server, 1 << 40), (server, client, proxy["limit"])):
                    threading.Thread(target=pump, args=args, daemon=True).start()

    proxy = {"limit": limit}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy["port"] = listener.getsockname()[1]
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield proxy


@pytest.mark.parametrize("scheme", ["git", "http"])
def test_a_connection_that_breaks_off_says_so_and_leaves_nothing_behind(checkout, source, served,
                                                                        plain, scheme):
    # Noise makes the pack long enough to be cut within.
    big = served / "big.git"
    if not big.exists():
        work = served.parent / "big-work"
        git(served, "clone", "-q", served / "any.git", work)
        (work / "noise").write_bytes(os.urandom(300_000))
        git(work, "add", "-A")
        git(work, "commit", "-q", "-m", "noise")
        bare_copy(work, big)
        shutil.rmtree(work)
    with git_daemon(served) as daemon:
        target = daemon if scheme == "git" else plain.server_port
        with dropping_proxy(target, 0) as proxy:
            url = f"{scheme}://127.0.0.1:{proxy['port']}/big.git"
            for limit in (0, 3, 100, 700, 2000, 20_000, 150_000, 290_000):
                proxy["limit"] = limit
                line = checkout.fail(url)
                assert url in line, line
                packs = [name for mirror in checkout.mirrors()
                         for name in os.listdir(mirror / "objects/pack")]
                assert not [name for name in packs if name.endswith(".idx")]
            proxy["limit"] = 1 << 40
            assert_holds(checkout.get(url), big)
            (mirror,) = checkout.mirrors()
            assert len(os.listdir(mirror / "objects/pack")) == 2


def test_a_server_that_talks_nonsense_is_told(checkout):
    def serve(listener):
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client:
                    client.recv(65536)
                    client.sendall(b"HTTP/1.1 200 OK\r\n\r\nzzzz nonsense" * 50)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        port = listener.getsockname()[1]
        for scheme in ("git", "http", "https", "ssh"):
            line = checkout.fail(f"{scheme}://127.0.0.1:{port}/x.git", "--timeout", "20")
            assert f"127.0.0.1:{port}" in line


def test_progress_is_drawn_on_a_terminal_only(checkout, served):
    with git_daemon(served) as port:
        url = f"git://127.0.0.1:{port}/any.git"
        assert checkout.get(url)["stderr"] == ""
        checkout.forget()
        master, slave = pty.openpty()
        with subprocess.Popen([checkout.agent, "checkout", url], env=checkout.env,
                              stdout=subprocess.PIPE, stderr=slave) as process:
            os.close(slave)
            drawn = b""
            with contextlib.suppress(OSError):
                while data := os.read(master, 4096):
                    drawn += data
            process.communicate(timeout=60)
        os.close(master)
    assert process.returncode == 0
    assert b"any: " in drawn and drawn.startswith(b"\r\x1b[K")


# --- ssh --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ssh_server(served, tmp_path_factory):
    """A server of one's own on a high port, with throw-away keys."""
    program = shutil.which("sshd", path="/usr/sbin:/usr/bin:/sbin")
    if not program or not shutil.which("ssh-keygen"):
        pytest.skip("needs sshd and ssh-keygen (Debian: openssh-server)")
    if os.geteuid() == 0:
        # sshd wants this folder when it is started by root.
        pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    folder = tmp_path_factory.mktemp("ssh")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name],
                       check=True)
    shutil.copy(folder / "user.pub", folder / "authorized_keys")
    port = free_port()
    (folder / "config").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/host\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n")
    process = subprocess.Popen([program, "-D", "-e", "-f", folder / "config"],
                               stderr=open(folder / "log", "wb"))
    with stopping(process):
        wait_for_port(port, process)
        yield {"port": port, "folder": folder,
               "url": f"ssh://{getpass.getuser()}@127.0.0.1:{port}{served}/any.git"}


@pytest.fixture
def ssh_home(checkout, ssh_server):
    folder = checkout.home / ".ssh"
    folder.mkdir(mode=0o700)
    key = (ssh_server["folder"] / "host.pub").read_text().split()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{ssh_server['port']} {key[0]} {key[1]}\n")
    return folder


def install_key(ssh_server, folder):
    for name, target in (("user", "id_ed25519"), ("user.pub", "id_ed25519.pub")):
        shutil.copy(ssh_server["folder"] / name, folder / target)
    (folder / "id_ed25519").chmod(0o600)


def test_ssh_takes_the_key_of_the_home(checkout, source, ssh_server, ssh_home):
    install_key(ssh_server, ssh_home)
    for revision in ("HEAD", "HEAD~2", "v1.0", git(source, "rev-parse", "light")):
        assert_holds(checkout.get(ssh_server["url"], "--rev", revision), source, revision)


def test_ssh_takes_the_key_of_the_agent(checkout, source, ssh_server, ssh_home, tmp_path):
    # A path of a socket may not be long.
    address = f"/tmp/agent-{os.getpid()}"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", address], stdout=subprocess.DEVNULL)
    with stopping(process):
        for _ in range(100):
            if os.path.exists(address):
                break
            time.sleep(0.05)
        key = tmp_path / "key"
        shutil.copy(ssh_server["folder"] / "user", key)
        key.chmod(0o600)
        subprocess.run(["ssh-add", "-q", key], env=os.environ | {"SSH_AUTH_SOCK": address},
                       check=True, capture_output=True)
        assert_holds(checkout.get(ssh_server["url"], SSH_AUTH_SOCK=address), source)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(address)


def test_ssh_without_a_key_says_where_to_put_one(checkout, ssh_server, ssh_home):
    line = checkout.fail(ssh_server["url"])
    assert "refused every key" in line and "~/.ssh" in line


def test_ssh_wants_to_know_the_host(checkout, ssh_server, ssh_home):
    install_key(ssh_server, ssh_home)
    (ssh_home / "known_hosts").unlink()
    assert "known_hosts" in checkout.fail(ssh_server["url"])
    other = (ssh_server["folder"] / "user.pub").read_text().split()
    (ssh_home / "known_hosts").write_text(
        f"[127.0.0.1]:{ssh_server['port']} {other[0]} {other[1]}\n")
    assert "known_hosts" in checkout.fail(ssh_server["url"])


def test_ssh_names_a_repository_that_is_not_there(checkout, ssh_server, ssh_home):
    install_key(ssh_server, ssh_home)
    line = checkout.fail(ssh_server["url"].replace("any.git", "none.git"))
    assert "none.git" in line
