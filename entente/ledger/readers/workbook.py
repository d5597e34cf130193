"""XLSX workbooks, a row at a time. One sheet: the first, or the one named."""

import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import numpy as np
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from entente.ledger.limits import EXPANSION_COUNTS_FROM, limit
from entente.ledger.readers.table import BadRow, Cells, Chunk, Layout, UnreadableFile

_DAMAGED = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, OSError, EOFError, KeyError, ValueError, TypeError, AttributeError,
    IndexError, NotImplementedError, RuntimeError,
)  # fmt: skip


@contextmanager
def opened(path: Path, sheet: str) -> Iterator[tuple[Any, str, date]]:
    """The sheet, its name, and day 0 of the workbook's bare numbers."""
    _refuse_bombs(path)
    book = None
    # By its content: our own copy has no suffix to go by.
    file = path.open("rb")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that are none of our business
            book = load_workbook(file, read_only=True, data_only=True)
        names = [found.title for found in book.worksheets]
        if sheet and sheet not in names:
            raise UnreadableFile(f"There is no sheet {sheet}. The workbook has: {', '.join(names)}.")
        if not names:
            raise UnreadableFile("The workbook has no sheet with cells.")
        worksheet = book[sheet or names[0]]
        yield worksheet, worksheet.title, book.epoch.date()
    except _DAMAGED as error:
        raise UnreadableFile(f"The workbook cannot be read ({str(error)[:200]}). Save it again as XLSX.") from None
    finally:
        if book is not None:
            book.close()
        file.close()


def rows_of(worksheet: Any) -> Iterator[tuple[Any, ...]]:
    # What the sheet says about its own size may be wrong in either direction.
    worksheet.reset_dimensions()
    return iter(worksheet.iter_rows(values_only=True))


def chunks(path: Path, layout: Layout, wanted: Sequence[int], size: int, cut_at: int) -> Iterator[Chunk]:
    """All rows, `size` at a time. A chunk ends after row `cut_at`, wherever that is. Lines are rows of the sheet."""
    with opened(path, layout.sheet) as (worksheet, _, _):
        numbered = enumerate(rows_of(worksheet), 1)
        if layout.has_heading:
            next(numbered, None)
        done = 0
        while taken := list(islice(numbered, min(size, cut_at - done) if done < cut_at else size)):
            chunk = _chunk(taken, len(layout.heading), wanted)
            # `cut_at` counts rows with something in them; a chunk may end short of it, and goes on with the next.
            done += chunk.read
            yield chunk


def _chunk(numbered: list[tuple[int, tuple[Any, ...]]], width: int, wanted: Sequence[int]) -> Chunk:
    rows: list[list[Any]] = []
    lines: list[int] = []
    bad: list[BadRow] = []
    blank = 0
    for line, found in numbered:
        row = [_cell(value) for value in found]
        if all(value is None for value in row):
            blank += 1
        elif len(row) > width and any(value is not None for value in row[width:]):
            bad.append(BadRow(line, "too_many_fields", [_written(value) for value in row[:200]]))
        else:
            # A row of a sheet ends with its last filled cell.
            rows.append((row + [None] * width)[:width])
            lines.append(line)
    return Chunk(
        lines=np.array(lines, np.int64),
        cells={place: _cells([row[place] for row in rows]) for place in wanted},
        row=lambda place: [_written(value) for value in rows[place]],
        read=len(rows) + len(bad),
        bad=bad,
        blank=blank,
    )


def _cell(value: Any) -> Any:
    if isinstance(value, bool | time):
        return str(value)
    if isinstance(value, str):
        return value if value.strip() else None
    if value is None or isinstance(value, int | float | datetime | date):
        return value
    return str(value)


def _cells(column: list[Any]) -> Cells:
    places: dict[Any, int] = {}
    codes = [-1 if value is None else places.setdefault(value, len(places)) for value in column]
    return Cells(list(places), np.array(codes, np.int32))


def _written(value: Any) -> str:
    return "" if value is None else str(value)[:1000]


def _refuse_bombs(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
    except _DAMAGED as error:
        raise UnreadableFile(f"The workbook cannot be opened ({str(error)[:200]}). Save it again as XLSX.") from None
    too_steep = unpacked > EXPANSION_COUNTS_FROM and unpacked > path.stat().st_size * limit("IMPORT_MOST_EXPANSION")
    if too_steep or unpacked > limit("IMPORT_MOST_WORKBOOK_BYTES"):
        raise UnreadableFile(
            f"The workbook grows to {unpacked // 1024**2:,} MB when opened. Save it as CSV, or raise IMPORT_MOST_WORKBOOK_BYTES."
        )
