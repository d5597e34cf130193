"""entente import of every kind, from every form, and with everything wrong that can be."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import entente.lib.start
from entente.__main__ import main
from entente.ledger.mapping import KINDS, load, ready_names
from entente.ledger.models import Import
from tests.files_of_kinds import FORMS, KNOWN, ROWS, write_as
from tests.ledger_facts import committed

__all__ = ["committed"]  # fixture
pytestmark = pytest.mark.django_db(transaction=True)

# What the ready mapping of a kind needs said beside.
MONEY = {"orders", "invoices", "payments", "relations"}


@pytest.fixture
def say(
    committed: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Give a command of import: exit code, what it answers, what it tells."""
    monkeypatch.setattr(entente.lib.start, "with_database", lambda **_: nullcontext())
    settings.MEDIA_ROOT = tmp_path / "home" / "files"
    settings.HOME = tmp_path / "home"
    settings.HOME.mkdir()

    def say(*arguments: Any) -> tuple[int, str, str]:
        try:
            code = main(["import", *map(str, arguments)])
        except SystemExit as stopped:
            code = int(str(stopped.code))
        said = capsys.readouterr()
        return code, said.out, said.err

    return say


def options(kind: str) -> list[str]:
    return ["--source", "shop", "--dates", "y-m-d", "--json", *(["--currency", "EUR"] if kind in MONEY else [])]


@pytest.fixture
def known(say: Callable[..., Any], tmp_path: Path) -> None:
    assert say("orders", write_as("csv", KNOWN, tmp_path / "known.csv"), *options("orders"))[0] == 0


def test_every_kind_is_tried_and_has_a_ready_mapping():
    assert set(ROWS) == set(KINDS)
    assert all(ready_names(kind) for kind in KINDS)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("kind", ROWS)
def test_every_form_says_the_same(say: Callable[..., Any], tmp_path: Path, kind: str):
    text, reason = ROWS[kind]
    for form in FORMS:
        path = write_as(form, text, tmp_path / f"facts.{form}")
        asked = (
            ["--from-database", f"sqlite:///{path}", "--query", "SELECT * FROM facts"] if form == "db" else [str(path)]
        )
        tried = say(kind, *asked, *options(kind), "--dry-run")
        assert tried[0] == 0, tried[2]
        code, answer, told = say(kind, *asked, *options(kind))
        assert code == 0, told
        done = json.loads(answer)
        found = Import.objects.get(pk=done["id"])
        assert (done["rows_refused"], found.refused.get().reason) == (1, reason), form
        assert done["rows_recorded"] == json.loads(tried[1])["counts"]["facts"] == done["rows_read"] - 1
        assert form in found.file_name or form == "db"
        assert say("revert", done["id"])[0] == 0


LAYOUTS = {kind: text.splitlines()[0].split(",") for kind, (text, _reason) in ROWS.items()}


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("kind", ROWS)
def test_a_changed_layout_is_noticed_and_explained(say: Callable[..., Any], tmp_path: Path, kind: str):
    """The mapping of the last import against a file whose columns were reordered, added, renamed and removed."""
    head, *rows = [line.split(",") for line in ROWS[kind][0].splitlines()]
    rows = rows[:-1]

    def file(name: str, heading: list[str], cells: list[list[str]]) -> Path:
        path = tmp_path / f"{name}.csv"
        path.write_text("".join(",".join(row) + "\n" for row in (heading, *cells)))
        return path

    first = json.loads(say(kind, file("first", head, rows), *options(kind))[1])
    by = ["--map", first["id"], *options(kind)]
    code, answer, told = say(kind, file("turned", head[::-1], [row[::-1] for row in rows]), *by)
    turned = json.loads(answer)
    assert (code, turned["rows_recorded"], turned["rows_known"]) == (0, 0, len(rows)), told

    code, answer, told = say(kind, file("more", [*head, "Extra"], [[*row, "x"] for row in rows]), *by)
    assert code == 0, told
    assert any("laid out differently" in note and "New: Extra" in note for note in json.loads(answer)["notes"])

    needed = head[1] if kind in ("invoices", "payments") else head[0]
    renamed = file("renamed", ["Renamed" if name == head[-1] else name for name in head], rows)
    code, _answer, told = say(kind, renamed, *by)
    said = json.loads(told)["text"]
    assert code == 1 and f"is '{head[-1]}'" in said and "does not know: Renamed" in said and "its new name" in said

    place = head.index(needed)
    gone = file(
        "gone",
        head[:place] + head[place + 1 :],
        [[*row[:place], *row[place + 1 :], *[""] * (len(head) == 2)] for row in rows],
    )
    code, _answer, told = say(kind, gone, *by)
    assert code == 1 and f"is '{needed}'" in json.loads(told)["text"] and "take it out there" in told
    assert Import.objects.filter(file_name__in=("renamed.csv", "gone.csv")).count() == 0


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("kind", [kind for kind in ROWS if kind != "orders"])
def test_what_a_ready_mapping_may_lack_is_told_of_when_it_goes(say: Callable[..., Any], tmp_path: Path, kind: str):
    ready = load(kind)
    text = ROWS[kind][0].rsplit("\n", 2)[0] + "\n"
    lacks = [name for name in text.splitlines()[0].split(",") if name in ready.optional]
    by = ["--map", kind, *options(kind)]
    path = write_as("csv", text, tmp_path / "whole.csv")
    assert say(kind, path, *by)[0] == 0
    if not lacks:
        return
    head, *rows = [line.split(",") for line in text.splitlines()]
    place = head.index(lacks[-1])
    less = "".join(",".join(row[:place] + row[place + 1 :]) + "\n" for row in (head, *rows))
    code, answer, told = say(kind, write_as("csv", less, tmp_path / "less.csv"), *by)
    assert code == 0, told
    assert any(f"Gone: {lacks[-1]}." in note for note in json.loads(answer)["notes"])


@pytest.fixture(scope="module")
def wrong_files(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """Files that are none, and a word of what is said of each."""
    folder = tmp_path_factory.mktemp("wrong")
    openpyxl.Workbook().save(folder / "empty.xlsx")
    charts = openpyxl.Workbook()
    charts.create_chartsheet("chart")
    del charts["Sheet"]
    charts.save(folder / "chart.xlsx")
    with zipfile.ZipFile(folder / "macros.xlsm", "w") as packed:
        packed.writestr("xl/vbaProject.bin", "x")
    with zipfile.ZipFile(folder / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (100 * 1024**2))
    pq.write_table(pa.table({"customer": [[1]], "date": ["2026-01-01"], "amount": [1]}), folder / "nested.parquet")
    contents = {
        "broken.parquet": (folder / "nested.parquet").read_bytes()[:-9],
        "no.parquet": b"PAR1 and so on",
        "empty.csv": b"",
        "nul.csv": b"\0" * 99,
        "blank.csv": b"\n\n",
        "half.ndjson": b'{"a": 1}\n{"a": \n',
        "nested.ndjson": b'{"a": [1]}\n',
        "cut.gz": b"\x1f\x8b\x08\0\0",
        "old.xls": b"\xd0\xcf\x11\xe0",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "folder").mkdir()
    says = {
        "missing.csv": "No such file", "folder": "directory", "empty.csv": "empty", "nul.csv": "not a table", "blank.csv": "no lines",
        "empty.xlsx": "empty", "chart.xlsx": "cannot be read", "macros.xlsm": "cannot be read", "bomb.xlsx": "grows", "broken.parquet":
        "Parquet", "no.parquet": "Parquet", "half.ndjson": "Line 2", "nested.ndjson": "Line 1", "cut.gz": "damaged", "old.xls": "XLSX",
    }  # fmt: skip
    return {folder / name: word for name, word in says.items()}


@pytest.mark.parametrize("kind", ROWS)
def test_a_file_that_is_none_is_refused_with_a_sentence(
    say: Callable[..., Any], wrong_files: dict[Path, str], kind: str
):
    for path, says in wrong_files.items():
        code, out, told = say(kind, path, *options(kind), "--dry-run")
        text = json.loads(told)["text"]
        assert (code, out) == (1, "") and says in text and text.endswith("."), f"{path.name}: {told}"


WRONG_ARGUMENTS = [
    (["--separator", "ab"], 1, "not one character"),
    (["--separator", "\n"], 1, "not one character"),
    (["--encoding", "utf-16"], 1, "cannot be read as utf-16"),
    (["--encoding", "rot13"], 1, "not known"),
    (["--dates", "x"], 1, "read.dates"),
    (["--zone", "../etc/passwd"], 1, "read.zone"),
    (["--map", "nowhere"], 1, "no mapping"),
    (["--map", "99999"], 1, "no such map"),
    (["--map", "9" * 30], 1, "no such map"),
    (["--map", "/"], 1, "cannot be read"),
    (["--source", "a\udcff"], 2, "printable"),
    (["--rank", "40000"], 2, "0 to 32767"),
]


@pytest.mark.parametrize("kind", ROWS)
def test_an_argument_that_cannot_be_is_refused(say: Callable[..., Any], tmp_path: Path, kind: str):
    path = write_as("csv", ROWS[kind][0], tmp_path / "facts.csv")
    for given, code, says in WRONG_ARGUMENTS:
        found, out, told = say(kind, path, *given, "--dry-run")
        assert (found, out) == (code, "") and says in told, told


WRONG_MAPPINGS = [
    "[1]",
    "12",
    "{",
    "[" * 100_000,
    '{"kind": [1]}',
    '{"columns": {"key": {"a": 1}}, "kind": "parties"}',
    '{"kind": "deliveries", "columns": {"number": "n"}, "words": {"state": {"x": ["y"]}}}',
    '{"kind": "parties", "columns": {"key": "k"}, "optional": [["x"]]}',
    '{"kind": "parties", "columns": {"key": "k"}, "lenient": [{}]}',
    '{"kind": "relations", "columns": {"party": "p", "other": "o"}}',
]


def test_a_mapping_that_cannot_be_is_refused(say: Callable[..., Any], tmp_path: Path):
    path = write_as("csv", ROWS["parties"][0], tmp_path / "facts.csv")
    for mapping in WRONG_MAPPINGS:
        (tmp_path / "map.json").write_text(mapping)
        code, out, told = say("parties", path, "--map", tmp_path / "map.json")
        assert (code, out) == (1, "") and told.startswith(("Mapping: ", "The mapping ")), told
