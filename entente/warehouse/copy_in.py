"""Columns in: arrays to PostgreSQL's binary COPY, without a loop over rows.

PostgreSQL's binary format gives each field a length and its bytes. As long as no field of a row is NULL and every text of a column
is equally long, all rows are equally long too, and a NumPy record array *is* the stream. Rows are therefore sorted into as many
shapes as there are patterns of NULLs and lengths; there are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from django.db import connection

HEADER = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8
TRAILER = b"\xff\xff"
CHUNK = 100_000
LINES_AT_ONCE = 500
PG_EPOCH = np.datetime64("2000-01-01", "D")

# NumPy's kinds on the wire (big-endian) and the type of the column in PostgreSQL that reads them.
WIRE: Mapping[str, str] = {
    "int64": ">i8",
    "int32": ">i4",
    "int16": ">i2",
    "float64": ">f8",
    "float32": ">f4",
    "bool": "u1",
}


def copy_columns(table: str, columns: Mapping[str, Any]) -> int:
    """Append rows to `table`. The dtype of each array must be that of its column: int64 bigint, int32 integer, int16 smallint,
    float64 double precision, bool boolean, datetime64[D] date, 'S…' varchar. Masked values and NaT become NULL; a NaN is
    refused, for it would be stored as a number that compares with nothing.

    Returns the number of rows. Runs in the caller's transaction.
    """
    names = list(columns)
    arrays = [_plain(name, columns[name]) for name in names]
    n = len(arrays[0][0])
    for name, (values, _) in zip(names, arrays, strict=True):
        if len(values) != n:
            raise ValueError(f"column {name} has {len(values)} rows, column {names[0]} has {n}")
    quoted = ", ".join(connection.ops.quote_name(name) for name in names)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {connection.ops.quote_name(table)} ({quoted}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.write(HEADER)
        for start in range(0, n, CHUNK):
            part = slice(start, start + CHUNK)
            for block in _blocks([(values[part], lengths[part]) for values, lengths in arrays]):
                copy.write(block)
        copy.write(TRAILER)
    return n


def copy_text(table: str, names: Sequence[str], lines: Iterable[str]) -> None:
    """Append rows given as ready lines of COPY's text format (`copy_field` makes a field safe)."""
    quoted = ", ".join(connection.ops.quote_name(name) for name in names)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {connection.ops.quote_name(table)} ({quoted}) FROM STDIN") as copy,
    ):
        for some in batched(lines, LINES_AT_ONCE):
            copy.write("".join(some))


def batched(lines: Iterable[str], size: int) -> Iterator[list[str]]:
    rest = iter(lines)
    while some := list(islice(rest, size)):
        yield some


def copy_field(text: str | None) -> str:
    """One field of COPY's text format."""
    if text is None:
        return "\\N"
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r").replace("\0", "")


def _plain(name: str, column: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """(values on the wire, length in bytes of each; -1 for NULL)."""
    values = np.ma.getdata(column)
    missing = np.ma.getmaskarray(column) if isinstance(column, np.ma.MaskedArray) else np.zeros(len(values), bool)
    if values.dtype.kind == "M":
        missing = missing | np.isnat(values)
        days = np.where(missing, PG_EPOCH, values.astype("datetime64[D]")) - PG_EPOCH
        values = days.astype(np.int64).astype(">i4")
    elif values.dtype.kind == "S":
        return values, np.where(missing, -1, np.char.str_len(values)).astype(np.int32)
    else:
        if values.dtype.kind == "f" and bool(np.any(np.isnan(values) & ~missing)):
            raise ValueError(f"column {name} holds NaN at row {int(np.flatnonzero(np.isnan(values) & ~missing)[0])}")
        values = values.astype(WIRE[values.dtype.name])
    return values, np.where(missing, -1, values.dtype.itemsize).astype(np.int32)


def _blocks(columns: list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]) -> list[bytes]:
    """One block of equally long rows for each pattern of lengths."""
    code = np.zeros(len(columns[0][0]), np.int64)
    for _, lengths in columns:
        if (lengths != lengths[0]).any():
            _, of_row = np.unique(lengths, return_inverse=True)
            code = code * (int(of_row.max()) + 1) + of_row.reshape(-1)
            # Renumbered each time, or the codes of many columns would outgrow their type.
            _, code = np.unique(code, return_inverse=True)
    blocks = []
    for one in range(int(code.max()) + 1):
        rows = np.flatnonzero(code == one) if code.any() else slice(None)
        at = rows[0] if isinstance(rows, np.ndarray) else 0
        blocks.append(_block([values[rows] for values, _ in columns], [int(lengths[at]) for _, lengths in columns]))
    return blocks


def _block(columns: list[np.ndarray[Any, Any]], lengths: Sequence[int]) -> bytes:
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for k, (column, length) in enumerate(zip(columns, lengths, strict=True)):
        fields.append((f"length{k}", ">i4"))
        if length > 0:
            fields.append((f"value{k}", f"S{length}" if column.dtype.kind == "S" else column.dtype.str))
    rows = np.empty(len(columns[0]), np.dtype(fields))
    rows["fields"] = len(columns)
    for k, (column, length) in enumerate(zip(columns, lengths, strict=True)):
        rows[f"length{k}"] = length
        if length > 0:
            rows[f"value{k}"] = column
    return rows.tobytes()
