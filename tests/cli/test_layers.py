"""Each folder of agent/ includes only what its row in agent/README.md allows."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
AGENT = ROOT / "agent"


def tables():
    """The rules for the folders of agent/, and those for the folders of agent/pipeline/."""
    text = (AGENT / "README.md").read_text()
    parts = text.split("| folder of `pipeline/` |")
    assert len(parts) == 2
    return [{folder: set(allowed.split()) for folder, allowed in re.findall(r"^\| `(\w+)/` \| ([\w ]*)\|", part, re.M)}
            for part in parts]


def rules():
    return tables()[0]


def test_every_folder_has_a_rule():
    folders = {p.relative_to(AGENT).parts[0] for p in AGENT.rglob("*.c")} - {"main.c"}
    assert folders == set(rules())
    assert {p.parent.name for p in (AGENT / "pipeline").rglob("*.c")} == set(tables()[1]), "none lies outside a folder"


def test_allowed_folders_exist():
    for table in tables():
        for folder, allowed in table.items():
            assert allowed <= set(table), folder


@pytest.mark.parametrize("folder", sorted(rules()))
def test_includes_stay_inside_the_rule(folder):
    allowed = rules()[folder] | {folder}
    for source in (AGENT / folder).rglob("*.[ch]"):
        for used in re.findall(r'^#include "(\w+)/', source.read_text(), re.M):
            assert used in allowed, f"{source.name} includes {used}/, its rule allows {sorted(allowed)}"


@pytest.mark.parametrize("folder", sorted(tables()[1]))
def test_includes_inside_the_pipeline(folder):
    allowed = tables()[1][folder] | {folder}
    for source in (AGENT / "pipeline" / folder).glob("*.[ch]"):
        for used in re.findall(r'^#include "pipeline/(\w+)/', source.read_text(), re.M):
            assert used in allowed, f"{source.name} includes pipeline/{used}/, its rule allows {sorted(allowed)}"


def test_no_circle_inside_the_pipeline():
    left = tables()[1]
    while left:
        free = [folder for folder, allowed in left.items() if not allowed & set(left)]
        assert free, f"a circle among {sorted(left)}"
        left = {folder: allowed for folder, allowed in left.items() if folder not in free}


def test_only_store_includes_the_lance_interface():
    users = {
        p.relative_to(AGENT).parts[0]
        for p in AGENT.rglob("*.[ch]")
        if "native" not in p.parts and '#include "lance_store.h"' in p.read_text()
    }
    assert users == {"store"}


def test_only_checkout_includes_libgit2_except_for_its_version():
    users = {p.relative_to(AGENT).as_posix() for p in AGENT.rglob("*.[ch]") if "<git2" in p.read_text()}
    assert {u for u in users if not u.startswith("checkout/")} <= {"command/help.c"}
