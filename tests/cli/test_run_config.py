"""The configuration's JSON Schema says what the agent says."""

import json
import re
import subprocess

import pytest

from run_helpers import ROOT, SAMPLE, git

SCHEMA = json.loads((ROOT / "docs" / "lance-bench.schema.json").read_text())
STRANGE = "qqqqqqqqqqqq"

PLACES = {
    "": ({STRANGE: 1}, SCHEMA),
    "rust": ({"rust": {STRANGE: 1}}, SCHEMA["properties"]["rust"]),
    "rust.crates[0]": (
        {"rust": {"crates": [{STRANGE: 1}]}},
        SCHEMA["properties"]["rust"]["properties"]["crates"]["items"]["oneOf"][1],
    ),
    "commands[0]": ({"commands": [{STRANGE: 1}]}, SCHEMA["properties"]["commands"]["items"]),
    "python": ({"python": {STRANGE: 1}}, SCHEMA["properties"]["python"]),
    "python.datagen": (
        {"python": {"datagen": {STRANGE: 1}}},
        SCHEMA["properties"]["python"]["properties"]["datagen"],
    ),
    "verdicts": ({"verdicts": {STRANGE: 1}}, SCHEMA["properties"]["verdicts"]),
    "verdicts.rules[0]": (
        {"verdicts": {"rules": [{STRANGE: 1}]}},
        SCHEMA["properties"]["verdicts"]["properties"]["rules"]["items"],
    ),
}


@pytest.fixture
def check(agent, tmp_path):
    """Holds a configuration against an empty target; what the agent says."""
    repo = tmp_path / "repo"
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main")
    git(repo, "commit", "-q", "--allow-empty", "-m", "nothing")

    def run(document):
        config = tmp_path / "config.json"
        config.write_text(json.dumps(document))
        env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "RUSTUP_HOME": "/nonexistent",
               "LANCE_BENCH_HOST_ROOT": "/nonexistent"}
        return subprocess.run([agent, "run", repo, "--dry-run", "--config", config], env=env, text=True,
                              capture_output=True, check=False)

    return run


@pytest.mark.parametrize("place", PLACES)
def test_the_schema_has_the_keys_that_the_agent_knows(check, place):
    document, schema = PLACES[place]
    done = check(document)
    assert done.returncode == 129
    known = re.search(r"the keys there are (.*)", done.stderr).group(1)
    assert set(known.split(", ")) == set(schema["properties"])


GOOD = [
    {"rust": {}},
    {"python": {"suite": "s"}, "cpus": "0"},
    {"rust": {"page_cache": "keep", "crates": [{"name": "c", "page_cache": "drop"}]}},
    {"python": {"suite": "s", "page_cache": "drop"}},
    {"python": {"suite": "s", "build": "wheel", "package": "p", "version": "1"}},
    {"python": {"suite": "s", "timeout": "1.5h", "requirements": "pytest"}, "env": {"A": "b", "C": None}},
    {"commands": [{"name": "a", "run": "./a", "format": "go"}]},
    {"commands": [{"name": "a-1.b_c", "run": ["./a", ""], "build": [], "format": "google-benchmark", "folder": "cpp",
                   "output": "out/a.json", "timeout": 5}, {"name": "b", "run": "b", "format": "hyperfine"}]},
]
GOOD += [
    {"rust": {}, "verdicts": {"alpha": .01, "matters": "3%", "minimum_effect": "0%", "rules": []}},
    {"rust": {}, "verdicts": {"rules": [{"benchmark": "scan*", "matters": "2.5 %"}, {"metric": "x", "ignore": True},
                                        {"test_bed": "a", "direction": "higher", "exact": False}]}},
    {"rust": {}, "aliases": {"new": "old", "other": ["a", "b?"], "io/*": ["disk/*", "d_*_x"]}},
]
BAD = [
    {},
    {"rust": {}, "verdicts": []},
    {"rust": {}, "verdicts": {"alpha": .5}},
    {"rust": {}, "verdicts": {"matters": 3}},
    {"rust": {}, "verdicts": {"matters": "3"}},
    {"rust": {}, "verdicts": {"minimum_effect": "-3%"}},
    {"rust": {}, "verdicts": {"rules": {}}},
    {"rust": {}, "verdicts": {"rules": [{"matters": "3%"}]}},
    {"rust": {}, "verdicts": {"rules": [{"benchmark": "a"}]}},
    {"rust": {}, "verdicts": {"rules": [{"benchmark": "a", "direction": "up"}]}},
    {"rust": {}, "verdicts": {"rules": [{"benchmark": "a", "exact": "yes"}]}},
    {"rust": {}, "aliases": []},
    {"rust": {}, "aliases": {"": "old"}},
    {"rust": {}, "aliases": {"a*b*": "old*"}},
    {"rust": {}, "aliases": {"new": 1}},
    {"rust": {}, "aliases": {"new": [""]}},
    {"commands": []},
    {"commands": {}},
    {"commands": [{}]},
    {"commands": [{"run": "a", "format": "go"}]},
    {"commands": [{"name": "a", "format": "go"}]},
    {"commands": [{"name": "a", "run": "a"}]},
    {"commands": [{"name": "a", "run": [], "format": "go"}]},
    {"commands": [{"name": "a", "run": [""], "format": "go"}]},
    {"commands": [{"name": "a b", "run": "a", "format": "go"}]},
    {"commands": [{"name": "../a", "run": "a", "format": "go"}]},
    {"commands": [{"name": "pytest", "run": "a", "format": "go"}]},
    {"commands": [{"name": "a", "run": "a", "format": "go", "output": "../x"}]},
    {"commands": [{"name": "a", "run": "a", "format": "go", "folder": "/x"}]},
    {"commands": [{"name": "a", "run": "a", "format": "go", "build": [""]}]},
    [],
    {"rust": []},
    {"rust": {"folder": "../x"}},
    {"rust": {"folder": "/x"}},
    {"rust": {"timeout": -1}},
    {"rust": {"timeout": "soon"}},
    {"rust": {"crates": [{}]}},
    {"rust": {"crates": [{"name": "a", "benches": [1]}]}},
    {"python": {}},
    {"python": {"suite": "s", "build": "poetry"}},
    {"python": {"suite": "s", "build": "wheel"}},
    {"rust": {}, "env": {"A B": "c"}},
    {"rust": {}, "project": ""},
    {"rust": {"page_cache": "cold"}},
]


@pytest.mark.parametrize("document", GOOD, ids=json.dumps)
def test_what_the_schema_allows_the_agent_takes(check, document):
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(document, SCHEMA)
    # Nothing is installed in this machine's place, which is all that may be wrong with it.
    assert check(document).returncode != 129 or "no Rust toolchain" in check(document).stderr


@pytest.mark.parametrize("document", BAD, ids=json.dumps)
def test_what_the_schema_refuses_the_agent_refuses(check, document):
    jsonschema = pytest.importorskip("jsonschema")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)
    done = check(document)
    assert done.returncode == 129, done.stderr


def test_the_samples_configuration_is_valid():
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads((SAMPLE / "first" / "lance-bench.json").read_text()), SCHEMA)
