"""'scripts/publish-release': what a release leaves on GitHub and in the registry, with stand-ins for gh and docker."""

import re
import shutil
import subprocess

from docker_daemon import ROOT
from run_helpers import git

GH = """#!/bin/sh
echo "gh $*" >>"$LOG"
case "$*" in "api repos/{owner}/{repo}/git/ref/tags/"*) test -e "$LOG.tagged" ;; esac
"""
DOCKER = """#!/bin/sh
[ "$1" != login ] || cat >/dev/null
echo "docker $*" >>"$LOG"
case $1 in image) echo 1000000 ;; esac
"""


def test_a_release_moves_the_tags_that_the_actions_are_used_by(agent, tmp_path):
    used = {tag for path in [*(ROOT / "workflows").glob("*.yml"), ROOT / "README.md", ROOT / "docs" / "github-actions.md"]
            for tag in re.findall(r"uses: lancedb/lance-bench\S*@(\S+)", path.read_text())}
    [image] = re.findall(r"image: docker://\S+:(\S+)", (ROOT / "action.yml").read_text())
    assert used == {image}
    version = subprocess.run([agent, "--version"], text=True, capture_output=True, check=True).stdout.split()[1]
    checkout, build, programs = (tmp_path / name for name in ("checkout", "build", "bin"))
    for folder in (checkout / "dist", checkout / "scripts", build, programs):
        folder.mkdir(parents=True)
    for name in ("scripts/publish-release", "scripts/images", "action.yml"):
        shutil.copy(ROOT / name, checkout / name)
    (checkout / "dist" / f"lance-bench-{version}-x86_64-linux.tar.gz").write_text("")
    (build / "lance-bench").symlink_to(agent)
    for name, text in (("gh", GH), ("docker", DOCKER)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    git(checkout, "init", "-q", "-b", "main")
    git(checkout, "add", "-A")
    git(checkout, "commit", "-q", "-m", "a release")
    commit = git(checkout, "rev-parse", "HEAD")
    log = tmp_path / "log"

    def release(tag=f"v{version}"):
        env = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(tmp_path), "LOG": str(log), "TAG": tag,
               "GH_TOKEN": "secret", "ACTOR": "me", "OWNER": "LanceDB"}
        log.write_text("")
        return subprocess.run([checkout / "scripts" / "publish-release", build], env=env, text=True, capture_output=True,
                              check=False)

    done = release()
    assert done.returncode == 0, done.stderr
    said = log.read_text().splitlines()
    for name in ("lance-bench", "lance-bench-bench"):
        for tag in (f"v{version}", image):
            assert f"docker push ghcr.io/lancedb/{name}:{tag}" in said
    assert said[-2] == f"gh api --method POST repos/{{owner}}/{{repo}}/git/refs -f ref=refs/tags/{image} -f sha={commit}"
    assert said[-1] == "docker logout ghcr.io" and "secret" not in done.stdout + done.stderr + log.read_text()
    (tmp_path / "log.tagged").touch()
    release()
    assert log.read_text().splitlines()[-2] == (
        f"gh api --method PATCH repos/{{owner}}/{{repo}}/git/refs/tags/{image} -f sha={commit} -F force=true")
    refused = release("v9.9.9")
    assert refused.returncode == 1 and "the program says" in refused.stderr and not log.read_text()
