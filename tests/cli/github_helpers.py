"""The agent with a stand-in for GitHub, for the tests of `lance-bench github`."""

import json
import os
import subprocess

from github_server import TOKEN


def start(agent, server, *words, token=TOKEN, env=None, **options):
    whole = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}
    whole |= server.env(token) | (env or {})
    return subprocess.Popen([agent, "github", *map(str, words)], env=whole, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", **options)


class Github:
    """Runs `lance-bench github` against a server."""

    def __init__(self, agent, server):
        self.agent, self.server, self.repo = agent, server, server.repo

    def run(self, *words, text=None, timeout=60, **options):
        process = start(self.agent, self.server, *words, **options)
        try:
            out, err = process.communicate(text, timeout)
        finally:
            process.kill()
            process.wait()
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def json(self, *words, **options):
        done = self.run(*words, "--format", "json", **options)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def error(self, *words, code=1, **options):
        """The one line of an error."""
        done = self.run(*words, **options)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1, done.stderr
        return lines[0]
