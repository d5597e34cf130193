"""The lock files: hashed, without addresses, and of what was asked for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

CHECKOUT = Path(__file__).resolve().parents[1]
NAMES = ("requirements", "requirements-dev")
PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[\w,-]+\])?==(\S+)((?: ;.*?)?) \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def wanted(name: str) -> list[Requirement]:
    """What a list names, and the lists it takes in."""
    found = []
    for line in (CHECKOUT / f"{name}.in").read_text(encoding="utf-8").splitlines():
        line = line.partition("#")[0].strip()
        if line.startswith("-r "):
            found += wanted(line.removeprefix("-r ").removesuffix(".in"))
        elif line:
            found.append(Requirement(line))
    return found


def lines_of(name: str) -> list[str]:
    return (CHECKOUT / f"{name}.lock").read_text(encoding="utf-8").splitlines()


def pins(name: str) -> dict[str, set[str]]:
    """Project -> the versions it is pinned to: more than one only where platforms or Pythons differ."""
    found: dict[str, set[str]] = {}
    for line in lines_of(name):
        if pin := PIN.match(line):
            found.setdefault(canonicalize_name(pin[1]), set()).add(pin[2])
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_line_is_a_pin_a_hash_or_a_comment(name: str):
    strange = [
        line
        for line in lines_of(name)
        if line.strip() and not line.lstrip().startswith("#") and not PIN.match(line) and not HASH.match(line)
    ]
    assert strange == []


@pytest.mark.parametrize("name", NAMES)
def test_every_pin_has_a_hash(name: str):
    lines = lines_of(name)
    bare = [
        line
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if PIN.match(line) and not HASH.match(following)
    ]
    assert bare == []
    assert len(pins(name)) > 20


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ending", ["in", "lock"])
def test_no_address_and_no_option_of_an_index(name: str, ending: str):
    text = (CHECKOUT / f"{name}.{ending}").read_text(encoding="utf-8")
    for forbidden in ("://", "--index", "--extra-index", "--find-links", "--trusted-host", "-i ", "@ "):
        assert forbidden not in text, forbidden


@pytest.mark.parametrize("name", NAMES)
def test_what_is_asked_for_is_pinned_and_fits(name: str):
    locked = pins(name)
    for requirement in wanted(name):
        versions = locked.get(canonicalize_name(requirement.name))
        assert versions, f"{requirement.name} is not in {name}.lock"
        assert all(requirement.specifier.contains(Version(version), prereleases=True) for version in versions), (
            requirement
        )


@pytest.mark.parametrize("name", NAMES)
def test_what_was_asked_for_directly_still_is(name: str):
    """The comments of the lock say who asked for what: a name taken from the list must leave the lock as well."""
    asked: set[str] = set()
    current = ""
    for line in lines_of(name):
        if pin := PIN.match(line):
            current = canonicalize_name(pin[1])
        elif re.search(r"(?:^|\s)-r requirements[\w-]*\.in$", line):
            asked.add(current)
    assert asked == {canonicalize_name(requirement.name) for requirement in wanted(name)}


def test_what_runs_is_what_was_tested():
    """bin/setup takes an environment made with the development lock for one made with the other."""
    run, tested = pins("requirements"), pins("requirements-dev")
    assert {name: versions for name, versions in run.items() if tested.get(name) != versions} == {}


def test_there_is_no_other_lock():
    for other in ("uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "requirements.txt"):
        assert not (CHECKOUT / other).exists(), other


def test_setup_takes_the_pythons_that_the_project_names():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pythons = SpecifierSet(project["requires-python"])
    taken = re.search(r"^    ([\d.|]+)\) ;;$", (CHECKOUT / "bin" / "setup").read_text(encoding="utf-8"), re.MULTILINE)
    assert taken
    allowed = {f"3.{minor}" for minor in range(8, 25) if pythons.contains(f"3.{minor}")}
    assert set(taken[1].split("|")) == allowed
