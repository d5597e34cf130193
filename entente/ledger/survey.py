"""A first look at a file: what kind it is, how it is laid out, and a sample of its rows from all over it."""

import codecs
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from entente.ledger.pure import dates, numbers, separators
from entente.ledger.pure.encodings import ENCODINGS, encoding_of
from entente.ledger.pure.questions import Choice, Question
from entente.ledger.readers import parquet, plain, workbook
from entente.ledger.readers.table import Chunk, Layout, UnreadableFile, heading_of

SAMPLE_ROWS = 1000
_BLOCK = 1 << 20
_PIECE = 1 << 13
_MOST_PIECES = 64
_NOT_TABLES = {
    b"\xd0\xcf\x11\xe0": "an old Excel file (XLS). Save it as XLSX or CSV.",
    b"%PDF": "a PDF. Import the table it was made from.",
    b"\x89PNG": "a picture.",
    b"\xff\xd8\xff": "a picture.",
    b"SQLite format": "a database. Ask it with --from-database sqlite:///FILE --query SQL, or write the table out as CSV.",
}


class UnknownEncoding(UnreadableFile):
    """An encoding was named that is not read here."""


@dataclass(frozen=True)
class Wishes:
    """What somebody has said about the layout. Empty: found out."""

    encoding: str = ""
    separator: str = ""
    has_heading: bool | None = None
    sheet: str = ""


@dataclass
class Survey:
    """layout is None while there are questions. samples: one list of values for each column."""

    layout: Layout | None = None
    samples: list[list[Any]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    named_twice: list[str] = field(default_factory=list)
    rows_about: int | None = None
    serial_from: date | None = None


def survey(path: Path, wishes: Wishes = Wishes()) -> Survey:
    """Look at the file once. Raises UnreadableFile where it is no table."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise UnreadableFile("The file is empty.")
    for mark, what in _NOT_TABLES.items():
        if head.startswith(mark):
            raise UnreadableFile(f"The file is {what}")
    if head.startswith(b"PAR1"):
        return _survey_parquet(path)
    if head.startswith(b"PK\x03\x04"):
        return _survey_workbook(path, wishes)
    return _survey_plain(path, wishes, gzipped=head.startswith(b"\x1f\x8b"))


def chunks(path: Path, layout: Layout, wanted: Sequence[int], size: int, cut_at: int = 0) -> Iterator[Chunk]:
    """The whole file, `size` rows at a time; a chunk ends after row `cut_at`. Only the columns `wanted` are made."""
    readers = {"csv": plain.chunks, "parquet": parquet.chunks, "xlsx": workbook.chunks}
    return readers[layout.kind](path, layout, wanted, size, cut_at)


def _survey_parquet(path: Path) -> Survey:
    with parquet.opened(path) as file:
        heading, twice = heading_of(file.schema_arrow.names)
        samples: list[list[Any]] = [[] for _ in heading]
        for number, batch in enumerate(islice(parquet.batches(file, 10_000), 60)):
            part = batch.slice(0, SAMPLE_ROWS if number == 0 else 50)
            for place, column in enumerate(part.columns):
                if not _is_nested(column):
                    found = parquet.cells(column)
                    samples[place] += [found.values[code] if code >= 0 else None for code in found.codes]
        rows = file.metadata.num_rows
    return Survey(Layout("parquet", heading), samples, named_twice=twice, rows_about=rows)


def _is_nested(column: Any) -> bool:
    return bool(column.type.num_fields)


def _survey_workbook(path: Path, wishes: Wishes) -> Survey:
    if not zipfile.is_zipfile(path):
        raise UnreadableFile("The file begins like a workbook, but is damaged. Save it again as XLSX.")
    with workbook.opened(path, wishes.sheet) as (worksheet, name, serial_from):
        rows = [list(row) for row in islice(workbook.rows_of(worksheet), 5 * SAMPLE_ROWS)]
    while rows and rows[-1] and all(row[-1:] == [None] for row in rows):
        rows = [row[:-1] for row in rows]
    if not rows or not any(any(value is not None for value in row) for row in rows):
        raise UnreadableFile(f"The sheet {name} is empty.")
    first = rows[0] if wishes.has_heading is not False else range(1, len(rows[0]) + 1)
    heading, twice = heading_of(list(first))
    body = rows[1:] if wishes.has_heading is not False else rows
    samples = [[row[place] if place < len(row) else None for row in body] for place in range(len(heading))]
    layout = Layout("xlsx", heading, has_heading=wishes.has_heading is not False, sheet=name)
    found = Survey(layout, samples, named_twice=twice, serial_from=serial_from)
    _ask_for_heading(found, rows[0], wishes)
    return found


@dataclass
class _Pass:
    """What one reading of a text file tells, in constant memory."""

    head: bytes = b""
    is_utf8: bool = True
    line_ends: int = 0
    high_lines: list[bytes] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)


def _survey_plain(path: Path, wishes: Wishes, *, gzipped: bool) -> Survey:
    seen = _pass_over(path, gzipped=gzipped)
    if not seen.head:
        raise UnreadableFile("The file is empty.")
    encoding = _known(wishes.encoding) or encoding_of(seen.head[: _PIECE * 8], seen.high_lines, is_utf8=seen.is_utf8)
    if isinstance(encoding, Question):
        return Survey(questions=[encoding])
    if not encoding.startswith("utf-16") and seen.head.count(0) > len(seen.head) // 100:
        raise UnreadableFile("The file is not a table of text. Import CSV, XLSX or Parquet.")
    with plain.opened(path, gzipped=gzipped) as stream:
        lines = list(islice(plain.lines_of(stream, encoding), SAMPLE_ROWS + 1))
    separator = _one_character(wishes.separator) or separators.separator_of(lines[:200])
    if isinstance(separator, Question):
        return Survey(questions=[separator])
    rows = separators.rows_of(lines, separator)
    if not rows:
        raise UnreadableFile("The file has no lines with text.")
    has_heading = wishes.has_heading is not False
    heading, twice = heading_of(rows[0] if has_heading else range(1, len(rows[0]) + 1))
    body = [row for row in rows[1 if has_heading else 0 :] if len(row) == len(heading)]
    body += _spread(seen.pieces, encoding, separator, len(heading))
    layout = Layout("csv", heading, encoding, separator, has_heading, gzipped=gzipped)
    found = Survey(layout, [[row[place].strip() for row in body] for place in range(len(heading))], named_twice=twice)
    found.rows_about = max(0, seen.line_ends - has_heading)
    _ask_for_heading(found, rows[0], wishes)
    return found


def _known(encoding: str) -> str:
    """The codec of an encoding somebody named."""
    if not encoding:
        return ""
    try:
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        name = ""
    if name not in (*ENCODINGS, "utf-8-sig"):
        raise UnknownEncoding(f"The encoding {encoding[:40]} is not known. Write one of: {', '.join(ENCODINGS)}.")
    return "utf-8-sig" if name == "utf-8" else name


def _one_character(separator: str) -> str:
    if len(separator) > 1 or separator in ("\n", "\r", '"'):
        raise UnreadableFile(
            f"The separator {separator[:40]!r} is not one character that can stand between fields. Write one such as ; or tab."
        )
    return separator


def _pass_over(path: Path, *, gzipped: bool) -> _Pass:
    seen, stride, number = _Pass(), 1, 0
    decoder = codecs.getincrementaldecoder("utf-8")()
    with plain.opened(path, gzipped=gzipped) as stream:
        while block := stream.read(_BLOCK):
            seen.head = seen.head or block
            seen.line_ends += block.count(b"\n") or block.count(b"\r")
            last = block
            if not block.isascii():
                _collect_high_lines(block, seen)
            if seen.is_utf8:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    seen.is_utf8 = False
            if number and number % stride == 0:
                seen.pieces.append(block[:_PIECE])
                if len(seen.pieces) > _MOST_PIECES:
                    seen.pieces, stride = seen.pieces[1::2], stride * 2
            number += 1
    if number > 1:
        seen.pieces.append(last[-_PIECE:])
    if seen.head and not last.endswith((b"\n", b"\r")):
        seen.line_ends += 1
    if seen.is_utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            seen.is_utf8 = False
    return seen


def _collect_high_lines(block: bytes, seen: _Pass) -> None:
    if len(seen.high_lines) < 400:
        seen.high_lines += islice((line[:500] for line in block.splitlines() if not line.isascii()), 200)


def _spread(pieces: list[bytes], encoding: str, separator: str, width: int) -> list[list[str]]:
    """Rows from further down. A piece starts anywhere, so its first and last line and all with quotes are left out."""
    if encoding.startswith("utf-16"):
        return []
    lines = [
        line
        for piece in pieces
        for line in piece.decode(encoding, "replace").splitlines()[1:-1]
        if '"' not in line and "\ufffd" not in line
    ]
    return [row for row in separators.rows_of(lines, separator) if len(row) == width]


def _ask_for_heading(found: Survey, first: Sequence[Any], wishes: Wishes) -> None:
    """Names of columns are neither numbers nor dates."""
    if wishes.has_heading is not None:
        return
    for value in first:
        if value is None or value == "":
            continue
        if numbers.possible_readings(value) or dates.possible_orders(value, latest_on=date.max):
            text = f"The first line should name the columns, but holds {str(value)[:40]}. Is it a heading?"
            choices = (
                Choice("yes", "the first line names the columns"),
                Choice("no", "the first line is a row as the others"),
            )
            found.questions.append(Question("header", text, choices))
            return
