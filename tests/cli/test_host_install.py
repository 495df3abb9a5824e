"""`host install`: what it writes and takes away again, and the job hooks as a runner uses them."""

import json
import os
import shutil
import signal
import subprocess
import time

import pytest

from host_root import GOVERNOR, STATE, TUNED, UID, USER, Root, snapshot

HOOKS = "/usr/local/lib/lance-bench"
HELPER = f"{HOOKS}/host-helper"


def missing():
    if os.geteuid():
        return "needs root: it writes root's files"
    if not shutil.which("sudo"):
        return "sudo is not installed (scripts/setup test)"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        return "this machine gives no mount namespace"
    return None


pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))


@pytest.fixture
def root(agent, tmp_path):
    root = Root(agent, tmp_path)
    yield root
    root.remove()


@pytest.fixture(scope="module")
def machine(agent, tmp_path_factory):
    """Installed; its tests leave the settings as they were."""
    root = Root(agent, tmp_path_factory.mktemp("machine"))
    root.install("--cpus", "1")
    yield root
    root.remove()


def wait_for(what, seconds=20):
    deadline = time.monotonic() + seconds
    while not what() and time.monotonic() < deadline:
        time.sleep(0.02)
    return what()


def test_a_dry_run_shows_every_file_and_writes_none(root):
    before = snapshot(root.path)
    done = root.host("install", "--runner-user", USER, "--cpus", "1", "--dry-run", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert snapshot(root.path) == before
    files = {file["path"]: file for file in json.loads(done.stdout)["files"]}
    assert {"/usr/local/bin/lance-bench", HELPER, "/etc/sudoers.d/lance-bench", "/etc/lance-bench/host.conf",
            "/etc/systemd/system/lance-bench-restore.service", f"/home/{USER}/actions-runner"} <= set(files)
    assert files["/etc/sudoers.d/lance-bench"]["mode"] == "0440"
    text = root.host("install", "--runner-user", USER, "--dry-run").stdout
    assert f"{USER} ALL=(root) NOPASSWD: {HELPER} started, {HELPER} completed" in text


def test_uninstall_leaves_the_tree_as_it_was(root):
    before = snapshot(root.path)
    root.install()
    assert snapshot(root.path) != before
    done = root.host("uninstall")
    assert done.returncode == 0, done.stderr
    assert snapshot(root.path) == before
    assert root.host("uninstall").returncode == 1


def test_what_is_installed_is_root_s_alone(machine):
    for name in ("usr/local/bin/lance-bench", "usr/local/lib/lance-bench/host-helper", "etc/lance-bench/host.conf",
                 "etc/sudoers.d/lance-bench", "usr/local/lib/lance-bench", "etc/lance-bench"):
        st = (machine.path / name).lstat()
        assert (st.st_uid, st.st_gid, st.st_mode & 0o022) == (0, 0, 0), name
    st = (machine.runner / ".env").lstat()
    assert (st.st_uid, st.st_mode & 0o777) == (UID, 0o640)


def test_installing_again_adds_runners_and_keeps_the_configuration(root):
    root.install("--cpus", "1", "--profile", "shared")
    root.add_runner("second")
    root.install()
    conf = (root.path / "etc/lance-bench/host.conf").read_text()
    assert 'cpus = "1"' in conf and 'profile = "shared"' in conf
    for name in ("actions-runner", "second"):
        env = (root.path / "home" / USER / name / ".env").read_text()
        assert env.count("ACTIONS_RUNNER_HOOK_JOB_STARTED=") == 1, env
    assert root.host("uninstall").returncode == 0
    assert (root.path / "home" / USER / "second" / ".env").read_text() == "LANG=C.UTF-8\n"


def test_a_file_that_was_changed_since_stays(root):
    root.install()
    conf = root.path / "etc/lance-bench/host.conf"
    conf.write_text(conf.read_text() + "# mine\n")
    done = root.host("uninstall", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["kept"] == ["/etc/lance-bench/host.conf"]
    assert conf.read_text().endswith("# mine\n")


def test_an_installation_that_was_killed_can_be_removed(root):
    before = snapshot(root.path)
    for delay in (0.01, 0.03, 0.06, 0.1, 0.15, 0.2):
        agent = subprocess.Popen([root.agent, "host", "install", "--runner-user", USER, "--prefix", root.path],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        agent.send_signal(signal.SIGKILL)
        agent.wait()
        done = root.host("uninstall")
        assert done.returncode == 0 or "nothing is installed" in done.stderr
        assert snapshot(root.path) == before


def test_an_installation_that_was_killed_leaves_no_half_written_file(root):
    before = snapshot(root.path)
    root.write("usr/local/lib/lance-bench/manifest.tmp.123", "the list of files is not there yet")
    done = root.host("uninstall")
    assert done.returncode == 1 and "nothing is installed" in done.stderr and done.stderr.count("\n") == 1
    assert snapshot(root.path) == before
    root.install()
    for name in ("usr/local/bin/lance-bench.tmp.123", "etc/sudoers.d/lance-bench.tmp.123"):
        root.write(name, "half")
    (root.runner / ".env.lance-bench").write_text("half")
    assert root.host("uninstall").returncode == 0
    assert snapshot(root.path) == before


def spoil_sudo(root):
    (root.path / "usr/bin/sudo").unlink()


def spoil_env(root):
    root.write(f"home/{USER}/actions-runner/.env", "ACTIONS_RUNNER_HOOK_JOB_STARTED=/opt/mine.sh\n")


def spoil_owner(root):
    os.chown(root.runner, 0, 0)


def spoil_helper(root):
    root.write("usr/local/lib/lance-bench/host-helper", "#!/bin/sh\n")


def spoil_folder(root):
    (root.path / "usr/local/lib").chmod(0o775)


def spoil_env_link(root):
    (root.runner / ".env").unlink()
    (root.runner / ".env").symlink_to("/etc/shadow")


def leave(root):
    pass


@pytest.mark.parametrize(
    "spoil, arguments, message",
    [
        (leave, ["--runner-user", "nobody-here"], "there is no account 'nobody-here'"),
        (leave, ["--runner-user", "root"], "'root' is root"),
        (leave, ["--runner", "/home/ci"], "holds no configured runner"),
        (leave, ["--runner", "runner"], "takes an absolute path"),
        (leave, ["--profile", "fast"], "--profile is one of"),
        (spoil_sudo, ["--runner-user", USER], "the job hooks need it"),
        (spoil_env, ["--runner-user", USER], "sets ACTIONS_RUNNER_HOOK_JOB_STARTED already"),
        (spoil_env_link, ["--runner-user", USER], "/.env"),
        (spoil_owner, ["--runner", f"/home/{USER}/actions-runner"], "is root's: a job would be root"),
        (spoil_helper, ["--runner-user", USER], "was not written by 'host install'"),
        (spoil_folder, ["--runner-user", USER], "can be written by others than root"),
    ],
)
def test_what_is_in_the_way_is_one_clear_line(root, spoil, arguments, message):
    spoil(root)
    env = (root.runner / ".env").lstat()
    done = root.host("install", *arguments)
    assert done.returncode in (1, 129)
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1 and message in errors[0], done.stderr
    assert (root.runner / ".env").lstat() == env


def test_systemd_accepts_the_unit(machine):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not installed (scripts/setup test)")
    done = machine.inside("systemd-analyze", "verify", "/etc/systemd/system/lance-bench-restore.service")
    assert (done.returncode, done.stderr) == (0, "")


POLL_UNIT = "etc/systemd/system/lance-bench-poll.service"
POLL_ENV = "etc/lance-bench/poll.env"


def test_a_machine_that_polls_has_a_service_and_its_options_in_a_file_of_root_s(root):
    before = snapshot(root.path, leave_out=("run",))
    done = root.host("install", "--poll", "https://example.org/project", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert snapshot(root.path, leave_out=("run",)) == before
    assert "poll $LANCE_BENCH_POLL" in done.stdout and "NoNewPrivileges=yes" in done.stdout
    done = root.host("install", "--poll", "https://example.org/project")
    assert done.returncode == 0, done.stderr
    assert (root.path / POLL_ENV).lstat().st_mode & 0o777 == 0o600
    assert "LANCE_BENCH_POLL=--repo https://example.org/project\n" in (root.path / POLL_ENV).read_text()
    if shutil.which("systemd-analyze"):
        done = root.inside("systemd-analyze", "verify", f"/{POLL_UNIT}")
        assert (done.returncode, done.stderr) == (0, "")
    done = root.host("uninstall")
    assert done.returncode == 0, done.stderr
    assert snapshot(root.path, leave_out=("run",)) == before


def test_the_keys_of_a_machine_that_polls_outlive_another_installation(root):
    assert root.host("install", "--poll", "https://example.org/project").returncode == 0
    text = (root.path / POLL_ENV).read_text() + "GITHUB_TOKEN=secret\n"
    (root.path / POLL_ENV).write_text(text)
    done = root.host("install", "--poll", "https://example.org/another")
    assert done.returncode == 0 and "stays as it is" in done.stderr
    assert (root.path / POLL_ENV).read_text() == text
    done = root.host("uninstall")
    assert done.returncode == 0 and f"{POLL_ENV} was changed since and stays" in done.stderr
    assert (root.path / POLL_ENV).read_text() == text
    assert not (root.path / POLL_UNIT).exists()


@pytest.mark.parametrize("address", ["a b", "x\ny", "--db", "$HOME", "a;b", ""])
def test_an_address_that_could_be_more_than_one_option_is_refused(root, address):
    done = root.host("install", f"--poll={address}", "--dry-run")
    assert done.returncode == 129 and "--poll takes a repository's address" in done.stderr


@pytest.mark.parametrize("address", ["https://me:s3cret@example.org/x", "https://s3cret@example.org/x",
                                     "ssh://git:s3cret@example.org/x"])
def test_an_address_with_a_password_is_no_option_of_a_service(root, address):
    done = root.host("install", f"--poll={address}", "--dry-run")
    assert done.returncode == 129 and "LANCE_BENCH_GIT_TOKEN" in done.stderr
    assert "s3cret" not in done.stdout + done.stderr


def test_an_address_may_name_a_user(root):
    assert root.host("install", "--poll=ssh://git@example.org/x", "--dry-run").returncode == 0


def test_the_hooks_tune_for_the_job_and_restore_after_it(machine):
    before = machine.settings()
    done = machine.job(f"echo $(cat /{GOVERNOR}); cat /{STATE}/jobs")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == TUNED
    assert f" {UID} " in done.stdout and " worker running 0" in done.stdout
    assert machine.settings() == before


def test_the_job_is_never_root(machine):
    before = machine.settings()
    wanted = [
        "sudo -n sh -c id",
        "sudo -n /usr/local/bin/lance-bench host tune",
        f"sudo -n {HELPER}",
        f"sudo -n {HELPER} tune",
        f"sudo -n {HELPER} started --state /tmp",
        f"sudo -n {HELPER} started completed",
        f"sudo -n LANCE_BENCH_HOST_ROOT=/tmp {HELPER} completed",
        f"sudo -n -E {HELPER} completed",
        "lance-bench host helper completed",
        f"echo >{HELPER}",
        f"echo >/{STATE}/jobs",
        f"flock -n /{STATE}/jobs.lock true",
        "echo >/etc/lance-bench/host.conf",
    ]
    script = "; ".join(f"({command}) >/dev/null 2>&1 && echo 'worked: {command}'" for command in wanted)
    done = machine.job(f"{script}; cat /{GOVERNOR}")
    assert done.stdout.split() == [TUNED], done.stdout
    assert machine.settings() == before


def test_a_job_begins_once_and_ends_once(machine):
    """It cannot switch the machine to and fro while another one measures."""
    before = machine.settings()
    verbs = f"sudo -n {HELPER} started && echo again; sudo -n {HELPER} completed; echo $(cat /{GOVERNOR}); "
    done = machine.job(verbs + f"sudo -n {HELPER} started && echo again; cat /{GOVERNOR}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["powersave", "powersave"]
    assert done.stderr.count("it begins once and ends once") == 2
    assert machine.settings() == before


def test_the_helper_works_for_a_runner_s_worker_alone(machine):
    done = machine.inside("sudo", "-n", HELPER, "started", user=USER)
    assert done.returncode == 1 and "no ancestor of this process is a Runner.Worker" in done.stderr
    assert machine.setting() == "powersave"


def test_the_environment_of_a_job_does_not_reach_the_helper(machine):
    script = (f"mkdir /tmp/mine; export LANCE_BENCH_HOST_ROOT=/tmp/mine HOME=/tmp/mine PATH=/tmp/mine:$PATH; "
              f"sudo -n {HELPER} completed; ls /tmp/mine; cat /{GOVERNOR}")
    done = machine.job(script)
    assert done.stdout.split() == ["powersave"], done.stderr


def test_the_last_of_several_jobs_restores(machine):
    root = machine
    root.add_runner("second")
    root.install()
    before = root.settings()
    script = f"""
        cd /home/{USER}
        mkfifo /tmp/go /tmp/first
        ./actions-runner/bin/Runner.Worker 'echo >/tmp/first; read x </tmp/go' & first=$!
        read x </tmp/first
        ./second/bin/Runner.Worker 'echo second {{; cat /{STATE}/jobs; echo }}' 2>/tmp/second
        echo between $(cat /{GOVERNOR})
        echo >/tmp/go; wait $first
        echo after $(cat /{GOVERNOR}); cat /tmp/second
    """
    done = root.inside("sh", "-c", script, user=USER)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(" worker running 1") == 2
    assert f"between {TUNED}\n" in done.stdout and "after powersave\n" in done.stdout
    assert "the machine was tuned already" in done.stdout and "stays tuned for another job" in done.stdout
    assert root.settings() == before


def test_a_job_that_is_killed_gives_the_machine_back(machine):
    before = machine.settings()
    done = machine.job(f"cat /{GOVERNOR}; kill -9 $PPID")
    assert done.stdout.strip() == TUNED
    assert done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
    assert wait_for(lambda: machine.settings() == before), machine.setting()


@pytest.mark.parametrize("name", ["etc/lance-bench/host.conf", "etc/lance-bench", STATE])
@pytest.mark.parametrize("how", ["writable", "owned"])
def test_the_helper_refuses_files_that_others_may_have_written(machine, name, how):
    path = machine.path / name
    path.mkdir(parents=True, exist_ok=True) if name == STATE else None
    mode = path.stat().st_mode & 0o7777
    try:
        path.chmod(mode | 0o020) if how == "writable" else os.chown(path, UID, UID)
        done = machine.job("echo measured")
    finally:
        os.chown(path, 0, 0)
        path.chmod(mode)
    assert done.returncode == 10 and "measured" not in done.stdout
    assert f"/{name} " in done.stderr
    assert machine.setting() == "powersave"


def test_another_account_s_worker_is_refused(machine):
    conf = machine.path / "etc/lance-bench/host.conf"
    text = conf.read_text()
    try:
        conf.write_text(text.replace(f'"{USER}"', '"somebody"'))
        done = machine.job("echo measured")
    finally:
        conf.write_text(text)
    assert done.returncode == 10 and "does not name that account" in done.stderr


def test_installing_on_the_machine_ends_with_a_self_test(root):
    """In the tree itself: sudo, the hooks and the helper work, and the settings are as before."""
    shutil.copy(root.agent, root.path / "root/lance-bench")
    before = root.settings()
    done = root.inside("/root/lance-bench", "host", "install", "--runner-user", USER)
    assert done.returncode == 0, done.stderr
    for what in ("/usr/local/bin/lance-bench starts", f"sudo allows {USER} the helper's two verbs",
                 f"as {USER}, both job hooks work"):
        assert f"self-test: {what}" in done.stderr, done.stderr
    assert root.settings() == before
    done = root.inside("/root/lance-bench", "host", "uninstall")
    assert done.returncode == 0, done.stderr
    assert not (root.path / STATE).exists()


def test_the_self_test_notices_a_rule_that_gives_too_much(root):
    shutil.copy(root.agent, root.path / "root/lance-bench")
    root.write("etc/sudoers.d/zz", f"{USER} ALL=(ALL) NOPASSWD: ALL\n").chmod(0o440)
    done = root.inside("/root/lance-bench", "host", "install", "--runner-user", USER)
    assert done.returncode == 1
    assert "another rule of sudo's gives it more than the hooks need" in done.stderr
