"""Each folder of agent/ includes only what its row in agent/README.md allows."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
AGENT = ROOT / "agent"


def rules():
    rows = re.findall(r"^\| `(\w+)/` \| ([\w ]*)\|", (AGENT / "README.md").read_text(), re.M)
    return {folder: set(allowed.split()) for folder, allowed in rows}


def test_every_folder_has_a_rule():
    folders = {p.name for p in AGENT.iterdir() if p.is_dir() and any(p.glob("*.c"))}
    assert folders == set(rules())


def test_allowed_folders_exist():
    for folder, allowed in rules().items():
        assert allowed <= set(rules()), folder


@pytest.mark.parametrize("folder", sorted(rules()))
def test_includes_stay_inside_the_rule(folder):
    allowed = rules()[folder] | {folder}
    for source in [*(AGENT / folder).glob("*.[ch]")]:
        for used in re.findall(r'^#include "(\w+)/', source.read_text(), re.M):
            assert used in allowed, f"{source.name} includes {used}/, its rule allows {sorted(allowed)}"


def test_only_store_includes_the_lance_interface():
    users = {
        p.parent.name
        for p in AGENT.glob("*/*.[ch]")
        if p.parent.name != "native" and '#include "lance_store.h"' in p.read_text()
    }
    assert users == {"store"}


def test_only_checkout_includes_libgit2_except_for_its_version():
    users = {p.relative_to(AGENT).as_posix() for p in AGENT.glob("*/*.[ch]") if "<git2" in p.read_text()}
    assert {u for u in users if not u.startswith("checkout/")} <= {"command/help.c"}
