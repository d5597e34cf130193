"""The house holds: each contract is broken once, in a copy, to see that it would be noticed; and what contracts cannot say."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
PACKAGE = CHECKOUT / "entente"
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {contract["id"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}
FLOORS = CONTRACTS["floors"]["name"]
PURE = CONTRACTS["pure"]["name"]
FACES = CONTRACTS["faces"]["name"]

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
LAWS = [path for path in MODULES if "pure" in path.parts]
JUNK_DRAWERS = {
    *("utils", "util", "helpers", "helper", "manager", "managers"),
    *("service", "services", "base", "common", "misc"),
}
HARD_CEILING = 400


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the linter has read once: only the planted file is read anew."""
    return tmp_path_factory.mktemp("imports")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the code to plant something in, each file as old as it was."""
    python_only = shutil.ignore_patterns("__pycache__", "static", "templates", "locale", "*.json", "*.sql")
    shutil.copytree(PACKAGE, tmp_path / "entente", ignore=python_only)
    shutil.copy2(CHECKOUT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(house: Path, name: str, line: str) -> None:
    """Write a line at the end of a file of the copy; the file is made, and its folder, where they are missing."""
    path = house / "entente" / name
    if not path.parent.exists():
        path.parent.mkdir()
        (path.parent / "__init__.py").touch()
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")


def verdicts(house: Path, cache: Path) -> tuple[dict[str, str], str]:
    """KEPT or BROKEN by the name of the contract, and all that was said."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--cache-dir", str(cache)],
        cwd=house,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    found = dict(re.findall(r"^(.+?) (KEPT|BROKEN)\s*$", said, re.MULTILINE))
    assert bool(done.returncode) == ("BROKEN" in found.values() or not found), said
    return found, said


def test_as_it_stands_everything_is_kept(house: Path, cache: Path):
    found, said = verdicts(house, cache)
    assert found == {FLOORS: "KEPT", PURE: "KEPT", FACES: "KEPT"}, said


@pytest.mark.parametrize(
    ("name", "line", "broken"),
    [
        ("differentiate/pure/pyramid.py", "import django.utils.timezone", {PURE}),
        ("interact/pure/caps.py", "import psycopg", {PURE}),
        ("customize/pure/plays.py", "from entente.customize.models import Decision", {PURE}),
        # By way of a module that is not forbidden itself.
        ("sample/pure/names.py", "import entente.lib.start", {PURE}),
        ("ledger/models.py", "import entente.identify.models", {FLOORS}),
        ("differentiate/value.py", "from entente.interact import allow", {FLOORS}),
        ("lib/norm.py", "import entente.settings", {FLOORS}),
        ("staff/people.py", "import entente.warehouse.extract", {FLOORS}),
        ("customize/today.py", "import entente.jobs", {FLOORS}),
        ("cli/lint.py", "import entente.web.today", {FLOORS}),
        ("web/today.py", "import numpy", {FACES}),
        ("api/imports.py", "import pyarrow", {FACES}),
        ("api/imports.py", "import entente.web.imports", {FLOORS}),
        ("cli/cycle.py", "from entente.warehouse.extract import extract", {FACES}),
        ("web/customers.py", "from entente.differentiate.pure import pyramid", {FACES}),
        ("helpers/anything.py", "import entente.lib.errors", {FLOORS}),
        ("stray.py", "X = 1", {FLOORS}),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".py") else "",
)  # fmt: skip
def test_a_planted_violation_is_noticed(house: Path, cache: Path, name: str, line: str, broken: set[str]):
    plant(house, name, line)
    found, said = verdicts(house, cache)
    assert {contract for contract, verdict in found.items() if verdict == "BROKEN"} == broken, said


def test_every_pure_folder_and_every_model_is_in_the_contracts():
    pures = {f"entente.{path.parent.name}.pure" for path in PACKAGE.glob("*/pure")}
    models = {f"entente.{path.parent.name}.models" for path in PACKAGE.glob("*/models.py")}
    pure, faces = CONTRACTS["pure"], CONTRACTS["faces"]
    assert set(pure["source_modules"]) == pures
    # No face asks a law; the sample's laws are the sample's own affair.
    assert pures - {"entente.sample.pure"} <= set(faces["forbidden_modules"])
    covered = set(pure["forbidden_modules"])
    assert {model for model in models if not {model, model.removesuffix(".models")} & covered} == set()


def test_the_floors_leave_nothing_out():
    assert CONTRACTS["floors"]["exhaustive"] is True
    assert CONTRACTS["floors"]["containers"] == ["entente"]


def calls(tree: ast.AST) -> Iterator[str]:
    """Every call, dotted as it is written: `datetime.now`, `np.random.rand`, `open`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


CLOCKS = re.compile(r"(?:^|\.)(?:now|today|utcnow|time_ns|monotonic|perf_counter|localtime|gmtime)$")
# A law is handed its generator; it makes none.
CHANCE = re.compile(r"^np\.random\.(?!Generator$|SeedSequence$|PCG64$)")
NOT_FOR_LAWS = {
    *("os", "time", "random", "secrets", "tempfile", "shutil", "logging"),
    *("socket", "subprocess", "urllib", "http", "sqlite3"),
}


def impurities(source: str) -> list[str]:
    tree = ast.parse(source)
    found = [f"imports {name}" for name in imported(tree) if name.split(".")[0] in NOT_FOR_LAWS]
    for call in calls(tree):
        if CLOCKS.search(call) or CHANCE.search(call) or call in ("open", "print", "input"):
            found.append(f"calls {call}")
    return found


@pytest.mark.parametrize("path", LAWS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_law_knows_no_clock_no_environment_and_no_chance_of_its_own(path: Path):
    assert impurities(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source", ["import os", "from time import monotonic", "x = datetime.now()", "d = date.today()", "np.random.rand(3)", "open('x')",
               "rng = np.random.default_rng()"],
)  # fmt: skip
def test_an_impure_law_would_be_noticed(source: str):
    assert impurities(source)


def test_no_drawer_for_junk():
    names = {path.stem for path in MODULES} | {path.name for path in PACKAGE.rglob("*") if path.is_dir()}
    assert names & JUNK_DRAWERS == set()


def test_no_file_grows_beyond_the_ceiling():
    lengths = {str(path.relative_to(CHECKOUT)): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > HARD_CEILING} == {}


POSTMEN = re.compile(r"(?:^|\.)(?:SMTP|SMTP_SSL|LMTP)$")


def test_mail_leaves_only_through_django():
    """Python's own messages take line breaks in headers before 3.11.15; Django's refuse them (docs/decisions/0008)."""
    forbidden = ("email.message", "email.mime", "email.header", "email.generator")
    found = []
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [f"{path.name} imports {name}" for name in imported(tree) if name.startswith(forbidden)]
        found += [f"{path.name} calls {call}" for call in calls(tree) if POSTMEN.search(call)]
    assert found == []


def test_django_refuses_a_line_break_in_a_header():
    """On this Python, whatever its own library does."""
    from django.core.mail import BadHeaderError, EmailMessage

    for text in ("hello\nBcc: eve@example.com", "hello\r\nBcc: eve@example.com", "hello\rBcc: eve@example.com"):
        with pytest.raises(BadHeaderError):
            EmailMessage(subject=text, body="", to=["ada@example.com"]).message()
