"""Lines of JSON as a table: one object a line, its names the columns."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

from entente.ledger.readers import plain
from entente.ledger.readers.table import UnreadableFile
from entente.ledger.table_file import BATCH_ROWS, write_table

MOST_COLUMNS = 1000
GZIP = b"\x1f\x8b"
# So much of a file may be blank before its first object.
HEAD = 4096


def is_ndjson(path: Path) -> bool:
    """Does the file begin with a JSON object? Plain or gzipped. Raises UnreadableFile where its packing is damaged."""
    with path.open("rb") as file:
        is_gzip = file.read(2) == GZIP
    with plain.opened(path, gzipped=is_gzip) as stream:
        return bool(stream.read(HEAD).removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{"))


def write_ndjson(path: Path, target: Path) -> int:
    """Write the lines into a Parquet file, and answer how many there were. Row n has line n + 1, as under a heading.

    Raises UnreadableFile with the line that is no object of plain values.
    """
    with path.open("rb") as file:
        gzipped = file.read(2) == GZIP
    names: dict[str, None] = {}
    for row in _objects(path, gzipped):
        names.update(dict.fromkeys(row))
        if len(names) > MOST_COLUMNS:
            raise UnreadableFile(
                f"The lines have more than {MOST_COLUMNS} different names. Give every line the same ones."
            )
    if not names:
        raise UnreadableFile("It holds no JSON objects. Write one a line.")

    def batches() -> Iterator[list[tuple[Any, ...]]]:
        batch: list[tuple[Any, ...]] = []
        for row in _objects(path, gzipped):
            batch.append(tuple(map(row.get, names)))
            if len(batch) == BATCH_ROWS:
                yield batch
                batch = []
        if batch:
            yield batch

    return write_table(target, list(names), batches, lambda _rows: None)


def _objects(path: Path, gzipped: bool) -> Iterator[dict[str, Any]]:
    with plain.opened(path, gzipped=gzipped) as stream:
        for number in count(1):
            line = stream.readline(plain.LONGEST_LINE)
            if len(line) == plain.LONGEST_LINE:
                raise UnreadableFile(f"Line {number} is longer than {plain.LONGEST_LINE // 1024} kB.")
            if not line:
                return
            if line.strip():
                yield _object(line.removeprefix(codecs.BOM_UTF8) if number == 1 else line, number)


def _object(line: bytes, number: int) -> dict[str, Any]:
    try:
        row = _JSON.decode(line.decode())
    except (ValueError, RecursionError):
        raise UnreadableFile(f"Line {number} is no JSON in UTF-8. Send one object a line.") from None
    if not isinstance(row, dict):
        raise UnreadableFile(f"Line {number} is no JSON object. Send one object a line.")
    for name, value in row.items():
        if isinstance(value, dict | list):
            raise UnreadableFile(
                f"Line {number}: “{name[:60]}” holds a list or an object. Write one plain value to a name."
            )
    # Only what is written as an escape can be half of a surrogate pair, which no text may hold.
    return {_sound(name): _sound(value) for name, value in row.items()} if b"\\u" in line else row


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _sound(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


_JSON = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)
