"""Columns in: arrays to PostgreSQL's binary COPY, without a loop over rows in Python.

PostgreSQL's binary format gives each field of a row a length and its bytes. Every column is brought into one form first, `Wire`: all
its bytes in one array, and where each row's begin and how many they are. A compiled loop lays them side by side.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numba
import numpy as np
from django.db import connection
from numpy.typing import NDArray
from psycopg.copy import QueuedLibpqWriter

HEADER = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8
TRAILER = b"\xff\xff"
CHUNK = 20_000
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
INT8, FLOAT8, VARCHAR = 20, 701, 1043  # PostgreSQL's numbers of the types of elements
MICROSECONDS = 1_000_000

Octets = NDArray[np.uint8]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Wire:
    """One column as it goes over the wire: row i is data[start[i] : start[i] + length[i]]; length -1 for NULL."""

    data: Octets
    start: Ints
    length: Ints

    def __len__(self) -> int:
        return len(self.start)


def coded(words: Sequence[bytes], code: NDArray[Any]) -> Wire:
    """A column of few distinct values, each given as its bytes; code: (n,) place of each row's. A code of -1 is NULL."""
    each = lengths_of(words)
    ends = np.cumsum(each)
    if not len(words):
        return Wire(np.zeros(0, np.uint8), np.zeros(len(code), np.int64), np.full(len(code), -1))
    return Wire(_octets(b"".join(words)), (ends - each)[code], np.where(code < 0, -1, each[code]))


def texts(words: Sequence[bytes]) -> Wire:
    """A column of texts in UTF-8."""
    each = lengths_of(words)
    return Wire(_octets(b"".join(words)), np.cumsum(each) - each, each)


def instants(seconds: NDArray[Any]) -> Wire:
    """A column of timestamptz from seconds since 1970; negative ones are NULL."""
    since_2000 = int(PG_EPOCH.astype("datetime64[s]").astype(np.int64))
    whole = (seconds.astype(np.int64) - since_2000) * MICROSECONDS
    return _fixed(whole.astype(">i8"), seconds < 0)


def float_arrays(values: NDArray[Any], offsets: Ints) -> Wire:
    """A column of double precision[]: row i holds values[offsets[i] : offsets[i + 1]]."""
    if np.isnan(values).any():
        raise ValueError(f"an array of numbers holds NaN, in place {int(np.flatnonzero(np.isnan(values))[0])} of all")
    return _arrays(values, offsets, ">f8", FLOAT8)


def integer_arrays(values: Ints, offsets: Ints) -> Wire:
    """A column of bigint[]: row i holds values[offsets[i] : offsets[i + 1]]."""
    return _arrays(values, offsets, ">i8", INT8)


def _arrays(values: NDArray[Any], offsets: Ints, form: str, oid: int) -> Wire:
    """Arrays of items of eight bytes."""
    items = np.empty(len(values), np.dtype([("length", ">i4"), ("value", form)]))
    items["length"], items["value"] = 8, values
    count = np.diff(offsets)
    heads = np.empty(len(count), np.dtype([(name, ">i4") for name in ("ndim", "has_null", "oid", "count", "lower")]))
    heads["ndim"], heads["has_null"], heads["oid"], heads["count"], heads["lower"] = count > 0, 0, oid, count, 1
    length = np.where(count > 0, 20 + 12 * count, 12)
    start = np.cumsum(length) - length
    data = np.empty(int(length.sum()), np.uint8)
    everything = np.concatenate([heads.view(np.uint8), items.view(np.uint8)])
    _place(data, start, everything, np.arange(len(count)) * 20, np.minimum(length, 20))
    _place(data, start + 20, everything, len(count) * 20 + offsets[:-1] * 12, 12 * count)
    return Wire(data, start, length)


def text_array(words: Sequence[bytes]) -> bytes:
    """One varchar[] as its bytes."""
    head = struct.pack(">iii", int(bool(words)), 0, VARCHAR) + (struct.pack(">ii", len(words), 1) if words else b"")
    return head + b"".join(struct.pack(">i", len(word)) + word for word in words)


def jsonb(text: str) -> bytes:
    """One jsonb as its bytes."""
    return b"\x01" + text.encode()


def lengths_of(words: Sequence[bytes]) -> Ints:
    return np.fromiter(map(len, words), np.int64, len(words))


def copy_columns(table: str, columns: Mapping[str, Any]) -> int:
    """Append rows to `table`. The dtype of each array must be that of its column: int64 bigint, int32 integer, int16 smallint,
    float64 double precision, bool boolean, datetime64[D] date, 'S…' varchar; or a Wire. Masked values and NaT become NULL; a NaN
    is refused, for it would be stored as a number that compares with nothing.

    Returns the number of rows. Runs in the caller's transaction.
    """
    names = list(columns)
    n = len(columns[names[0]])
    for name in names:
        if len(columns[name]) != n:
            raise ValueError(f"column {name} has {len(columns[name])} rows, column {names[0]} has {n}")
    quoted = ", ".join(connection.ops.quote_name(name) for name in names)
    statement = f"COPY {connection.ops.quote_name(table)} ({quoted}) FROM STDIN (FORMAT BINARY)"
    # The queue lets the next rows be made while the server takes in the last.
    with connection.cursor() as cursor, cursor.copy(statement, writer=QueuedLibpqWriter(cursor.cursor)) as copy:
        copy.write(HEADER)
        for start in range(0, n, CHUNK):
            copy.write(_rows([_part(name, columns[name], start, min(start + CHUNK, n)) for name in names]))
        copy.write(TRAILER)
    return n


def copy_text(table: str, names: Sequence[str], lines: Iterable[str]) -> None:
    """Append rows given as ready lines of COPY's text format (`copy_field` makes a field safe)."""
    quoted = ", ".join(connection.ops.quote_name(name) for name in names)
    statement = f"COPY {connection.ops.quote_name(table)} ({quoted}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement, writer=QueuedLibpqWriter(cursor.cursor)) as copy:
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


def _part(name: str, column: Any, first: int, end: int) -> Wire:
    if isinstance(column, Wire):
        return Wire(column.data, column.start[first:end], column.length[first:end])
    try:
        return _plain(column[first:end])
    except NotANumber as wrong:
        raise ValueError(f"column {name} holds NaN at row {first + wrong.args[0]}") from None


class NotANumber(Exception):
    """There is a NaN in this row."""


def _rows(wires: Sequence[Wire]) -> bytes:
    """The rows of the binary format: the number of fields, then each field's length and bytes."""
    n = len(wires[0])
    length = np.full(n, 2, np.int64)
    for wire in wires:
        length += 4 + np.maximum(wire.length, 0)
    at = np.cumsum(length) - length
    out = np.empty(int(length.sum()), np.uint8)
    _lay_number(out, at, np.full(n, len(wires)), 2)
    at += 2
    for wire in wires:
        _lay_number(out, at, wire.length, 4)
        at += 4
        _place(out, at, wire.data, wire.start, wire.length)
        at += np.maximum(wire.length, 0)
    return out.tobytes()


@numba.njit(cache=True, nogil=True)
def _lay_number(out, at, numbers, width):
    """Big-endian, in two's complement."""
    for row in range(len(at)):
        for k in range(width):
            out[at[row] + k] = (numbers[row] >> (8 * (width - 1 - k))) & 255


@numba.njit(cache=True, nogil=True)
def _place(out, at, data, start, length):
    for row in range(len(at)):
        for k in range(length[row]):
            out[at[row] + k] = data[start[row] + k]


def _plain(column: Any) -> Wire:
    values = np.ma.getdata(column)
    missing = np.ma.getmaskarray(column) if isinstance(column, np.ma.MaskedArray) else np.zeros(len(values), bool)
    if values.dtype.kind == "M":
        missing = missing | np.isnat(values)
        days = np.where(missing, PG_EPOCH, values.astype("datetime64[D]")) - PG_EPOCH
        return _fixed(days.astype(np.int64).astype(">i4"), missing)
    if values.dtype.kind == "S":
        wire = _fixed(values, missing)
        return Wire(wire.data, wire.start, np.where(missing, -1, np.char.str_len(values)).astype(np.int64))
    if values.dtype.kind == "f" and (wrong := np.isnan(values) & ~missing).any():
        raise NotANumber(int(np.flatnonzero(wrong)[0]))
    return _fixed(values.astype(WIRE[values.dtype.name]), missing)


def _fixed(values: NDArray[Any], missing: NDArray[np.bool_]) -> Wire:
    size = values.dtype.itemsize
    start = np.arange(len(values), dtype=np.int64) * size
    return Wire(np.ascontiguousarray(values).view(np.uint8), start, np.where(missing, -1, size).astype(np.int64))


def _octets(data: bytes) -> Octets:
    return np.frombuffer(data, np.uint8)
