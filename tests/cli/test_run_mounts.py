"""`run` mounts much of what foreign code sees, and nothing of it outside."""

import subprocess

from poll_helpers import make_quick
from run_helpers import Machine

# Other tests mount too: this one has mounts of its own, which are shared as those of a machine are.
OWN = ["unshare", "--mount", "--propagation", "private", "sh", "-c", 'mount --make-rshared / && exec "$@"', "sh"]
WATCH = ["sh", "-c", 'cd "$1" && shift && cat /proc/self/mountinfo >before && "$@"; code=$?\n'
                     'cat /proc/self/mountinfo >after; exit $code', "sh"]


def test_mounts_are_left_as_they_were(agent, tmp_path):
    machine, repo = Machine(agent, tmp_path / "machine"), make_quick(tmp_path / "quick")
    may_mount = subprocess.run([*OWN, "true"], capture_output=True, check=False).returncode == 0
    command = machine.command("run", repo, "--bench", "quick", "--testbed-name", "bed", "--retakes", 0)
    done = subprocess.run([*(OWN if may_mount else []), *WATCH, tmp_path, *command], env=machine.env, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    before = (tmp_path / "before").read_text()
    assert before and (tmp_path / "after").read_text() == before
