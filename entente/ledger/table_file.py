"""Rows of plain values into a Parquet file, a batch at a time.

Nobody has said what a column holds. It is taken for what its first values are; where later ones are something else, the rows are
gone through to their end to learn what it is, and then once more to be written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from entente.lib.errors import EntenteError

BATCH_ROWS = 10_000
NOTHING, TEXT = pa.null(), pa.string()
WHOLE, BROKEN, BINARY = pa.int64(), pa.decimal128(38, 10), pa.float64()
NAIVE, AWARE = pa.timestamp("us"), pa.timestamp("us", "UTC")
WIDER = {frozenset({WHOLE, BROKEN}): BROKEN, frozenset({WHOLE, BINARY}): BINARY}

Rows = Sequence[Sequence[Any]]


class RestlessRows(EntenteError):
    """What is read twice is not twice the same."""


def write_table(
    target: Path, names: Sequence[str], batches: Callable[[], Iterator[Rows]], progress: Callable[[int], None]
) -> int:
    """Write what `batches` gives, and answer how many rows that was. It is called again where they have to be read again.

    names: of the columns; several may be called alike. progress: is told how many rows have been read.
    Raises RestlessRows.
    """
    kinds: list[pa.DataType] = [NOTHING] * len(names)
    for _attempt in range(2):
        rows = _write(target, names, kinds, batches(), progress)
        if rows is not None:
            return rows
    raise RestlessRows("The rows held other values when they were read again. Ask for rows that stay the same.")


def _write(
    target: Path,
    names: Sequence[str],
    kinds: list[pa.DataType],
    batches: Iterator[Rows],
    progress: Callable[[int], None],
) -> int | None:
    """None where a column turned out to hold something else: `kinds` says then what all of them hold."""
    rows, writer = 0, None
    try:
        for batch in batches:
            before = list(kinds)
            learnt = [_learn(kind, column) for kind, column in zip(kinds, zip(*batch, strict=True), strict=True)]
            kinds[:] = [kind for kind, _array in learnt]
            if writer is None and rows == 0:
                writer = pq.ParquetWriter(target, _schema(names, kinds))
            elif kinds != before and writer is not None:
                writer.close()
                writer = None
            rows += len(batch)
            if writer is not None:
                writer.write_batch(pa.record_batch([array for _kind, array in learnt], schema=writer.schema))
            progress(rows)
        if rows == 0:
            writer = pq.ParquetWriter(target, _schema(names, kinds))
        return None if writer is None else rows
    finally:
        if writer is not None:
            writer.close()


def _schema(names: Sequence[str], kinds: Sequence[pa.DataType]) -> pa.Schema:
    return pa.schema(
        [pa.field(name, TEXT if kind == NOTHING else kind) for name, kind in zip(names, kinds, strict=True)]
    )


def _learn(known: pa.DataType, column: Sequence[Any]) -> tuple[pa.DataType, pa.Array]:
    """What a column holds that was taken for `known` until these values came; and the values as such."""
    kind = _kind(column)
    if kind != known and NOTHING not in (kind, known):
        kind = WIDER.get(frozenset({kind, known}), TEXT)
    elif kind == NOTHING:
        kind = known
    try:
        return kind, _array(kind, column)
    except (pa.ArrowException, OverflowError):
        return TEXT, _array(TEXT, column)


def _kind(column: Sequence[Any]) -> pa.DataType:
    types = set(map(type, column)) - {type(None)}
    if not types:
        return NOTHING
    if types == {int}:
        return WHOLE
    if types <= {int, float}:
        return BINARY
    if types <= {int, Decimal}:
        return WHOLE if all(map(_is_whole, column)) else BROKEN
    if types == {bool}:
        return pa.bool_()
    if types == {date}:
        return pa.date32()
    if types == {datetime}:
        zones = {value.tzinfo is not None for value in column if value is not None}
        return TEXT if len(zones) == 2 else AWARE if True in zones else NAIVE
    return TEXT


def _is_whole(value: Any) -> bool:
    # A number of a customer must not become 10442.00.
    return not isinstance(value, Decimal) or (value.is_finite() and value == value.to_integral_value())


def _array(kind: pa.DataType, column: Sequence[Any]) -> pa.Array:
    types = set(map(type, column)) - {type(None)}
    if kind in (TEXT, NOTHING) and not types <= {str}:
        column = [_text(value) for value in column]
    elif kind == WHOLE and Decimal in types:
        column = [None if value is None else int(value) for value in column]
    return pa.array(column, TEXT if kind == NOTHING else kind)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.isoformat() if isinstance(value, date) else str(value)
